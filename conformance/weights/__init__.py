"""One framework's weights made another's: ``from conformance.weights import convert``."""

from conformance.weights.chosen import ConvertError
from conformance.weights.library import Conversion, convert, find_layers

__all__ = ["Conversion", "ConvertError", "convert", "find_layers"]
