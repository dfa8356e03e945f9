"""The guide: every block of code runs in the framework that it names, and what it asserts holds.

A block begins with ``python NAME``; those of one framework run one after the other.
"""

import re
import subprocess
import sys
from pathlib import Path

import pytest

from conformance.process.framework import shipped

ROOT = Path(__file__).resolve().parent.parent
GUIDE = (ROOT / "docs" / "guide.md").read_text(encoding="utf-8")
BLOCKS = re.findall(r"^```python(.*?)\n(.*?)^```$", GUIDE, re.MULTILINE | re.DOTALL)
NAMES = sorted({name.strip() for name, _ in BLOCKS})


def test_every_block_names_a_framework() -> None:
    """No block is left out: each names an adapter of this project."""
    assert set(NAMES) <= set(shipped(ROOT))
    assert len(NAMES) > 3


@pytest.mark.parametrize("name", NAMES)
def test_blocks(name: str) -> None:
    """The blocks of one framework run, one after the other, with no project around them."""
    code = "\n".join(block for of, block in BLOCKS if of.strip() == name)
    ended = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, timeout=300
    )
    assert ended.returncode == 0, ended.stderr[-2000:]
