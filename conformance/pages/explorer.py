"""The explorer: one static page, which asks nobody for anything and runs no script but its own."""

import hashlib
from base64 import b64encode
from pathlib import Path

from markupsafe import Markup

from conformance.pages.book import Book
from conformance.pages.export import exported, text
from conformance.pages.packed import packed
from conformance.pages.template import filled, source

FILE = Path("docs", "site", "index.html")
_SCRIPTS = ("unpacked.js", "law.js", "explorer.js")


def explorer(book: Book) -> dict[Path, str]:
    """The text of ``docs/site/index.html``: its scripts and the data that they read are in it."""
    script = "\n" + "".join(map(source, _SCRIPTS))
    digest = b64encode(hashlib.sha256(script.encode()).digest()).decode()
    return {
        FILE: filled(
            "explorer.html",
            allowed=Markup(f"'sha256-{digest}'"),
            script=Markup(script),
            data=Markup(text(packed(exported(book)))),
        )
    }
