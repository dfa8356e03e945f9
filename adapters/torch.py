"""PyTorch: ``torch.nn.LSTM``, batch first.

Hands its user ``output, (h_n, c_n)``. ``output`` joins the directions on its last axis; the
states stack layers and directions on their first axis and stay (layer*direction, batch, hidden)
under ``batch_first=True`` too. The layer has no switch for sequences: who wants one vector a
sequence reads ``h_n``, because ``output[:, -1]`` of a bidirectional layer holds the backward
direction after one step only. Every gate has two biases, which are added. A two-dimensional
input is no error but one sequence without a batch.
"""

from collections.abc import Mapping

import torch

from adapters.contract import Array, Convention, Dimensions, Layer, Native, Shape

torch.backends.cuda.matmul.allow_tf32 = False  # TensorFloat-32 keeps 10 bits of a mantissa's 23
torch.backends.cudnn.allow_tf32 = False

PACKAGES = ("torch",)

CONVENTION = Convention(
    inputs={
        "input": Native("input", "batch time input"),
        "h_0": Native("h_0", "(layer direction) batch hidden"),
        "c_0": Native("c_0", "(layer direction) batch cell"),
    },
    results={
        "output": Native("output", "batch time (direction hidden)"),
        "h_n": Native("h_n", "(layer direction) batch hidden"),
        "c_n": Native("c_n", "(layer direction) batch cell"),
        "last": Native("h_n", "(layer direction) batch hidden"),
    },
    weights={
        "input_weights": Native("weight_ih_l{layer}{direction}", "(gate cell) input"),
        "recurrent_weights": Native("weight_hh_l{layer}{direction}", "(gate cell) hidden"),
        "input_bias": Native("bias_ih_l{layer}{direction}", "(gate cell)"),
        "recurrent_bias": Native("bias_hh_l{layer}{direction}", "(gate cell)"),
    },
    gates="ifgo",
    directions=(("",), ("", "_reverse")),
    source="https://docs.pytorch.org/docs/stable/generated/torch.nn.LSTM.html",
)


def unsupported(layer: Layer) -> str | None:  # noqa: ARG001, an adapter without a gap
    """None: ``torch.nn.LSTM`` has every option of `Layer`."""
    return None


def run(
    layer: Layer, dimensions: Dimensions, weights: Mapping[str, Array], inputs: Mapping[str, Array]
) -> dict[str, Array]:
    """Load `weights` into the layer, call it with `inputs`; ``output``, ``h_n`` and ``c_n``.

    Raises RuntimeError where a weight is missing, surplus or of another shape.
    """
    module = _build(layer, dimensions)
    # assign: parameters on the meta device hold no memory that could be copied into
    module.load_state_dict({name: torch.tensor(weights[name]) for name in weights}, assign=True)
    return _call(module, {name: torch.tensor(inputs[name]) for name in inputs})


def infer(layer: Layer, dimensions: Dimensions) -> dict[str, Shape]:
    """Read the shapes of the same results from a call on the meta device: no value is computed."""
    states = (
        dimensions.num_layers * layer.num_directions,
        dimensions.batch_size,
        dimensions.hidden_units,
    )
    inputs = {
        "input": torch.empty(
            dimensions.batch_size, dimensions.time_steps, dimensions.embedding_dim, device="meta"
        )
    }
    if layer.initial_state == "given":
        inputs |= {name: torch.empty(states, device="meta") for name in ("h_0", "c_0")}
    results = _call(_build(layer, dimensions), inputs)
    return {name: tuple(result.shape) for name, result in results.items()}


def parameters(layer: Layer, dimensions: Dimensions) -> dict[str, Shape]:
    """Return the shape of every parameter by its name."""
    module = _build(layer, dimensions)
    return {name: tuple(parameter.shape) for name, parameter in module.named_parameters()}


def _build(layer: Layer, dimensions: Dimensions) -> torch.nn.LSTM:
    return torch.nn.LSTM(
        dimensions.embedding_dim,
        dimensions.hidden_units,
        dimensions.num_layers,
        bias=layer.bias,
        batch_first=True,
        bidirectional=layer.bidirectional,
        device="meta",
    ).eval()


def _call(module: torch.nn.LSTM, inputs: Mapping[str, torch.Tensor]) -> dict[str, torch.Tensor]:
    states = (inputs["h_0"], inputs["c_0"]) if "h_0" in inputs else None
    with torch.no_grad():
        output, (h_n, c_n) = module(inputs["input"], states)
    return {"output": output, "h_n": h_n, "c_n": c_n}
