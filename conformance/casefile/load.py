"""The YAML files of ``cases/``, read into cases. Every error in every file is told at once."""

from collections.abc import Callable, Iterable, Iterator
from itertools import islice
from pathlib import Path
from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError

from conformance.casefile import entry, folder, sentence, textfile
from conformance.casefile.document import Document, Place, Problem, parse
from conformance.casefile.schema import CaseFile
from conformance.lstm.case import Case

MAX_LINES = 100  # told of one file: one with more is broken as a whole
MAX_SENTENCES = 1_000  # made of what pydantic finds in one file, before the first are told
_BARE: Any = {"include_url": False, "include_context": False, "include_input": False}
KNOWN = ("deviations", "properties")  # folders of files that `known` reads

File = TypeVar("File", bound=BaseModel)
Item = TypeVar("Item")
Listed = tuple[Path, str | None]  # a file, and the reason why it is not read


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

    Raises CaseError with all errors of all files, and with the files that are not read.
    """
    seen: dict[str, str] = {}
    cases = read(
        root,
        folder.files(root / "cases", KNOWN),
        "a case file needs behaviour, about, source and cases",
        lambda document, where, _: _cases(document, where, seen),
    )
    if not cases:
        raise CaseError("cases:1:1: no case file: a run needs at least one *.yaml here")
    return cases


def read(
    root: Path,
    files: Iterable[Listed],
    needs: str,
    entries: Callable[[Document, str, Path], list[Item]],
) -> tuple[Item, ...]:
    """Return what `entries` makes of each file: of its document, its path as told, and its path.

    Raises CaseError with all errors of all files.
    """
    items: list[Item] = []
    lines: list[str] = []
    try:
        listed = list(files)
    except OSError as error:
        told = folder.shown(Path(error.filename), root)
        raise CaseError(f"{told}:1:1: cannot be read: {error.strerror}") from None
    for path, refusal in listed:
        where = folder.shown(path, root)
        document = _document(path, needs) if refusal is None else _refused(refusal)
        items += entries(document, where, path)
        lines += _lines(where, document)
    if lines:
        raise CaseError(*lines)
    return tuple(items)


def _cases(document: Document, where: str, seen: dict[str, str]) -> list[Case]:
    """Return the cases of one file; `seen` has where each id was first seen, and is added to."""
    file, indexes = validated(CaseFile, document, "cases")
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


def _document(path: Path, needs: str) -> Document:
    try:
        document = parse(textfile.read(path))
    except textfile.TextFileError as error:
        return Document(None, problems=[error.problem])
    if document.data is None and not document.problems:
        return _refused(f"the file is empty: {needs}")
    return document


def _refused(message: str) -> Document:
    return Document(None, problems=[Problem(Place(1, 1), message)])


def validated(model: type[File], document: Document, entries: str) -> tuple[File | None, list[int]]:
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
        problems = sentence.problems(error, document, model)
        told = [one for one in islice(problems, MAX_SENTENCES) if one.place not in refused]
        document.problems.extend(told)
        document.untold.append(max(sentence.count(error) - MAX_SENTENCES, 0))
        broken = {details["loc"][:2] for details in error.errors(**_BARE)}
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
    if more := len(problems[MAX_LINES:]) + sum(document.untold):
        place = problems[: MAX_LINES + 1][-1].place
        yield f"{where}:{place.line}:{place.column}: and {more:,} more errors"
