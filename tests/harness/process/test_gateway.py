"""`conformance.process.gateway`: which interpreter is meant, and what of it is told beforehand."""

import sys
import time
from pathlib import Path

import pytest

from conformance.process import gateway
from conformance.process.framework import FrameworkError, find, named
from conformance.process.gateway import Lost, Slow, mistake, try_out

ROOT = Path(__file__).resolve().parents[3]
RIGHT = "tests.harness.adapters.right"


@pytest.mark.parametrize(
    "interpreter",
    [
        "",
        "python3",
        "old/bin/python",
        "/a//b/python",
        "ssh=gpu",
        "ssh=me@gpu -p 22//python=python3//chdir=checkout//nice=5//env:A=b=c",
        "vagrant_ssh=box//ssh_config=file",
        "socket=localhost:8888",
    ],
)
def test_no_mistake(interpreter: str) -> None:
    """A path is one, whatever is in it; a specification has known keys, each with a value."""
    assert mistake(interpreter) == ""


@pytest.mark.parametrize(
    ("interpreter", "told"),
    [
        ("popen//python=sh -c id", "there is no such file, and it is no specification"),
        ("foo=bar", "there is no such file, and it is no specification"),
        ("via=x", "there is no such file, and it is no specification"),
        ("ssh=", "'ssh' has no value"),
        ("ssh=gpu//python", "'python' has no value"),
        ("ssh=gpu//python=/a//b", "'b' has no value"),
        ("ssh=gpu//", "'' has no value"),
        ("ssh=gpu//via=x", "the key 'via' is not one of python, chdir, nice, ssh_config, env:NAME"),
        ("ssh=gpu//ssh=gpu", "the key 'ssh' stands there more than once"),
        ("ssh=gpu//nice=1//nice=2", "the key 'nice' stands there more than once"),
        ("ssh=gpu//nice=low", "nice is a number, not 'low'"),
        ("socket=gpu", "a socket is HOST:PORT, not 'gpu'"),
    ],
)
def test_mistake(interpreter: str, told: str) -> None:
    """What is neither a path nor a specification is told in a line, and is not started."""
    assert mistake(interpreter).startswith(told)
    with pytest.raises(FrameworkError) as raised:
        find(ROOT, [f"{RIGHT}@{interpreter}"])
    assert str(raised.value).startswith(f"--framework {RIGHT}@{interpreter}: {told}")


def test_no_interpreter() -> None:
    """An @ with nothing behind it names none."""
    with pytest.raises(FrameworkError, match="no interpreter is named"):
        find(ROOT, [f"{RIGHT}@"])


def script(path: Path, *lines: str) -> str:
    """Write a program for a shell; return its path."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("\n".join(["#!/bin/sh", *lines, ""]), encoding="utf-8")
    path.chmod(0o700)
    return str(path)


@pytest.mark.parametrize("name", ["a,b", "a//b", "a=b", "a b", "a,b/c=d"])
def test_path(name: str, tmp_path: Path) -> None:
    """An interpreter's path may have what divides names and specifications."""
    path = script(tmp_path / name / "python", f'exec "{sys.executable}" "$@"')
    label = f"{RIGHT}@{tmp_path}/{name}/python"
    assert Path(path).samefile(label.partition("@")[2])
    labels = named([f"right,{label},left"])
    assert labels == ["right", label, "left"]
    (found,) = find(ROOT, [label])
    assert found.versions


def test_names() -> None:
    """Names stand by themselves or with commas, and what is not there is divided at each."""
    assert named(["a,b@x/y,c", "d,"]) == ["a", "b@x/y", "c", "d"]


@pytest.mark.parametrize("text", ["", ",", ",,"])
def test_no_name(text: str) -> None:
    """An option that names no framework is no wish for all of them."""
    with pytest.raises(FrameworkError) as raised:
        named(["right", text])
    assert str(raised.value) == f"--framework {text}: it names none"


@pytest.mark.parametrize(
    ("lines", "told"),
    [
        (["exit 0"], "it is no Python"),
        (["echo hello"], "it is no Python"),
        (["exec yes 1"], "it is no Python"),
        (["printf '3 9'"], "Python 3.9, older than 3.10"),
        (["printf '2 7'"], "Python 2.7, older than 3.10"),
    ],
)
def test_no_python(lines: list[str], told: str, tmp_path: Path) -> None:
    """A program that is no Python, or an old one, is told as such."""
    with pytest.raises(Lost) as raised:
        try_out(script(tmp_path / "python", *lines), 5)
    assert str(raised.value) == told


def test_silent(tmp_path: Path) -> None:
    """A program that says nothing is not waited for longer than it has."""
    start = time.monotonic()
    with pytest.raises(Slow, match=r"no answer within 0\.2 s"):
        try_out(script(tmp_path / "python", "exec sleep 30"), 0.2)
    assert time.monotonic() - start < 5


def test_away_is_not_tried(monkeypatch: pytest.MonkeyPatch) -> None:
    """What is on another machine is not started to see what it is."""
    monkeypatch.setattr(gateway.subprocess, "Popen", pytest.fail)
    try_out("ssh=gpu", 1)
