# ruff: noqa: E501 - messages are asserted word for word, each on a line that can be searched
"""Deviations and records: what they become, and what of a wrong file is told, word for word."""

import time
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from conformance.casefile.known import Ground, load_deviations, load_records
from conformance.casefile.load import CaseError, load_cases
from conformance.lstm.case import Case, Deviation, Instead, Record
from conformance.lstm.kind import speaks_of
from tests.harness.casefile.test_load import EXPECT, FILE, SIZES, edited, write

DEVIATION = """\
framework: fake
deviations:
  - cases: guide-*
    claim: shapes
    version: fake>=1.2,<2
    outcome: differs
    got: {output: [2, 4]}
    why: It drops the time axis.
    source: https://example.org/issue
"""
ENTRY = DEVIATION[DEVIATION.index("  - cases") :]
RECORD = """\
framework: fake
records:
  - property: exception
    version: fake>=1.2,<2
    source: https://example.org/doc
    seen:
      guide-*: none
"""
RECORDED = FILE.replace(
    EXPECT, "    record: [exception]\n    feed: {input: [3]}\n    expect: rejected\n"
)
# One more case, of another layer and other sizes, which is put to another claim.
TIME_FIRST = EXPECT.replace("[2, 5, 4]", "[5, 2, 4]")
TWO = f"{FILE}  - id: two\n    layer: {{layout: time_major}}\n{SIZES}{TIME_FIRST}".replace(
    "    layer", "    run: false\n    layer"
)
NOTHING: Mapping[str, Path] = {}


def claims(_: str, case: Case) -> Sequence[str]:
    """Return the claims that the cases here are put to."""
    return ["shapes", "values"] if case.run else ["inferred_shapes"]


def deviations(root: Path, text: str, name: str = "fake") -> tuple[Deviation, ...]:
    """Return the deviations of one file, in a project with the adapter fake."""
    write(root, TWO)
    write(root, text, f"deviations/{name}.yaml")
    return load_deviations(root, Ground(load_cases(root), ["fake"], NOTHING), claims)


def records(root: Path, text: str, name: str = "fake") -> tuple[Record, ...]:
    """Return the records of one file, in a project with the adapter fake."""
    write(root, RECORDED)
    write(root, text, f"properties/{name}.yaml")
    return load_records(root, Ground(load_cases(root), ["fake"], NOTHING))


DEVIATION_EDITS = {
    "another framework": (
        [("framework: fake", "framework: faker")],
        ["1:12: framework: expected 'fake', the file's name, got 'faker'"],
    ),
    "one glob of two without a case": (
        [("cases: guide-*", "cases: [guide-*, guidance-*]")],
        ["3:22: cases: 'guidance-*' matches no case"],
    ),
    "globs of a kind without a case": (
        [("cases: guide-*", "cases: [guide-one]\n    where: {layout: time_major}")],
        ["4:12: where: no case of 'guide-one' has all of these"],
    ),
    "no glob": (
        [("cases: guide-*", "cases: []")],
        ["3:12: cases: expected at least one entry, got an empty list"],
    ),
    "glob without a case": (
        [("guide-*", "guidance-*")],
        ["3:12: cases: 'guidance-*' matches no case"],
    ),
    "no requirement": (
        [("fake>=1.2,<2", "1.2 to 2")],
        [
            "5:14: version: expected a requirement like 'name>=1.2,<2', got the text '1.2 to 2'",
        ],
    ),
    "unknown claim": (
        [("claim: shapes", "claim: shape")],
        [
            "4:12: claim: expected 'shapes', 'values', 'inferred_shapes', 'parameters', 'gradients', 'splits', 'repeats', 'properties', 'survives' or 'rejects', got the text 'shape': did you mean 'shapes'?"
        ],
    ),
    "unknown outcome": (
        [("outcome: differs", "outcome: agrees")],
        [
            "6:14: outcome: expected 'differs', 'rejected', 'crashed' or 'hung', got the text 'agrees'"
        ],
    ),
    "no size in a shape": (
        [("got: {output: [2, 4]}", "got: {output: [batch_size, hidden]}")],
        ["7:32: got: unknown name 'hidden' in 'hidden': did you mean 'hidden_units'?"],
    ),
    "got a list": (
        [("got: {output: [2, 4]}", "got: [2, 4]")],
        ["7:10: got: expected a mapping, got a list"],
    ),
    "unknown key": (
        [("    why:", "    reason:")],
        [
            "3:5: missing key 'why' in a deviation",
            "8:5: unknown key 'reason' in a deviation: the keys are cases, where, claim, version, device, outcome, got, outcomes, spoils, why, source",
        ],
    ),
    "no source": (
        [("    source: https://example.org/issue\n", "")],
        ["3:5: missing key 'source' in a deviation"],
    ),
    "empty": (
        [(DEVIATION, "")],
        ["1:1: the file is empty: a deviation file needs framework and deviations"],
    ),
    "versions that nothing meets": (
        [("fake>=1.2,<2", "fake>=2,<1.2")],
        ["5:14: version: no version meets 'fake>=2,<1.2'"],
    ),
    "no versions": (
        [("fake>=1.2,<2", "fake")],
        ["5:14: version: 'fake' names no versions: write them out, 'name>=1.2,<2'"],
    ),
    "claim that is not put": (
        [("claim: shapes", "claim: rejects")],
        ["4:12: claim: 'rejects' is put to no case of this deviation"],
    ),
    "one claim of two that is not put": (
        [("claim: shapes", "claim: [shapes, rejects]")],
        ["4:21: claim: 'rejects' is put to no case of this deviation"],
    ),
    "claim that is put to other cases": (
        [("cases: guide-*", "cases: guide-two")],
        ["4:12: claim: 'shapes' is put to no case of this deviation"],
    ),
    "neither cases nor kind": (
        [("- cases: guide-*\n    claim", "- claim")],
        ["3:5: a deviation needs cases, where or both"],
    ),
    "unknown option": (
        [("cases: guide-*", "where: {layuot: time_major}")],
        ["3:13: unknown key 'layuot' in where: did you mean 'layout'?"],
    ),
    "unknown value": (
        [("cases: guide-*", "where: {layout: time_mayor}")],
        [
            "3:21: where.layout: expected 'batch_major', 'time_major', 'unbatched', 'extra_batch' or 'any', got the text 'time_mayor': did you mean 'time_major'?"
        ],
    ),
    "unknown value in a list": (
        [("cases: guide-*", "where: {dtype: [float32, float46]}")],
        [
            "3:30: where.dtype[1]: expected 'float32', 'float64', 'bfloat16', 'float16', 'mixed_bfloat16', 'mixed_float16' or 'any', got the text 'float46': did you mean 'float64'?"
        ],
    ),
    "wrong truth value": (
        [("cases: guide-*", "where: {bias: no}")],
        [
            "3:19: where.bias: expected true or false, got the text 'no' (YAML 1.2: write false)",
        ],
    ),
    "any truth value": (
        [("cases: guide-*", "where: {bias: any}")],
        ["3:19: where.bias: expected true or false, got the text 'any'"],
    ),
    "wrong width": (
        [("cases: guide-*", "where: {projection_size: [some, -1]}")],
        [
            "3:31: where.projection_size[0]: expected a whole number from 0 or 'any', got the text 'some'",
            "3:37: where.projection_size[1]: expected a whole number from 0 or 'any', got the number -1",
        ],
    ),
    "wrong size": (
        [("cases: guide-*", "where: {batch_size: zero}")],
        ["3:25: where.batch_size: expected a whole number, got the text 'zero'"],
    ),
    "no value": (
        [("cases: guide-*", "where: {layout: [], dtype: }")],
        [
            "3:21: where.layout: expected at least one entry, got an empty list",
            "3:32: where.dtype: expected a value, got null",
        ],
    ),
    "no option": (
        [("cases: guide-*", "where: {}")],
        ["3:5: where names no option and no size"],
    ),
    "kind without a case": (
        [("cases: guide-*", "where: {layout: unbatched}")],
        ["3:12: where: no case has all of these"],
    ),
    "kind without one of the glob": (
        [("cases: guide-*", "cases: guide-one\n    where: {layout: time_major}")],
        ["4:12: where: no case of 'guide-one' has all of these"],
    ),
    "glob without a case, beside a kind": (
        [("cases: guide-*", "cases: guidance-*\n    where: {layout: time_major}")],
        ["3:12: cases: 'guidance-*' matches no case"],
    ),
    "no outcome": (
        [("    outcome: differs\n", "")],
        ["3:5: a deviation needs either outcome or outcomes"],
    ),
    "outcome and outcomes": (
        [("    why:", "    outcomes: [{outcome: hung}, {outcome: differs}]\n    why:")],
        ["3:5: a deviation needs either outcome or outcomes"],
    ),
    "got beside outcomes": (
        [("outcome: differs", "outcomes: [{outcome: hung}, {outcome: differs}]")],
        ["3:5: got goes with outcome: outcomes have their own"],
    ),
    "a single one of outcomes": (
        [("outcome: differs\n    got: {output: [2, 4]}", "outcomes: [{outcome: hung}]")],
        ["3:5: outcomes are two or more: write one as outcome"],
    ),
    "one of outcomes twice": (
        [
            (
                "outcome: differs\n    got: {output: [2, 4]}",
                "outcomes: [{outcome: hung}, {outcome: hung}]",
            )
        ],
        ["3:5: outcomes has one twice"],
    ),
    "unknown key in outcomes": (
        [
            (
                "outcome: differs\n    got: {output: [2, 4]}",
                "outcomes: [{outcome: hung}, {outcome: hung, gto: {}}]",
            )
        ],
        ["6:49: unknown key 'gto' in outcomes[1]: the keys are outcome, got"],
    ),
    "the same once more": (
        [(ENTRY, ENTRY + edited(ENTRY, ("guide-*", "guide-one")))],
        ["10:5: repeats line 3, which pins shapes of guide-one too"],
    ),
    "another outcome of the same": (
        [
            (
                ENTRY,
                ENTRY
                + edited(ENTRY, ("differs", "hung"), ("claim: shapes", "claim: [values, shapes]")),
            )
        ],
        ["10:5: contradicts line 3, which pins shapes of guide-one too"],
    ),
    "another outcome of the same kind": (
        [
            (
                ENTRY,
                ENTRY
                + edited(ENTRY, ("differs", "hung"), ("cases: guide-*", "where: {bias: true}")),
            )
        ],
        ["10:5: contradicts line 3, which pins shapes of guide-one too"],
    ),
    "some versions in two ranges": (
        [(ENTRY, ENTRY + edited(ENTRY, (">=1.2,<2", ">=1.9")))],
        ["10:5: repeats line 3, which pins shapes of guide-one too"],
    ),
    "versions of two distributions": (
        [(ENTRY, ENTRY + edited(ENTRY, ("fake>=1.2,<2", "other>=3")))],
        ["10:5: repeats line 3, which pins shapes of guide-one too"],
    ),
    "two at once": (
        [("framework: fake", "framework: faker"), ("guide-*", "guidance-*")],
        [
            "1:12: framework: expected 'fake', the file's name, got 'faker'",
            "3:12: cases: 'guidance-*' matches no case",
        ],
    ),
}


@pytest.mark.parametrize(("edits", "lines"), DEVIATION_EDITS.values(), ids=DEVIATION_EDITS)
def test_wrong_deviation(tmp_path: Path, edits: list[tuple[str, str]], lines: list[str]) -> None:
    """Each error of a deviation file is one line with its place."""
    with pytest.raises(CaseError) as raised:
        deviations(tmp_path, edited(DEVIATION, *edits))
    assert list(raised.value.lines) == [f"cases/deviations/fake.yaml:{line}" for line in lines]


# Entries that only look as if they spoke of the same.
APART = {
    "versions": ("fake>=1.2,<2", "fake>=2"),
    "claims": ("claim: shapes", "claim: values"),
    "ids": ("cases: guide-*", "cases: guide-two"),
    "kinds": ("cases: guide-*", "where: {layout: time_major}"),
}


@pytest.mark.parametrize("edit", APART.values(), ids=APART)
def test_apart(tmp_path: Path, edit: tuple[str, str]) -> None:
    """Two entries may stand side by side where no claim on a case in one version is in both."""
    other = edited(ENTRY, edit)
    if "guide-two" in other or "layout" in other:
        other = edited(other, ("claim: shapes", "claim: inferred_shapes"))
    assert len(deviations(tmp_path, DEVIATION + other)) == 2


def test_each_repeats_the_first(tmp_path: Path) -> None:
    """Of a thousand entries that say the same each is told once, within two seconds."""
    start = time.process_time()
    with pytest.raises(CaseError) as raised:
        deviations(tmp_path, DEVIATION + ENTRY * 999)
    assert time.process_time() - start < 2
    first = "cases/deviations/fake.yaml:10:5: repeats line 3, which pins shapes of guide-one too"
    assert (raised.value.lines[0], len(raised.value.lines)) == (first, 101)


def test_too_many_versions(tmp_path: Path) -> None:
    """More entries on one claim than anybody compares are refused, each from the first beyond."""
    ranges = (ENTRY.replace("fake>=1.2,<2", f"fake==1.{number}") for number in range(102))
    with pytest.raises(CaseError) as raised:
        deviations(tmp_path, "framework: fake\ndeviations:\n" + "".join(ranges))
    assert [line.partition(": ")[2] for line in raised.value.lines] == [
        "pins shapes of guide-one, as 100 entries before it do"
    ] * 2


def test_too_many_entries(tmp_path: Path) -> None:
    """A file of more entries than can be held against each other is refused as a whole."""
    with pytest.raises(CaseError) as raised:
        deviations(tmp_path, DEVIATION + ENTRY * 1_000)
    text = "deviations: 1,001 entries, more than the 1,000 allowed"
    assert raised.value.lines == (f"cases/deviations/fake.yaml:3:3: {text}",)


def test_too_many_records(tmp_path: Path) -> None:
    """So is a file of more records."""
    more = "".join(f"      guide-*{'*' * number}: none\n" for number in range(1_001))
    with pytest.raises(CaseError) as raised:
        records(tmp_path, RECORD.replace("      guide-*: none\n", more))
    text = "records: 1,001 entries, more than the 1,000 allowed"
    assert raised.value.lines == (f"cases/properties/fake.yaml:3:3: {text}",)


def test_deviation(tmp_path: Path) -> None:
    """An entry becomes a deviation with its place and the outcome as it stands in the file."""
    assert deviations(tmp_path, DEVIATION) == (
        Deviation(
            framework="fake",
            cases="guide-*",
            claims=("shapes",),
            version="fake>=1.2,<2",
            outcomes=(Instead("differs", {"output": [2, 4]}),),
            why="It drops the time axis.",
            source="https://example.org/issue",
            where="cases/deviations/fake.yaml:3",
        ),
    )


def test_deviation_of_several_globs(tmp_path: Path) -> None:
    """A deviation may list globs, and one may match what is put to other claims, or to none."""
    text = edited(DEVIATION, ("cases: guide-*", "cases: [guide-one, guide-t*]"))
    (deviation,) = deviations(tmp_path, text)
    one, two = load_cases(tmp_path)
    assert (speaks_of(deviation, one), speaks_of(deviation, two)) == (True, True)
    assert not speaks_of(replace(deviation, cases="guide-o"), one)


def test_deviation_of_several_claims(tmp_path: Path) -> None:
    """A deviation may name a list of claims."""
    text = edited(DEVIATION, ("claim: shapes", "claim: [shapes, values]"))
    (deviation,) = deviations(tmp_path, text)
    assert deviation.claims == ("shapes", "values")


def test_deviation_of_a_kind(tmp_path: Path) -> None:
    """A deviation may name options and sizes, each with a value or several, in place of ids."""
    where = "where: {bias: true, dtype: [float32, any], num_layers: [1, any], batch_size: [2, 0]}"
    (deviation,) = deviations(tmp_path, edited(DEVIATION, ("cases: guide-*", where)))
    assert (deviation.cases, deviation.kind) == (
        "*",
        {
            "bias": (True,),
            "dtype": ("float32", "any"),
            "num_layers": (1, "any"),
            "batch_size": (2, 0),
        },
    )


def test_unsteady_deviation(tmp_path: Path) -> None:
    """A deviation may list each exact outcome that was seen."""
    outcomes = "outcomes: [{outcome: hung}, {outcome: rejected, got: {exception: E}}]"
    given = "outcome: differs\n    got: {output: [2, 4]}"
    steady, unsteady = (
        *deviations(tmp_path, DEVIATION),
        *deviations(tmp_path, edited(DEVIATION, (given, outcomes))),
    )
    assert unsteady.outcomes == (Instead("hung"), Instead("rejected", {"exception": "E"}))
    assert (steady.unsteady, unsteady.unsteady) == (False, True)


def test_no_deviations(tmp_path: Path) -> None:
    """A tree without the folder has no deviations."""
    assert load_deviations(tmp_path, Ground((), [], NOTHING), claims) == ()


@pytest.mark.parametrize(
    ("name", "hint"),
    [
        ("fakes", "'fakes': did you mean 'fake'?"),
        ("unlike", "'unlike'"),
        ("box.fake", "'box.fake': what is known of one from elsewhere stands beside it"),
    ],
)
@pytest.mark.parametrize(("read", "text"), [(deviations, DEVIATION), (records, RECORD)])
def test_unknown_framework(tmp_path: Path, name: str, hint: str, read: Any, text: str) -> None:
    """A file of no adapter is an error: nothing would ever look at it."""
    with pytest.raises(CaseError) as raised:
        read(tmp_path, edited(text, ("framework: fake", f"framework: {name}")), name)
    (line,) = raised.value.lines
    assert line.endswith(f"/{name}.yaml:1:12: framework: there is no adapter {hint}")


RECORD_EDITS = {
    "another framework": (
        [("framework: fake", "framework: faker")],
        ["1:12: framework: expected 'fake', the file's name, got 'faker'"],
    ),
    "glob without a case": (
        [("guide-*: none", "guidance-*: none")],
        ["7:7: seen: 'guidance-*' matches no case that records exception"],
    ),
    "property that is not recorded": (
        [("property: exception", "property: padding")],
        ["7:7: seen: 'guide-*' matches no case that records padding"],
    ),
    "unknown property": (
        [("property: exception", "property: excption")],
        [
            "3:15: property: expected 'checkpoint', 'container', 'defaults', 'exception', 'padding' or 'training', got the text 'excption': did you mean 'exception'?"
        ],
    ),
    "no requirement": (
        [("fake>=1.2,<2", "1.2 to 2")],
        ["4:14: version: expected a requirement like 'name>=1.2,<2', got the text '1.2 to 2'"],
    ),
    "versions that nothing meets": (
        [("fake>=1.2,<2", "fake>=2,<1.2")],
        ["4:14: version: no version meets 'fake>=2,<1.2'"],
    ),
    "the same once more": (
        [("guide-*: none", "guide-*: none\n      guide-one: none")],
        ["8:7: repeats line 7, which records exception of guide-one too"],
    ),
    "another value of the same": (
        [("guide-*: none", "guide-*: none\n      guide-one: ValueError")],
        ["8:7: contradicts line 7, which records exception of guide-one too"],
    ),
    "same glob twice": (
        [("guide-*: none", "guide-*: none\n      guide-*: ValueError")],
        ["8:7: duplicate key 'guide-*' (first at line 7)"],
    ),
    "unknown key": (
        [("    seen:", "    sen:")],
        [
            "3:5: missing key 'seen' in a record",
            "6:5: unknown key 'sen' in a record: did you mean 'seen'?",
        ],
    ),
    "unknown key in the file": (
        [("records:", "record:")],
        [
            "1:1: missing key 'records' in a property file",
            "2:1: unknown key 'record' in a property file: did you mean 'records'?",
        ],
    ),
    "empty": (
        [(RECORD, "")],
        ["1:1: the file is empty: a property file needs framework and records"],
    ),
}


@pytest.mark.parametrize(("edits", "lines"), RECORD_EDITS.values(), ids=RECORD_EDITS)
def test_wrong_record(tmp_path: Path, edits: list[tuple[str, str]], lines: list[str]) -> None:
    """Each error of a property file is one line with its place."""
    with pytest.raises(CaseError) as raised:
        records(tmp_path, edited(RECORD, *edits))
    assert list(raised.value.lines) == [f"cases/properties/fake.yaml:{line}" for line in lines]


def test_records(tmp_path: Path) -> None:
    """Each glob of an entry becomes a record with its own place and its value as it stands."""
    newer = RECORD[RECORD.index("  - property") :].replace(">=1.2,<2", ">=2")
    text = RECORD + newer.replace("guide-*: none", "guide-one: [1, {a: true}]")
    source = "https://example.org/doc"
    place = "cases/properties/fake.yaml"
    assert records(tmp_path, text) == (
        Record("fake", "guide-*", "exception", "fake>=1.2,<2", "none", source, f"{place}:7"),
        Record(
            "fake", "guide-one", "exception", "fake>=2", [1, {"a": True}], source, f"{place}:12"
        ),
    )


def test_no_records(tmp_path: Path) -> None:
    """A tree without the folder has no records."""
    assert load_records(tmp_path, Ground((), [], NOTHING)) == ()


# Beside an adapter from elsewhere.


def beside(tmp_path: Path, *files: tuple[str, str]) -> tuple[Deviation | Record, ...]:
    """Return what is known of the adapter box.fake, whose folder holds these files."""
    write(tmp_path, RECORDED)
    folder = tmp_path / "elsewhere" / "box"
    folder.mkdir(parents=True)
    for name, text in files:
        (folder / name).write_text(text.replace("framework: fake", "framework: box.fake"))
    ground = Ground(load_cases(tmp_path), [], {"box.fake": folder})
    root = tmp_path / "here"
    return (*load_deviations(root, ground, claims), *load_records(root, ground))


def test_beside(tmp_path: Path) -> None:
    """An adapter from elsewhere has its pins and records beside it, told with their place there."""
    known = beside(tmp_path, ("fake.deviations.yaml", DEVIATION), ("fake.properties.yaml", RECORD))
    place = tmp_path / "elsewhere" / "box"
    assert [(one.framework, one.where) for one in known] == [
        ("box.fake", f"{place}/fake.deviations.yaml:3"),
        ("box.fake", f"{place}/fake.properties.yaml:7"),
    ]


def test_nothing_beside(tmp_path: Path) -> None:
    """Of an adapter without such files nothing is known; files of others are not looked at."""
    assert beside(tmp_path, ("fake.py", ""), ("other.deviations.yaml", "")) == ()


@pytest.mark.parametrize(
    ("name", "text", "line"),
    [
        (
            "fake.deviations.yaml",
            DEVIATION.replace("guide-*", "x"),
            "3:12: cases: 'x' matches no case",
        ),
        (
            "fake.properties.yaml",
            RECORD.replace("framework: fake", "framework: fool"),
            "1:12: framework: expected 'box.fake', the file's name, got 'fool'",
        ),
        *(
            (
                name,
                DEVIATION,
                "1:1: not read: rename it to fake.deviations.yaml or fake.properties.yaml, or move it away",
            )
            for name in ("fake.deviation.yaml", "fake.deviations.yml", "fake.deviations.yaml~")
        ),
    ],
)
def test_wrong_beside(tmp_path: Path, name: str, text: str, line: str) -> None:
    """A file beside an adapter is held against the same, and one that is not read is told."""
    with pytest.raises(CaseError) as raised:
        beside(tmp_path, (name, text))
    assert raised.value.lines == (f"{tmp_path}/elsewhere/box/{name}:{line}",)
