"""The observations of one release on record: small, the same bytes each time, without times.

A file holds what differs from the release before, which its first line names with a hash of its own
lines; of a release that none stands before, everything. What a line of a report has of this one
run, checkout and machine is left out: seconds, lines of files, options that have their default.
"""

import gzip
import hashlib
import io
import re
import zlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timezone
from pathlib import Path
from typing import Literal

from packaging.version import InvalidVersion, Version
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from adapters.contract import Layer
from conformance import outfile
from conformance.report.fingerprint import DIGITS
from conformance.report.report import MAX_BYTES, ClaimEntry, Entry, Header, Installed, first_problem

SCHEMA: Literal["lstm-conformance-history/1"] = "lstm-conformance-history/1"
SUFFIX = ".jsonl.gz"
_FORM = ConfigDict(extra="forbid", frozen=True)
_USUAL = {one.name: one.default for one in Layer.__dataclass_fields__.values()}
_LINE = re.compile(r"(:\d+)+$")


class KeptError(ValueError):
    """A record that cannot be read: ``path:line: what is wrong``, one line."""


class Base(BaseModel):
    """The release before, from which a record says what differs."""

    model_config = _FORM
    release: str
    digest: str = Field(description="Of all its observations.")


class About(BaseModel):
    """The first line of a record."""

    model_config = _FORM
    kind: Literal["release"]
    history_schema: Literal["lstm-conformance-history/1"]
    framework: str = Field(description="The adapter's name.")
    package: str
    release: str
    python: str
    machine: str = Field(description="The system and its kind of processor.")
    cases: str = Field(description="Which were put.")
    versions: dict[str, str] = Field(description="Of what the adapter names.")
    distributions: dict[str, str] = Field(description="Everything that was installed.")
    silent: str | None = Field(default=None, description="Why the adapter does not run, if so.")


class _First(About):
    """The same as it is written."""

    base: Base | None = None
    gone: tuple[str, ...] = Field(default=(), description="Cases that the release before has.")


@dataclass(frozen=True)
class Kept:
    """One release: what was installed, and the lines of its cases by their ids."""

    about: About
    lines: Mapping[str, str]

    @property
    def entries(self) -> list[Entry]:
        """The observations, as a report has them."""
        return [Entry.model_validate_json(line) for line in self.lines.values()]

    @property
    def digest(self) -> str:
        """A hash of all lines."""
        return hashlib.sha256("\n".join(self.lines.values()).encode()).hexdigest()[:DIGITS]


def kept(about: About, entries: Iterable[Entry], places: Mapping[str, str]) -> Kept:
    """The record of what was observed; of `places` on this machine it has what they are."""
    lines = {one.case: _line(one, about.framework) for one in entries}
    for place, what in places.items():
        lines = {case: line.replace(place, what) for case, line in lines.items()}
    return Kept(about, {case: lines[case] for case in sorted(lines)})


def write(path: Path, one: Kept, before: Kept | None) -> None:
    """Writes what differs from the release `before`, whole or not at all. Raises OSError."""
    with outfile.whole(path) as file:
        file.write(packed(one, before))


def packed(one: Kept, before: Kept | None) -> bytes:
    """The bytes of a record."""
    known = before.lines if before else {}
    base = Base(release=before.about.release, digest=before.digest) if before else None
    gone = tuple(case for case in known if case not in one.lines)
    head = _First(**dict(one.about), base=base, gone=gone).model_dump_json(exclude_defaults=True)
    new = [line for case, line in one.lines.items() if known.get(case) != line]
    made = io.BytesIO()
    with gzip.GzipFile("", "wb", compresslevel=9, fileobj=made, mtime=0) as file:
        file.write(("\n".join([head, *new]) + "\n").encode())
    return made.getvalue()


def as_report(one: Kept) -> tuple[Header, list[Entry]]:
    """A record as a report: of one framework, made at no time."""
    about = one.about
    installed = Installed(module="", interpreter="", versions=about.versions, missing=())
    head = Header(
        complete=True,
        created=datetime.fromtimestamp(0, timezone.utc),
        python=about.python,
        platform=about.machine,
        frameworks={about.framework: installed},
    )
    return head, one.entries


def path_of(folder: Path, framework: str, release: str) -> Path:
    """Where the record of a release lies."""
    return folder / framework / f"{release}{SUFFIX}"


def releases(folder: Path, framework: str) -> list[str]:
    """The releases on record, the oldest first. Raises KeptError."""
    found = {}
    for path in (folder / framework).glob(f"[!.]*{SUFFIX}"):
        release = path.name.removesuffix(SUFFIX)
        try:
            found[Version(release)] = release
        except InvalidVersion as error:
            raise KeptError(f"{path}:1: no record: {release!r} is no release") from error
    return [found[one] for one in sorted(found)]


def read(path: Path) -> Kept:
    """A record with what those before it say. Raises KeptError."""
    chain: list[tuple[Path, _First, Sequence[str]]] = []
    there: Path | None = path
    while there is not None:
        chain.append((there, *_read(there)))
        there = _before(there, chain[-1][1])
    known: Kept | None = None
    for place, first, lines in reversed(chain):
        known = _whole(place, first, lines, known)
    assert known is not None
    return known


def about(path: Path) -> About:
    """The first line of a record. Raises KeptError."""
    return _about(_read(path)[0])


def base(path: Path) -> Base | None:
    """The release before, as a record names it. Raises KeptError."""
    return _read(path)[0].base


def _before(path: Path, first: _First) -> Path | None:
    if first.base is None:
        return None
    try:
        older = Version(first.base.release) < Version(first.release)
    except InvalidVersion:
        older = False
    if not older:
        told = f"{first.base.release} does not stand before {first.release}"
        raise KeptError(f"{path}:1: no record: {told}")
    return path.with_name(f"{first.base.release}{SUFFIX}")


def _whole(path: Path, first: _First, lines: Sequence[str], before: Kept | None) -> Kept:
    if first.base is not None and (before is None or before.digest != first.base.digest):
        told = f"it says what differs from another {first.base.release} than is on record"
        raise KeptError(f"{path}:1: no record: {told}: --again observes it anew")
    known = dict(before.lines) if before else {}
    for case in first.gone:
        if known.pop(case, None) is None:
            raise KeptError(f"{path}:1: no record: {case!r} is not in the release before")
    for number, line in enumerate(lines, 2):
        try:
            known[Entry.model_validate_json(line).case] = line
        except ValidationError as error:
            raise KeptError(f"{path}:{number}: no record: {first_problem(error)}") from None
    return Kept(_about(first), {case: known[case] for case in sorted(known)})


def _about(first: _First) -> About:
    return About(**{name: getattr(first, name) for name in About.model_fields})


def _read(path: Path) -> tuple[_First, Sequence[str]]:
    try:
        with gzip.open(path) as file:
            data = file.read(MAX_BYTES + 1)
        if len(data) > MAX_BYTES:
            raise KeptError(f"{path}:1: no record: more than {MAX_BYTES:,} bytes")
        first, *lines = data.decode().removesuffix("\n").split("\n")
        about = _First.model_validate_json(first)
    except OSError as error:  # also of gzip
        raise KeptError(f"{path}:1: no record: {error.strerror or error}") from None
    except (EOFError, zlib.error, UnicodeDecodeError) as error:
        raise KeptError(f"{path}:1: no record: {error}") from None
    except ValidationError as error:
        raise KeptError(f"{path}:1: no record: {first_problem(error)}") from None
    if path.name != f"{about.release}{SUFFIX}":
        raise KeptError(f"{path}:1: no record: it is that of {about.release}")
    return about, lines


def _line(entry: Entry, framework: str) -> str:
    layer = {name: value for name, value in entry.layer.items() if _USUAL.get(name) != value}
    absence = entry.absence and entry.absence.model_copy(
        update={"where": _LINE.sub("", entry.absence.where)}
    )
    claims = {
        name: claim.model_copy(
            update={
                "absence": claim.absence
                and claim.absence.model_copy(update={"where": _LINE.sub("", claim.absence.where)})
            }
        )
        for name, claim in entry.claims.items()
    }
    steady = {
        **(_shapes_alone(entry, claims) if entry.dimensions["time_steps"] == 0 else {}),
        "framework": framework,
        "where": _LINE.sub("", entry.where),
        "layer": layer,
        "absence": absence,
        "seconds": {},
        "canonical": None,  # views of native results
        "margins": None,
        "tries": (),
    }
    return (entry.model_copy(update={"claims": claims, **steady})).model_dump_json(
        exclude_defaults=True
    )


def _shapes_alone(entry: Entry, claims: Mapping[str, ClaimEntry]) -> dict[str, object]:
    """Without a step nothing is computed: what stands there may be what the memory held before."""
    rest = {name: claim for name, claim in claims.items() if name != "values"}
    off = any(claim.outcome not in ("agrees", "unsupported") for claim in rest.values())
    return {
        "claims": rest,
        "errors": None,
        "outcome": entry.outcome if off or entry.outcome != "differs" else "agrees",
        "native": entry.native
        and {
            name: tensor.model_copy(update={"digest": None, "numbers": None})
            for name, tensor in entry.native.items()
        },
    }
