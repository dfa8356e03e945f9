"""The browser that the environment brings, and a page that may not ask anybody for anything."""

import shutil
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect, sync_playwright

from conformance.pages.book import Book, read

ROOT = Path(__file__).resolve().parents[2]
ADDRESS = (ROOT / "docs" / "site" / "index.html").as_uri()
SECONDS = 120  # a busy machine's browser is slow, and nothing here is about time
KNOWN = ("chromium", "chromium-browser", "google-chrome")


@dataclass
class Opened:
    """A page, and what it asked for or complained of since it was opened."""

    page: Page
    complaints: list[str] = field(default_factory=list)

    def open(self, choice: str = "") -> Page:
        """Go to the explorer with a choice in the address."""
        self.page.goto("about:blank")  # from one choice to another no page is loaded anew
        self.page.goto(f"{ADDRESS}#{choice}" if choice else ADDRESS)
        return self.page


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """Start the Chromium of the machine; playwright's own where it has none."""
    found = next(filter(None, map(shutil.which, KNOWN)), None)
    expect.set_options(timeout=SECONDS * 1000)
    with sync_playwright() as playwright:
        started = playwright.chromium.launch(executable_path=found, args=["--no-sandbox"])
        yield started
        started.close()


@pytest.fixture
def opened(browser: Browser, request: pytest.FixtureRequest) -> Iterator[Opened]:
    """Give a page; afterwards it has complained of nothing, and asked for itself alone."""
    options: dict[str, Any] = getattr(request, "param", {})
    context = browser.new_context(**options)
    context.grant_permissions(["clipboard-read", "clipboard-write"])
    page = context.new_page()
    page.set_default_timeout(SECONDS * 1000)
    seen = Opened(page)
    page.on("console", lambda one: seen.complaints.append(one.text))
    page.on("pageerror", lambda one: seen.complaints.append(str(one)))
    page.on(
        "request",
        lambda one: (
            None
            if one.url.partition("#")[0] in (ADDRESS, "about:blank")
            else seen.complaints.append(one.url)
        ),
    )
    yield seen
    context.close()
    assert seen.complaints == []


@pytest.fixture(scope="session")
def book() -> Book:
    """Return what the explorer was made from."""
    return read(ROOT)
