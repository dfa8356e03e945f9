"""``docs/releases.md``: the newest release for each Python, the oldest of each adapter."""

from pathlib import Path

from packaging.utils import canonicalize_name

from conformance.process.framework import shipped
from conformance.process.source import declared
from conformance.upgrade.pinfile import pins
from conformance.upgrade.versions import oldest

PAGE = Path("docs", "releases.md")
PYTHONS = ("3.11", "3.12", "3.13")
SYSTEM = {"sys_platform": "linux", "platform_machine": "x86_64"}
HEAD = """\
# Releases

Written by `python -m conformance releases`, from what adapters state and constraints.txt pins.

## The newest, for each Python

{pinned}

Each Python has the newest release that there is for it, and of all else the same. Where an index
has no build of a framework for the Python that runs the suite, that framework runs from an
interpreter of another: `--framework NAME@old/bin/python`. [docs/upgrade.md](upgrade.md) says where
that is so.

`python -m conformance outdated` lists the pins that are behind; `--run` tries each upgrade.

## The oldest, for each adapter

{served}

`tox run -e versions` runs both ends of each on cases that go through all that the adapter does, and
fails where the adapter fails by itself. It runs on every release between, and asks none for its
version: what an older one lacks is a gap with its versions.
"""


def page(root: Path) -> str:
    """The text of the page."""
    text = (root / "constraints.txt").read_text(encoding="utf-8")
    by_python = [pins(text, {**SYSTEM, "python_version": one}) for one in PYTHONS]
    adapters = {name: _packages(name) for name in shipped(root)}
    users = {package for groups in adapters.values() for group in groups for package in group}
    apart = [
        [name, *(one[name] for one in by_python)]
        for name in sorted(users & by_python[0].keys())
        if len({one[name] for one in by_python}) > 1
    ]
    served = [
        [f"`{name}`", ", ".join(oldest(name)), ", ".join(_newest(groups, by_python))]
        for name, groups in adapters.items()
    ]
    return HEAD.format(
        pinned=_table(["", *(f"Python {one}" for one in PYTHONS)], apart),
        served=_table(["adapter", "oldest, tried together", "newest"], served),
    )


def _newest(groups: list[list[str]], by_python: list[dict[str, str]]) -> list[str]:
    """The releases that an adapter runs on, the newest of all Pythons."""
    pinned = by_python[-1]
    names = [next(name for name in group if name in pinned) for group in groups]
    return [f"{name} {pinned[name]}" for name in names]


def _packages(name: str) -> list[list[str]]:
    groups = declared(f"adapters.{name.replace('-', '_')}", "PACKAGES")
    return [[canonicalize_name(one) for one in group.split("|")] for group in groups]


def _table(head: list[str], rows: list[list[str]]) -> str:
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join(f"| {' | '.join(one)} |" for one in lines)
