"""What a file says of a layer beside its weights: one that is not the standard LSTM is refused."""

from collections.abc import Iterator, Mapping
from typing import Any

from conformance.weights.spelled import Found

# Options by which a layer computes something else than the standard LSTM, and what they are there.
STANDARD: Mapping[str, tuple[Any, ...]] = {
    "activation": ("tanh",),
    "recurrent_activation": ("sigmoid",),
    "inner_activation": ("sigmoid",),
    "clip": (None, 0, 0.0),
    "cell_clip": (None, 0, 0.0),
    "input_forget": (None, 0),
    "peepholes": (None, ""),
    "unknown": (None, ""),
}
LISTED = ("sigmoid", "tanh", "tanh")  # of each direction, where activations are listed
OTHER = ("GRU", "RNN", "SimpleRNN", "ConvLSTM1D", "ConvLSTM2D", "ConvLSTM3D", "GRUCell")


def of(found: Found, configuration: Mapping[str, Mapping[str, Any]]) -> list[Mapping[str, Any]]:
    """The options that a file has for a layer: those whose names lie on the way to its arrays."""
    ways = {part for name in found.names.values() for part in _ways(name)}
    return [options for name, options in configuration.items() if name and name in ways]


def _ways(name: str) -> Iterator[str]:
    parts = name.strip("/").split("/")
    yield from parts[:-1]
    for number in range(1, len(parts)):
        yield "/".join(parts[:number])
        yield "/" + "/".join(parts[:number])


def refusals(found: Found, configuration: Mapping[str, Mapping[str, Any]]) -> Iterator[str]:
    """Why a layer is not the standard LSTM, a line each."""
    for options in of(found, configuration):
        for name, standard in STANDARD.items():
            if name in options and _plain(options[name]) not in standard:
                told = _plain(options[name])
                if standard[0] is None:
                    yield f"{name} {told}"
                else:
                    yield f"{name} {told}, where the standard LSTM has {standard[0]}"
        listed = options.get("activations") or ()
        if isinstance(listed, list | tuple) and tuple(map(_plain, listed)) not in (
            (),
            LISTED,
            LISTED * 2,
        ):
            yield f"activations {', '.join(map(str, listed))}, where the standard LSTM has {LISTED}"
        # What runs cells has the name of a plain layer, and what it is stands at each cell.
        if options.get("class_name") in OTHER and "cell" not in options:
            yield f"a {options['class_name']}"


def notes(found: Found, configuration: Mapping[str, Mapping[str, Any]]) -> Iterator[str]:
    """What the weights do not hold and the user has to build alike, a line each."""
    for options in of(found, configuration):
        if options.get("go_backwards") and not found.layer.bidirectional:
            yield "it reads its input backwards"
        if options.get("direction") == "reverse":
            yield "it reads its input backwards"
        if options.get("merge_mode") not in (None, "concat"):
            yield f"it joins its directions by {options['merge_mode']}"
        if options.get("initial"):
            first = ", ".join(map(str, options["initial"]))
            yield f"its states begin with {first}, which the weights do not hold"
        if options.get("layout"):
            yield "its batch axis comes first (layout 1)"
        if options.get("stateful"):
            yield "it keeps its state from call to call"


def _plain(value: Any) -> Any:
    """A value as it is compared: an activation's name in lower letters, wherever it stands."""
    if isinstance(value, Mapping):
        value = value.get("config", value.get("class_name"))
        value = value.get("name", value) if isinstance(value, Mapping) else value
    return value.lower() if isinstance(value, str) else value
