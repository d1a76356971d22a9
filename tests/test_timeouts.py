"""Tests wait as long as a busy machine needs."""

from tests.host_process import ROOT


def test_pages_are_opened_with_our_timeout() -> None:
    """Playwright gives each step 30 s. A page of the development server has taken longer."""
    opened = ".new_page("
    files = sorted((ROOT / "tests").rglob("*.py"))
    found = [str(path.relative_to(ROOT)) for path in files if opened in path.read_text("utf-8")]
    assert found == ["tests/chromium.py", "tests/test_timeouts.py"]
