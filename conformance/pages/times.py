"""How long each framework took, by what it was asked for: a drawing of what a report has."""

from collections.abc import Iterator, Mapping, Sequence
from html import escape

from conformance.report.report import Entry

_LEFT, _WIDTH, _ROW, _TOP = 150, 520, 18, 40  # pixels
_COLOURS = ("#1b4f8f", "#2a9d8f", "#b5651d", "#8e2f6b", "#5d6d7e", "#7a8b1f")
Seconds = Mapping[str, Mapping[str, float]]  # by framework and part


def seconds(entries: Sequence[Entry]) -> Seconds:
    """The sum of each framework's seconds, by part."""
    found: dict[str, dict[str, float]] = {}
    for entry in entries:
        parts = found.setdefault(entry.framework, {})
        for part, took in entry.seconds.items():
            parts[part] = parts.get(part, 0.0) + took
    return {label: parts for label, parts in sorted(found.items()) if sum(parts.values()) > 0}


def drawing(found: Seconds) -> str:
    """An SVG: a bar for each framework, of one piece a part; empty where nothing was timed."""
    if not found:
        return ""
    parts = sorted({part for one in found.values() for part in one})
    most = max(sum(one.values()) for one in found.values())
    height = _TOP + _ROW * len(found) + 8
    return "\n".join(
        (
            f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_LEFT + _WIDTH + 90} {height}" '
            'font-family="sans-serif" font-size="11" role="img">',
            "<title>Seconds by framework and part</title>",
            *_legend(parts),
            *(
                line
                for place, (label, one) in enumerate(found.items())
                for line in _bar(place, label, one, parts, most)
            ),
            "</svg>",
        )
    )


def _legend(parts: Sequence[str]) -> Iterator[str]:
    for place, part in enumerate(parts):
        x = _LEFT + place * 110
        yield f'<rect x="{x}" y="10" width="10" height="10" fill="{_colour(place)}"/>'
        yield f'<text x="{x + 14}" y="19">{escape(part)}</text>'


def _bar(
    place: int, label: str, one: Mapping[str, float], parts: Sequence[str], most: float
) -> Iterator[str]:
    y, x = _TOP + _ROW * place, float(_LEFT)
    yield f'<text x="{_LEFT - 8}" y="{y + 11}" text-anchor="end">{escape(label)}</text>'
    for number, part in enumerate(parts):
        took = one.get(part, 0.0)
        width = _WIDTH * took / most
        yield (
            f'<rect x="{x:.1f}" y="{y}" width="{width:.1f}" height="14" fill="{_colour(number)}">'
            f"<title>{escape(part)}: {took:.2f} s</title></rect>"
        )
        x += width
    yield f'<text x="{x + 6:.1f}" y="{y + 11}">{sum(one.values()):.1f} s</text>'


def _colour(number: int) -> str:
    return _COLOURS[number % len(_COLOURS)]
