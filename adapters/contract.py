"""The contract: everything that the engine and the adapters share.

An adapter is one Python file that builds one framework's LSTM. It runs in a process of its own,
in an interpreter that may hold nothing but that framework and NumPy (Python 3.10 or newer), so it
imports this module, its framework, NumPy and the standard library, and nothing else. It defines:

``PACKAGES``
    Names of distributions, the framework's own first. One that is missing makes the adapter
    ``not installed``; ``"tensorflow|tensorflow-cpu"`` stands for whichever of the two is there,
    a nightly build of another name among them.
``OLDEST``
    Requirements of the oldest releases that an adapter of this project serves, tried together, the
    framework's own first: ``("flax==0.8.5", "jax==0.4.30")``.
``CONVENTION``
    A :class:`Convention`: the framework's names, axis orders and gate order, as data. It is read
    from the source, without an import of the framework: it may use literals, this module and
    constants of the adapter.
``GAPS``
    A tuple of :class:`Gap`: the layers that it is never asked for, read from the source likewise.
``run(layer, dimensions, weights, inputs) -> dict[str, Array]``
    Builds the real layer, gives it `weights` and `inputs` (both by the framework's own names) and
    returns what the framework returns, never transposed, stacked, squeezed or sliced.

and, where the framework has that:

``infer(layer, dimensions) -> dict[str, Shape]``
    The shapes of the same results by the framework's own shape inference, without running it.
``parameters(layer, dimensions) -> dict[str, Shape]``
    The layer's trainable parameters, read from the layer itself.
``defaults(dimensions) -> dict[str, plain data]``
    What the framework's layer is and gives where no option is chosen, and what it makes of an
    input of another dtype.
``training(dimensions) -> dict[str, plain data]``
    What the framework's layer drops in training where a dropout of one half is asked for, by what
    it is drawn for; see `dropped`.
``SNIPPET``
    A :class:`Snippet`: what its user would write for a layer, as data. It is read from the source
    likewise, so that a page has it where no framework is.
``keep_compilations(folder)``
    Called once, before the first case: `folder` is there to keep what the framework compiles for
    the next run, in files that are written once and whose names hold all that they depend on.
``DEVICES`` and ``place(device)``
    What it runs on beside the CPU, of ``cuda``, ``mps`` and ``tpu``. `place` is called once, before
    the first case, on a CPU too: all is computed on `device` from then on, in full precision; it
    says whether there is such a device. DEVICES is read from the source.
``stages(tell)``
    Has `tell` called with ``"trace"`` or ``"compile"`` and the seconds of each of these, as it
    ends: `run` and `infer` are then measured apart from them.
``PROGRAMS``
    Names of programs that the framework calls, as ``("clang",)``. One that is missing makes the
    adapter ``not installed``.

Where the convention has an input ``first``, a case may feed one: an input of other sizes, with
which the same layer, or the same program, is called before, or for which it is exported. It is the
first of a stateful layer's two calls. All of its steps count, whatever lengths or mask are fed
besides. Nothing of that call is handed out.

Under `Layer.gradients` the inputs hold a cotangent for every result that is asked for,
``"cotangent of " + name``, and `run` returns beside the results, for every weight and every input
but lengths, mask and a first call's, ``"gradient of " + name``: the derivative of the sum of these
results times their cotangents. What a layer returns unasked has none. Of a stateful layer the last
call alone is differentiated: the state that was kept is a constant. `infer` leaves gradients out.
"""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Literal, TypeAlias

Array: TypeAlias = Any  # whatever numpy.asarray accepts, or a Cast
Shape: TypeAlias = tuple[int, ...]
ANY = "*"  # in a Gap: every value of an option but its default
CLIP = 0.5  # what is clipped, where `Layer.cell` is clipped, lies within this of 0
GROUP = 2  # the size of the second batch axis, `group`, where `Layer.layout` is extra_batch


def _option(default: Any, about: str) -> Any:
    return field(default=default, metadata={"about": about})


@dataclass(frozen=True)
class Layer:
    """The options of an LSTM layer and of its use, in the words of the guide.

    The schema of ``cases/*.yaml`` is made from these fields: an option is added here, in
    `conformance.lstm.reference` and in the adapters, and nowhere else.
    """

    bidirectional: bool = _option(False, "Add a reverse pass.")
    bias: bool = _option(True, "Add a bias to each gate.")
    return_sequences: bool = _option(True, "Output every time step, not the final state alone.")
    initial_state: Literal["zeros", "given", "h_0", "c_0"] = _option(
        "zeros", "Start from zeros, from an h_0 and a c_0 that are fed, or from one and zeros."
    )
    reverse: bool = _option(False, "Read a one-way layer's input from its last step to its first.")
    keep_order: bool = _option(
        False, "Turn a reversed layer's output around, so that it aligns with the input in time."
    )
    merge: Literal["concat", "sum", "mul", "ave", "none"] = _option(
        "concat", "How both directions' outputs are joined; none hands out the two."
    )
    layout: Literal["batch_major", "time_major", "unbatched", "extra_batch"] = _option(
        "batch_major",
        "The axes before the features: (batch, time), (time, batch), (time), or "
        "(group, batch, time) with a group of 2.",
    )
    projection_size: int = _option(0, "Project h to so many units; 0 leaves it as wide as c.")
    lengths: Literal["full", "given"] = _option(
        "full", "Whether each sequence of the batch has a length of its own, which is fed."
    )
    mask: Literal["none", "given"] = _option(
        "none", "Whether a mask is fed that says of each step whether it counts."
    )
    return_state: bool = _option(True, "Hand out the final h and c beside the output.")
    dtype: Literal[
        "float32", "float64", "bfloat16", "float16", "mixed_bfloat16", "mixed_float16"
    ] = _option(
        "float32",
        "Of parameters, inputs and results; a mixed one keeps parameters and inputs in float32 "
        "and computes in the narrow one.",
    )
    gradients: bool = _option(
        False, "Differentiate for every weight and every input but lengths and mask."
    )
    dropout: bool = _option(
        False, "Build the layer with a dropout of one half, and call it in evaluation."
    )
    stateful: Literal["no", "carried", "reset"] = _option(
        "no",
        "Let the layer itself keep its state: it is called twice, the second call is reported, "
        "and in between the state is left there or reset.",
    )
    execution: Literal["usual", "eager", "compiled", "predict", "unrolled"] = _option(
        "usual",
        "As the framework is used most; step by step; compiled; by a model's predict; or with its "
        "loop over time unrolled.",
    )
    checkpoint: Literal["none", "weights", "model"] = _option(
        "none", "Save to a file, load into a layer of its own, and call that one."
    )
    recurrent_activation: Literal[
        "sigmoid", "hard_sigmoid", "hard_sigmoid_fifth", "tanh", "relu", "linear"
    ] = _option(
        "sigmoid",
        "Of the gates i, f and o: hard_sigmoid is x/6 + 0.5 cut to 0 and 1, hard_sigmoid_fifth "
        "is 0.2x + 0.5.",
    )
    activation: Literal["tanh", "sigmoid", "relu", "linear", "softsign"] = _option(
        "tanh", "Of the candidate, and of c on its way to h."
    )
    cell: Literal["plain", "clipped", "peepholes", "coupled"] = _option(
        "plain",
        "Clip all that goes into a function to ±0.5; let i and f see the c before a step, and o "
        "that behind it, by a weight a unit; or forget as much as is let in, f = 1 - i.",
    )
    residual: bool = _option(
        False, "Add what the layer is fed, step by step, to what it hands out: both are as wide."
    )
    layers: str = _option(
        "", "In JSON, for each layer of a stack, what it has other than the options here say."
    )

    @property
    def num_directions(self) -> int:
        """2 for a bidirectional layer, else 1."""
        return 2 if self.bidirectional else 1

    @property
    def given_states(self) -> tuple[str, ...]:
        """The initial states that are fed, by their canonical names."""
        each = {"zeros": (), "given": ("h_0", "c_0")}
        return each.get(self.initial_state, (self.initial_state,))

    @property
    def num_outputs(self) -> int:
        """How many directions stand side by side in the output, and in what a stack reads."""
        return self.num_directions if self.merge in ("concat", "none") else 1

    def at(self, number: int) -> "Layer":
        """The options of one layer of a stack."""
        if not self.layers:
            return self
        own = json.loads(self.layers)[number]
        own.pop("hidden_units", None)
        return replace(self, layers="", **own)


@dataclass(frozen=True)
class Dimensions:
    """The sizes that a layer is built for and called with."""

    batch_size: int
    time_steps: int
    embedding_dim: int
    hidden_units: int
    num_layers: int = 1


# What may differ from layer to layer of a stack.
APART = (
    "hidden_units",
    "bidirectional",
    "bias",
    "reverse",
    "keep_order",
    "merge",
    "projection_size",
    "recurrent_activation",
    "activation",
    "cell",
    "residual",
)


def stacked(layer: Layer, dimensions: Dimensions) -> list[tuple[Layer, Dimensions]]:
    """Each layer of a stack as one of its own, whose embedding_dim is as wide as what feeds it."""
    own = json.loads(layer.layers) if layer.layers else [{}] * dimensions.num_layers
    members, width = [], dimensions.embedding_dim
    for number, entry in enumerate(own):
        one, hidden = layer.at(number), entry.get("hidden_units", dimensions.hidden_units)
        sizes = replace(dimensions, embedding_dim=width, hidden_units=hidden, num_layers=1)
        members.append((one, sizes))
        width = one.num_outputs * (one.projection_size or hidden)
    return members


@dataclass(frozen=True)
class Native:
    """One tensor (or one family of tensors) as the framework knows it.

    `name` is the framework's own name. ``{layer}``, ``{direction}`` and ``{gate}`` in it stand for
    a layer's number, a label from `Convention.directions` and a label from `gates`, so that one
    declaration covers a family. `axes` is an einops pattern over the names batch, time, input,
    hidden, cell, layer, direction, gate and peephole: ``"(layer direction) batch hidden"``.

    A state whose pattern has a `time` axis is the last step of it. Weights of one name lie in one
    tensor, behind one another in the order in which they are declared, on the axis `along`.
    """

    name: str
    axes: str
    gates: tuple[str, ...] = ()  # labels for {gate}, in the order of Convention.gates
    along: int | None = None  # where several weights share the name


@dataclass(frozen=True)
class Spelling:
    """Other names under which the framework's users meet the weights of an LSTM.

    What stands before a name, for where the layer lies in a model, belongs to no spelling. ``*`` in
    a name stands for a part without a slash or a dot that is chosen by the user or numbered by the
    framework, the same in all weights of a layer. `gates` and `directions` are the convention's
    where none are given. Names that other layers have too are not `sure`.
    """

    met: str  # where, in a few words: "torch.nn.LSTMCell"
    weights: Mapping[str, Native]
    gates: str = ""
    directions: tuple[tuple[str], tuple[str, str]] | None = None
    sure: bool = True


@dataclass(frozen=True)
class File:
    """A kind of file that the framework's users keep weights in.

    `form` is one of `conformance.formats.file.FORMS`. `save` and `load` are lines of Python, in
    which ``FILE`` is the path; `load` reads the arrays by their names into ``state``. Where a form
    keeps no names, ``SHAPES`` in `load` is a dict of shapes and dtypes by name. `package` has the
    classes that a form names.
    """

    suffix: str
    form: str
    save: str
    load: str
    package: str = ""


@dataclass(frozen=True)
class Convention:
    """How a framework names and lays out its tensors. The keys are the canonical names.

    Patterns are those of a batch-major layer whose directions are joined by ``concat``: those of
    another layout, and of another merge, follow from them (`conformance.lstm.pattern`). A framework
    that knows time-major tensors alone declares those: ``"time batch input"``.

    inputs
        ``input``, ``h_0`` and ``c_0``; where the framework has them, ``lengths`` (int32), one for
        each sequence of the batch axes, and ``mask`` (bool), one for each step of each; where the
        adapter calls a layer twice, ``first``, the input of the call before.
    results
        ``output`` (the sequence), ``h_n`` and ``c_n``; ``last`` is what its users read as the
        output where `Layer.return_sequences` is false.
    weights
        ``input_weights``, ``recurrent_weights``, and either ``bias`` (one a gate) or
        ``input_bias`` and ``recurrent_bias`` (two a gate); where the framework has a projection,
        ``projection_weights`` (no gates); where it has peepholes, ``peephole_weights``, of three
        gates on the axis ``peephole``.
    gates
        The order of the gates along a ``gate`` axis: input ``i``, forget ``f``, candidate ``g``,
        output ``o``. Along a ``peephole`` axis it is the same, without ``g``.
    directions
        The labels for ``{direction}``: of a one-way layer, then of a bidirectional one.
    source
        A link to the documentation that this was taken from.
    loader
        How its user loads weights by these names, in one line.
    forget_offset
        What the framework itself adds to the forget gate's bias at run time.
    spellings
        Other names of the same weights, as users meet them.
    flat
        What makes the one vector that its users keep all weights of an LSTM in: first the weights
        of each layer and direction, then the biases.
    files
        Kinds of files that its users keep weights in, the one that its own loader takes first.
    sequence
        What makes the list of arrays, one behind another and without names, in which its users keep
        weights: those of one layer and direction in the order of declaration.
    """

    inputs: Mapping[str, Native]
    results: Mapping[str, Native]
    weights: Mapping[str, Native]
    gates: str
    source: str
    directions: tuple[tuple[str], tuple[str, str]] = field(default=(("",), ("", "_reverse")))
    loader: str = ""
    forget_offset: float = 0.0
    spellings: tuple[Spelling, ...] = ()
    files: tuple[File, ...] = ()
    flat: str = ""
    sequence: str = ""


@dataclass(frozen=True)
class Gap:
    """Layers that the framework does not have, or that its adapter does not run.

    options
        The values of options that those layers have, all of them: ``{"reverse": True,
        "keep_order": False}``. `ANY` is every value but the option's default, a tuple any of some.
    why
        The reason, in a few words.
    source
        A link to where the framework documents, or refuses, that.
    versions
        A requirement as in PEP 508, ``"keras<3.5"``, on one of `PACKAGES`: the gap is there in
        those versions alone. Empty for every version.
    own
        Whether the framework has such layers all the same, and it is the adapter that does not run
        them. Such gaps are counted apart.
    """

    options: Mapping[str, Any]
    why: str
    source: str
    versions: str = ""
    own: bool = False
    where: str = ""  # path:line, filled in as it is read


@dataclass(frozen=True)
class Line:
    """A line or more of a snippet, there where the layer has the options that `when` names.

    `when` is as the options of a `Gap`, with sizes as well.
    """

    text: str
    when: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Snippet:
    """What a user of the framework would write for a layer: complete, and run as it stands.

    In its lines ``$name`` stands for an option or a size, and for ``$rows`` (layer*direction) and
    ``$state_units`` (the width of h). It ends with the results by their names in the convention,
    in a dict ``results``. Layers with another option than `options` and sizes (of a stack, unless
    ``num_layers`` is named) have no snippet.

    One line in `built` makes the input, ``x = ...``. So that its numbers can be compared, `fed`
    says what makes an x of NumPy's ``array``, and `loading` puts ``weights``, by the names of the
    convention, into what is built: ``$loader`` stands for the convention's own lines.
    """

    built: tuple[Line | str, ...]  # the layer and what it is fed
    called: tuple[Line | str, ...]
    options: tuple[str, ...]
    fed: str = ""
    loading: tuple[Line | str, ...] = ("$loader",)

    @property
    def lines(self) -> tuple[Line | str, ...]:
        """All of it."""
        return self.built + self.called


@dataclass(frozen=True)
class Cast:
    """An array of a dtype that NumPy does not have: its values, widened exactly, and its name."""

    array: Any  # float32
    dtype: str  # "bfloat16"


class Results(dict[str, Array]):
    """Results by name, and what else is recorded of the call, as plain data by property.

    ``container`` is what `outline` says of the returned object; ``checkpoint`` maps the names in a
    saved file to their shapes.
    """

    def __init__(self, arrays: Mapping[str, Array], **properties: Any) -> None:
        super().__init__(arrays)
        self.properties = properties


def outline(returned: Any, results: Mapping[str, Array]) -> str:
    """How `returned` holds the arrays of `results`: ``(output, (h_n, c_n))``.

    Brackets tell tuples, lists, dicts and named tuples apart; an array that no name has is ``?``.
    """
    names = {id(array): name for name, array in results.items()}

    def told(part: Any) -> str:
        if isinstance(part, tuple) and hasattr(part, "_fields"):
            inside = ", ".join(
                f"{name}={told(one)}" for name, one in zip(part._fields, part, strict=True)
            )
            return f"{type(part).__name__}({inside})"
        if isinstance(part, dict):
            return "{" + ", ".join(f"{key}: {told(one)}" for key, one in part.items()) + "}"
        if isinstance(part, tuple | list):
            inside = ", ".join(map(told, part))
            return f"({inside})" if isinstance(part, tuple) else f"[{inside}]"
        return "None" if part is None else names.get(id(part), "?")

    return told(returned)


WIDE = 16  # units, of which one half is dropped: that none is, or all are, is no chance
SMALL = 0.01  # a weight beside which a function is a straight line


def open_gates(order: str) -> dict[str, float]:
    """The bias of each gate of a cell that remembers nothing: h is a function of g alone."""
    return {gate: {"i": 20.0, "f": -20.0, "g": 0.5, "o": 20.0}[gate] for gate in order}


def dropped(without: Array, evaluated: Array, trained: Array) -> dict[str, Any]:
    """What training has dropped of a tensor that reaches h by a weight of `SMALL`.

    Each is the output (batch, time, unit) of cells that remember nothing (`open_gates`): without
    the tensor, with it in evaluation, and in training. Said is what the kept numbers are multiplied
    by, and whether another mask is drawn for each step and for each sequence.
    """
    part = (trained - without) / (evaluated - without)
    kept = part > 0.5
    if kept.all():
        return {"dropped": False}
    return {
        "dropped": True,
        "scale": round(float(part[kept].mean()), 1),
        "mask_of_each_step": bool((kept != kept[:, :1]).any()),
        "mask_of_each_sequence": bool((kept != kept[:1]).any()),
    }


def promoted(call: Callable[[str], str]) -> dict[str, str]:
    """The output's dtype by that of an input to a float32 layer, or the exception's type.

    `call` feeds the layer zeros of a dtype and says which dtype comes out.
    """
    promoted = {}
    for dtype in ("float64", "float16", "bfloat16", "int32"):
        try:
            promoted[dtype] = call(dtype)
        except Exception as problem:
            promoted[dtype] = type(problem).__name__
    return promoted
