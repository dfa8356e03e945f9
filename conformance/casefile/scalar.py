"""An unquoted scalar, read by the core schema of YAML 1.2.

https://yaml.org/spec/1.2.2/#103-core-schema. Unlike in YAML 1.1, ``no`` is text and ``010`` is ten.
"""

import re
from typing import TypeAlias

Scalar: TypeAlias = bool | int | float | str | None

MAX_NUMBER = 100  # characters; what is longer stays text, as Python prints no endless number

_NULL = re.compile(r"null|Null|NULL|~|")
_BOOL = re.compile(r"true|True|TRUE|false|False|FALSE")
_INT = re.compile(r"[-+]?[0-9]+")
_OCTAL_HEX = re.compile(r"0o[0-7]+|0x[0-9a-fA-F]+")
_FLOAT = re.compile(r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?")
_INF_NAN = re.compile(r"([-+]?)\.(inf|Inf|INF)|\.(nan|NaN|NAN)")


def resolve(text: str) -> Scalar:
    """Return the value of the plain scalar `text`: null, a truth value, a number, or the text."""
    if len(text) > MAX_NUMBER:
        return text
    if _NULL.fullmatch(text):
        return None
    if _BOOL.fullmatch(text):
        return text.lower() == "true"
    if _INT.fullmatch(text):
        return int(text)
    if _OCTAL_HEX.fullmatch(text):
        return int(text, 0)
    if _FLOAT.fullmatch(text):
        return float(text)
    if _INF_NAN.fullmatch(text):
        return float(text.replace(".", ""))
    return text
