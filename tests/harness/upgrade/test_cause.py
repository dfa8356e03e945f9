"""`conformance.upgrade.cause`: consequences stand under their cause."""

from conformance.upgrade.cause import FOLLOWS, rooted
from conformance.upgrade.change import Change, Kind
from tests.harness.test_houserules import circle


def change(kind: Kind) -> Change:
    """Return a change of a kind."""
    return Change("breaking", kind, "one", "two")


def test_consequences() -> None:
    """Of a shape that changed follow values and inference; a warning beside it does so too."""
    changes = [change("shape"), change("values"), change("inference"), change("warning")]
    assert rooted(changes) == [(changes[0], changes[1:])]


def test_beside() -> None:
    """What no other brings about stands alone."""
    changes = [change("dtype"), change("warning"), change("container")]
    assert rooted(changes) == [(one, []) for one in changes]


def test_chain() -> None:
    """The consequence of a consequence stands under the first cause."""
    changes = [change("padding"), change("values"), change("pieces")]
    assert rooted(changes) == [(changes[0], changes[1:])]


def test_nothing_is_lost() -> None:
    """Each change is told once, as a root or beneath one."""
    changes = [
        change(kind) for kind in dict.fromkeys(kind for kinds in FOLLOWS.values() for kind in kinds)
    ]
    told = [one for root, beneath in rooted(changes) for one in (root, *beneath)]
    assert sorted(told, key=str) == sorted(changes, key=str)


def test_no_circle() -> None:
    """No kind is its own cause, by whatever way."""
    assert circle({kind: set(kinds) for kind, kinds in FOLLOWS.items()}) == []
