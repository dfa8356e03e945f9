"""The properties of a report, as the files of ``cases/properties/`` that put them on record."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import yaml

from conformance.casefile.known import file_beside
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

    A record holds from the version that was seen. Its source is that of the record on hand, or
    where there is none of `sources`, by framework. A file is written whole, so that the report is
    to be of all cases: RecordError tells of one that was cut short, or that has nothing of a case
    that is on record. That of an adapter from elsewhere lies in the folder that `beside` has.
    """
    if not header.complete:
        raise RecordError("its run was cut short, and what it did not come to would be taken out")
    wanted = {case.id: case.record for case in cases if case.record}
    texts = {}
    for label, about in header.frameworks.items():
        name = label.partition("@")[0]
        package, version = next(iter(about.versions.items()))
        seen: dict[str, dict[str, Any]] = {}
        for entry in entries:
            claim = entry.claims.get("properties")
            if entry.framework != label or claim is None:
                continue
            if claim.outcome not in ("agrees", "differs"):
                continue
            for kind in wanted[entry.case]:
                if kind in entry.properties:
                    seen.setdefault(kind, {})[entry.case] = entry.properties[kind]
        asked = {
            entry.case
            for entry in entries
            if entry.framework == label
            and ("properties" in entry.claims or entry.outcome == "unsupported")
        }
        on_record = {one.cases for one in known if one.framework == name}
        if lacking := sorted((on_record & wanted.keys()) - asked):
            raise RecordError(
                f"it says nothing of the properties of {name} on {lacking[0]}, one of "
                f"{len(lacking)} that are on record and would be taken out"
            )
        cited = {one.name: one.source for one in known if one.framework == name}
        records = [
            {
                "property": kind,
                "version": f"{package}>={version.partition('+')[0]}",
                "source": cited.get(kind, sources[label]),
                "seen": _Lines(values),
            }
            for kind, values in sorted(seen.items())
        ]
        if records:
            told = {"framework": name, "records": records}
            text = yaml.dump(told, Dumper=_Dumper, sort_keys=False, width=96, **_FLOW)
            if name in beside:
                texts[file_beside(name, beside[name], "properties")] = text
            else:
                texts[Path("cases", "properties", f"{name}.yaml")] = HEAD + text
    return texts
