"""The documents as a site: complete, without broken links and without external resources."""

import subprocess
import threading
from collections.abc import Iterator
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from playwright.sync_api import Playwright, expect

from devtools import docs_site
from devtools.contract_ts import NAMESPACES, methods
from shell import contract
from tests.chromium import driver, headless, new_page

PATIENCE_MS = 30_000


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("site")
    return docs_site.build(folder / "docs").parent


@pytest.fixture(scope="module")
def address(site: Path) -> Iterator[str]:
    class Quiet(SimpleHTTPRequestHandler):
        def log_message(self, *_: object) -> None: ...

    with ThreadingHTTPServer(("127.0.0.1", 0), partial(Quiet, directory=str(site))) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()
        thread.join()


@pytest.fixture(scope="module")
def playwright() -> Iterator[Playwright]:
    with driver() as started:
        yield started


@pytest.fixture
def small(tmp_path: Path) -> Path:
    """A tree with a document of one line for each entry of the table of contents."""
    for names in docs_site.CONTENTS.values():
        for name in names:
            path = tmp_path / f"{name[1:] if name[0] == '/' else f'docs/{name}'}.md"
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(f"# {path.stem}\n", "utf-8")
    (tmp_path / docs_site.START).write_text("# Start\n", "utf-8")
    (tmp_path / "docs" / "decisions" / "0001-first.md").write_text("# First\n", "utf-8")
    return tmp_path


def build_small(root: Path) -> None:
    docs_site.build(root / "site", root, lambda: "# Contract\n")


def test_every_document_has_a_page(site: Path) -> None:
    documents = {path for path in docs_site.documents(docs_site.ROOT) if path.suffix == ".md"}
    assert len(documents) > 50
    pages = {path.relative_to(site).with_suffix(".md") for path in site.rglob("*.html")}
    assert documents - {Path(docs_site.START)} <= pages
    assert Path("docs/contract.md") in pages


def test_the_reference_has_every_method_and_every_event(site: Path) -> None:
    text = (site / "docs" / "contract.html").read_text("utf-8")
    names = [method.wire for each in NAMESPACES.items() for method in methods(*each)]
    assert len(names) > 60
    assert [name for name in names if f"<h4>{name}<" not in text] == []
    events = [event for event in vars(contract.events).values() if hasattr(event, "channel")]
    assert [event for event in events if f">{event.__name__}<" not in text] == []


@pytest.mark.browser
@pytest.mark.parametrize(
    "page", ["index.html", "docs/contract.html", "docs/guide.html", "docs/decisions/README.html"]
)
def test_a_page_loads_nothing_from_elsewhere(
    playwright: Playwright, address: str, page: str
) -> None:
    requested_urls: list[str] = []
    faults: list[str] = []
    with headless(playwright) as browser:
        page_in_browser = new_page(browser)
        page_in_browser.on("request", lambda request: requested_urls.append(request.url))
        page_in_browser.on("console", lambda message: faults.append(message.text))
        page_in_browser.goto(f"{address}/{page}", wait_until="load")
    assert len(requested_urls) > 3
    assert [url for url in requested_urls if not url.startswith((address, "data:"))] == []
    assert faults == []


@pytest.mark.browser
def test_a_search_finds_a_document(playwright: Playwright, address: str) -> None:
    with headless(playwright) as browser:
        page_in_browser = new_page(browser)
        page_in_browser.goto(f"{address}/index.html")
        page_in_browser.get_by_role("searchbox").or_(
            page_in_browser.get_by_placeholder("Search")
        ).fill("cursor")
        page_in_browser.keyboard.press("Enter")
        first_hit = page_in_browser.locator("ul.search li a").first
        expect(first_hit).to_be_visible(timeout=PATIENCE_MS)


def test_a_link_to_a_file_of_the_tree_becomes_text_and_one_to_nothing_is_refused(
    small: Path,
) -> None:
    (small / "dev.py").touch()
    hook = small / "docs" / "hook.md"
    hook.write_text("# hook\n\n[the launcher](../dev.py), [start](../README.md)\n", "utf-8")
    build_small(small)
    page = (small / "site" / "docs" / "hook.html").read_text("utf-8")
    assert "<p>the launcher, <a" in page
    assert 'href="../index.html"' in page
    hook.write_text("# hook\n\n[nothing](../nothing.md)\n", "utf-8")
    with pytest.raises(docs_site.BrokenLink, match=r"docs/hook\.md links to \.\./nothing\.md"):
        build_small(small)
    assert (small / "site" / "docs" / "hook.html").read_text("utf-8") == page


def test_a_broken_anchor_and_a_document_without_a_place_fail_the_build(
    small: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    (small / "docs" / "forgotten.md").write_text("# forgotten\n", "utf-8")
    (small / "docs" / "hook.md").write_text("# hook\n\n[part](guide.md#part)\n", "utf-8")
    with pytest.raises(subprocess.CalledProcessError):
        build_small(small)
    stderr = capfd.readouterr().err
    assert "forgotten.md: WARNING: document isn't included in any toctree" in stderr
    assert "hook.md:3: WARNING: local id not found" in stderr
    assert not (small / "site").exists()
