"""PyTorch in TorchScript: ``torch.nn.LSTM`` within a module that ``torch.jit.script`` compiles.

The scripted module hands its user ``output, (h_n, c_n)``, with the layer's names of parameters
behind that of the layer in it. ``torch.jit.script`` of the layer itself gives a module without a
``forward``, in silence: which of the layer's two is compiled, that of tensors or that of packed
sequences, is decided by who calls it. Lengths are packed, and padded again, within the script.
``compiled`` is a frozen module, whose weights are constants, and ``eager`` the script without its
executor's optimizations. Deprecated, and deployed all the
same.
"""

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import torch
from torch import Tensor
from torch.nn.utils.rnn import pack_padded_sequence, pad_packed_sequence

from adapters._torch import (
    BUILT,
    CONVENTION,
    LAYER,
    OPTIONS,
    answered,
    build,
    parameters,
    tensors,
)
from adapters.contract import Array, Dimensions, Gap, Layer, Line, Results, Snippet

__all__ = ["CONVENTION", "PACKAGES", "parameters", "run"]

PACKAGES = ("torch",)
OLDEST = ("torch==2.13.0",)

SNIPPET = Snippet(
    BUILT,
    (
        "",
        "",
        "class Model(torch.nn.Module):",
        "    def __init__(self, lstm):",
        "        super().__init__()",
        "        self.lstm = lstm",
        "",
        Line("    def forward(self, x):", {"initial_state": "zeros"}),
        Line("        return self.lstm(x)", {"initial_state": "zeros"}),
        Line("    def forward(self, x, h_0, c_0):", {"initial_state": "given"}),
        Line("        return self.lstm(x, (h_0, c_0))", {"initial_state": "given"}),
        "",
        "",
        "script = torch.jit.script(Model(lstm))  # of the layer alone it would have no forward",
        Line("output, (h_n, c_n) = script(x)", {"initial_state": "zeros"}),
        Line("output, (h_n, c_n) = script(x, h_0, c_0)", {"initial_state": "given"}),
        'results = {"output": output, "h_n": h_n, "c_n": c_n}',
    ),
    options=OPTIONS,
    fed="torch.as_tensor(array)",
)

SCRIPT = "https://docs.pytorch.org/docs/stable/jit.html"
GAPS = (
    *LAYER,
    Gap(
        {"layout": "unbatched", "lengths": "given"},
        why="a packed sequence is one of a batch",
        source="https://docs.pytorch.org/docs/stable/generated/"
        "torch.nn.utils.rnn.pack_padded_sequence.html",
    ),
    Gap({"execution": "predict"}, why="a module is called and has no predict", source=SCRIPT),
    Gap(
        {"execution": "compiled", "gradients": True},
        why="a frozen module's weights are constants",
        source="https://docs.pytorch.org/docs/stable/generated/torch.jit.freeze.html",
    ),
)


class Plain(torch.nn.Module):
    """What calls the layer with a tensor."""

    def __init__(self, lstm: torch.nn.LSTM) -> None:
        super().__init__()
        self.lstm = lstm

    def forward(self, x: Tensor, h_0: Tensor | None, c_0: Tensor | None):
        """Return what the layer returns."""
        if h_0 is not None and c_0 is not None:
            return self.lstm(x, (h_0, c_0))
        return self.lstm(x)


class Padded(torch.nn.Module):
    """What calls the layer with sequences that have lengths."""

    def __init__(self, lstm: torch.nn.LSTM) -> None:
        super().__init__()
        self.lstm = lstm
        self.batch_first: bool = lstm.batch_first

    def forward(self, x: Tensor, lengths: Tensor, h_0: Tensor | None, c_0: Tensor | None):
        """Return what the layer returns, padded again."""
        packed = pack_padded_sequence(x, lengths, self.batch_first, enforce_sorted=False)
        if h_0 is not None and c_0 is not None:
            output, states = self.lstm(packed, (h_0, c_0))
        else:
            output, states = self.lstm(packed)
        return pad_packed_sequence(output, self.batch_first)[0], states


def run(
    layer: Layer, dimensions: Dimensions, weights: Mapping[str, Array], inputs: Mapping[str, Array]
) -> Results:
    """Load `weights` into the layer, script what calls it, and call that with `inputs`.

    Raises RuntimeError where a weight is missing, surplus or of another shape.
    """
    mixed = "mixed" in layer.dtype
    lstm = build(replace(layer, dtype="float32") if mixed else layer, dimensions)
    lstm.load_state_dict(tensors(layer, weights), assign=True)
    module = torch.jit.script((Padded if layer.lengths == "given" else Plain)(lstm))
    properties: dict[str, Any] = {}
    if layer.checkpoint != "none":
        module = _restored(module, layer)
        properties["checkpoint"] = {n: list(one.shape) for n, one in module.state_dict().items()}
    leaves = dict(module.lstm.named_parameters())
    if layer.execution == "compiled":
        module = torch.jit.freeze(module.eval())

    def call(fed: Mapping[str, Tensor]) -> tuple[Any, dict[str, Tensor]]:
        sequences = [fed[name] for name in ("input", "lengths") if name in fed]
        with torch.jit.optimized_execution(layer.execution != "eager"):
            returned = module(*sequences, fed.get("h_0"), fed.get("c_0"))
        output, (h_n, c_n) = returned
        return returned, {"output": output, "h_n": h_n, "c_n": c_n}

    narrow = torch.float16 if layer.dtype == "mixed_float16" else torch.bfloat16
    with torch.autocast("cpu", narrow, enabled=mixed):
        results = answered(layer, tensors(layer, inputs), leaves, call)
    return Results(results, **results.properties, **properties)


def _restored(module: Any, layer: Layer) -> Any:
    """The script as it comes out of a file, or with weights that do."""
    with TemporaryDirectory() as folder:
        file = Path(folder) / "lstm.pt"
        if layer.checkpoint == "model":
            torch.jit.save(module, file)
            return torch.jit.load(file)
        torch.save(module.state_dict(), file)
        module.load_state_dict(torch.load(file, weights_only=True))
        return module
