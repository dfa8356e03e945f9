"""The explorer in a browser: choose, see, copy, search, follow, by keyboard and on a phone."""

import json
import re
from pathlib import Path
from urllib.parse import quote

import pytest
from axe_core_python.sync_playwright import Axe
from playwright.sync_api import Page, expect

from tests.site.conftest import ADDRESS, ROOT, Opened

EVIL = "<img src=x onerror=alert(1)>"
NARROW = {"viewport": {"width": 360, "height": 740}}
PLACES = (
    "",
    "bidirectional=true&turn=torch&gaps=true",
    "view=matrix&cell=torch+empty-axis",
    "view=search&words=mask",
    "view=reports",
    "merge=sum",
)


def shapes(page: Page, name: str) -> list[str]:
    """Return the shapes on a framework's card."""
    return page.locator(f"[data-framework='{name}'] .result > code").all_inner_texts()


def test_worked_example(opened: Opened) -> None:
    """The page opens with the guide's sizes, and every framework's shapes that takes a batch."""
    page = opened.open()
    assert shapes(page, "torch") == ["output (2, 5, 4)", "h_n (1, 2, 4)", "c_n (1, 2, 4)"]
    batch = "({gaps}) => !gaps.some((one) => (one.options.layout || []).includes('batch_major'))"
    taken = f"Object.values(explorer.data.frameworks).filter({batch}).length"
    assert page.locator(".card").count() == page.evaluate(taken)


def test_choose(opened: Opened) -> None:
    """A choice changes the shapes and the address; the address opens the same choice."""
    page = opened.open()
    page.get_by_label("bidirectional").check()
    page.get_by_label("hidden_units").fill("7")
    assert shapes(page, "torch")[0] == "output (2, 5, 14)"
    assert page.url == f"{ADDRESS}#bidirectional=true&hidden_units=7"
    page = opened.open("bidirectional=true&hidden_units=7")
    assert shapes(page, "torch")[0] == "output (2, 5, 14)"
    expect(page.get_by_label("hidden_units")).to_have_value("7")
    page.get_by_role("button", name="Start anew").click()
    assert shapes(page, "torch")[0] == "output (2, 5, 4)"


def test_gap(opened: Opened) -> None:
    """What has no such layer is left out, and with its reason and a link where it is asked for."""
    page = opened.open("bidirectional=true")
    assert page.locator("[data-framework='mlx']").count() == 0
    page.get_by_label("without the layer too").check()
    card = page.locator("[data-framework='mlx']")
    expect(card).to_contain_text("no such layer")
    assert card.get_by_role("link").first.get_attribute("href", timeout=1000).startswith("https://")


def test_filter(opened: Opened) -> None:
    """Frameworks are found by name."""
    page = opened.open()
    page.get_by_label("Frameworks named").fill("torch")
    names = page.locator(".card").evaluate_all("all => all.map(one => one.dataset.framework)")
    assert "torch" in names
    assert all("torch" in name for name in names)


def test_copy(opened: Opened) -> None:
    """The code is copied as it is shown."""
    page = opened.open("only=mlx&turn=torch")
    page.get_by_text("As those of torch").click()
    page.get_by_role("button", name="Copy").last.click()
    expect(page.get_by_role("button", name="Copied")).to_be_visible()
    copied = page.evaluate("navigator.clipboard.readText()")
    assert copied == page.locator("pre code").last.text_content()
    assert "rearrange" in copied


def test_matrix(opened: Opened) -> None:
    """A cell opens what was seen of each case: shapes, an exception, what is on record, a gap."""
    page = opened.open("view=matrix")
    page.get_by_role("button", name=re.compile("^torch on empty-axis:")).click()
    detail = page.locator("#detail")
    expect(detail).to_contain_text("torch on empty-axis")
    assert detail.get_by_role("link").count() > 1
    assert "cell=torch+empty-axis" in page.url
    rows = page.locator("#observed tbody tr")
    assert rows.count() == 7
    expect(rows.first).to_contain_text("rejected: exception RuntimeError")
    expect(rows.last).to_contain_text("agrees: output (0, 5, 8), h_n (2, 0, 4), c_n (2, 0, 4)")
    page.get_by_label("Cases with").fill("input bidirectional")
    expect(page.locator("#detail-count")).to_have_text("1 of 7 cases.")
    page = opened.open("view=matrix&cell=mlx+variable-lengths&cases=not+put")
    expect(rows.first.get_by_role("link")).to_have_attribute("href", re.compile("^https://"))
    page = opened.open("view=matrix&cell=torch+return-state")
    expect(rows.filter(has_text="container: (output, (h_n, c_n))").first).to_be_visible()


def test_search(opened: Opened) -> None:
    """Words find cases, pins and gaps that have all of them."""
    page = opened.open("view=search")
    page.get_by_label("Words").fill("proj_size")
    expect(page.locator("#count")).to_contain_text("found")
    assert all("proj_size" in text.lower() for text in page.locator("#found li").all_inner_texts())
    page.get_by_label("Words").fill("no such words anywhere")
    expect(page.locator("#count")).to_have_text("0 found.")


@pytest.mark.parametrize(
    ("choice", "message"),
    [
        ("merge=sun", "merge is one of concat, sum, mul, ave, none, not sun"),
        ("peephole=true", "there is no option peephole"),
        ("hidden_units=-1", "hidden_units is a whole number from 0 to 999999, not -1"),
        ("view=x", "there is no view x"),
        ("turn=x", "there is no framework x"),
        ("merge=sum", "merge: it joins two directions, so it needs bidirectional"),
        ("view=matrix&cell=x", "There is no cell x"),
        ("view=matrix&cell=torch+constructor", "There is no cell torch constructor"),
        ("turn=constructor", "there is no framework constructor"),
        ("toString=1", "there is no option toString"),
        (f"{quote(EVIL)}=1", f"there is no option {EVIL}"),
    ],
)
def test_bad_address(opened: Opened, choice: str, message: str) -> None:
    """What an address asks for and there is not is told on the page, as text."""
    page = opened.open(choice)
    expect(page.get_by_role("alert")).to_contain_text(message)
    assert page.locator("img").count() == 0


def test_bad_number(opened: Opened) -> None:
    """A number that is none is told, and the page goes on."""
    page = opened.open()
    page.get_by_label("hidden_units").fill("")
    expect(page.get_by_role("alert")).to_contain_text("hidden_units is a whole number")
    page.get_by_label("hidden_units").fill("6")
    expect(page.get_by_role("alert")).to_be_hidden()
    assert shapes(page, "torch")[0] == "output (2, 5, 6)"


def lines(label: str, *cases: tuple[str, str, list[int]]) -> str:
    """Return a report of one framework: of each case its id, its end and its shape."""
    head = {
        "kind": "header",
        "report_schema": "lstm-conformance-report/1",
        "complete": True,
        "frameworks": {label: {"versions": {EVIL: "1"}}},
    }
    rows = [
        {
            "framework": label,
            "case": case,
            "outcome": "agrees",
            "native": {"y": {"shape": shape}},
            "claims": {"shapes": {"settled": settled}},
        }
        for case, settled, shape in cases
    ]
    return "\n".join(map(json.dumps, [head, *rows])) + "\n"


def test_reports(opened: Opened, tmp_path: Path) -> None:
    """Of two reports the rows stand side by side that differ; what they say is text."""
    one, two = tmp_path / "a.jsonl", tmp_path / "b.jsonl"
    one.write_text(lines("torch", (EVIL, "agrees", [2, 5]), ("same", "agrees", [1])))
    two.write_text(lines("torch@x", (EVIL, "fails", [5, 2]), ("same", "agrees", [1])))
    page = opened.open("view=reports")
    page.get_by_label("Reports", exact=True).set_input_files([one, two])
    expect(page.get_by_text("1 of 2 rows.")).to_be_visible()
    row = page.locator("#compared tbody tr")
    expect(row).to_have_text(f"torch on {EVIL}agrees, agrees y (2, 5)fails, agrees y (5, 2)")
    assert page.locator("img").count() == 0


def test_versions(opened: Opened, tmp_path: Path) -> None:
    """Two versions in one report stand side by side."""
    head, row = lines("torch", ("guide-sequences", "agrees", [2, 5])).splitlines()
    _, old = lines("torch@old", ("guide-sequences", "fails", [5, 2])).splitlines()
    told = json.loads(head)
    told["frameworks"] = {"torch": {"versions": {"torch": "2"}}, "torch@old": {"versions": {}}}
    path = tmp_path / "a.jsonl"
    path.write_text("\n".join([json.dumps(told), row, old]))
    page = opened.open("view=reports")
    page.get_by_label("Reports", exact=True).set_input_files(path)
    expect(page.get_by_text("1 of 1 rows.")).to_be_visible()
    assert page.locator("#compared tbody td").all_inner_texts() == [
        "agrees, agrees y (2, 5)",
        "fails, agrees y (5, 2)",
    ]


def test_cell_of_a_report(opened: Opened, tmp_path: Path) -> None:
    """What an opened report says of a case stands in the matrix beside what is known of it."""
    path = tmp_path / "a.jsonl"
    path.write_text(lines("torch", ("guide-sequences", "fails", [5, 2])))
    page = opened.open("view=reports")
    page.get_by_label("Reports", exact=True).set_input_files(path)
    page.get_by_role("button", name="Matrix").click()
    page.get_by_role("button", name=re.compile("^torch on guide:")).click()
    row = page.locator("#observed tbody tr", has_text="guide-sequences")
    expect(row).to_contain_text("agrees: output (2, 5, 4)")
    expect(row).to_contain_text("fails, agrees y (5, 2)")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "x.jsonl:1: no report"),
        (lines("a", ("b", "agrees", [1]))[:-20], "x.jsonl:2: no report"),
        (lines("a").replace("report/1", "report/2"), "its schema is lstm-conformance-report/2"),
        (lines("a", ("b", "newer", [1])), "x.jsonl:2: no report: no line of a report"),
        ("null", "x.jsonl:1: no report: no line of a report"),
        (
            lines("a") + '{"framework": "toString", "claims": {}}',
            "x.jsonl:2: no report: its framework",
        ),
    ],
    ids=["empty", "cut off", "schema", "newer", "null", "framework"],
)
def test_no_report(opened: Opened, tmp_path: Path, text: str, message: str) -> None:
    """What is no report is told on the page, with its line."""
    path = tmp_path / "x.jsonl"
    path.write_text(text)
    page = opened.open("view=reports")
    page.get_by_label("Reports", exact=True).set_input_files(path)
    expect(page.get_by_role("alert")).to_contain_text(message)


def test_keyboard(opened: Opened) -> None:
    """With the keyboard alone a layer is chosen and another view opened."""
    page = opened.open()
    page.get_by_label("bidirectional").focus()
    page.keyboard.press("Space")
    assert shapes(page, "torch")[0] == "output (2, 5, 8)"
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.id") == "choose-bias"
    page.get_by_role("button", name="Matrix").focus()
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="Frameworks by behaviours")).to_be_visible()


@pytest.mark.parametrize("opened", [NARROW], indirect=True)
@pytest.mark.parametrize("choice", PLACES)
def test_narrow(opened: Opened, choice: str) -> None:
    """On a phone nothing is wider than the screen, but what scrolls by itself."""
    page = opened.open(choice)
    assert page.evaluate("document.documentElement.scrollWidth") <= 360


@pytest.mark.parametrize(
    "opened",
    [{"color_scheme": "light"}, {"color_scheme": "dark"}, NARROW],
    indirect=True,
    ids=["light", "dark", "narrow"],
)
@pytest.mark.parametrize("choice", PLACES)
def test_accessible(opened: Opened, choice: str) -> None:
    """Axe finds nothing against WCAG 2 AA."""
    page = opened.open(choice)
    tags = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa"]
    found = Axe().run(page, options={"runOnly": {"type": "tag", "values": tags}})
    told = [
        (one["id"], [node["html"][:200] for node in one["nodes"]][:3])
        for one in found["violations"]
    ]
    assert told == []


def test_weight(opened: Opened) -> None:
    """The page weighs less than 1 MB; how long it takes to draw is printed, and no test."""
    weight = (ROOT / "docs" / "site" / "index.html").stat().st_size
    page = opened.open()
    page.get_by_label("bidirectional").check()
    first, change = page.evaluate("[explorer.first, explorer.change]")
    print(f"{weight / 1e6:.2f} MB, first drawn in {first:.0f} ms, changed in {change:.0f} ms")
    assert weight < 1_000_000
