"""One framework's weights made another's: ``from conformance.weights import convert``."""

from conformance.weights.chosen import ConvertError
from conformance.weights.library import Conversion, convert, find_layers
from conformance.weights.verify import Proof, prove

__all__ = ["Conversion", "ConvertError", "Proof", "convert", "find_layers", "prove"]
