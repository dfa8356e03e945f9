"""The properties of a report, as the files of ``cases/properties/`` that put them on record."""

from collections.abc import Mapping, Sequence
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any

import yaml
from packaging.requirements import Requirement

from conformance.casefile.document import quoted
from conformance.casefile.known import file_beside
from conformance.casefile.requirement import RequirementError, check
from conformance.casefile.suggest import hint
from conformance.lstm.case import Case, Record
from conformance.report.report import Entry, Header

_FLOW: Any = {"default_flow_style": None}  # the innermost collections on one line
HEAD = "# yaml-language-server: $schema=schema.json\n"


class RecordError(Exception):
    """A report that would shorten a file of properties; the message is one line."""


class _Lines(dict[str, Any]):
    """A mapping with a line for each key."""


class _Dumper(yaml.SafeDumper):
    """Knows `_Lines`."""


_Dumper.add_representer(
    _Lines,
    lambda dumper, lines: dumper.represent_mapping(
        "tag:yaml.org,2002:map", lines, flow_style=False
    ),
)


def files(
    header: Header,
    entries: Sequence[Entry],
    cases: Sequence[Case],
    known: Sequence[Record],
    sources: Mapping[str, str],
    beside: Mapping[str, Path],
) -> dict[Path, str]:
    """The text of the file of each framework in a report, by its path, below the root or beside.

    The frameworks are those of `sources`, by label, each with where its properties are described
    unless a record on hand has another source. A record holds from the version that was seen; those
    of other versions stay. A file is written whole, so that the report is to be of all cases:
    RecordError tells of one that was cut short, or that did not see what is on record. That of an
    adapter from elsewhere lies in the folder that `beside` has.
    """
    if not header.complete:
        raise RecordError("its run was cut short, and what it did not come to would be taken out")
    wanted = {case.id: case.record for case in cases}
    if unknown := sorted({entry.case for entry in entries} - wanted.keys()):
        raise RecordError(f"there is no case {quoted(unknown[0])}{hint(unknown[0], wanted)}")
    names = [label.partition("@")[0] for label in sources]
    if twice := sorted({name for name in names if names.count(name) > 1}):
        raise RecordError(f"it has {twice[0]} more than once: name one of them by --framework")
    texts = {}
    for label, source in sources.items():
        name = label.partition("@")[0]
        package, version = _version(label, header)
        ours = [one for one in known if one.framework == name]
        now = [one for one in ours if _holds(one, package, version)]
        lines = {entry.case: entry for entry in entries if entry.framework == label}
        _all_seen(name, lines, now, wanted)
        seen: dict[str, dict[str, Any]] = {}
        for case, entry in lines.items():
            for kind in wanted[case] if _is_told(entry) else ():
                if kind in entry.properties:
                    seen.setdefault(kind, {})[case] = entry.properties[kind]
        cited = {one.name: one.source for one in now}
        records = [
            _record(kind, f"{package}>={version}", cited.get(kind, source), values)
            for kind, values in sorted(seen.items())
        ]
        others: dict[tuple[str, str, str], dict[str, Any]] = {}
        for one in ours:
            if one not in now:
                others.setdefault((one.name, one.version, one.source), {})[one.cases] = one.value
        records += [_record(*of, values) for of, values in sorted(others.items())]
        if records:
            told = {"framework": name, "records": records}
            text = yaml.dump(told, Dumper=_Dumper, sort_keys=False, width=96, **_FLOW)
            if name in beside:
                texts[file_beside(name, beside[name], "properties")] = text
            else:
                texts[Path("cases", "properties", f"{name}.yaml")] = HEAD + text
    return texts


def _record(kind: str, version: str, source: str, values: Mapping[str, Any]) -> dict[str, Any]:
    return {"property": kind, "version": version, "source": source, "seen": _Lines(values)}


def _version(label: str, header: Header) -> tuple[str, str]:
    """The distribution by whose version a framework's records hold, and that version."""
    versions = header.frameworks[label].versions
    if not versions:
        raise RecordError(f"{label} was not installed: nothing was seen of it")
    package, version = next(iter(versions.items()))
    version = version.partition("+")[0]
    try:
        check(f"{package}>={version}")
    except RequirementError as error:
        raise RecordError(f"{label}: {error}") from None
    return package, version


def _holds(one: Record, package: str, version: str) -> bool:
    requirement = Requirement(one.version)
    return requirement.name != package or requirement.specifier.contains(version, prereleases=True)


def _is_told(entry: Entry) -> bool:
    """Whether the case came to what can be put on record."""
    claim = entry.claims.get("properties")
    return claim is not None and claim.outcome in ("agrees", "differs")


def _all_seen(
    name: str,
    entries: Mapping[str, Entry],
    known: Sequence[Record],
    wanted: Mapping[str, Sequence[str]],
) -> None:
    """Raises RecordError where what is on record was not seen, and would be taken out in silence.

    Seen is a property that the report has, and a case that the framework was not put to.
    """
    spoken = {
        (case, one.name)
        for one in known
        for case, kinds in wanted.items()
        if one.name in kinds and fnmatchcase(case, one.cases)
    }
    lacking = []
    for case, kind in sorted(spoken):
        entry = entries.get(case)
        absent = entry is not None and "unsupported" in (
            entry.outcome,
            *(one.outcome for claim, one in entry.claims.items() if claim == "properties"),
        )
        if not absent and not (entry and _is_told(entry) and kind in entry.properties):
            lacking.append((case, kind))
    if lacking:
        case, kind = lacking[0]
        raise RecordError(
            f"it does not have the {kind} of {name} on {case}, one of {len(lacking)} properties "
            "that are on record and would be taken out"
        )
