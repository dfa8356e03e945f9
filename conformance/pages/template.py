"""Templates of HTML: what is put into them is text, never markup."""

from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined

_FOLDER = Path(__file__).parent / "templates"
_ENVIRONMENT = Environment(
    loader=FileSystemLoader(_FOLDER),
    autoescape=True,
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
    keep_trailing_newline=True,
)


def source(name: str) -> str:
    """The text of a template as it is."""
    return (_FOLDER / name).read_text(encoding="utf-8")


def filled(name: str, **values: Any) -> str:
    """The template `name` with its values."""
    return _ENVIRONMENT.get_template(name).render(**values)
