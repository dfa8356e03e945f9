"""What somebody may have meant."""

from collections.abc import Iterable
from difflib import get_close_matches


def hint(word: str, known: Iterable[str], noun: str = "", cutoff: float = 0.6) -> str:
    """``: did you mean 'right'?``, or where nothing is close ``: the <noun> are a, b, c``.

    Without a noun the second is nothing. `cutoff` is difflib's: 1 demands equality, 0 nothing.
    """
    words = list(known)
    if close := get_close_matches(word, words, n=1, cutoff=cutoff):
        return f": did you mean {close[0]!r}?"
    return f": the {noun} are {', '.join(words)}" if noun else ""
