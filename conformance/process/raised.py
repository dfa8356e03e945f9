"""An exception of the adapter's process, and whose it is: the framework's, or the adapter's own.

Runs in the adapter's own interpreter, so it imports the standard library alone.
"""

import dis
import re
import sys
import traceback
from pathlib import Path
from typing import Any

# What Python itself raises where a name, a key, a place or an argument is not there.
MISTAKES = (AssertionError, AttributeError, ImportError, LookupError, NameError, TypeError)
# The instructions at which what a framework made is called, computed with, asked for or given an
# attribute, or written into.
CALLS = (
    *("CALL", "PRECALL", "BINARY_", "COMPARE_", "INPLACE_"),
    *("LOAD_ATTR", "LOAD_METHOD", "STORE_ATTR", "STORE_SUBSCR"),
)
MAX_TYPE, MAX_MESSAGE = 200, 2_000  # characters
_PASSING = re.compile(r"(?<=\b0x)[0-9a-fA-F]{6,}|(?<=/tmp)[a-z0-9_]{8}\b")
ENGINE = Path(__file__).parent


def exception(problem: Exception, adapter: Any = None) -> dict[str, Any]:
    """An exception as plain data; ``own`` where it is the adapter's, and not its framework's.

    ``at`` is the innermost frame, ``by`` the innermost one of the adapter.
    """
    # Not by extract_tb, which looks for the file: its name need not be one that there can be.
    walk = traceback.walk_tb(problem.__traceback__)
    places = [(frame.f_code.co_filename, line) for frame, line in walk]
    frames = [text(f"{file}:{line}") for file, line in places]
    ours = [
        frame
        for frame, (file, _) in zip(frames, places, strict=True)
        if _is_ours(file, adapter) and Path(file).parent != ENGINE
    ]
    return {
        "type": text(type(problem).__qualname__)[:MAX_TYPE],
        "message": steady(problem)[:MAX_MESSAGE],
        "at": frames[-1] if frames else "",
        "by": ours[-1] if ours else "",
        "own": _own(problem, adapter),
    }


def _own(problem: Exception, adapter: Any) -> bool:
    """Whether the adapter tripped over itself, and its framework refused nothing.

    A framework's exception comes out of a call: the innermost frame is the framework's, or a C
    function that the adapter called. What the adapter raises by a statement of its own is a check
    that somebody wrote, and counts as a refusal; what Python raises on its lines does not.
    """
    ours, beneath = None, 0
    trace = problem.__traceback__
    while trace is not None:
        beneath += 1
        if _is_ours(trace.tb_frame.f_code.co_filename, adapter):
            ours, beneath = trace, 0
        trace = trace.tb_next
    if ours is None:
        return False
    code = ours.tb_frame.f_code
    operation = next(
        (one.opname for one in dis.get_instructions(code) if one.offset == ours.tb_lasti), ""
    )
    if beneath:  # a module that computes its attributes, or imports on demand, has frames too
        looks_up = operation.startswith(("LOAD_", "IMPORT_"))
        return looks_up and isinstance(problem, AttributeError | ImportError)
    if operation == "RAISE_VARARGS" and not isinstance(problem, AssertionError):
        return Path(code.co_filename).parent == ENGINE
    if isinstance(problem, MISTAKES) or str(problem).startswith("zip()"):
        return True
    return not operation.startswith(CALLS)


def _is_ours(file: str, adapter: Any) -> bool:
    """Whether a file is the adapter, what adapters share, or the engine."""
    contract = getattr(sys.modules.get("adapters.contract"), "__file__", None) or ""
    folders = (ENGINE, Path(contract).parent)
    return file == getattr(adapter, "__file__", None) or Path(file).parent in folders


def steady(value: Any) -> str:
    """The same less what no other run says: where an object lies, a scratch file's name."""
    return _PASSING.sub("...", text(value))


def text(value: Any) -> str:
    """What an exception or a name says, with nothing in it that no encoding has."""
    try:
        said = str(value)
    except Exception as problem:  # what a class says of itself is code as well
        said = f"<a {type(value).__qualname__} that cannot be told: {type(problem).__qualname__}>"
    return said.encode("utf-8", "backslashreplace").decode()
