"""Texts that are nearly right: a right one with a few edits, drawn by Hypothesis."""

from hypothesis import strategies as st

# What means something in YAML or JSON, or is no text at all.
TOKENS = [
    *":-{}[]#'\"|>?%&*!,~\n\t \\",
    "\x00",
    "\x85",
    "\u2028",
    "\U0001f600",
    "null",
    "-1",
    "1e999",
]
TOKENS += [
    "99999999999999999999",
    "0x10",
    "true",
    "no",
    "---\n",
    "...\n",
    "<<: ",
    "!!python/name:os.system ",
]
TOKENS += ["{{0}}", "hidden_units * ", "// 0", "a: &x [*x]\n"]


@st.composite
def edited(draw: st.DrawFn, texts: list[str]) -> str:
    """Draw one of `texts` with up to four edits: a part gone, twice, elsewhere, or a token more."""
    text = draw(st.sampled_from(texts))
    for _ in range(draw(st.integers(1, 4))):
        start, end, at = sorted(draw(st.tuples(*[st.integers(0, len(text))] * 3)))
        end = min(end, start + 200)
        part = text[start:end]
        text = draw(
            st.sampled_from(
                [
                    text[:start] + text[end:],
                    text[:start] + part + text[start:],
                    text[:start] + text[end:at] + part + text[at:],
                ]
            )
            | st.sampled_from(TOKENS).map(lambda token, t=text, s=start: t[:s] + token + t[s:])
            | st.sampled_from(TOKENS).map(
                lambda token, t=text, s=start, e=end: t[:s] + token + t[e:]
            )
        )
    return text
