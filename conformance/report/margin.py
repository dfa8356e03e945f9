"""Errors as a part of their limit, by framework and dtype: a drawing of what a report has."""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from html import escape
from statistics import median

from conformance.report.report import Entry

DTYPES = ("float64", "float32", "float16", "bfloat16", "mixed_float16", "mixed_bfloat16")
UNKNOWN = "dtype not told"  # of newer code
_COLOURS = dict(
    zip(DTYPES, ("#1b4f8f", "#2a9d8f", "#b5651d", "#8e2f6b", "#e0a458", "#c77dba"), strict=True)
)
_LEFT, _WIDTH, _ROW, _TOP = 150, 520, 15, 46  # pixels
_EMPTY = "the report has no margins: no case was compared"


def parts(entries: Sequence[Entry]) -> Mapping[tuple[str, str], list[float]]:
    """Every margin of what agrees, by framework and dtype.

    A result that is pinned, or that fails, says nothing of the limit; nor does one that is exact.
    """
    found: defaultdict[tuple[str, str], list[float]] = defaultdict(list)
    for entry in entries:
        claims = [entry.claims[name] for name in ("values", "gradients") if name in entry.claims]
        if not claims or any(claim.settled != "agrees" for claim in claims):
            continue
        dtype = str(entry.layer.get("dtype", UNKNOWN))
        found[entry.framework, dtype] += [part for part in (entry.margins or {}).values() if part]
    return {key: sorted(found[key]) for key in sorted(found, key=_order) if found[key]}


def drawing(entries: Sequence[Entry]) -> str:
    """An SVG: a row for each framework and dtype, from the median to the largest.

    Raises ValueError where there is nothing to draw.
    """
    rows = parts(entries)
    if not rows:
        raise ValueError(_EMPTY)
    height = _TOP + _ROW * len(rows) + 12
    size = f'viewBox="0 0 {_LEFT + _WIDTH + 150} {height}"'
    return "\n".join(
        [
            f'<svg xmlns="http://www.w3.org/2000/svg" {size} font-family="sans-serif" '
            'font-size="11" role="img">',
            "<title>Errors as a part of their limit, by framework and dtype</title>",
            '<rect width="100%" height="100%" fill="white"/>',
            *_axis(height),
            *(line for place, row in enumerate(rows.items()) for line in _row(place, *row, rows)),
            "</svg>\n",
        ]
    )


def _order(key: tuple[str, str]) -> tuple[str, int, str]:
    framework, dtype = key
    return framework, DTYPES.index(dtype) if dtype in DTYPES else len(DTYPES), dtype


def _axis(height: int) -> Iterator[str]:
    yield (
        f'<text x="{_LEFT}" y="16">error / limit: median (tick), 95 % (bar), largest (dot); '
        "beyond 1 fails</text>"
    )
    for tenth in range(0, 11, 2):
        x = _at(tenth / 10)
        colour = "#c0392b" if tenth == 10 else "#dddddd"
        yield f'<line x1="{x}" x2="{x}" y1="{_TOP - 8}" y2="{height - 8}" stroke="{colour}"/>'
        yield f'<text x="{x}" y="{_TOP - 12}" text-anchor="middle">{tenth / 10:g}</text>'


def _row(
    place: int,
    key: tuple[str, str],
    margins: list[float],
    rows: Mapping[tuple[str, str], list[float]],
) -> Iterator[str]:
    framework, dtype = key
    y, colour = _TOP + _ROW * place + 6, _COLOURS.get(dtype, "#555555")
    if place == 0 or list(rows)[place - 1][0] != framework:
        yield f'<text x="{_LEFT - 8}" y="{y + 4}" text-anchor="end">{escape(framework)}</text>'
    most = margins[int(0.95 * (len(margins) - 1))]
    middle = _at(median(margins))
    yield (
        f'<rect x="{_LEFT}" y="{y - 4}" width="{round(_at(most) - _LEFT, 1)}" height="8" '
        f'fill="{colour}" opacity="0.45"/>'
    )
    yield f'<line x1="{middle}" x2="{middle}" y1="{y - 5}" y2="{y + 5}" stroke="{colour}"/>'
    yield f'<circle cx="{_at(margins[-1])}" cy="{y}" r="3" fill="{colour}"/>'
    told = f"{escape(dtype)}, {margins[-1]:.2f} of {len(margins)}"
    yield f'<text x="{_LEFT + _WIDTH + 10}" y="{y + 4}" fill="{colour}">{told}</text>'


def _at(part: float) -> float:
    return round(_LEFT + _WIDTH * min(part, 1.0), 1)
