"""Which change of a case follows from which: one that is wrong in shape is wrong in much else."""

from collections.abc import Sequence

from conformance.upgrade.change import Change, Kind

_CALL: tuple[Kind, ...] = ("container", "padding", "checkpoint", "pieces", "warning", "exception")
FOLLOWS: dict[Kind, tuple[Kind, ...]] = {
    "parameters": ("outcome", "names", "values", "gradients", "checkpoint", "defaults", "bits"),
    "outcome": ("inference", "right input", *_CALL),
    "names": ("shape", "values", "gradients", "inference", "bits", *_CALL),
    "shape": ("values", "gradients", "inference", "bits", *_CALL),
    "dtype": ("values", "gradients", "inference", "bits", "pieces"),
    "values": ("gradients", "bits", "pieces"),
    "gradients": ("bits",),
    "padding": ("values", "bits"),
}


def rooted(changes: Sequence[Change]) -> list[tuple[Change, list[Change]]]:
    """Each change of one case that no other brings about, with those that it does."""
    roots: list[tuple[Change, list[Change]]] = [
        (one, []) for one in changes if not any(brings(other, one) for other in changes)
    ]
    for one in changes:
        if any(one is root for root, _ in roots):
            continue
        # Where its cause is a consequence too, that of the first root will be its own.
        beneath = next((beneath for root, beneath in roots if brings(root, one)), roots[0][1])
        beneath.append(one)
    return roots


def brings(cause: Change, one: Change) -> bool:
    """Whether `cause` may bring `one` about, in one case."""
    return one.kind in FOLLOWS.get(cause.kind, ())
