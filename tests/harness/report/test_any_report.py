"""Reports that are nearly right: each is read as a whole, or refused as no report."""

from pathlib import Path

from hypothesis import HealthCheck, given, settings

from conformance.report import report
from tests.harness.edited import edited
from tests.harness.report.test_report import ENTRIES, head, with_claim

LINES = [head(), *map(report.entry, ENTRIES.values()), with_claim(report.entry(ENTRIES["ran"]))]
TEXT = "".join(line.model_dump_json() + "\n" for line in LINES)
SHORT = "".join(line.model_dump_json() + "\n" for line in LINES[:2])


@settings(
    max_examples=200,
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(text=edited([TEXT, SHORT]))
def test_any_report(tmp_path: Path, text: str) -> None:
    """What is read can be written and read again; all else is a ValueError, as is documented."""
    path = tmp_path / "report.jsonl"
    path.write_text(text, encoding="utf-8", newline="")
    try:
        first, entries = report.read(path)
    except ValueError:
        return
    report.write(path, first, entries)
    assert report.read(path) == (first, entries)
