"""The book: all that is declared and recorded, read once, of the versions that are pinned.

No framework need be installed, and which are makes no difference: a version is that of
``constraints.txt``. One that is not pinned there is taken for whatever a pin or a gap speaks of.
"""

import ast
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache, cached_property
from pathlib import Path
from typing import Any

from packaging.requirements import Requirement

from adapters.contract import Convention, Gap, Layer, Snippet
from conformance.casefile.known import Ground, load_deviations, load_records
from conformance.casefile.load import load_cases
from conformance.claim.asked import asked, ever_asked
from conformance.convention.gap import DEFAULTS
from conformance.lstm.case import Case, Deviation, Record
from conformance.lstm.kind import speaks_of
from conformance.process import source
from conformance.process.framework import Framework, find
from conformance.process.pinned import versions


@dataclass(frozen=True)
class Book:
    """What is known, without asking any framework."""

    frameworks: Mapping[str, Framework]  # by name; of each the gaps of its pinned version
    every_gap: Mapping[str, Sequence[Gap]]  # of whatever version
    stories: Mapping[str, str]  # what each adapter says of itself: its docstring
    snippets: Mapping[str, Snippet]  # of those adapters that have one
    cases: Sequence[Case]
    deviations: Sequence[Deviation]
    records: Sequence[Record]

    def convention(self, name: str) -> Convention:
        """What the framework `name` declares."""
        convention = self.frameworks[name].convention
        assert convention is not None  # `find` has read it
        return convention

    @cached_property
    def put(self) -> Mapping[str, Mapping[str, tuple[str, ...]]]:
        """By framework and case, the claims that it is put to; a case in a gap is not there."""
        return {
            name: {case.id: claims for case in self.cases if (claims := asked(one, case))}
            for name, one in self.frameworks.items()
        }

    @cached_property
    def pinned(self) -> Mapping[str, Mapping[str, Sequence[Deviation]]]:
        """By framework and case, the pins that speak of it in the pinned version."""
        found: dict[str, dict[str, list[Deviation]]] = {name: {} for name in self.frameworks}
        for pin in self.deviations:
            if stands(pin.version, self.frameworks[pin.framework].versions):
                for case in self.cases:
                    claims = self.put[pin.framework].get(case.id, ())
                    if set(pin.claims) & set(claims) and speaks_of(pin, case):
                        found[pin.framework].setdefault(case.id, []).append(pin)
        return found

    @cached_property
    def met(self) -> Mapping[int, frozenset[str]]:
        """The cases that each pin speaks of, by the pin's identity: two may say the same."""
        found: dict[int, set[str]] = {id(pin): set() for pin in self.deviations}
        for cases in self.pinned.values():
            for case, pins in cases.items():
                for pin in pins:
                    found[id(pin)].add(case)
        return {pin: frozenset(cases) for pin, cases in found.items()}

    @cached_property
    def by_layer(self) -> Mapping[Layer, Sequence[Case]]:
        """The cases of right input by their layer."""
        found: dict[Layer, list[Case]] = {}
        for case in self.cases:
            if not case.must_reject:
                found.setdefault(case.layer, []).append(case)
        return found

    @cached_property
    def agreed(self) -> Mapping[str, frozenset[tuple[frozenset[tuple[str, Any]], bool]]]:
        """By framework, what options are met without a pin, and whether by a stack."""
        return {
            name: frozenset(
                (frozenset(_chosen(case.layer)), case.dimensions.num_layers > 1)
                for case in self.cases
                if case.run and not case.must_reject
                if case.id in put and case.id not in self.pinned[name]
            )
            for name, put in self.put.items()
        }

    def seen(self, name: str) -> Mapping[str, Mapping[str, Record]]:
        """By framework and case, what is on record of a property in the pinned version."""
        found: dict[str, dict[str, Record]] = {framework: {} for framework in self.frameworks}
        for one in self.records:
            versions = self.frameworks[one.framework].versions
            if one.name == name and stands(one.version, versions):
                found[one.framework][one.cases] = one
        return found


def read(root: Path) -> Book:
    """The book of the project at `root`. Raises CaseError, FrameworkError and OSError."""
    pinned = versions((root / "constraints.txt").read_text(encoding="utf-8"))
    declared = {one.name: one for one in find(root, [], missing=True)}
    frameworks = {name: _pinned(one, pinned) for name, one in declared.items()}
    cases = load_cases(root)
    ground = Ground(cases, set(declared), {})
    return Book(
        frameworks=frameworks,
        every_gap={name: one.gaps for name, one in declared.items()},
        snippets={
            name: source.declared(one.module, "SNIPPET")
            for name, one in declared.items()
            if source.defines(one.module, "SNIPPET")
        },
        stories={name: _story(one) for name, one in declared.items()},
        cases=cases,
        deviations=load_deviations(
            root, ground, lambda name, case: ever_asked(declared[name], case)
        ),
        records=load_records(root, ground),
    )


def stands(requirement: str, versions: Mapping[str, str]) -> bool:
    """Whether something that is said of certain versions is said of these."""
    wanted = _requirement(requirement)
    version = versions.get(wanted.name)
    return version is None or wanted.specifier.contains(version, prereleases=True)


@cache
def _requirement(text: str) -> Requirement:
    return Requirement(text)


def _chosen(layer: Layer) -> Iterator[tuple[str, Any]]:
    return ((name, value) for name, value in vars(layer).items() if value != DEFAULTS[name])


def _pinned(framework: Framework, pinned: Mapping[str, str]) -> Framework:
    names = [one.partition("|")[0] for one in source.declared(framework.module, "PACKAGES")]
    versions = {name: pinned[name] for name in names if name in pinned}
    there = [gap for gap in framework.gaps if not gap.versions or stands(gap.versions, versions)]
    gaps = tuple(replace(gap, versions="") for gap in there)
    return replace(framework, versions=versions, missing=(), gaps=gaps)


def _story(framework: Framework) -> str:
    tree = ast.parse(Path(framework.file).read_text(encoding="utf-8"))
    return ast.get_docstring(tree) or ""
