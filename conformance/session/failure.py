"""The text of a failing claim: what was found, where the case stands, how to run it again."""

from shlex import quote

from conformance.process.observation import Observation
from conformance.session.run import ON_DEMAND


def text(observation: Observation, claim: str, message: str, nodeid: str) -> str:
    """`message`, which says what was expected and what came, with its whereabouts below."""
    case, framework = observation.case, observation.framework
    # Without their tag, cases that run on demand are not collected.
    tags = [f"--tag {tag} " for tag in sorted(case.tags & ON_DEMAND)[:1]]
    places = {
        "case": f"{case.where} ({case.about})",
        "source": case.source,
        "convention": observation.convention.source if observation.convention else "",
        "framework": str(framework),
        "rerun": f"pytest --framework {quote(framework.label)} {''.join(tags)}{quote(nodeid)}",
    }
    below = "\n".join(f"  {name:<11}{value}" for name, value in places.items() if value)
    return f"{framework.label} on {case.id}: {claim}\n{message}\n{below}"
