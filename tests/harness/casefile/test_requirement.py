"""Ranges of versions: which can be met, and which meet each other."""

import pytest

from conformance.casefile.requirement import RequirementError, check, overlap


@pytest.mark.parametrize(
    "text",
    ["x>=1", "x >= 1.2, < 2", "x==1.*", "x~=1.2", "x>1,<1.0.1", "x==1.0,==1.0.0", "x>=1a1,<1b1"],
)
def test_can_be_met(text: str) -> None:
    """A distribution with versions that there can be is a requirement."""
    check(text)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("1.2 to 2", "expected a requirement like 'name>=1.2,<2', got the text '1.2 to 2'"),
        ("x", "'x' names no versions: write them out, 'name>=1.2,<2'"),
        (
            "x>=1; python_version < '3'",
            "\"x>=1; python_version < '3'\" has a marker: expected a name and its versions alone",
        ),
        ("x[cpu]>=1", "'x[cpu]>=1' has extras: expected a name and its versions alone"),
        (
            "x @ https://example.org/x.whl",
            "'x @ https://example.org/x.whl' has a link: expected a name and its versions alone",
        ),
        *(
            (f"x{versions}", f"no version meets 'x{versions}'")
            for versions in (
                ">=4,<3",
                "==1,!=1",
                "==1.*,!=1.*",
                "==1,==2",
                ">1,<=1",
                ">=1,<1.0",
                "~=1.2,<1.2",
                "<0",
                ">=1a1,<1",
                ">1,<1.post1",
                "===1,===2",
            )
        ),
    ],
)
def test_cannot_be_met(text: str, message: str) -> None:
    """What no installed version can meet is refused, with the reason."""
    with pytest.raises(RequirementError) as raised:
        check(text)
    assert str(raised.value) == message


@pytest.mark.parametrize(
    ("one", "other", "meet"),
    [
        ("x>=1", "x<2", True),
        ("x>=1,<2", "x>=2", False),
        ("x<=2", "x>=2", True),
        ("x==1.*", "x>=1.9,<2", True),
        ("x>=1,!=1.5", "x==1.5", False),
        ("X_y>=2", "x-y<2", False),
        ("x<2", "y>=2", True),
    ],
)
def test_overlap(one: str, other: str, meet: bool) -> None:
    """Two ranges overlap where one version is in both; those of two distributions always do."""
    assert (overlap(one, other), overlap(other, one)) == (meet, meet)
