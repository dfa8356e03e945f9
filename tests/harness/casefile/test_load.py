# ruff: noqa: E501 - messages are asserted word for word, each on a line that can be searched
"""What the loader says of a wrong file, word for word, and what it makes of a right one."""

import dataclasses
import os
import time
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from conformance.casefile.load import CaseError, load_cases
from conformance.lstm.agreement import RULES
from conformance.lstm.case import Case, Dimensions, Layer

FILE = """\
behaviour: guide
about: The worked example.
source: https://example.org/lstm
layer: {bias: true}
cases:
  - id: one
    dimensions: {batch_size: 2, time_steps: 5, embedding_dim: 3, hidden_units: 4}
    expect:
      output: [2, 5, 4]
      h_n: [1, 2, 4]
      c_n: [1, 2, 4]
"""
GRID = """\
    matrix: {batch_size: [2, 7], time_steps: 5, embedding_dim: 3, hidden_units: 4}
    expect:
      output: [batch_size, time_steps, hidden_units]
      h_n: [num_layers, batch_size, hidden_units]
      c_n: [num_layers, batch_size, hidden_units]
"""
CASE = FILE[FILE.index("  - id") :]
SIZES = FILE[FILE.index("    dimensions") : FILE.index("    expect")]
EXPECT = FILE[FILE.index("    expect") :]
ONE = SIZES + EXPECT
OPTIONS = ", ".join(one.name for one in dataclasses.fields(Layer) if one.name != "layers")


def write(root: Path, text: str | bytes, name: str = "x.yaml") -> None:
    """Write a file into the tree's cases."""
    path = root / "cases" / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(text.encode() if isinstance(text, str) else text)


def errors(root: Path) -> list[str]:
    """Return the lines of the loader's error, less the file's name."""
    with pytest.raises(CaseError) as raised:
        load_cases(root)
    return [line.removeprefix("cases/x.yaml:") for line in raised.value.lines]


def edited(text: str, *edits: tuple[str, str]) -> str:
    """Return `text` with each edit made in the one place that it fits."""
    for old, new in edits:
        assert text.count(old) == 1, f"{old!r} is there {text.count(old)} times"
        text = text.replace(old, new)
    return text


# What is tried: the edits to FILE, and every line that must come.
EDITS = {
    "key that YAML 1.1 would read as false": (
        [("bias: true", "no: true")],
        [f"4:9: unknown key 'no' in layer: the keys are {OPTIONS}"],
    ),
    "duplicate key": (
        [("      c_n: [1, 2, 4]", "      c_n: [1, 2, 4]\n      h_n: [9]")],
        ["12:7: duplicate key 'h_n' (first at line 10)"],
    ),
    "duplicate key hides no type error": (
        [("about:", "behaviour: x\nabout:"), ("bias: true", "bias: no")],
        [
            "2:1: duplicate key 'behaviour' (first at line 1)",
            "5:15: layer.bias: expected true or false, got the text 'no' (YAML 1.2: write false)",
        ],
    ),
    "unknown key in the file": (
        [("about:", "abuot:")],
        [
            "1:1: missing key 'about' in a case file",
            "2:1: unknown key 'abuot' in a case file: did you mean 'about'?",
        ],
    ),
    "unknown key in a case": (
        [("    dimensions:", "    dimension:")],
        ["7:5: unknown key 'dimension' in a case: did you mean 'dimensions'?"],
    ),
    "unknown key without end": (
        [("layer: {bias: true}", "layer:\n  ? " + "z" * 2000 + "\n  : true")],
        [
            f"5:5: unknown key 'zzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzz...' in layer: the keys are {OPTIONS}"
        ],
    ),
    "unknown key unlike any": (
        [("layer: {bias: true}", "layer: {zzz: true}")],
        [f"4:9: unknown key 'zzz' in layer: the keys are {OPTIONS}"],
    ),
    "unknown key in dimensions": (
        [("batch_size: 2", "batchsize: 2")],
        [
            "7:17: missing key 'batch_size' in dimensions",
            "7:18: unknown key 'batchsize' in dimensions: did you mean 'batch_size'?",
        ],
    ),
    "unknown key in expect": (
        [("      output:", "      outputs:")],
        ["9:7: unknown key 'outputs' in expect: did you mean 'output'?"],
    ),
    "yaml 1.1 no": (
        [("bias: true", "bias: no")],
        ["4:15: layer.bias: expected true or false, got the text 'no' (YAML 1.2: write false)"],
    ),
    "yaml 1.1 On": (
        [("bias: true", "bias: On")],
        ["4:15: layer.bias: expected true or false, got the text 'On' (YAML 1.2: write true)"],
    ),
    "a truth value as a number": (
        [("bias: true", "bias: 1")],
        ["4:15: layer.bias: expected true or false, got the number 1"],
    ),
    "a float for a size": (
        [("batch_size: 2", "batch_size: 2.0")],
        ["7:30: dimensions.batch_size: expected a whole number, got the number 2.0"],
    ),
    "underscores in a size": (
        [("batch_size: 2", "batch_size: 1_000")],
        [
            "7:30: dimensions.batch_size: expected a whole number, got the text '1_000' (YAML 1.2: write 1000)"
        ],
    ),
    "sexagesimal": (
        [("batch_size: 2", "batch_size: 12:30")],
        ["7:30: dimensions.batch_size: expected a whole number, got the text '12:30'"],
    ),
    "true for a size": (
        [("batch_size: 2", "batch_size: true")],
        ["7:30: dimensions.batch_size: expected a whole number, got true"],
    ),
    "negative size": (
        [("batch_size: 2", "batch_size: -1")],
        ["7:30: dimensions.batch_size: expected at least 0, got the number -1"],
    ),
    "negative option": (
        [("bias: true", "projection_size: -1")],
        ["4:26: layer.projection_size: expected at least 0, got the number -1"],
    ),
    "huge size": (
        [("batch_size: 2", "batch_size: 1000001")],
        ["7:30: dimensions.batch_size: expected at most 1,000,000, got the number 1000001"],
    ),
    "endless size": (
        [("batch_size: 2", "batch_size: " + "9" * 120)],
        [
            "7:30: dimensions.batch_size: expected a whole number, got the text '9999999999999999999999999999999999999999999999999999999...'"
        ],
    ),
    "number for text": (
        [("The worked example.", "10")],
        ["2:8: about: expected text, got the number 10: put it in quotes"],
    ),
    "null for text": ([("The worked example.", "~")], ["2:8: about: expected text, got null"]),
    "date for a link": (
        [("https://example.org/lstm", "2024-01-01")],
        ["3:9: source: expected an http or https link, got the text '2024-01-01'"],
    ),
    "no slug": (
        [("id: one", "id: One_")],
        ["6:9: id: expected a slug like 'single-layer', got the text 'One_'"],
    ),
    "list for a mapping": (
        [("{bias: true}", "[bias]")],
        ["4:8: layer: expected a mapping, got a list"],
    ),
    "empty mapping value": (
        [("layer: {bias: true}", "layer:")],
        ["4:7: layer: expected a mapping, got null"],
    ),
    "null for an optional key": (
        [("    expect:", "    about:\n    expect:")],
        ["8:11: about: expected a value, got null"],
    ),
    "text for a shape": (
        [("output: [2, 5, 4]", "output: batch_size")],
        ["9:15: expect.output: expected a list, got the text 'batch_size'"],
    ),
    "empty shape": (
        [("output: [2, 5, 4]", "output: []")],
        ["9:15: expect.output: expected at least one entry, got an empty list"],
    ),
    "no size": (
        [("output: [2, 5, 4]", "output: [2, true, -1, 1.5, null]")],
        [
            "9:19: expect.output[1]: expected a whole number from 0 or an expression, got true",
            "9:25: expect.output[2]: expected a whole number from 0 or an expression, got the number -1",
            "9:29: expect.output[3]: expected a whole number from 0 or an expression, got the number 1.5",
            "9:34: expect.output[4]: expected a whole number from 0 or an expression, got null",
        ],
    ),
    "wrong choice": (
        [("bias: true", "initial_state: zeroes")],
        [
            "4:24: layer.initial_state: expected 'zeros', 'given', 'h_0' or 'c_0', got the text 'zeroes': did you mean 'zeros'?"
        ],
    ),
    "wrong expect": (
        [(EXPECT, "    expect: reject\n")],
        ["8:13: expect: expected 'rejected', got the text 'reject': did you mean 'rejected'?"],
    ),
    "unknown tag": (
        [("id: one", "id: one\n    tags: [degenrate, slow]")],
        [
            "7:12: tags[0]: expected 'degenerate', 'nightly', 'search', 'sizes' or 'triples', got the text 'degenrate': did you mean 'degenerate'?",
            "7:23: tags[1]: expected 'degenerate', 'nightly', 'search', 'sizes' or 'triples', got the text 'slow'",
        ],
    ),
    "missing keys": (
        [("source: https://example.org/lstm\n", ""), ("  - id: one\n    dim", "  - dim")],
        ["1:1: missing key 'source' in a case file", "5:5: missing key 'id' in a case"],
    ),
    "neither dimensions nor matrix": (
        [(SIZES, "")],
        ["6:5: a case needs either dimensions or matrix"],
    ),
    "both dimensions and matrix": (
        [
            (
                "    expect:",
                "    matrix: {batch_size: 2, time_steps: 5, embedding_dim: 3, hidden_units: 4}\n    expect:",
            )
        ],
        ["6:5: a case needs either dimensions or matrix"],
    ),
    "no cases": (
        [("cases:\n" + CASE, "cases: []\n")],
        ["5:8: cases: expected at least one entry, got an empty list"],
    ),
    "missing result": (
        [("      h_n: [1, 2, 4]\n", "")],
        ["6:5: no shape for h_n: a case needs output, h_n and c_n"],
    ),
    "law and literal disagree": (
        [("cases:", "expect: {output: [batch_size, time_steps, 2 * hidden_units]}\ncases:")],
        ["10:7: output: the law gives (2, 5, 8), the literal says (2, 5, 4)"],
    ),
    "unknown name": (
        [("[2, 5, 4]", "[2, 5, num_directions * hidden_unit]")],
        [
            "9:22: unknown name 'hidden_unit' in 'num_directions * hidden_unit': did you mean 'hidden_units'?"
        ],
    ),
    "unlike name": (
        [("[2, 5, 4]", "[2, 5, x]")],
        [
            "9:22: unknown name 'x' in 'x': the names are batch_size, time_steps, embedding_dim, hidden_units, num_layers, num_directions, projection_size"
        ],
    ),
    "division by zero": (
        [("[2, 5, 4]", "[2, 5, 4 // (batch_size - 2)]")],
        ["9:22: division by zero in '4 // (batch_size - 2)'"],
    ),
    "negative": (
        [("[2, 5, 4]", "[2, 5, batch_size - 5]")],
        ["9:22: a size cannot be negative: 'batch_size - 5' is -3"],
    ),
    "not allowed": (
        [("[2, 5, 4]", "[2, 5, \"__import__('os')\"]")],
        [
            '9:22: "\'" is not allowed in "__import__(\'os\')": an expression has names, whole numbers, + - * // %, parentheses, max and min'
        ],
    ),
    "coincide": (
        [
            ("batch_size: 2", "batch_size: 5"),
            ("[2, 5, 4]", "[5, 5, 4]"),
            ("h_n: [1, 2, 4]", "h_n: [1, 5, 4]"),
            ("c_n: [1, 2, 4]", "c_n: [1, 5, 4]"),
        ],
        [
            "6:5: batch_size and time_steps are both 5, so a swap of them would go unseen: change one or tag the case degenerate"
        ],
    ),
    "coincide with directions": (
        [("bias: true", "bidirectional: true")],
        [
            "6:5: batch_size and layer*direction are both 2, so a swap of them would go unseen: change one or tag the case degenerate"
        ],
    ),
    "three coincide": (
        [("bias: true", "bidirectional: true"), ("embedding_dim: 3", "embedding_dim: 2")],
        [
            "6:5: batch_size, embedding_dim and layer*direction are all 2, so a swap of them would go unseen: change one or tag the case degenerate"
        ],
    ),
    "one": (
        [("time_steps: 5", "time_steps: 1")],
        [
            "6:5: time_steps is 1, so a lost or broadcast axis would go unseen: change it or tag the case degenerate"
        ],
    ),
    "zero": (
        [("time_steps: 5", "time_steps: 0"), ("output: [2, 5, 4]", "output: [2, 0, 4]")],
        [
            "6:5: time_steps is 0, so a lost or broadcast axis would go unseen: change it or tag the case degenerate"
        ],
    ),
    "coincide with the projection": (
        [("bias: true", "projection_size: 2")],
        [
            "6:5: batch_size and projection_size are both 2, so a swap of them would go unseen: change one or tag the case degenerate"
        ],
    ),
    "coincide with the group": (
        [("bias: true", "layout: extra_batch")],
        [
            "6:5: batch_size and group are both 2, so a swap of them would go unseen: change one or tag the case degenerate"
        ],
    ),
    "stale degenerate": (
        [("cases:", "tags: [degenerate]\ncases:")],
        ["7:5: tagged degenerate, but every axis is distinct: remove the tag"],
    ),
    "feed without rejected": (
        [("    expect:", "    feed: {input: [3]}\n    expect:")],
        ["6:5: feed and 'expect: rejected' go together"],
    ),
    "rejected without feed": (
        [(EXPECT, "    expect: rejected\n")],
        ["6:5: 'expect: rejected' needs feed, lengths or first"],
    ),
    "empty feed": (
        [(EXPECT, "    expect: rejected\n    feed: {}\n")],
        ["6:5: feed names no input"],
    ),
    "state that is not given fed": (
        [
            ("layer: {bias: true}", "layer: {initial_state: c_0}"),
            (EXPECT, "    expect: rejected\n    feed: {h_0: [1, 2, 5]}\n"),
        ],
        [
            "9:12: feed.h_0: a layer that starts from c_0 alone takes no h_0: set layer.initial_state to given"
        ],
    ),
    "integers of a wrong shape": (
        [(EXPECT, "    expect: rejected\n    feed: {input: [2, 5, 7], integers: true}\n")],
        ["6:5: feed: integers are of an input of a right shape"],
    ),
    "right weights fed": (
        [(EXPECT, "    expect: rejected\n    feed: {input_weights: [1, 4, 4, 3]}\n")],
        ["9:12: feed.input_weights: (1, 4, 4, 3) is right, so nothing is there to reject"],
    ),
    "weights of other axes fed": (
        [(EXPECT, "    expect: rejected\n    feed: {recurrent_weights: [1, 3, 4, 4]}\n")],
        ["9:12: feed.recurrent_weights: (1, 3, 4, 4) has not the axes (1, 4, cell, width)"],
    ),
    "first of no size": (
        [("    expect:", "    first: {}\n    expect:")],
        ["6:5: first names no size"],
    ),
    "first of no other size": (
        [
            ("layer: {bias: true}", "layer: {stateful: carried}"),
            ("    expect:", "    first: {time_steps: 5}\n    expect:"),
        ],
        ["6:5: first: these are the case's own sizes"],
    ),
    "first beside a mask": (
        [
            ("layer: {bias: true}", "layer: {stateful: carried, mask: given}"),
            ("    expect:", "    first: {time_steps: 3}\n    expect:"),
        ],
        ["6:5: first: of a stateful layer all steps of both calls count: give no lengths, no mask"],
    ),
    "first of other steps rejected": (
        [
            ("layer: {bias: true}", "layer: {stateful: carried}"),
            (EXPECT, "    first: {time_steps: 3}\n    expect: rejected\n"),
        ],
        ["6:5: first: what is called before is right, so nothing is there to reject"],
    ),
    "first of another batch": (
        [
            ("layer: {bias: true}", "layer: {stateful: carried}"),
            ("    expect:", "    first: {batch_size: 3}\n    expect:"),
        ],
        ["6:5: first: a stateful layer is of one batch: expect rejected"],
    ),
    "first of another batch with states": (
        [
            ("layer: {bias: true}", "layer: {stateful: carried, initial_state: given}"),
            (EXPECT, "    first: {batch_size: 3}\n    expect: rejected\n"),
        ],
        ["6:5: first: the given states are those of one batch"],
    ),
    "right feed": (
        [(EXPECT, "    expect: rejected\n    feed: {input: [2, time_steps, 3]}\n")],
        ["9:12: feed.input: (2, 5, 3) is right, so nothing is there to reject"],
    ),
    "state fed to zeros": (
        [(EXPECT, "    expect: rejected\n    feed: {h_0: [1, 2, 5]}\n")],
        [
            "9:12: feed.h_0: a layer that starts from zeros takes no h_0: set layer.initial_state to given"
        ],
    ),
    "layers for another stack": (
        [("    expect:", "    layers: [{}, {bias: false}, {}]\n    expect:")],
        ["6:5: layers: there is one entry for each of num_layers, no more and no fewer"],
    ),
    "unknown option of a layer": (
        [("    expect:", "    layers: [{unit: 3}]\n    expect:")],
        [
            "8:15: unknown key 'unit' in layers[0]: the keys are hidden_units, bidirectional, bias, "
            "reverse, keep_order, merge, projection_size, recurrent_activation, activation, cell, "
            "residual"
        ],
    ),
    "a function that no framework has, of a layer": (
        [("    expect:", "    layers: [{activation: swish}]\n    expect:")],
        [
            "8:27: layers[0].activation: expected 'tanh', 'sigmoid', 'relu', 'linear' or "
            "'softsign', got the text 'swish'"
        ],
    ),
    "layers that are alike": (
        [("    expect:", "    layers: [{}]\n    expect:")],
        ["6:5: layers: none of them has anything of its own, so leave it out"],
    ),
    "a layer that contradicts itself": (
        [("    expect:", "    layers: [{merge: sum}]\n    expect:")],
        ["6:5: layers[0]: merge: it joins two directions, so it needs bidirectional"],
    ),
    "a residual layer of another width": (
        [("    expect:", "    layers: [{residual: true}]\n    expect:")],
        [
            "6:5: layers[0]: residual: what a layer is fed must be as wide as what it hands out",
        ],
    ),
    "a residual stack that does not say which layer": (
        [("bias: true", "residual: true"), ("hidden_units: 4}", "hidden_units: 4, num_layers: 6}")],
        [
            "6:5: residual: of a stack, layers says of which",
        ],
    ),
    "lengths of another batch": (
        [("    expect:", "    lengths: [2, 5, 1]\n    expect:")],
        ["6:5: lengths: 3 for a batch of 2"],
    ),
    "length below zero": (
        [("    expect:", "    lengths: [-1, 5]\n    expect:")],
        ["6:5: lengths: -1 is not from 0 to 5"],
    ),
    "length beyond time": (
        [("    expect:", "    lengths: [2, 6]\n    expect:")],
        ["6:5: lengths: 6 is not from 0 to 5"],
    ),
    "right lengths rejected": (
        [(EXPECT, "    lengths: [2, 5]\n    expect: rejected\n")],
        ["6:5: lengths: all are right, so nothing is there to reject"],
    ),
    "mask of another batch": (
        [("    expect:", "    mask: [[1, 1, 0, 1, 1]]\n    expect:")],
        ["6:5: mask: 1 rows for a batch of 2"],
    ),
    "mask of other steps": (
        [("    expect:", "    mask: [[1, 1, 0, 1, 1], [1, 1]]\n    expect:")],
        ["6:5: mask: 2 in a row for 5 steps"],
    ),
    "mask of neither": (
        [("    expect:", "    mask: [[1, 1, 0, 1, 2], [1, 1, 0, 1, 1]]\n    expect:")],
        ["8:25: mask[0][4]: expected at most 1, got the number 2"],
    ),
    "mask beside lengths": (
        [
            (
                "    expect:",
                "    lengths: [2, 5]\n    mask: [[1, 1, 0, 1, 1], [1, 1, 0, 1, 1]]\n    expect:",
            )
        ],
        ["6:5: mask: it says which steps count, and so do lengths: give one of the two"],
    ),
    "mask fed to a layer without": (
        [(EXPECT, "    expect: rejected\n    feed: {mask: [2, 4]}\n")],
        ["9:12: feed.mask: a layer takes none: set layer.mask to given"],
    ),
    "right mask fed": (
        [
            ("layer: {bias: true}", "layer: {mask: given}"),
            (EXPECT, "    expect: rejected\n    feed: {mask: [batch_size, 5]}\n"),
        ],
        ["9:12: feed.mask: (2, 5) is right, so nothing is there to reject"],
    ),
    "split without a second piece in time": (
        [("    expect:", "    split: {time: 5}\n    expect:")],
        ["6:5: split: the second piece is empty"],
    ),
    "split without a second piece of the batch": (
        [("    expect:", "    split: {batch: 2}\n    expect:")],
        ["6:5: split: the second piece is empty"],
    ),
    "split without a first piece": (
        [("    expect:", "    split: {time: 0}\n    expect:")],
        ["8:19: split.time: expected at least 1, got the number 0"],
    ),
    "split along two axes": (
        [("    expect:", "    split: {time: 2, batch: 1}\n    expect:")],
        ["6:5: split is along time or batch, one of them"],
    ),
    "repeat of no other size": (
        [("    expect:", "    repeat: {time_steps: 5}\n    expect:")],
        ["6:5: repeat: these are the case's own sizes"],
    ),
    "repeat without a size": (
        [("    expect:", "    repeat: {}\n    expect:")],
        ["6:5: repeat names no size"],
    ),
    "unknown key in repeat": (
        [("    expect:", "    repeat: {bach_size: 2}\n    expect:")],
        ["8:14: unknown key 'bach_size' in repeat: did you mean 'batch_size'?"],
    ),
    "repeat of a layer that cannot have the sizes": (
        [
            ("bias: true", "layout: unbatched"),
            ("    expect:", "    repeat: {batch_size: 3}\n    expect:"),
        ],
        [
            "6:5: layout: unbatched is one sequence, so it needs a batch_size of 1",
            "6:5: repeat: layout: unbatched is one sequence, so it needs a batch_size of 1",
        ],
    ),
    "split along no axis": (
        [("    expect:", "    split: {}\n    expect:")],
        ["6:5: split is along time or batch, one of them"],
    ),
    "unknown key in split": (
        [("    expect:", "    split: {tim: 2}\n    expect:")],
        ["8:13: unknown key 'tim' in split: did you mean 'time'?"],
    ),
    "split of a layer that reads from the end": (
        [("bias: true", "reverse: true"), ("    expect:", "    split: {time: 2}\n    expect:")],
        ["6:5: split: a layer that reads from the end cannot go on from its start"],
    ),
    "split without states": (
        [
            ("bias: true", "return_state: false"),
            ("    expect:", "    split: {time: 2}\n    expect:"),
        ],
        ["6:5: split: a case is split that is batch-major, full and returns its states"],
    ),
    "unknown property": (
        [("    expect:", "    record: [pading]\n    expect:")],
        [
            "8:14: record[0]: expected 'checkpoint', 'container', 'defaults', 'exception', 'padding' or 'training', got the text 'pading': did you mean 'padding'?"
        ],
    ),
    "published number of a matrix": (
        [("    dimensions:", "    parameters: {one_bias: 1, two_biases: 2}\n    matrix:")],
        ["6:5: parameters are those of one set of dimensions"],
    ),
    "unknown key in parameters": (
        [("    expect:", "    parameters: {one_bias: 1, two_bias: 2}\n    expect:")],
        [
            "8:17: missing key 'two_biases' in parameters",
            "8:31: unknown key 'two_bias' in parameters: did you mean 'two_biases'?",
        ],
    ),
    "no output without states": (
        [("bias: true", "return_state: false"), ("      output: [2, 5, 4]\n", "")],
        ["6:5: no shape for output: a case needs output"],
    ),
    "same id": (
        [("cases:", "cases:\n  - id: one\n" + ONE.rstrip())],
        ["12:5: duplicate case id 'guide-one' (first at cases/x.yaml:6)"],
    ),
    "same id by matrix": (
        [("  - id: one\n", "  - id: one\n" + GRID + "  - id: one-b7-t5-e3-h4-l1\n")],
        ["12:5: duplicate case id 'guide-one-b7-t5-e3-h4-l1' (first at cases/x.yaml:6)"],
    ),
    "matrix too large": (
        [
            (
                ONE,
                GRID.replace("[2, 7]", str(list(range(1, 102)))).replace(
                    "time_steps: 5", "time_steps: " + str(list(range(1, 101)))
                ),
            )
        ],
        ["7:5: the matrix has 10,100 sets, more than the 10,000 allowed"],
    ),
    "matrix twice": (
        [(ONE, GRID.replace("[2, 7]", "[2, 7, 2]"))],
        ["7:5: the matrix has the set b2-t5-e3-h4-l1 twice"],
    ),
    "matrix left empty": (
        [(ONE, GRID.replace("units: 4}", "units: 4, exclude: [{time_steps: 5}]}"))],
        ["7:5: the matrix has no sets left after exclude"],
    ),
    "stale exclusion": (
        [(ONE, GRID.replace("units: 4}", "units: 4, exclude: [{time_steps: 6}]}"))],
        ["7:5: matrix.exclude[0] excludes nothing"],
    ),
    "unknown key in exclude": (
        [(ONE, GRID.replace("units: 4}", "units: 4, exclude: [{time_step: 6}]}"))],
        ["7:95: unknown key 'time_step' in matrix.exclude[0]: did you mean 'time_steps'?"],
    ),
    "text in matrix": (
        [(ONE, GRID.replace("[2, 7]", "[2, seven]"))],
        ["7:30: matrix.batch_size[1]: expected a whole number, got the text 'seven'"],
    ),
    "text for matrix sizes": (
        [(ONE, GRID.replace("[2, 7]", "seven"))],
        ["7:26: matrix.batch_size: expected a size or a list of sizes, got the text 'seven'"],
    ),
    "matrix coincides": (
        [(ONE, GRID.replace("[2, 7]", "[2, 5]"))],
        [
            "6:5: b5-t5-e3-h4-l1: batch_size and time_steps are both 5, so a swap of them would go unseen: change one or tag the case degenerate"
        ],
    ),
    "stale degenerate matrix": (
        [(ONE, "    tags: [degenerate]\n" + GRID)],
        ["6:5: tagged degenerate, but every axis is distinct: remove the tag"],
    ),
    "all at once": (
        [
            ("about:", "about: twice\nabout:"),
            ("bias: true", "bias: off"),
            ("    dimensions:", "    tag: []\n    dimensions:"),
            ("[2, 5, 4]", "[2, 5, hidden]"),
            (
                "      c_n: [1, 2, 4]\n",
                "      c_n: [1, 2, 4]\n  - id: two\n    dimensions: {batch_size: 5, time_steps: 5, embedding_dim: 3, hidden_units: 4}\n    expect: {output: [5, 5, 4], h_n: [1, 5, 4]}\n",
            ),
        ],
        [
            "3:1: duplicate key 'about' (first at line 2)",
            "5:15: layer.bias: expected true or false, got the text 'off' (YAML 1.2: write false)",
            "8:5: unknown key 'tag' in a case: did you mean 'tags'?",
            "11:22: unknown name 'hidden' in 'hidden': did you mean 'hidden_units'?",
        ],
    ),
}
# The same of whole files.
FILES = {
    "empty": (
        b"",
        ["1:1: the file is empty: a case file needs behaviour, about, source and cases"],
    ),
    "comments": (
        b"# nothing\n\n",
        ["1:1: the file is empty: a case file needs behaviour, about, source and cases"],
    ),
    "null": (
        b"---\n...\n",
        ["1:1: the file is empty: a case file needs behaviour, about, source and cases"],
    ),
    "byte order mark alone": (
        b"\xef\xbb\xbf",
        ["1:1: the file is empty: a case file needs behaviour, about, source and cases"],
    ),
    "list": (b"- a\n", ["1:1: the file: expected a mapping, got a list"]),
    "text": (b"hello\n", ["1:1: the file: expected a mapping, got the text 'hello'"]),
    "not UTF-8": (b"behaviour: x\nabout: \xc3\xa9\xff\n", ["2:9: not UTF-8: byte 0xff"]),
    "UTF-16": ("behaviour: x\n".encode("utf-16"), ["1:1: not UTF-8: byte 0xff"]),
    "NUL": (b"behaviour: x\nabout: a\x00b\n", ["2:9: YAML syntax: character U+0000"]),
    "unclosed list": (
        b"behaviour: [x\nabout: y\n",
        [
            "2:6: YAML syntax: did not find expected ',' or ']' while parsing a flow sequence from line 1"
        ],
    ),
    "tab": (
        b"behaviour: x\n\tabout: y\n",
        [
            "2:1: YAML syntax: found a tab character that violates indentation while scanning a plain scalar from line 1"
        ],
    ),
    "colon": (
        b"behaviour: a: b\n",
        ["1:13: YAML syntax: mapping values are not allowed in this context"],
    ),
    "unclosed quote": (
        b"behaviour: 'x\n",
        [
            "2:1: YAML syntax: found unexpected end of stream while scanning a quoted scalar from line 1"
        ],
    ),
    "unknown directive": (
        b"%FOO\n--- a\n",
        ["1:5: YAML syntax: found unknown directive name while scanning a directive from line 1"],
    ),
    "deep lists": (b"behaviour: " + b"[" * 100, ["1:76: nested deeper than 64 levels"]),
    "deep mappings": (
        b"".join(b" " * i + b"a:\n" for i in range(100)),
        ["66:66: nested deeper than 64 levels"],
    ),
    "alias bomb": (
        b"a: &a [x, x]\n"
        + b"".join(b"%c: &%c [*%c, *%c]\n" % (c + 1, c + 1, c, c) for c in range(97, 100)),
        [
            "1:1: missing key 'about' in a case file",
            "1:1: missing key 'behaviour' in a case file",
            "1:1: missing key 'cases' in a case file",
            "1:1: missing key 'source' in a case file",
            "1:1: unknown key 'a' in a case file: the keys are behaviour, about, source, layer, expect, tags, cases",
            "1:4: aliases are not read: write the value out",
            "2:1: unknown key 'b' in a case file: the keys are behaviour, about, source, layer, expect, tags, cases",
            "2:4: aliases are not read: write the value out",
            "2:8: aliases are not read: write the value out",
            "2:12: aliases are not read: write the value out",
            "3:1: unknown key 'c' in a case file: the keys are behaviour, about, source, layer, expect, tags, cases",
            "3:4: aliases are not read: write the value out",
            "3:8: aliases are not read: write the value out",
            "3:12: aliases are not read: write the value out",
            "4:1: unknown key 'd' in a case file: the keys are behaviour, about, source, layer, expect, tags, cases",
            "4:4: aliases are not read: write the value out",
            "4:8: aliases are not read: write the value out",
            "4:12: aliases are not read: write the value out",
        ],
    ),
    "merge key": (
        b"behaviour: x\n<<: *base\n",
        [
            "1:1: missing key 'about' in a case file",
            "1:1: missing key 'cases' in a case file",
            "1:1: missing key 'source' in a case file",
            "2:1: unknown key '<<' in a case file: the keys are behaviour, about, source, layer, expect, tags, cases",
            "2:5: aliases are not read: write the value out",
        ],
    ),
    "second document": (
        FILE.encode() + b"---\n" + FILE.encode(),
        ["12:1: a second document: a file holds one"],
    ),
    "key a list": (b"[a]: b\n", ["1:1: a key must be plain text"]),
    "tag": (
        b"behaviour: !!str x\nabout: !python/object:os.system y\n",
        [
            "1:1: missing key 'cases' in a case file",
            "1:1: missing key 'source' in a case file",
            "1:12: tags are not read: remove 'tag:yaml.org,2002:str'",
            "2:8: tags are not read: remove '!python/object:os.system'",
        ],
    ),
}


@pytest.mark.parametrize(("edits", "lines"), EDITS.values(), ids=EDITS)
def test_wrong_file(tmp_path: Path, edits: list[tuple[str, str]], lines: list[str]) -> None:
    """Each error of a file is one line with its place, and no error hides another."""
    write(tmp_path, edited(FILE, *edits))
    assert errors(tmp_path) == lines


@pytest.mark.parametrize(("content", "lines"), FILES.values(), ids=FILES)
def test_unreadable_file(tmp_path: Path, content: bytes, lines: list[str]) -> None:
    """What is no YAML 1.2 document of plain data is refused in a line of its own."""
    write(tmp_path, content)
    assert errors(tmp_path) == lines


def test_many_errors(tmp_path: Path) -> None:
    """Of a file with more than 100 errors the first 100 are told, and how many are left."""
    write(tmp_path, "behaviour: x\nabout: y\nsource: http://a\ncases:\n" + "- 1\n" * 150)
    assert errors(tmp_path) == [
        *(f"{line}:3: the entry: expected a mapping, got the number 1" for line in range(5, 105)),
        "105:3: and 50 more errors",
    ]


HEAD = "behaviour: x\nabout: y\nsource: http://a\n"
LISTS = {
    "entries": HEAD + "cases: [" + "1," * 500_000 + "1]\n",
    "entries within the limit": HEAD + "cases: [" + "1," * 55_000 + "1]\n",
    "keys of one entry": HEAD + "cases:\n- id: a\n" + "".join(f"  a{n}: 1\n" for n in range(90_000)),
    "keys within the limit": HEAD + "cases:\n- id: a\n" + "".join(f"  a{n}: 1\n" for n in range(20_000)),
    "sizes": HEAD + "cases:\n- id: a\n  matrix: {batch_size: [" + "x," * 500_000 + "x]}\n",
    "a shape": HEAD + "cases:\n- id: a\n  expect: {output: [" + "batch_siz," * 50_000 + "1]}\n",
    "tags": HEAD + "tags: [" + "nigthly," * 50_000 + "x]\ncases: []\n",
    "one key again": HEAD + "about: 1\n" * 100_000,
    "what is not kept": HEAD + ("about: [" + "1," * 9_000 + "1]\n") * 50,
    "aliases": HEAD + "cases: [" + "*a," * 300_000 + "*a]\n",
}  # fmt: skip


@pytest.mark.parametrize("text", LISTS.values(), ids=LISTS)
def test_endless_list(tmp_path: Path, text: str) -> None:
    """A megabyte of entries is refused within two seconds, and 101 lines at most are told."""
    write(tmp_path, text)
    start = time.process_time()
    lines = errors(tmp_path)
    assert time.process_time() - start < 2
    assert 1 <= len(lines) <= 101


def test_errors_beyond_those_that_are_made(tmp_path: Path) -> None:
    """What is found beyond the errors that are put into words is counted all the same."""
    write(tmp_path, f"{HEAD}cases:\n" + "- 1\n" * 2_500)
    assert errors(tmp_path)[-1].endswith(": and 2,400 more errors")


def test_huge_file(tmp_path: Path) -> None:
    """A file of 100 MB is refused by its size; this one is sparse, and never read."""
    write(tmp_path, FILE)
    os.truncate(tmp_path / "cases" / "x.yaml", 100_000_000)
    assert errors(tmp_path) == [
        "1:1: the file has 100,000,000 bytes, more than the 1,048,576 allowed"
    ]


def test_folder_named_as_a_file(tmp_path: Path) -> None:
    """A folder with a case file's name is an error, not a file without cases."""
    (tmp_path / "cases" / "x.yaml").mkdir(parents=True)
    assert errors(tmp_path) == ["1:1: not a regular file"]


def test_pipe(tmp_path: Path) -> None:
    """A pipe is refused before a read of it could wait forever."""
    (tmp_path / "cases").mkdir()
    os.mkfifo(tmp_path / "cases" / "x.yaml")
    assert errors(tmp_path) == ["1:1: not a regular file"]


def test_broken_link(tmp_path: Path) -> None:
    """A file that cannot be opened is an error with the system's reason."""
    (tmp_path / "cases").mkdir()
    (tmp_path / "cases" / "x.yaml").symlink_to("nowhere")
    assert errors(tmp_path) == ["1:1: cannot be read: No such file or directory"]


def test_other_suffix(tmp_path: Path) -> None:
    """A .yml file is refused: it would otherwise be a case that nobody runs."""
    write(tmp_path, FILE)
    write(tmp_path, FILE, "y.yml")
    assert errors(tmp_path) == ["cases/y.yml:1:1: rename the file: only .yaml files are read"]


def test_no_files(tmp_path: Path) -> None:
    """A tree without case files is an error, as a run of no cases would prove nothing."""
    assert errors(tmp_path) == ["cases:1:1: no case file: a run needs at least one *.yaml here"]


def test_errors_of_all_files(tmp_path: Path) -> None:
    """The errors of every file come in one exception, in the order of the files' names."""
    write(tmp_path, FILE.replace("bias: true", "bias: no"), "b.yaml")
    write(tmp_path, "", "a.yaml")
    assert errors(tmp_path) == [
        "cases/a.yaml:1:1: the file is empty: a case file needs behaviour, about, source and cases",
        "cases/b.yaml:4:15: layer.bias: expected true or false, got the text 'no' (YAML 1.2: write false)",
    ]


def test_error_text(tmp_path: Path) -> None:
    """The text of the exception is its lines."""
    write(tmp_path, "", "a.yaml")
    write(tmp_path, "", "b.yaml")
    with pytest.raises(CaseError) as raised:
        load_cases(tmp_path)
    assert str(raised.value).splitlines() == list(raised.value.lines)


def test_same_id_in_two_files(tmp_path: Path) -> None:
    """An id is one address, across files too."""
    write(tmp_path, FILE, "a.yaml")
    write(tmp_path, FILE)
    assert errors(tmp_path) == ["6:5: duplicate case id 'guide-one' (first at cases/a.yaml:6)"]


def test_same_behaviour_in_two_files(tmp_path: Path) -> None:
    """Two files may describe one behaviour where no id comes twice."""
    write(tmp_path, FILE, "a.yaml")
    write(tmp_path, edited(FILE, ("id: one", "id: two")))
    assert [case.id for case in load_cases(tmp_path)] == ["guide-one", "guide-two"]


def test_case(tmp_path: Path) -> None:
    """An entry becomes a case with its address, its place and its shapes."""
    write(tmp_path, FILE)
    assert load_cases(tmp_path) == (
        Case(
            id="guide-one",
            behaviour="guide",
            about="The worked example.",
            source="https://example.org/lstm",
            where="cases/x.yaml:6",
            layer=Layer(),
            dimensions=Dimensions(2, 5, 3, 4, 1),
            expect={"output": (2, 5, 4), "h_n": (1, 2, 4), "c_n": (1, 2, 4)},
        ),
    )


def test_byte_order_mark(tmp_path: Path) -> None:
    """A file that starts with a byte order mark is read as one without."""
    write(tmp_path, b"\xef\xbb\xbf" + FILE.encode())
    assert [case.id for case in load_cases(tmp_path)] == ["guide-one"]


def test_octal_look_alike(tmp_path: Path) -> None:
    """010 is ten, as in YAML 1.2."""
    write(tmp_path, edited(FILE, ("embedding_dim: 3", "embedding_dim: 010")))
    assert load_cases(tmp_path)[0].dimensions.embedding_dim == 10


def test_entry_over_file(tmp_path: Path) -> None:
    """An entry's layer changes the file's option by option, and its about stands for the file's."""
    entry = "    layer: {bias: true}\n    about: Mine.\n    expect:\n"
    write(
        tmp_path,
        edited(FILE, ("layer: {bias: true}", "layer: {bias: false, initial_state: given}")).replace(
            "    expect:\n", entry
        ),
    )
    (case,) = load_cases(tmp_path)
    assert (case.layer, case.about) == (Layer(initial_state="given"), "Mine.")


def test_matrix(tmp_path: Path) -> None:
    """A matrix is a case for each set, whose id holds all five sizes, by one law."""
    write(tmp_path, edited(FILE, (ONE, GRID)))
    assert {case.id: case.expect["output"] for case in load_cases(tmp_path)} == {
        "guide-one-b2-t5-e3-h4-l1": (2, 5, 4),
        "guide-one-b7-t5-e3-h4-l1": (7, 5, 4),
    }


def test_law_and_literal_agree(tmp_path: Path) -> None:
    """A law that gives what the literal says changes nothing."""
    law = "expect: {output: [batch_size, time_steps, num_directions * hidden_units]}\ncases:"
    write(tmp_path, edited(FILE, ("cases:", law)))
    assert load_cases(tmp_path)[0].expect["output"] == (2, 5, 4)


def test_must_reject(tmp_path: Path) -> None:
    """A case that must be rejected has shapes to feed and none to expect, whatever the law."""
    text = edited(
        FILE,
        ("cases:", "expect: {output: [1 // 0]}\ncases:"),
        (EXPECT, "    expect: rejected\n    feed: {input: [embedding_dim + 1]}\n"),
    )
    write(tmp_path, text)
    (case,) = load_cases(tmp_path)
    assert (case.must_reject, case.feed, case.expect) == (True, {"input": (4,)}, {})


def test_rejected_lengths(tmp_path: Path) -> None:
    """A length that no sequence can have is what a case can be rejected for."""
    edit = (EXPECT, "    lengths: [-1, 5]\n    expect: rejected\n")
    write(tmp_path, edited(FILE, edit))
    (case,) = load_cases(tmp_path)
    assert (case.must_reject, case.layer.lengths, case.lengths) == (True, "given", (-1, 5))


def test_length_of_zero(tmp_path: Path) -> None:
    """A sequence may have no step at all, and its case is run as any other."""
    write(tmp_path, edited(FILE, ("    expect:", "    lengths: [0, 5]\n    expect:")))
    (case,) = load_cases(tmp_path)
    assert (case.must_reject, case.lengths) == (False, (0, 5))


def test_no_states_expected(tmp_path: Path) -> None:
    """A layer that returns no states expects none, whatever the law says of them."""
    edits = [
        ("bias: true", "return_state: false"),
        ("      h_n: [1, 2, 4]\n      c_n: [1, 2, 4]\n", ""),
        ("cases:", "expect: {h_n: [1, 2, 4]}\ncases:"),
    ]
    write(tmp_path, edited(FILE, *edits))
    assert load_cases(tmp_path)[0].expect == {"output": (2, 5, 4)}


@pytest.mark.parametrize(
    ("batch", "time", "lengths"),
    [
        (2, 5, (3, 5)),
        (4, 6, (4, 6, 1, 3)),
        (6, 5, (3, 5, 1, 2, 3, 5)),
        (1, 5, (3,)),
        (1, 1, (1,)),
        (2, 2, (1, 2)),
        (3, 2, (1, 2, 1)),
    ],
)
def test_lengths_of_their_own(
    tmp_path: Path, batch: int, time: int, lengths: tuple[int, ...]
) -> None:
    """Lengths that are not listed are unsorted; one ends early, and of several not all do."""
    law = "expect:\n      output: [batch_size, time_steps, hidden_units]\n"
    law += "      h_n: [1, batch_size, hidden_units]\n      c_n: [1, batch_size, hidden_units]\n"
    edits = [
        ("layer: {bias: true}", "layer: {lengths: given}\ntags: [degenerate]"),
        (
            "batch_size: 2, time_steps: 5, embedding_dim: 3, hidden_units: 4",
            f"batch_size: {batch}, time_steps: {time}, embedding_dim: 7, hidden_units: 7",
        ),
        (EXPECT, f"    {law}"),
    ]
    write(tmp_path, edited(FILE, *edits))
    assert load_cases(tmp_path)[0].lengths == lengths


def test_a_mask_of_their_own(tmp_path: Path) -> None:
    """A mask that is not listed is drawn by the id; steps that count stand behind some that do not."""
    masked = edited(FILE, ("layer: {bias: true}", "layer: {mask: given}"))
    write(tmp_path, masked)
    late, holed = load_cases(tmp_path)[0].mask
    assert (late[0], late[-1], holed[0], holed[2], holed[-1]) == (0, 1, 1, 0, 1)
    write(tmp_path, edited(masked, ("id: ", "id: x")))
    assert len(late) == 5
    assert load_cases(tmp_path)[0].mask != (late, holed)


def test_a_mask_that_is_given(tmp_path: Path) -> None:
    """A mask in an entry is the layer's option as well."""
    write(
        tmp_path,
        edited(FILE, ("    expect:", "    mask: [[0, 1, 0, 1, 1], [1, 1, 1, 1, 1]]\n    expect:")),
    )
    (case,) = load_cases(tmp_path)
    assert (case.layer.mask, case.mask) == ("given", ((0, 1, 0, 1, 1), (1, 1, 1, 1, 1)))


# What contradicts itself: the layer, and every line that must come.
BOTH_WAYS = "bidirectional: true, "
REVERSED = "lengths: given, reverse: true"
CONTRADICTIONS = {
    BOTH_WAYS + "reverse: true": ["reverse: a bidirectional layer reads both ways already"],
    "residual: true, return_sequences: false": [
        "residual: it is added step by step, to one sequence that is in the order of the input",
        "residual: what a layer is fed must be as wide as what it hands out",
    ],
    "keep_order: true": [
        "keep_order: it says how a reversed layer hands out its output, so it needs reverse"
    ],
    "merge: sum": ["merge: it joins two directions, so it needs bidirectional"],
    "layout: unbatched": ["layout: unbatched is one sequence, so it needs a batch_size of 1"],
    REVERSED: ["lengths: what is emitted first of a shorter sequence is undefined; set keep_order"],
    "lengths: given, mask: given": [
        "mask: it says which steps count, and so do lengths: give one of the two"
    ],
    "merge: ave, keep_order: true": [
        "keep_order: it says how a reversed layer hands out its output, so it needs reverse",
        "merge: it joins two directions, so it needs bidirectional",
    ],
}


@pytest.mark.parametrize(("layer", "lines"), CONTRADICTIONS.items(), ids=CONTRADICTIONS)
def test_contradiction(tmp_path: Path, layer: str, lines: list[str]) -> None:
    """Options that need or exclude each other are told, each contradiction in one line."""
    write(tmp_path, edited(FILE, ("bias: true", layer), ("batch_size: 2", "batch_size: 7")))
    assert errors(tmp_path) == [f"6:5: {line}" for line in lines]


def test_reversed_ends(tmp_path: Path) -> None:
    """In which order a shorter sequence is emitted is of no account where nothing reads it."""
    ends = edited(
        FILE,
        ("bias: true", f"{REVERSED}, return_sequences: false"),
        ("output: [2, 5, 4]", "output: [2, 4]"),
    )
    write(tmp_path, ends)
    assert load_cases(tmp_path)[0].lengths == (3, 5)
    stacked = ("hidden_units: 4}", "hidden_units: 4, num_layers: 6}")
    write(tmp_path, edited(ends, stacked, ("h_n: [1", "h_n: [6"), ("c_n: [1", "c_n: [6")))
    assert errors(tmp_path) == [f"6:5: {line}" for line in CONTRADICTIONS[REVERSED]]


@pytest.mark.parametrize("lengths", ["[2, 5]", "[2, 5, 3, 6]"])
def test_lengths_of_two_batch_axes(tmp_path: Path, lengths: str) -> None:
    """Of two batch axes there are lengths for both; too few of them have no shape to be fed in."""
    rejected = edited(
        FILE,
        ("layer: {bias: true}", "layer: {layout: extra_batch}\ntags: [degenerate]"),
        (EXPECT, f"    lengths: {lengths}\n    expect: rejected\n"),
    )
    write(tmp_path, rejected)
    if lengths.count(",") == 1:
        assert errors(tmp_path) == ["7:5: lengths: 2 for a batch of 4"]
    else:
        assert load_cases(tmp_path)[0].lengths == (2, 5, 3, 6)


def test_every_contradiction() -> None:
    """No rule is left untried."""
    told = {line for lines in CONTRADICTIONS.values() for line in lines}
    of_stacks = {line.removeprefix("6:5: ") for _, lines in EDITS.values() for line in lines}
    rules = {rule.text for rule in RULES}
    assert told <= rules <= told | of_stacks


def test_degenerate(tmp_path: Path) -> None:
    """A case whose axes coincide loads where its tag says that this is meant."""
    edits = [("cases:", "tags: [degenerate]\ncases:"), ("embedding_dim: 3", "embedding_dim: 5")]
    write(tmp_path, edited(FILE, *edits))
    assert load_cases(tmp_path)[0].tags == {"degenerate"}


# Whole files of noise, and a right file with noise in one place, which gets further.
NOISE = st.binary(max_size=200) | st.text(max_size=200).map(str.encode)
SPOILT = st.tuples(st.integers(0, len(FILE)), st.text("{}[]:-,&*!|>'\"#%@ \n\t09ax~", max_size=8))


def loads(root: Path, content: bytes) -> bool:
    """Whether `content` is read or refused as it must be; any other exception comes through."""
    write(root, content)
    try:
        return len(load_cases(root)) > 0
    except CaseError as error:
        return all(line.startswith("cases/x.yaml:") for line in error.lines)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(content=NOISE)
def test_any_bytes(tmp_path: Path, content: bytes) -> None:
    """Any bytes give cases or a CaseError with lines, never another exception."""
    assert loads(tmp_path, content)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(spoilt=SPOILT)
def test_any_edit(tmp_path: Path, spoilt: tuple[int, str]) -> None:
    """Any text put anywhere into a right file gives cases or a CaseError with lines."""
    at, text = spoilt
    assert loads(tmp_path, (FILE[:at] + text + FILE[at:]).encode())


@pytest.mark.parametrize(
    ("changes", "line"),
    [
        (
            "record: [defaults]\n    layer: {reverse: true}",
            "record: defaults are those of one layer with no option chosen, and not of reverse",
        ),
        (
            "record: [defaults]\n    layer: {dtype: float64, dropout: true}",
            "record: defaults are those of one layer with no option chosen, and not of "
            "dtype, dropout",
        ),
        (
            "record: [checkpoint]",
            "record: checkpoint is seen where the layer is saved: set layer.checkpoint",
        ),
        (
            "record: [exception]",
            "record: exception is seen, and nothing else, where input must be rejected",
        ),
        (
            "record: [padding]",
            "record: padding is seen where sequences of given lengths, or masked, are returned",
        ),
    ],
)
def test_property_that_cannot_be_seen(tmp_path: Path, changes: str, line: str) -> None:
    """What a case would record and no framework could show is told, and not left out in silence."""
    write(tmp_path, edited(FILE, ("    expect:", f"    {changes}\n    expect:")))
    assert errors(tmp_path)[0] == f"6:5: {line}"


def test_defaults_of_a_stack(tmp_path: Path) -> None:
    """Defaults are those of one layer: two of them are a choice."""
    edits = [
        ("hidden_units: 4", "hidden_units: 4, num_layers: 6"),
        ("    expect:", "    record: [defaults]\n    expect:"),
    ]
    write(tmp_path, edited(FILE, *edits))
    assert "no option chosen, and not of num_layers" in errors(tmp_path)[0]


def test_rejected_has_no_container(tmp_path: Path) -> None:
    """Of a case that must be rejected nothing but the exception is there to record."""
    rejected = "    record: [container]\n    feed: {input: [3]}\n    expect: rejected\n"
    write(tmp_path, edited(FILE, (EXPECT, rejected)))
    line = "record: exception is seen, and nothing else, where input must be rejected"
    assert errors(tmp_path) == [f"6:5: {line}"]


@pytest.mark.parametrize(
    ("edits", "line"),
    [
        ([("[2, 5, 4]", "[2, 4, 5]")], "9:7: output: this layer gives (2, 5, 4), not (2, 4, 5)"),
        ([("h_n: [1, 2", "h_n: [2, 2")], "10:7: h_n: this layer gives (1, 2, 4), not (2, 2, 4)"),
        (
            [
                ("layer: {bias: true}", "layer: {return_sequences: false}\nexpect: {h_n: [4, 2]}"),
                ("[2, 5, 4]", "[2, 4]"),
                ("      h_n: [1, 2, 4]\n", ""),
            ],
            "5:10: h_n: this layer gives (1, 2, 4), not (4, 2)",
        ),
    ],
)
def test_wrong_shape(tmp_path: Path, edits: list[tuple[str, str]], line: str) -> None:
    """A shape that the layer cannot have is told of the file, with no law and no framework."""
    write(tmp_path, edited(FILE, *edits))
    assert errors(tmp_path) == [line]
