"""What the suite asks of a framework: every request that reaches its process, kept in a file.

Requests depend on answers: a sequence that is cut in two goes on from the state that came. So they
are taken from the engine at work, through its own functions, and are the same from call to call.
"""

import json
from base64 import b64encode
from pathlib import Path

from conformance.claim.check import CLAIMS
from conformance.command import CommandError, progress
from conformance.process.framework import Framework
from conformance.session.run import Run


def keep(run: Run, framework: Framework, file: Path) -> None:
    """Put the cases of `run` to `framework`, and write each request to `file` as it is sent.

    Raises CommandError where there is nothing to measure: a case hangs, or nothing loads.
    """
    put = {case.id for claim in CLAIMS for one, case in run.pairs(claim) if one == framework}
    cases = [case for case in run.cases if case.id in put]
    with file.open("w", encoding="utf-8") as requests:
        run.host(framework).asked = lambda request: print(
            json.dumps(request, default=lambda raw: {"base64": b64encode(raw).decode()}),
            file=requests,
        )
        try:
            for case in progress(cases, f"{framework.label}: what the suite asks"):
                seen = run.observe(framework, case)
                if seen.outcome == "hung":
                    raise CommandError(f"{framework.label}: {case.id} hung: {seen.detail}")
        finally:
            run.close()
    if not file.stat().st_size:
        raise CommandError(f"{framework.label}: nothing was asked of it: {seen.detail}")
