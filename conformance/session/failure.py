"""The text of a failing claim: what was found, where the case stands, how to run it again."""

from collections.abc import Sequence
from shlex import quote
from textwrap import indent

from conformance.casefile.form import ON_DEMAND
from conformance.convention import snippet
from conformance.process import source
from conformance.process.observation import Observation
from conformance.session.alone import Alone


def text(
    observation: Observation,
    claim: str,
    message: str,
    nodeid: str,
    alone: Alone | None = None,
    globs: Sequence[str] = (),
    tags: Sequence[str] = (),
) -> str:
    """`message`, which says what was expected and what came, with its whereabouts below.

    `alone` is what it came to where nothing had run before; `globs` and `tags` chose the cases of
    the run.
    """
    case, framework = observation.case, observation.framework
    if alone is None:
        # Without their tag, cases that run on demand are not collected.
        chosen = [f"--tag {tag}" for tag in sorted(case.tags & ON_DEMAND)[:1]] + [quote(nodeid)]
    else:
        globs = [one.id for one in (*alone.after, case)] if alone.after else globs
        chosen = [f"--tag {quote(tag)}" for tag in tags]
        chosen += [f"--case {quote(glob)}" for glob in globs]
    device = [] if framework.device == "cpu" else [f"--device {framework.device}"]
    places = {
        "alone": alone.told if alone else "",
        "tries": _tries(observation),
        "case": f"{case.where} ({case.about})",
        "source": case.source,
        "convention": observation.convention.source if observation.convention else "",
        "framework": str(framework),
        "rerun": " ".join(["pytest", "--framework", quote(framework.label), *device, *chosen]),
    }
    below = "\n".join(f"  {name:<11}{value}" for name, value in places.items() if value)
    found = None if case.must_reject else source.snippet(framework.module)
    code = found and snippet.code(found, case.layer, case.dimensions)
    written = f"\nas its user would write it:\n\n{indent(code, '    ')}\n" if code else ""
    return f"{framework.label} on {case.id}: {claim}\n{message}\n{below}{written}"


def _tries(observation: Observation) -> str:
    if not observation.tries:
        return ""
    told = ", ".join(observation.tries)
    return f"{told} (killed from outside, as where memory runs out, a process has a second)"
