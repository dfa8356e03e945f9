"""The YAML files, read into cases and deviations. Every error in every file is told at once."""

from collections.abc import Callable, Iterator, Sequence
from fnmatch import fnmatchcase
from pathlib import Path
from typing import TypeVar

from pydantic import BaseModel, ValidationError

from conformance.casefile import entry, sentence, textfile
from conformance.casefile.document import Document, Place, Problem, parse, quoted
from conformance.casefile.schema import CaseFile, DeviationFile, RecordFile
from conformance.lstm.case import Case, Deviation, Record

MAX_LINES = 100  # told of one file: one with more is broken as a whole

File = TypeVar("File", bound=BaseModel)
Item = TypeVar("Item", Case, Deviation, Record)


class CaseError(Exception):
    """The files have errors: ``path:line:column: message``, one a line."""

    def __init__(self, *lines: str) -> None:
        """Take the lines, each with its place."""
        super().__init__(*lines)
        self.lines = lines

    def __str__(self) -> str:
        """Return all lines, joined by newlines."""
        return "\n".join(self.lines)


def load_cases(root: Path) -> tuple[Case, ...]:
    """Return the cases of every ``cases/*.yaml`` below `root`, ordered by file name and line.

    Raises CaseError with all errors of all files.
    """
    seen: dict[str, str] = {}
    cases = _read(
        root,
        "cases",
        "a case file needs behaviour, about, source and cases",
        lambda document, where, _: _cases(document, where, seen),
    )
    if not cases:
        raise CaseError("cases:1:1: no case file: a run needs at least one *.yaml here")
    return cases


def load_deviations(root: Path, cases: Sequence[Case]) -> tuple[Deviation, ...]:
    """Return the deviations of every ``cases/deviations/*.yaml`` below `root`.

    Without the folder there are none. Raises CaseError with all errors of all files, among them a
    glob that matches no case.
    """
    return _read(
        root,
        "cases/deviations",
        "a deviation file needs framework and deviations",
        lambda document, where, stem: _deviations(document, where, stem, cases),
    )


def load_records(root: Path, cases: Sequence[Case]) -> tuple[Record, ...]:
    """Return the records of every ``cases/properties/*.yaml`` below `root`.

    Without the folder there are none. Raises CaseError with all errors of all files, among them a
    glob that matches no case.
    """
    return _read(
        root,
        "cases/properties",
        "a property file needs framework and records",
        lambda document, where, stem: _records(document, where, stem, cases),
    )


def _read(
    root: Path, folder: str, needs: str, entries: Callable[[Document, str, str], list[Item]]
) -> tuple[Item, ...]:
    """Return what `entries` makes of each file: of its document, its path below `root`, its stem.

    Raises CaseError with all errors of all files.
    """
    items: list[Item] = []
    lines: list[str] = []
    for path in _paths(root / folder):
        where = path.relative_to(root).as_posix()
        document = _document(path, needs)
        items += entries(document, where, path.stem)
        lines += _lines(where, document)
    if lines:
        raise CaseError(*lines)
    return tuple(items)


def _cases(document: Document, where: str, seen: dict[str, str]) -> list[Case]:
    """Return the cases of one file; `seen` has where each id was first seen, and is added to."""
    file, indexes = _validated(CaseFile, document, "cases")
    if file is None:
        return []
    cases = []
    for index, item in zip(indexes, file.cases, strict=True):
        found, problems = entry.resolve(file, item, ("cases", index), document, where)
        document.problems.extend(problems)
        for case in found:
            if case.id in seen:
                text = f"duplicate case id {case.id!r} (first at {seen[case.id]})"
                document.problems.append(Problem(document.values["cases", index], text))
            seen.setdefault(case.id, case.where)
        cases += found
    return cases


def _deviations(
    document: Document, where: str, framework: str, cases: Sequence[Case]
) -> list[Deviation]:
    """Return the deviations of one file."""
    file, indexes = _validated(DeviationFile, document, "deviations")
    if file is None:
        return []
    _named(document, file.framework, framework)
    deviations = []
    for index, item in zip(indexes, file.deviations, strict=True):
        if not any(fnmatchcase(case.id, item.cases) for case in cases):
            place = document.values["deviations", index, "cases"]
            document.problems.append(Problem(place, f"cases: {quoted(item.cases)} matches no case"))
        line = document.values["deviations", index].line
        facts = item.model_dump()
        facts["claims"] = facts.pop("claim")
        deviations.append(Deviation(framework, where=f"{where}:{line}", **facts))
    return deviations


def _records(document: Document, where: str, framework: str, cases: Sequence[Case]) -> list[Record]:
    """Return the records of one file."""
    file, indexes = _validated(RecordFile, document, "records")
    if file is None:
        return []
    _named(document, file.framework, framework)
    records = []
    for index, item in zip(indexes, file.records, strict=True):
        for glob, value in item.seen.items():
            place = document.keys["records", index, "seen", glob]
            matched = [case for case in cases if fnmatchcase(case.id, glob)]
            if not any(item.property in case.record for case in matched):
                text = f"seen: {quoted(glob)} matches no case that records {item.property}"
                document.problems.append(Problem(place, text))
            at = f"{where}:{place.line}"
            record = Record(framework, glob, item.property, item.version, value, item.source, at)
            records.append(record)
    return records


def _named(document: Document, given: str, framework: str) -> None:
    """Add a problem where a file names another framework than its file name does."""
    if given != framework:
        text = f"framework: expected {framework!r}, the file's name, got {quoted(given)}"
        document.problems.append(Problem(document.values["framework",], text))


def _paths(folder: Path) -> list[Path]:
    # .yml files are read as well, to be refused: an unread file would be an unnoticed one.
    return sorted([*folder.glob("*.yaml"), *folder.glob("*.yml")])


def _document(path: Path, needs: str) -> Document:
    if path.suffix == ".yml":
        return _refused("rename the file: only .yaml files are read")
    try:
        document = parse(textfile.read(path))
    except textfile.TextFileError as error:
        return Document(None, problems=[error.problem])
    if document.data is None and not document.problems:
        return _refused(f"the file is empty: {needs}")
    return document


def _refused(message: str) -> Document:
    return Document(None, problems=[Problem(Place(1, 1), message)])


def _validated(
    model: type[File], document: Document, entries: str
) -> tuple[File | None, list[int]]:
    """Return the document as `model`, less the entries with errors, and the indexes of the rest.

    None where the errors leave no file. The errors are added to the document's problems.
    """
    if document.data is None:
        return None, []
    refused = {problem.place for problem in document.problems}
    data = document.data
    try:
        return model.model_validate(data), list(range(len(data[entries])))
    except ValidationError as error:
        problems = sentence.problems(error, document)
        document.problems.extend(p for p in problems if p.place not in refused)
        broken = {details["loc"][:2] for details in error.errors()}
    if not isinstance(data, dict) or not isinstance(data.get(entries), list):
        return None, []
    indexes = [i for i in range(len(data[entries])) if (entries, i) not in broken]
    known = {key: value for key, value in data.items() if key in model.model_fields}
    try:
        return model.model_validate(
            {**known, entries: [data[entries][index] for index in indexes]}
        ), indexes
    except ValidationError:
        return None, []


def _lines(where: str, document: Document) -> Iterator[str]:
    problems = sorted(set(document.problems))
    for place, message in problems[:MAX_LINES]:
        yield f"{where}:{place.line}:{place.column}: {message}"
    if len(problems) > MAX_LINES:
        place = problems[MAX_LINES].place
        yield f"{where}:{place.line}:{place.column}: and {len(problems) - MAX_LINES:,} more errors"
