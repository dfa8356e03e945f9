"""`conformance.upgrade.pinfile`: what a file of pins pins for this Python."""

import pytest

from conformance.upgrade.pinfile import pins

TEXT = """\
# The one place for versions.
Right_One==1.5   # why
two==2; python_version < "3"
two==3; python_version >= "3"
loose>=3
"""


def test_pins() -> None:
    """A pin counts where its marker holds here; a range is none."""
    assert pins(TEXT) == {"right-one": "1.5", "two": "3"}


@pytest.mark.parametrize("line", ["a b", "a==1; '' == 'x'"])
def test_no_pins(line: str) -> None:
    """A line that is no requirement is told by its number."""
    with pytest.raises(ValueError, match=f"line 2: no requirement: {line}"):
        pins(f"one==1\n{line}\n")
