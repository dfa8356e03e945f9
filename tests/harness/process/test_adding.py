"""The page on adding a framework, followed word for word with a tiny framework of its own."""

import re
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from conformance.report.report import read

ROOT = Path(__file__).resolve().parents[3]
PAGE = (ROOT / "docs" / "adding-a-framework.md").read_text(encoding="utf-8")
COMMANDS = [
    line
    for block in re.findall(r"^```sh\n(.*?)^```$", PAGE, re.MULTILINE | re.DOTALL)
    for line in block.splitlines()
]
CHECKOUT = ("adapters", "cases", "conformance", "docs")
FILES = ("conftest.py", "constraints.txt", "pyproject.toml", "tests/test_conformance.py")

# It has a matrix for each gate and a bias that may be left out, and never looks at a state's shape.
FRAMEWORK = """\
import numpy as np


class LSTM:
    def __init__(self, width, units, bias=True):
        shapes = {f"w{g}": (width, units) for g in "ifgo"}
        shapes |= {f"r{g}": (units, units) for g in "ifgo"}
        shapes |= {f"b{g}": (units,) for g in "ifgo"} if bias else {}
        self.units, self.weights = units, {n: np.zeros(s, np.float32) for n, s in shapes.items()}

    def gate(self, g, x, h):
        return x @ self.weights[f"w{g}"] + h @ self.weights[f"r{g}"] + self.weights.get(f"b{g}", 0)

    def __call__(self, sequence, h=None, c=None):
        zeros = np.zeros((len(sequence), self.units), np.float32)
        h, c = zeros if h is None else h, zeros if c is None else c
        steps = np.empty((*sequence.shape[:2], self.units), np.float32)
        for time, x in enumerate(sequence.swapaxes(0, 1)):
            i, f, o = (1 / (1 + np.exp(-self.gate(g, x, h))) for g in "ifo")
            c = f * c + i * np.tanh(self.gate("g", x, h))
            h = o * np.tanh(c)
            steps[:, time] = h
        return steps, h, c
"""

# What is written in the place of the template's own lines, by the page's steps.
WRITTEN = {
    "2. names": {
        'Native("layer_{layer}{direction}/w", "input (gate cell)")': (
            'Native("layer_{layer}{direction}/w{gate}", "input cell")'
        ),
        'Native("layer_{layer}{direction}/r", "hidden (gate cell)")': (
            'Native("layer_{layer}{direction}/r{gate}", "hidden cell")'
        ),
        'Native("layer_{layer}{direction}/b", "(gate cell)")': (
            'Native("layer_{layer}{direction}/b{gate}", "cell")'
        ),
    },
    "3. run": {
        "import numpy as np  # in its place: the framework": "import tinyframework",
        re.search(  # the body of `run`, behind its docstring
            r"    sequence, states = .*?    return Results\([^\n]*\n",
            (ROOT / "docs" / "template.py").read_text(encoding="utf-8"),
            re.DOTALL,
        ).group(): """\
    sequence, states = inputs["input"], {}
    for number, lstm in enumerate(_stack(layer, dimensions)):
        name = f"layer_{number}"
        lstm.weights = {part: weights[f"{name}/{part}"] for part in lstm.weights}
        sequence, h, c = lstm(sequence, inputs.get(f"{name}/h"), inputs.get(f"{name}/c"))
        states |= {f"{name}/h": h, f"{name}/c": c}
    results = {"output": sequence, **states}
    return Results(results, container=outline((sequence, h, c), results))


def _stack(layer: Layer, dimensions: Dimensions) -> list[tinyframework.LSTM]:
    units = dimensions.hidden_units
    widths = [dimensions.embedding_dim, *[units] * (dimensions.num_layers - 1)]
    return [tinyframework.LSTM(width, units, layer.bias) for width in widths]
""",
    },
    "4. gaps": {
        '    Gap({"bias": False}, why="every cell has a bias", source=DOCS),\n': "",
    },
}


@pytest.fixture(scope="module")
def checkout(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A checkout of this project, with the tiny framework on its path."""
    made = tmp_path_factory.mktemp("checkout")
    for name in CHECKOUT:
        shutil.copytree(ROOT / name, made / name, ignore=shutil.ignore_patterns("__pycache__"))
    for name in FILES:
        (made / name).parent.mkdir(exist_ok=True)
        shutil.copy(ROOT / name, made / name)
    (made / "tests" / "__init__.py").touch()
    (made / "tinyframework.py").write_text(FRAMEWORK, encoding="utf-8")
    return made


def followed(checkout: Path, command: str) -> subprocess.CompletedProcess[str]:
    """Run a command of the page there; pytest and python are this interpreter's."""
    name, *options = shlex.split(command)
    tools = {"pytest": [sys.executable, "-m", "pytest"], "python": [sys.executable]}
    line = [*tools.get(name, [name]), *options]
    return subprocess.run(
        line, cwd=checkout, capture_output=True, text=True, timeout=300, check=False
    )


def test_page(checkout: Path) -> None:
    """Its commands, in order, lead from a copy of the template to a full run that is green."""
    copy, guide, run, record = COMMANDS
    assert followed(checkout, copy).returncode == 0
    first = followed(checkout, guide)
    assert first.returncode == 0, first.stdout + first.stderr
    adapter = checkout / "adapters" / "myframework.py"
    source = adapter.read_text(encoding="utf-8")
    for step, changes in WRITTEN.items():
        for old, new in changes.items():
            assert source.count(old) == 1, f"{step}: the template no longer has {old!r}"
            source = source.replace(old, new)
    # What is left of `parameters` and of the cell is the template's; this framework has its own.
    source = source[: source.index("def parameters(")] + PARAMETERS
    adapter.write_text(source, encoding="utf-8")

    assert followed(checkout, run).returncode == 1
    written = followed(checkout, record)
    assert written.stdout.endswith("cases/properties/myframework.yaml\n"), written.stderr
    pinned(checkout)
    again = followed(checkout, run)
    assert again.returncode == 0, again.stdout[-3000:] + again.stderr


PARAMETERS = '''\
def parameters(layer: Layer, dimensions: Dimensions) -> dict[str, Shape]:
    """Return the shape of every parameter."""
    return {
        f"layer_{number}/{name}": one.shape
        for number, lstm in enumerate(_stack(layer, dimensions))
        for name, one in lstm.weights.items()
    }
'''


def pinned(checkout: Path) -> None:
    """Pin what fails, with the outcome and the ``got`` that the claim has in the report."""
    _, entries = read(checkout / "report.jsonl")
    pins = [
        {
            "cases": entry.case,
            "claim": name,
            "version": "numpy>=1",
            "outcome": claim.outcome,
            "got": dict(claim.got),
            "why": "The shape of a state is not looked at.",
            "source": "https://example.org/tinyframework",
        }
        for entry in entries
        for name, claim in entry.claims.items()
        if claim.settled == "fails" and name != "properties"
    ]
    assert {pin["claim"] for pin in pins} == {"rejects"}
    file = checkout / "cases" / "deviations" / "myframework.yaml"
    file.write_text(yaml.safe_dump({"framework": "myframework", "deviations": pins}), "utf-8")
