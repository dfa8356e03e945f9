"""Nothing that somebody gives is run, and the workflows may do no more than they need."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

ROOT = Path(__file__).resolve().parents[2]
ENGINE = sorted((ROOT / "conformance").rglob("*.py"))
WORKFLOWS = sorted((ROOT / ".github" / "workflows").iterdir())
# What runs what it is given, or makes objects of it; yaml.parse gives events and makes none.
RUNS = re.compile(
    r"(builtins\.)?(eval|exec|compile|__import__)|(c?[Pp]ickle|marshal|shelve|dill|joblib)\.\w+"
    r"|yaml\.(load|load_all|unsafe_load|unsafe_load_all|full_load|full_load_all)|(np|numpy)\.load"
    r"|(os|posix)\.(system|popen|exec\w+|spawn\w+)|runpy\.\w+|code\.\w+"
)
# An adapter's own source, of one that is asked for.
MAY = {"process/source.py": ["eval", "compile"]}


def runs(source: str) -> list[str]:
    """Return the calls that may run what they are given, and a shell that is asked for."""
    found = []
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Call):
            name = ast.unparse(node.func)
            found += [name] if RUNS.fullmatch(name) else []
            found += [f"{name}: {one.arg}" for one in node.keywords if one.arg in UNSAFE]
    return found


UNSAFE = ("shell", "allow_pickle")


HANDS_OVER = "actions/download-artifact@"  # files, of which the job runs none
# What a job of nothing but pushes to main may do beside, for the site of the docs.
PUBLISHES = {"contents": "read", "pages": "write", "id-token": "write"}


def unsafe_workflow(text: str) -> Iterator[str]:
    """Yield what a workflow may do beyond reading, and what it takes from whom by no hash."""
    for line in text.splitlines():
        if (used := re.search(r"uses: *(\S+)(.*)", line)) and not re.fullmatch(
            r"[\w./-]+@[0-9a-f]{40}|\./|OWNER/.*", used[1]
        ):
            yield f"{used[1]}: no hash"
        elif used and "@" in used[1] and not re.search(r"# v\d+\.\d+\.\d+$", used[2]):
            yield f"{used[1]}: no version beside the hash"
    flow: dict[Any, Any] = yaml.safe_load(text)
    if flow.get("permissions") != {}:
        yield "permissions that hold for every job"
    if "concurrency" not in flow:
        yield "no concurrency group"
    if "pull_request_target" in flow[True]:  # YAML 1.1 reads `on` so
        yield "pull_request_target"
    for name, job in flow["jobs"].items():
        may, used = job.get("permissions"), {step.get("uses", "") for step in job["steps"]}
        writes = may in ({"issues": "write"}, {"pull-requests": "write"})
        on_main = set(flow[True]) == {"push"} and flow[True]["push"] == {"branches": ["main"]}
        if writes and not all(one.startswith(HANDS_OVER) for one in used if one):
            yield f"{name}: may write, and runs what lies in a repository"
        elif may != {"contents": "read"} and not writes and not (on_main and may == PUBLISHES):
            yield f"{name}: permissions beyond reading"
        for step in job["steps"]:
            kept = step.get("with", {}).get("persist-credentials", True)
            if step.get("uses", "").startswith("actions/checkout@") and kept:
                yield f"{name}: credentials that stay"


@pytest.mark.parametrize("path", ENGINE, ids=lambda path: path.relative_to(ROOT).as_posix())
def test_nothing_given_is_run(path: Path) -> None:
    """No file evaluates, unpickles or hands to a shell what it reads: an adapter's source aside."""
    name = path.relative_to(ROOT / "conformance").as_posix()
    assert runs(path.read_text(encoding="utf-8")) == MAY.get(name, [])


@pytest.mark.parametrize(
    ("source", "found"),
    [
        ("eval(text)", ["eval"]),
        ("pickle.load(file)", ["pickle.load"]),
        ("yaml.load(text, Loader=yaml.Loader)", ["yaml.load"]),
        ("np.load(file, allow_pickle=True)", ["np.load", "np.load: allow_pickle"]),
        ("read_array(file, allow_pickle=True)", ["read_array: allow_pickle"]),
        ("subprocess.run(text, shell=True)", ["subprocess.run: shell"]),
        ("yaml.parse(text), re.compile(text), json.loads(text)", []),
    ],
)
def test_what_runs_can_be_found(source: str, found: list[str]) -> None:
    """What evaluates, unpickles or asks for a shell is found; what reads is not."""
    assert runs(source) == found


@pytest.mark.parametrize("path", WORKFLOWS, ids=lambda path: path.name)
def test_workflow(path: Path) -> None:
    """A workflow reads the repository and nothing else, and names actions by their hash."""
    assert list(unsafe_workflow(path.read_text(encoding="utf-8"))) == []


LAX = """\
on: {push: , pull_request_target: }
permissions: write-all
jobs:
  one:
    steps:
      - uses: actions/checkout@v4
      - uses: a/b@0123456789012345678901234567890123456789
  two:
    permissions: {issues: write}
    steps:
      - uses: ./
  three:
    permissions: {pull-requests: write}
    steps:
      - run: gh pr comment
"""


def test_lax_workflow_can_be_found() -> None:
    """Each liberty that a workflow takes is found."""
    assert list(unsafe_workflow(LAX)) == [
        "actions/checkout@v4: no hash",
        "a/b@0123456789012345678901234567890123456789: no version beside the hash",
        "permissions that hold for every job",
        "no concurrency group",
        "pull_request_target",
        "one: permissions beyond reading",
        "one: credentials that stay",
        "two: may write, and runs what lies in a repository",
    ]


@pytest.mark.parametrize(
    ("on", "found"),
    [
        ("{push: {branches: [main]}}", []),
        ("{push: }", ["one: permissions beyond reading"]),
        ("{push: {branches: [main]}, pull_request: }", ["one: permissions beyond reading"]),
    ],
)
def test_who_publishes(on: str, found: list[str]) -> None:
    """A site is published from main alone, and by no pull request."""
    text = f"on: {on}\npermissions: {{}}\nconcurrency: x\njobs: {{one: {{steps: [], "
    text += "permissions: {contents: read, pages: write, id-token: write}}}\n"
    assert list(unsafe_workflow(text)) == found


def test_first_jobs() -> None:
    """The first jobs run the README's two commands on each Python, and there is one each night."""
    flow = yaml.safe_load((ROOT / ".github/workflows/ci.yml").read_text(encoding="utf-8"))
    commands = re.findall(r"```sh\n(.*)\n```", (ROOT / "README.md").read_text(encoding="utf-8"))
    for command, job in zip(commands[:2], list(flow["jobs"].values())[:2], strict=True):
        assert command in [step.get("run") for step in job["steps"]]
        assert job["strategy"]["matrix"]["python"] == ["3.11", "3.12", "3.13"]
    assert flow[True]["schedule"]


def test_lock() -> None:
    """What lint is locked to are the versions of constraints.txt, each with its hashes."""
    lock = (ROOT / "requirements-lint.txt").read_text(encoding="utf-8")
    pins = (ROOT / "constraints.txt").read_text(encoding="utf-8").split()
    locked = re.findall(r"^(\S+==\S+) \\\n +--hash=sha256:[0-9a-f]{64}", lock, re.MULTILINE)
    assert [one.partition("==")[0] for one in locked] == ["ruff", "zizmor"]
    assert set(locked) <= set(pins)
