"""Reports of parts of a run, joined into the one that a single run would have written."""

from collections.abc import Mapping, Sequence

from conformance.casefile.document import quoted
from conformance.report.report import Entry, Header, Installed

Reports = Mapping[str, tuple[Header, Sequence[Entry]]]  # by the path of each


class MergeError(Exception):
    """Reports that are of no one run; the message is one line."""


def merged(reports: Reports, cases: Sequence[str]) -> tuple[Header, list[Entry]]:
    """The report of all of `reports`, with `cases` in their order. Raises MergeError.

    It was made when the last of them was; where they come from several platforms, it names each.
    """
    headers = {path: head for path, (head, _) in reports.items()}
    _alike("Python", {path: head.python for path, head in headers.items()})
    _alike("code", {path: head.code or "not told" for path, head in headers.items()})
    _whole(headers)
    frameworks = _frameworks(headers)
    first = next(iter(headers.values()))
    head = first.model_copy(
        update={
            "complete": all(one.complete for one in headers.values()),
            "created": max(one.created for one in headers.values()),
            "platform": "; ".join(dict.fromkeys(one.platform for one in headers.values())),
            "shard": None,
            "frameworks": frameworks,
        }
    )
    places = {case: place for place, case in enumerate(cases)}
    found: dict[tuple[str, int], Entry] = {}
    origin: dict[tuple[str, int], str] = {}
    for path, (_, entries) in reports.items():
        for entry in entries:
            told = f"{quoted(entry.framework)} on {quoted(entry.case)}"
            if entry.case not in places:
                raise MergeError(f"{path}: {told}: this checkout has no such case")
            key = entry.framework, places[entry.case]
            if key in found:
                raise MergeError(f"{path}: {told} is in {origin[key]} as well")
            found[key], origin[key] = entry, path
    return head, [found[key] for key in sorted(found)]


def _alike(what: str, told: Mapping[str, str]) -> None:
    (one, first), *others = told.items()
    for path, other in others:
        if other != first:
            raise MergeError(f"{path} is of another {what} than {one}: {other}, not {first}")


def _whole(headers: Mapping[str, Header]) -> None:
    """Shards of one split are all there, and each once."""
    there: dict[tuple[str, int], dict[int, str]] = {}
    for path, head in headers.items():
        if head.shard is None:
            continue
        shards = there.setdefault((head.shard.split, head.shard.of), {})
        if head.shard.number in shards:
            other = shards[head.shard.number]
            raise MergeError(f"{path} is shard {head.shard.number} of {head.shard.of}, as {other}")
        shards[head.shard.number] = path
    for (_, of), shards in there.items():
        missing = [str(number) for number in range(1, of + 1) if number not in shards]
        if missing:
            told = ", ".join(missing[:9]) + (" ..." if len(missing) > 9 else "")
            one = next(iter(shards.values()))
            raise MergeError(f"{one}: of its split into {of} shards is missing: {told}")


def _frameworks(headers: Mapping[str, Header]) -> dict[str, Installed]:
    found: dict[str, Installed] = {}
    origin: dict[str, str] = {}
    for path, head in headers.items():
        for label, one in head.frameworks.items():
            known = found.setdefault(label, one)
            other = origin.setdefault(label, path)
            if known != one:
                told = [_told(here) for here in (one, known)]
                raise MergeError(f"{path}: {label} is {told[0]}, in {other} {told[1]}")
    return dict(sorted(found.items()))


def _told(one: Installed) -> str:
    if one.missing:
        return f"not installed ({', '.join(one.missing)})"
    versions = ", ".join(f"{name} {version}" for name, version in one.versions.items())
    return f"{one.module} ({versions})"
