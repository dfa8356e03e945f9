"""A pickle read as data: its values are put together, and nothing that it names is called.

What a pickle would import and call is kept as a `Call` with its arguments; whoever knows what the
call stands for makes something of it.
"""

import pickletools
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import IO, Any

from conformance.formats.saved import FormatError

MAX_STEPS = 3_000_000  # of one pickle: one of 1,600 arrays has a fiftieth of that


@dataclass(eq=False)
class Name:
    """Something that a pickle would import."""

    module: str
    name: str


@dataclass(eq=False)
class Call:
    """A call that is not made, and what would be put into the object that it gives."""

    name: str
    arguments: tuple[Any, ...]
    state: Any = None
    items: dict[Any, Any] = field(default_factory=dict)
    members: list[Any] = field(default_factory=list)


class Persistent(tuple[Any, ...]):
    """What a pickle says lies outside it."""

    __slots__ = ()


_MARK = object()
_LITERALS = {"NONE": None, "NEWTRUE": True, "NEWFALSE": False}
_EMPTY: dict[str, Callable[[], Any]] = {
    "EMPTY_DICT": dict,
    "EMPTY_LIST": list,
    "EMPTY_TUPLE": tuple,
    "EMPTY_SET": list,
}
_PLAIN = {
    *("INT", "BININT", "BININT1", "BININT2", "LONG", "LONG1", "LONG4", "FLOAT", "BINFLOAT"),
    *("STRING", "BINSTRING", "SHORT_BINSTRING", "BINBYTES", "SHORT_BINBYTES", "BINBYTES8"),
    *("BYTEARRAY8", "UNICODE", "BINUNICODE", "SHORT_BINUNICODE", "BINUNICODE8"),
}


def load(file: IO[bytes]) -> Any:
    """The value of the pickle that `file` stands at; afterwards it stands behind it.

    Raises FormatError for what is none, and for what only running it could tell.
    """
    stack: list[Any] = []
    memo: dict[int, Any] = {}
    try:
        for number, (code, given, _) in enumerate(pickletools.genops(file)):
            if number > MAX_STEPS:
                raise FormatError(f"a pickle of more than {MAX_STEPS:,} steps")
            if code.name == "STOP":
                return stack.pop()
            _step(code.name, given, stack, memo)
    except FormatError:
        raise
    except RECOGNIZED as problem:
        raise FormatError(f"a broken pickle: {problem}") from problem
    raise FormatError("a pickle without an end")


RECOGNIZED = (
    *(ValueError, IndexError, KeyError, TypeError, EOFError, AttributeError),
    *(OverflowError, MemoryError, RecursionError),
)


def _marked(stack: list[Any]) -> list[Any]:
    """What lies above the last mark, which is taken off with it."""
    at = len(stack) - 1
    while stack[at] is not _MARK:
        at -= 1
    if at < 0:
        raise FormatError("a broken pickle: there is no mark")
    found = stack[at + 1 :]
    del stack[at:]
    return found


def _step(code: str, given: Any, stack: list[Any], memo: dict[int, Any]) -> None:
    if code in _PLAIN:
        stack.append(given)
    elif code in _LITERALS:
        stack.append(_LITERALS[code])
    elif code in _EMPTY:
        stack.append(_EMPTY[code]())
    elif code == "MARK":
        stack.append(_MARK)
    elif code in ("PUT", "BINPUT", "LONG_BINPUT"):
        memo[given] = stack[-1]
    elif code == "MEMOIZE":
        memo[len(memo)] = stack[-1]
    elif code in ("GET", "BINGET", "LONG_BINGET"):
        stack.append(memo[given])
    elif code == "POP":
        stack.pop()
    elif code == "POP_MARK":
        _marked(stack)
    elif code == "DUP":
        stack.append(stack[-1])
    elif code in ("TUPLE", "LIST", "FROZENSET"):
        found = _marked(stack)
        stack.append(tuple(found) if code == "TUPLE" else found)
    elif code in ("TUPLE1", "TUPLE2", "TUPLE3"):
        size = int(code[-1])
        stack[-size:] = [tuple(stack[-size:])]
    elif code in ("APPEND", "APPENDS", "ADDITEMS"):
        more = [stack.pop()] if code == "APPEND" else _marked(stack)
        into = stack[-1]
        (into.members if isinstance(into, Call) else into).extend(more)
    elif code in ("SETITEM", "SETITEMS", "DICT"):
        more = stack[-2:] if code == "SETITEM" else _marked(stack)
        if code == "SETITEM":
            del stack[-2:]
        if code == "DICT":
            stack.append({})
        into = stack[-1]
        pairs = zip(more[::2], more[1::2], strict=True)
        (into.items if isinstance(into, Call) else into).update(
            (key if isinstance(key, str | int | float) else repr(key)[:100], one)
            for key, one in pairs
        )
    elif code in ("PROTO", "FRAME"):
        pass
    else:
        _named(code, given, stack)


def _named(code: str, given: Any, stack: list[Any]) -> None:
    """The steps that would import and call something."""
    if code == "GLOBAL":
        module, _, name = given.partition(" ")
        stack.append(Name(module, name))
    elif code == "STACK_GLOBAL":
        name, module = stack.pop(), stack.pop()
        stack.append(Name(str(module), str(name)))
    elif code in ("REDUCE", "NEWOBJ"):
        arguments, called = stack.pop(), stack.pop()
        stack.append(_call(called, arguments))
    elif code == "NEWOBJ_EX":
        _, arguments, called = stack.pop(), stack.pop(), stack.pop()
        stack.append(_call(called, arguments))
    elif code == "OBJ":
        called, *arguments = _marked(stack)
        stack.append(_call(called, tuple(arguments)))
    elif code == "INST":
        module, _, name = given.partition(" ")
        stack.append(_call(Name(module, name), tuple(_marked(stack))))
    elif code == "BUILD":
        state = stack.pop()
        if isinstance(stack[-1], Call):
            stack[-1].state = state
    elif code in ("PERSID", "BINPERSID"):
        outside = stack.pop() if code == "BINPERSID" else (given,)
        stack.append(Persistent(outside if isinstance(outside, tuple) else (outside,)))
    else:
        raise FormatError(f"a pickle with {code}, which only running it could tell")


def _call(called: Any, arguments: Any) -> Call:
    return Call(
        called.name if isinstance(called, Name) else "",
        arguments if isinstance(arguments, tuple) else (),
    )
