"""A pattern names an axis that there is not."""

from adapters.contract import Convention, Native
from tests.harness.adapters.right import infer, parameters, run

__all__ = ["infer", "parameters", "run"]
PACKAGES = ("numpy",)

LINK = "https://example.org"
CONVENTION = Convention(
    inputs={"input": Native("x", "batch time input")},
    results={
        "output": Native("y", "batch tim hidden"),
        "h_n": Native("end_h", "(layer direction) batch hidden"),
        "c_n": Native("end_c", "(layer direction) batch cell"),
        "last": Native("y", "batch (direction hidden)"),
    },
    weights={
        "input_weights": Native("w{layer}{direction}", "input (gate cell)"),
        "recurrent_weights": Native("r{layer}{direction}", "hidden (gate cell)"),
        "bias": Native("b{layer}{direction}", "(gate cell)"),
    },
    gates="fiog",
    source=f"{LINK}/wrong-pattern",
)
