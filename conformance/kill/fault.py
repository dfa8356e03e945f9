"""A fault: a small change of the right layer's source, read from YAML with what is wrong in it.

Every error of a file is told with its place, as of the files in ``cases/``.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from pydantic import BaseModel, ConfigDict, Field

from conformance.casefile import folder
from conformance.casefile.document import Document, Problem
from conformance.casefile.form import Many, Maybe, Slug, Text, Url
from conformance.casefile.load import read, validated

_STRICT = ConfigDict(strict=True, extra="forbid", frozen=True)


class ChangeEntry(BaseModel):
    """One place of the source, and what stands there instead."""

    model_config = _STRICT
    right: Text = Field(description="The source as it is: it is found there once.")
    wrong: str = Field(description="What stands in its place.")


class FaultEntry(BaseModel):
    """One fault."""

    model_config = _STRICT
    id: Slug = Field(description="A permanent address.")
    about: Text = Field(description="What is wrong, in a few words.")
    shipped: Maybe[Url] = Field(default=None, description="Where somebody had that very mistake.")
    equivalent: Maybe[Text] = Field(
        default=None, description="Why no result can show it: it is no fault, and must not be told."
    )
    awaits: Maybe[Text] = Field(
        default=None, description="What a case would have to say, where no case tells it yet."
    )
    change: Many[ChangeEntry] = Field(description="The changes of the source.")


class FaultFile(BaseModel):
    """The faults of one kind."""

    model_config = _STRICT
    kind: Slug = Field(description="The kind of mistake, as the file's name says it.")
    about: Text = Field(description="What they have in common.")
    faults: Many[FaultEntry] = Field(description="The faults.")


class StayEntry(BaseModel):
    """A file of cases that is the only one to tell no fault."""

    model_config = _STRICT
    behaviour: Slug = Field(description="The file, by its behaviour.")
    why: Text = Field(description="Why it stays.")


class StayFile(BaseModel):
    """The files of cases that stay although they tell no fault alone."""

    model_config = _STRICT
    stays: Many[StayEntry] = Field(description="The files.")


@dataclass(frozen=True)
class Fault:
    """One fault of the right layer; `changes` maps what is right, in its source, to what is not."""

    id: str
    kind: str
    of_kind: str  # what the faults of the kind have in common
    about: str
    changes: Mapping[str, str]
    shipped: str = ""
    equivalent: str = ""
    awaits: str = ""


def load_faults(root: Path, mutants: Path) -> tuple[Fault, ...]:
    """Return the faults of ``faults/*.yaml`` in `mutants`, changes of the right layer.

    Raises CaseError with all errors of all files.
    """
    source, seen = layer_file(root).read_text(encoding="utf-8"), dict[str, str]()
    return read(
        root,
        folder.files(mutants / "faults"),
        "a file of faults needs kind, about and faults",
        lambda document, where, path: _faults(document, where, path, source, seen),
    )


def load_stays(root: Path, mutants: Path) -> dict[str, str]:
    """Return why a file of cases stays that tells no fault alone, by its behaviour."""
    return dict(
        read(
            root,
            [(mutants / "stays.yaml", None)],
            "the file needs stays",
            lambda document, *_: _stays(document),
        )
    )


def layer_file(root: Path) -> Path:
    """The file of the right layer, which is an adapter like any other."""
    return root / "adapters" / "numpy.py"


def _faults(
    document: Document, where: str, path: Path, source: str, seen: dict[str, str]
) -> list[Fault]:
    file, indexes = validated(FaultFile, document, "faults")
    if file is None:
        return []
    if file.kind != path.stem:
        text = f"kind: the file is called {path.stem!r}"
        document.problems.append(Problem(document.values[("kind",)], text))
    for index, item in zip(indexes, file.faults, strict=True):
        place = document.values["faults", index, "id"]
        if item.id in seen:
            document.problems.append(
                Problem(place, f"duplicate id {item.id!r} (first at {seen[item.id]})")
            )
        seen.setdefault(item.id, f"{where}:{place.line}")
        for number, change in enumerate(item.change):
            at = document.values["faults", index, "change", number, "right"]
            count = source.count(change.right)
            if count != 1:
                document.problems.append(Problem(at, f"found {count} times in the right layer"))
            if change.right == change.wrong:
                document.problems.append(Problem(at, "what is right and what is wrong are alike"))
    return [
        Fault(
            id=item.id,
            kind=file.kind,
            of_kind=file.about,
            about=item.about,
            changes={change.right: change.wrong for change in item.change},
            shipped=item.shipped or "",
            equivalent=item.equivalent or "",
            awaits=item.awaits or "",
        )
        for item in file.faults
    ]


def _stays(document: Document) -> list[tuple[str, str]]:
    file, _ = validated(StayFile, document, "stays")
    return [(one.behaviour, one.why) for one in file.stays] if file else []
