"""README.md and docs/adopting.md: each block runs as it is pasted, here or word for word in CI.

Those of a page run in its order. What takes an hour is a step of the nightly job. An environment
that a block makes sees the packages of this one, so that pip fetches little.
"""

import os
import re
import site
import subprocess
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path

import pytest
import yaml

from conformance.casefile.load import load_cases

ROOT = Path(__file__).resolve().parent.parent
README = (ROOT / "README.md").read_text(encoding="utf-8")
ADOPTING = (ROOT / "docs" / "adopting.md").read_text(encoding="utf-8")
GUIDE = "--case=guide-*"
# The test that runs a block, by how the block begins.
RUN_BY = {
    "python3 -m venv .venv && .venv/bin/python -m pip install -r": "test_ci",
    "python3 -m venv .venv && .venv/bin/python -m pip install -c": "test_ci",
    "python -m conformance upgrade": "test_ci",
    "tox run -e all": "test_ci",
    "# cases/guide.yaml": "test_worked_example",
    "torch on guide-sequences": "test_failure",
    "- id: grid": "test_add_a_case",
    "python -m conformance weights": "test_weights",
    "python -m conformance portable": "test_pages",
    "git clone": "test_adopting",
    ".venv/bin/python -m pytest": "test_adopting",
    ".venv/bin/python -m conformance render": "test_adopting",
    "python3 -m venv ../released": "test_adopting",
    "jobs:": "test_adopting",
}
# Makes an environment that sees the packages of the one in which the tests run.
PYTHON = """\
#!{python}
import pathlib, subprocess, sys
status = subprocess.run([{python!r}, *sys.argv[1:]]).returncode
if sys.argv[1:3] == ["-m", "venv"]:
    (packages,) = pathlib.Path(sys.argv[3]).glob("lib/python*/site-packages")
    (packages / "outer.pth").write_text({outer!r})
sys.exit(status)
"""
# A framework's own build, made without any tool of building that pip would have to fetch.
BACKEND = """\
import zipfile
def build_wheel(folder, config_settings=None, metadata_directory=None):
    name = "yours-1.0-py3-none-any.whl"
    files = {
        "METADATA": "Metadata-Version: 2.1\\nName: yours\\nVersion: 1.0\\n",
        "WHEEL": "Wheel-Version: 1.0\\nTag: py3-none-any\\n",
        "RECORD": "",
    }
    with zipfile.ZipFile(f"{folder}/{name}", "w") as wheel:
        for file, text in files.items():
            wheel.writestr(f"yours-1.0.dist-info/{file}", text)
    return name
"""


def blocks(text: str) -> list[str]:
    """Return what stands between the fences of a page."""
    return re.findall(r"^```\w*\n(.*?)^```$", text, re.MULTILINE | re.DOTALL)


def block(start: str) -> str:
    """Return the one block that begins so."""
    (found,) = [one for one in blocks(README + ADOPTING) if one.startswith(start)]
    return found


def unrun(texts: Iterable[str]) -> Iterator[str]:
    """Tell the blocks that no test runs, or more than one."""
    for one in (one for text in texts for one in blocks(text)):
        names = {name for start, name in RUN_BY.items() if one.startswith(start)}
        if len(names) != 1 or not names <= globals().keys():
            yield one


def run(code: str, folder: Path, **changed: str) -> str:
    """Run a block as it is pasted into a shell, in a folder; return what it tells."""
    path = os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])
    settings = {**os.environ, "PATH": path, "PYTHONPATH": str(ROOT), **changed}
    ended = subprocess.run(
        ["bash", "-e", "-c", code],
        cwd=folder,
        env={name: one for name, one in settings.items() if one},
        capture_output=True,
        text=True,
        timeout=1800,
    )
    told = ended.stdout + ended.stderr
    assert ended.returncode == 0, f"{code}\n{told[-3000:]}"
    return told


def suite(*given: str, status: int = 0) -> str:
    """Run the cases of the guide by the suite; return what it tells."""
    asked = [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", GUIDE, *given]
    ended = subprocess.run(asked, cwd=ROOT, capture_output=True, text=True, timeout=600)
    assert ended.returncode == status, ended.stdout[-3000:]
    return ended.stdout


def test_every_block() -> None:
    """No block is left out."""
    assert list(unrun([README, ADOPTING])) == []


def test_a_block_can_be_left_out() -> None:
    """A block that nobody runs is told."""
    assert list(unrun(["```sh\nrm -r build\n```"])) == ["rm -r build\n"]


def test_readme_is_short() -> None:
    """What is longer stands in docs/."""
    assert len(README.splitlines()) < 200


@pytest.mark.parametrize("start", [start for start, name in RUN_BY.items() if name == "test_ci"])
def test_ci(start: str) -> None:
    """CI runs it word for word: each line is a step, but for what is said of it."""
    flow = yaml.safe_load((ROOT / ".github/workflows/ci.yml").read_text(encoding="utf-8"))
    steps = [step.get("run", "") for job in flow["jobs"].values() for step in job["steps"]]
    for line in block(start).splitlines():
        command = line.partition("  # ")[0].rstrip()
        assert any(one == command or one.startswith(f"{command} || ") for one in steps), command


def test_worked_example() -> None:
    """The case of the worked example stands so in its file."""
    (shown,) = yaml.safe_load(block("# cases/guide.yaml"))
    cases = yaml.safe_load((ROOT / "cases" / "guide.yaml").read_text(encoding="utf-8"))["cases"]
    assert shown in [{name: one.get(name) for name in shown} for one in cases]


def test_failure() -> None:
    """A framework that swaps two axes fails in the lines that the README shows."""
    name = "tests.harness.adapters.batch_and_time_swapped"
    told = suite("-n0", "--framework", name, status=1).replace(name, "torch")
    shown = block("torch on guide-sequences").splitlines()
    start = told.index(shown[0])
    lines = told[start:].replace("y: another shape", "output: another shape").splitlines()
    assert lines[:5] == shown[:5]
    assert [line.split()[0] for line in lines[5:10]] == [line.split()[0] for line in shown[5:]]
    assert lines[10].startswith("as its user would write it")
    (version,) = re.findall(r"torch (\S+)\)", shown[8])
    assert f"torch=={version}" in (ROOT / "constraints.txt").read_text(encoding="utf-8")


def test_add_a_case(tmp_path: Path) -> None:
    """The lines of a new case, in a file of a behaviour, are cases."""
    head = "behaviour: new\nabout: It is new.\nsource: https://example.org\ncases:\n"
    (tmp_path / "cases").mkdir()
    (tmp_path / "cases" / "new.yaml").write_text(head + block("- id: grid"), encoding="utf-8")
    assert len(load_cases(tmp_path)) == 4


def test_weights(tmp_path: Path) -> None:
    """A model's weights are listed, and converted with proof."""
    model = "import torch; torch.save(torch.nn.LSTM(3, 4).state_dict(), 'model.pt')"
    run(f'python -c "{model}"', tmp_path)
    told = run(block("python -m conformance weights"), tmp_path)
    assert "1 LSTM, and 0 other arrays" in told
    assert "keras, by reading the output back: largest difference 0" in told
    assert (tmp_path / "model.keras.npz").is_file()


def test_pages(tmp_path: Path) -> None:
    """A layer is answered, a run becomes a page, and no page is stale."""
    suite("-n0", "--framework", "numpy", f"--report={tmp_path / 'report.jsonl'}")
    told = run(block("python -m conformance portable"), tmp_path)
    assert "bidirectional, merge=sum, lengths=given" in told
    assert (tmp_path / "report.html").is_file()


def test_adopting(tmp_path: Path) -> None:
    """The blocks run as the job that is shown runs them: each a file, in the folder of its step."""
    shim = tmp_path / "bin"
    shim.mkdir()
    outer = os.pathsep.join(site.getsitepackages())
    for name in ("python3", "python3.11"):
        (shim / name).write_text(PYTHON.format(python=sys.executable, outer=outer))
        (shim / name).chmod(0o755)
    build = tmp_path / "your-framework"
    build.mkdir()
    (build / "pyproject.toml").write_text(
        '[build-system]\nrequires = []\nbuild-backend = "backend"\nbackend-path = ["."]\n'
    )
    (build / "backend.py").write_text(BACKEND)
    *pasted, shown = blocks(ADOPTING)
    job = yaml.safe_load(shown)["jobs"]["lstm"]
    steps = [step for step in job["steps"] if "run" in step]
    for code, step in zip(pasted, steps, strict=True):
        folder = tmp_path / step.get("working-directory", ".")
        (folder / step["run"].split()[-1]).write_text(code, encoding="utf-8")
        path = f"{shim}{os.pathsep}{os.environ['PATH']}"
        asked = f"{GUIDE} -p no:cacheprovider"
        run(step["run"], folder, PATH=path, PYTHONPATH="", SUITE=str(ROOT), PYTEST_ADDOPTS=asked)
    (upload,) = [step["with"]["path"] for step in job["steps"] if "path" in step.get("with", {})]
    names = {path.name for path in tmp_path.glob(upload)}
    assert names == {"report.jsonl", "report.html"}
    assert (tmp_path / "suite" / "badges" / "torch.json").is_file()
