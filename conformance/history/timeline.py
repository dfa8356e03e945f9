"""The releases of a framework in a row, each with what it changed: a drawing."""

from collections.abc import Iterator, Mapping, Sequence
from html import escape

from conformance.history.chronicle import STEADY, Chapter
from conformance.upgrade.change import TITLES, Severity

COLOURS: Mapping[Severity, str] = dict(
    zip(STEADY, ("#c0392b", "#2a9d8f", "#e0a458", "#8e2f6b", "#1b4f8f"), strict=True)
)
_LEFT, _COLUMN, _TOP, _HIGH, _FOOT = 40, 26, 40, 150, 64  # pixels
_BOX = 12  # the highest that one finding is


def drawing(framework: str, chapters: Sequence[Chapter]) -> str:
    """An SVG: a column for each release, a box in it for each finding, by severity."""
    most = max([sum(one.counts.values()) for one in chapters] + [1])
    box = min(_BOX, _HIGH / most)
    width = max(_LEFT + _COLUMN * len(chapters) + 20, 760)
    size = f'viewBox="0 0 {width} {_TOP + _HIGH + _FOOT}"'
    return "\n".join(
        [
            f'<svg xmlns="http://www.w3.org/2000/svg" {size} font-family="sans-serif" '
            'font-size="11" role="img">',
            f"<title>What each release of {escape(framework)} changed</title>",
            '<rect width="100%" height="100%" fill="white"/>',
            *_legend(),
            f'<line x1="{_LEFT - 6}" x2="{width - 10}" y1="{_TOP + _HIGH}" y2="{_TOP + _HIGH}" '
            'stroke="#888888"/>',
            *(line for place, one in enumerate(chapters) for line in _column(place, one, box)),
            "</svg>\n",
        ]
    )


def _legend() -> Iterator[str]:
    x = _LEFT
    for severity, colour in COLOURS.items():
        title = TITLES[severity]
        yield f'<rect x="{x}" y="10" width="10" height="10" fill="{colour}"/>'
        yield f'<text x="{x + 14}" y="19">{escape(title)}</text>'
        x += 30 + 6 * len(title)
    yield f'<text x="{x}" y="19">x: does not run</text>'


def _column(place: int, one: Chapter, box: float) -> Iterator[str]:
    middle, y = _LEFT + _COLUMN * place + _COLUMN // 2, float(_TOP + _HIGH)
    release = escape(one.about.release)
    for severity, count in one.counts.items():
        high = round(box * count, 1)
        y = round(y - high, 1)
        told = f"<title>{release}: {count} {escape(TITLES[severity])}</title>"
        yield (
            f'<rect x="{middle - 8}" y="{y}" width="16" height="{high}" '
            f'fill="{COLOURS[severity]}">{told}</rect>'
        )
    if one.about.silent is not None:
        yield f'<text x="{middle}" y="{y - 4:g}" text-anchor="middle">x</text>'
    turn = f"rotate(-60 {middle + 4} {_TOP + _HIGH + 14})"
    yield (
        f'<text x="{middle + 4}" y="{_TOP + _HIGH + 14}" text-anchor="end" '
        f'transform="{turn}">{release}</text>'
    )
