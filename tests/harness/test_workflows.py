"""The shell of workflows and of the action, run with programs that say what they were asked for."""

import os
import re
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml

ROOT = Path(__file__).resolve().parents[2]
# Stands for the interpreter that makes the environment, and for the one in it.
PYTHON = """\
case "$1 $2 $3" in
  "-m venv "*) mkdir -p "$3/bin"; cp "$0" "$3/bin/python" ;;
  "-m conformance upgrade")
    printf '%s\\n' "$@" > asked
    echo "as it says" >&2
    if [ "$STATUS" -ne 2 ]; then
      echo "# told"
      while [ $# -gt 0 ]; do
        if [ "$1" = --reports ]; then mkdir -p "$2"; touch "$2/after.jsonl" "$2/before.jsonl"; fi
        shift
      done
    fi
    exit "$STATUS" ;;
  "-m conformance diff") echo "::error::breaks"; exit 1 ;;
esac
"""
GH = """\
echo "$*" >> asked
case "$*" in "issue list"*) echo "$NUMBER" ;; esac
"""


def steps(file: str, job: str = "") -> list[dict[str, Any]]:
    """Return the steps of a job, or of the action."""
    data = yaml.safe_load((ROOT / file).read_text("utf-8"))
    found: list[dict[str, Any]] = data["jobs"][job]["steps"] if job else data["runs"]["steps"]
    return found


def shell(file: str, job: str, word: str) -> str:
    """Return the text of the one step that has a word in it."""
    (text,) = [step["run"] for step in steps(file, job) if word in step.get("run", "")]
    return str(text)


def run(text: str, folder: Path, program: tuple[str, str], **given: str) -> Any:
    """Run a step as GitHub's runner does, in an empty folder that has a program of that name."""
    path = folder / "bin" / program[0]
    path.parent.mkdir(exist_ok=True)
    path.write_text(f"#!/bin/bash\n{program[1]}", encoding="utf-8")
    path.chmod(0o755)
    settings = {
        "PATH": f"{path.parent}{os.pathsep}/usr/bin:/bin",
        "RUNNER_TEMP": str(folder / "temp"),
        "GITHUB_ACTION_PATH": str(ROOT),
        "GITHUB_REPOSITORY": "a/b",
        "GITHUB_OUTPUT": str(folder / "output"),
        "GITHUB_STEP_SUMMARY": str(folder / "summary"),
        **given,
    }
    command = ["/bin/bash", "--noprofile", "--norc", "-eo", "pipefail", "-c", text]
    return subprocess.run(
        command, cwd=folder, env=settings, capture_output=True, text=True, check=False, timeout=60
    )


ASKED = {"BEFORE": "a==1 b", "AFTER": "a==2", "FRAMEWORK": "x,y", "EXTRA": "", "CASES": "g-*\nh"}


@pytest.mark.parametrize(
    ("status", "fail", "ends"),
    [("0", "true", 0), ("1", "true", 1), ("1", "false", 0), ("2", "true", 2), ("2", "false", 2)],
)
def test_action(status: str, fail: str, ends: int, tmp_path: Path) -> None:
    """The action hands on what it was given, tells what is told, and fails as it was asked to."""
    text = shell("action.yml", "", "conformance upgrade")
    done = run(text, tmp_path, ("python3", PYTHON), STATUS=status, FAIL=fail, **ASKED)
    here = tmp_path / "temp" / "conformance"
    assert done.returncode == ends, done.stderr
    assert (tmp_path / "asked").read_text("utf-8").splitlines() == [
        *("-m", "conformance", "upgrade", "a==1 b", "a==2", "--format", "markdown"),
        *("--environments", f"{here}/environments", "--reports", f"{here}/reports"),
        *("--framework", "x,y", "--case", "g-*", "--case", "h"),
    ]
    told = "# told\n" if status != "2" else "# a==1 b → a==2\n\n    as it says\n"
    assert (tmp_path / "summary").read_text("utf-8") == told
    assert (here / "upgrade.md").read_text("utf-8") == told
    assert (tmp_path / "output").read_text("utf-8").splitlines()[0] == f"status={status}"
    assert ("::error::breaks" in done.stdout) == (status != "2")


def test_action_hands_on_all_inputs() -> None:
    """Each input of the action reaches its shell, and none stands in its text."""
    data = yaml.safe_load((ROOT / "action.yml").read_text("utf-8"))
    (step,) = data["runs"]["steps"]
    names = re.findall(r"inputs\.([\w-]+)", " ".join(step["env"].values()))
    assert sorted(names) == sorted(data["inputs"])
    assert "${{" not in step["run"]


@pytest.mark.parametrize(
    ("wheels", "after", "told"),
    [
        (["a.whl"], "", "after=wheel/a.whl\n"),
        (["a.whl"], "a==2", "after=a==2\n"),
        ([], "a==2", "after=a==2\n"),
        ([], "", None),
        (["a.whl", "b.whl"], "", None),
    ],
)
def test_wheel(wheels: list[str], after: str, told: str | None, tmp_path: Path) -> None:
    """A reusable run looks at what is named, or at the one wheel of an artifact."""
    for one in wheels:
        (tmp_path / "wheel").mkdir(exist_ok=True)
        (tmp_path / "wheel" / one).touch()
    text = shell(".github/workflows/conformance.yml", "upgrade", "wheel/*.whl")
    done = run(text, tmp_path, ("python3", ""), AFTER=after)
    output = tmp_path / "output"
    assert (done.returncode, output.exists()) == ((0, True) if told else (2, False))
    assert told is None or output.read_text("utf-8") == told


def test_pins(tmp_path: Path) -> None:
    """What is compared with is the file of pins of the branch that a pull request goes to."""
    git = ["git", "-c", "user.name=a", "-c", "user.email=a@b"]
    for number in range(3):
        (tmp_path / "constraints.txt").write_text(f"a=={number}\n", "utf-8")
        for words in (["init", "-q"], ["add", "."], ["commit", "-qm", "x"]):
            subprocess.run([*git, *words], cwd=tmp_path, check=True, timeout=60)
    run(shell(".github/workflows/pins.yml", "upgrade", "git show"), tmp_path, ("python3", ""))
    assert (tmp_path / "before.txt").read_text("utf-8") == "a==1\n"


def test_comment(tmp_path: Path) -> None:
    """The comment is edited where there is one, and is no longer than a comment may be."""
    (tmp_path / "upgrade.md").write_text("x" * 70_000, "utf-8")
    text = shell(".github/workflows/pins.yml", "comment", "gh pr comment")
    done = run(text, tmp_path, ("gh", GH), NUMBER="7")
    words = "pr comment 7 --repo a/b --edit-last --create-if-none --body-file comment.md\n"
    assert (done.returncode, (tmp_path / "asked").read_text("utf-8")) == (0, words)
    assert (tmp_path / "comment.md").stat().st_size == 60_000


@pytest.mark.parametrize(
    ("found", "number", "words"),
    [
        (["x.0", "y.1"], "", "issue create --repo a/b --title Nightly --body-file body.md"),
        (["x.2"], "", "issue create --repo a/b --title Nightly --body-file body.md"),
        (["x.0", "y.0"], "", None),
        (["x.0"], "5", "issue edit 5 --repo a/b --body-file body.md"),
    ],
)
def test_issue(found: list[str], number: str, words: str | None, tmp_path: Path) -> None:
    """There is one issue: it is brought up to date, or opened where there is something to tell."""
    (tmp_path / "found").mkdir()
    for one in found:
        (tmp_path / "found" / f"{one}.md").write_text(f"# {one}\n", "utf-8")
    text = shell(".github/workflows/upstream.yml", "issue", "gh issue")
    done = run(text, tmp_path, ("gh", GH), NUMBER=number, TITLE="Nightly")
    assert done.returncode == 0, done.stderr
    listed, *then = (tmp_path / "asked").read_text("utf-8").splitlines()
    assert (listed.startswith("issue list --repo a/b"), then) == (True, [words] if words else [])
    body = (tmp_path / "body.md").read_text("utf-8")
    assert [f"# {one}" in body for one in found] == [True] * len(found)
    assert ("| y | **breaking** |" in body) == ("y.1" in found)


def test_nightly_builds_are_declared() -> None:
    """Each nightly build that is looked at is a version of a package of its adapter."""
    data = yaml.safe_load((ROOT / ".github/workflows/upstream.yml").read_text("utf-8"))
    for one in data["jobs"]["upgrade"]["strategy"]["matrix"]["include"]:
        source = (ROOT / "adapters" / f"{one['framework'].replace('-', '_')}.py").read_text("utf-8")
        (packages,) = re.findall(r"^PACKAGES = \(([^)]*)\)", source, re.MULTILINE)
        known = re.split(r"[|,\" ]+", packages)
        for text in (*one["before"].split(), *one["after"].split()):
            assert re.split(r"[>=]", text)[0] in known
