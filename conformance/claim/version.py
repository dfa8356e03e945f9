"""The versions of which something is known, against those that are installed."""

from packaging.requirements import Requirement

from conformance.lstm.case import Deviation, Record
from conformance.process.framework import Framework, FrameworkError


def concerns(deviation: Deviation | Record, framework: Framework) -> bool:
    """Whether it speaks of this framework in this version, and on its device.

    Raises FrameworkError.
    """
    if deviation.framework != framework.name:
        return False
    if isinstance(deviation, Deviation) and deviation.device not in ("", framework.device):
        return False
    requirement = Requirement(deviation.version)
    version = framework.versions.get(requirement.name)
    if version is None:
        raise FrameworkError(
            f"{deviation.where}: version names {requirement.name!r}, but the adapter "
            f"{framework.name!r} runs on {', '.join(framework.versions) or 'nothing'}"
        )
    return requirement.specifier.contains(version, prereleases=True)
