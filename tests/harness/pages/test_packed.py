"""`conformance.pages.packed`: what stands more than once is told once, and nothing is lost."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from conformance.pages.packed import packed

PLAIN = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(alphabet="@1ab") | st.just("@" * 9),
    lambda one: st.lists(one) | st.dictionaries(st.text(alphabet="@ab", max_size=2), one),
)


def unpacked(told: Any, shared: list[Any]) -> Any:
    """Return what was packed, as the page does."""
    if isinstance(told, str) and told.startswith("@"):
        return told[1:] if told.startswith("@@") else shared[int(told[1:])]
    if isinstance(told, list):
        return [unpacked(one, shared) for one in told]
    if isinstance(told, dict):
        return {name: unpacked(one, shared) for name, one in told.items()}
    return told


@given(PLAIN)
def test_round(data: Any) -> None:
    """Whatever is packed comes out again, texts that look like references among it."""
    told = packed([data, data])
    known: list[Any] = []
    for one in told["shared"]:
        known.append(unpacked(one, known))
    assert unpacked(told["rest"], known) == [data, data]


@pytest.mark.parametrize(
    ("data", "told"),
    [
        (["a long text", "a long text"], {"rest": ["@0", "@0"], "shared": ["a long text"]}),
        (["short", "short"], {"rest": ["short", "short"], "shared": []}),
        (
            [{"why": "a long text"}, {"why": "a long text"}, "a long text"],
            {"rest": ["@1", "@1", "@0"], "shared": ["a long text", {"why": "@0"}]},
        ),
        (["@0"], {"rest": ["@@0"], "shared": []}),
    ],
    ids=["text", "short", "within", "no reference"],
)
def test_packed(data: Any, told: dict[str, Any]) -> None:
    """Long texts, lists and dicts are shared, also within one another."""
    assert json.loads(json.dumps(packed(data))) == told
