"""A framework whose sequences are all full, and whose adapter says so."""

from dataclasses import replace

from adapters.contract import Gap
from tests.harness.adapters.right import CONVENTION as RIGHT
from tests.harness.adapters.right import infer, parameters, run

__all__ = ["CONVENTION", "GAPS", "infer", "parameters", "run"]
PACKAGES = ("numpy",)
CONVENTION = replace(RIGHT, inputs={name: RIGHT.inputs[name] for name in ("input", "h_0", "c_0")})
GAPS = (
    Gap({"lengths": "given"}, why="every sequence is full", source="https://example.org/lengths"),
    Gap({"mask": "given"}, why="every step counts", source="https://example.org/lengths"),
)
