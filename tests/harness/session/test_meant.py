"""What may have been meant by `--case` and `--tag`: each slip, and what is offered for it."""

import dataclasses

import pytest

from conformance.session.meant import case_hint, tag_hint
from tests.harness.observed import SEQUENCES

IDS = {
    "guide": ["sequences", "last"],
    "both-ways": ["small", "wide"],
    "both-ways-stacked": ["small", "deep", "last"],
    "stacked": ["small"],
    "single": ["small"],
}
CASES = [
    dataclasses.replace(SEQUENCES, id=f"{behaviour}-{name}", behaviour=behaviour)
    for behaviour, names in IDS.items()
    for name in names
]


@pytest.mark.parametrize(
    ("glob", "hint"),
    [
        # a slip in an id
        ("guide-sequence", ": did you mean 'guide-sequences'?"),
        ("both-wasy-small", ": did you mean 'both-ways-small'?"),
        ("GUIDE-SEQUENCES", ": did you mean 'guide-sequences'?"),
        # a slip in a glob
        ("both-wasy-*", ": did you mean 'both-ways-*'?"),
        ("GUIDE-*", ": did you mean 'guide-*'?"),
        ("*-sequence", ": did you mean '*-sequences'?"),
        # a case of another behaviour
        ("guide-wide", ": did you mean 'both-ways-wide'?"),
        ("both-ways-last", ": did you mean 'guide-last' or 'both-ways-stacked-last'?"),
        # half of an id
        ("guide", ": 'guide' is a behaviour, its cases are 'guide-*'"),
        ("wide", ": did you mean 'both-ways-wide'?"),
        (
            "small",
            ": did you mean 'both-ways-small' or 'both-ways-stacked-small' or 'stacked-small' or "
            "another of 4?",
        ),
        # nothing that is close
        ("guide-xyzzy", ": the cases of guide are 'guide-sequences' or 'guide-last'"),
        ("x", ""),
        ("[", ""),
    ],
)
def test_case_hint(glob: str, hint: str) -> None:
    """For each kind of slip that is offered which would have found cases."""
    assert case_hint(glob, CASES) == hint


@pytest.mark.parametrize(
    ("tag", "hint"),
    [
        ("nigthly", ": did you mean 'nightly'?"),
        ("NIGHTLY", ": did you mean 'nightly'?"),
        ("guide", ": 'guide' is a behaviour: --case 'guide-*'"),
        ("x", ": the tags are degenerate, nightly"),
    ],
)
def test_tag_hint(tag: str, hint: str) -> None:
    """A behaviour is no tag; where nothing is close all tags are named."""
    assert tag_hint(tag, CASES, ["degenerate", "nightly"]) == hint
