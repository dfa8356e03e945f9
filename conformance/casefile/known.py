"""What is known of each framework, read and held against the cases: deviations and records."""

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from pathlib import Path

from conformance.casefile import folder
from conformance.casefile.document import Document, Place, Problem, quoted
from conformance.casefile.document import Path as DocumentPath
from conformance.casefile.entry import names_of
from conformance.casefile.expression import ExpressionError, evaluate
from conformance.casefile.load import KNOWN, Listed, read, validated
from conformance.casefile.requirement import overlap
from conformance.casefile.schema import DeviationEntry, DeviationFile, RecordFile
from conformance.casefile.suggest import hint
from conformance.lstm.case import Case, Deviation, Instead, Record
from conformance.lstm.kind import speaks_of

MAX_ENTRIES = 1_000  # of one file
MAX_SAME = 100  # entries on one claim, or property, of one case


@dataclass(frozen=True)
class Ground:
    """What the files are held against."""

    cases: Sequence[Case]
    frameworks: Collection[str]  # those that have their files in this project
    # Adapters from elsewhere by name, "my_package.my_adapter", each with the folder of its files.
    beside: Mapping[str, Path]


@dataclass(frozen=True)
class _Spoken:
    """One entry, with where it stands and what it speaks of: pairs of a case's id and a word."""

    place: Place
    item: Deviation | Record
    of: frozenset[tuple[str, str]]


def file_beside(name: str, folder: Path, kind: str) -> Path:
    """The file of an adapter from elsewhere: ``my_adapter.deviations.yaml``."""
    return folder / f"{name.rpartition('.')[2]}.{kind}.yaml"


def load_deviations(
    root: Path, ground: Ground, put: Callable[[str, Case], Collection[str]]
) -> tuple[Deviation, ...]:
    """Return the deviations of every ``cases/deviations/*.yaml`` below `root`, and of those beside.

    `put` says to which claims a case is put for a framework. Without the folder there are none.
    Raises CaseError with all errors of all files, among them what nothing could ever meet: another
    framework, no case, a claim that is not put, a second entry on the same.
    """
    return read(
        root,
        _files(root, ground, "deviations"),
        "a deviation file needs framework and deviations",
        lambda document, where, path: _deviations(document, where, path, ground, put),
    )


def load_records(root: Path, ground: Ground) -> tuple[Record, ...]:
    """Return the records of every ``cases/properties/*.yaml`` below `root`, and of those beside.

    Without the folder there are none. Raises CaseError with all errors of all files, as
    `load_deviations` does.
    """
    return read(
        root,
        _files(root, ground, "properties"),
        "a property file needs framework and records",
        lambda document, where, path: _records(document, where, path, ground),
    )


def _files(root: Path, ground: Ground, kind: str) -> Iterator[Listed]:
    yield from folder.files(root / "cases" / kind)
    for name, beside in ground.beside.items():
        both = [file_beside(name, beside, one) for one in KNOWN]
        for path in sorted(beside.glob(f"{name.rpartition('.')[2]}.*")):
            if path == file_beside(name, beside, kind):
                yield path, None
            elif path not in both and (".yaml" in path.name or ".yml" in path.name):
                told = " or ".join(one.name for one in both)
                yield path, f"not read: rename it to {told}, or move it away"


def _deviations(
    document: Document,
    where: str,
    path: Path,
    ground: Ground,
    put: Callable[[str, Case], Collection[str]],
) -> list[Deviation]:
    """Return the deviations of one file."""
    file, indexes = validated(DeviationFile, document, "deviations")
    if file is None:
        return []
    framework = _framework(document, file.framework, path, ground)
    if framework is None:
        return []
    if _too_many(document, "deviations", len(file.deviations)):
        return []
    found = []
    claims: dict[str, Collection[str]] = {}  # that each case is put to
    for index, item in zip(indexes, file.deviations, strict=True):
        at = ("deviations", index)
        pin = _pin(framework, item, f"{where}:{document.values[at].line}")
        cases = [case for case in ground.cases if speaks_of(pin, case)]
        for case in cases:
            if case.id not in claims:
                claims[case.id] = put(framework, case)
        of = {(case.id, one) for case in cases for one in pin.claims if one in claims[case.id]}
        found.append(_Spoken(document.values[at], pin, frozenset(of)))
        lost = list(_unmatched(document, index, item, ground))
        document.problems.extend(lost)
        if not cases:
            document.problems.extend([] if lost else [_no_case(document, index, item)])
            continue
        document.problems.extend(_no_sizes(document, index, item, cases[0]))
        for place, claim in enumerate(pin.claims):
            if not any(claim == word for _, word in of):
                key = (*at, "claim", place)
                told = document.values.get(key) or document.values[(*at, "claim")]
                text = f"claim: {claim!r} is put to no case of this deviation"
                document.problems.append(Problem(told, text))
    document.problems.extend(_twice(found, "pins"))
    return [one.item for one in found if isinstance(one.item, Deviation)]


def _pin(framework: str, item: DeviationEntry, where: str) -> Deviation:
    one = (item,) if item.outcomes is None else item.outcomes
    kind = item.where.model_dump(exclude_unset=True) if item.where else {}
    return Deviation(
        framework=framework,
        cases=" ".join(item.cases),
        claims=item.claim,
        version=item.version,
        outcomes=tuple(Instead(str(each.outcome), each.got) for each in one),
        why=item.why,
        source=item.source,
        where=where,
        kind=kind,
        device=item.device or "",
        spoils=item.spoils,
    )


def _no_sizes(
    document: Document, index: int, item: DeviationEntry, case: Case
) -> Iterator[Problem]:
    """What of a pinned shape is neither a size nor an expression of some."""
    at: DocumentPath = ("deviations", index)
    many = item.outcomes or ()
    gots = {(*at, "got"): item.got} | {
        (*at, "outcomes", place, "got"): one.got for place, one in enumerate(many)
    }
    names = names_of(case.layer, case.dimensions)
    for path, got in gots.items():
        for name, value in got.items():
            for axis, size in enumerate(value if isinstance(value, list) else ()):
                try:
                    if isinstance(size, str):
                        evaluate(size, names)
                except ExpressionError as error:
                    yield Problem(document.values[(*path, name, axis)], f"got: {error}")


def _unmatched(
    document: Document, index: int, item: DeviationEntry, ground: Ground
) -> Iterator[Problem]:
    """Each glob of an entry that matches no case; one beside it may."""
    at: DocumentPath = ("deviations", index, "cases")
    for place, glob in enumerate(item.cases):
        if not any(fnmatchcase(case.id, glob) for case in ground.cases):
            told = document.values.get((*at, place)) or document.values[at]
            yield Problem(told, f"cases: {quoted(glob)} matches no case")


def _no_case(document: Document, index: int, item: DeviationEntry) -> Problem:
    """That the options and sizes of an entry leave no case of those that its globs match."""
    at = ("deviations", index)
    given = " or ".join(quoted(glob) for glob in item.cases)
    of = f" of {given}" if (*at, "cases") in document.values else ""
    return Problem(document.values[(*at, "where")], f"where: no case{of} has all of these")


def _records(document: Document, where: str, path: Path, ground: Ground) -> list[Record]:
    """Return the records of one file."""
    file, indexes = validated(RecordFile, document, "records")
    if file is None:
        return []
    framework = _framework(document, file.framework, path, ground)
    if framework is None:
        return []
    if _too_many(document, "records", sum(len(item.seen) for item in file.records)):
        return []
    by_id = {case.id: case for case in ground.cases}
    found = []
    for index, item in zip(indexes, file.records, strict=True):
        for glob, value in item.seen.items():
            place = document.keys["records", index, "seen", glob]
            # Most globs are plain ids.
            ids = [glob] if glob in by_id else [one for one in by_id if fnmatchcase(one, glob)]
            of = [one for one in ids if item.property in by_id[one].record]
            if not of:
                text = f"seen: {quoted(glob)} matches no case that records {item.property}"
                document.problems.append(Problem(place, text))
            at = f"{where}:{place.line}"
            record = Record(framework, glob, item.property, item.version, value, item.source, at)
            found.append(_Spoken(place, record, frozenset((one, item.property) for one in of)))
    document.problems.extend(_twice(found, "records"))
    return [one.item for one in found if isinstance(one.item, Record)]


def _too_many(document: Document, key: str, number: int) -> bool:
    """Whether a file has so many entries that to compare them would take minutes."""
    if number > MAX_ENTRIES:
        text = f"{key}: {number:,} entries, more than the {MAX_ENTRIES:,} allowed"
        document.problems.append(Problem(document.values[key,], text))
    return number > MAX_ENTRIES


def _framework(document: Document, given: str, path: Path, ground: Ground) -> str | None:
    """The framework that a file is of, by its name; None, and a problem, where there is none such.

    Another that the file says is a problem too.
    """
    beside = {
        file_beside(name, place, kind): name
        for name, place in ground.beside.items()
        for kind in KNOWN
    }
    name = beside.get(path, path.stem)
    place = document.values["framework",]
    if path not in beside and name not in ground.frameworks:
        why = hint(name, ground.frameworks)
        if "." in name:
            why = ": what is known of one from elsewhere stands beside it"
        document.problems.append(Problem(place, f"framework: there is no adapter {name!r}{why}"))
        return None
    if given != name:
        text = f"framework: expected {name!r}, the file's name, got {quoted(given)}"
        document.problems.append(Problem(place, text))
    return name


def _twice(entries: Iterable[_Spoken], verb: str) -> Iterator[Problem]:
    """A problem for each entry on what one before it speaks of, in the same versions."""
    before: dict[tuple[str, str], list[_Spoken]] = {}
    for second in entries:
        apart: set[int] = set()  # entries that are known to hold in other versions
        for pair in sorted(second.of):
            speaking = before.setdefault(pair, [])
            if len(speaking) == MAX_SAME:
                case, word = pair
                text = f"{verb} {word} of {case}, as {MAX_SAME} entries before it do"
                yield Problem(second.place, text)
                break
            new = [one for one in speaking if id(one) not in apart]
            first = next((one for one in new if _both_hold(one, second)), None)
            if first is not None:
                case, word = pair
                says = "repeats" if _says(first.item) == _says(second.item) else "contradicts"
                text = f"{says} line {first.place.line}, which {verb} {word} of {case} too"
                yield Problem(second.place, text)
                break
            apart.update(map(id, new))
        else:
            for pair in second.of:
                before[pair].append(second)


def _both_hold(one: _Spoken, other: _Spoken) -> bool:
    devices = {
        each.item.device
        for each in (one, other)
        if isinstance(each.item, Deviation) and each.item.device
    }
    return len(devices) < 2 and overlap(one.item.version, other.item.version)


def _says(item: Deviation | Record) -> object:
    return item.outcomes if isinstance(item, Deviation) else item.value
