"""The whole host with a custom page, by `tidewire serve --page`."""

from pathlib import Path

import pytest
from playwright.sync_api import Browser, expect

from shell.bridge.appearance import Appearance
from shell.bridge.own_page import load_own_page
from tests.chromium import new_page
from tests.command import run
from tests.host_process import HostProcess

INDEX = """<!doctype html>
<html lang="en"><head><title>Mine</title></head>
<body><p id="answer"></p><p id="titles"></p><script type="module" src="mine.js"></script></body>
"""
SCRIPT = """
import { connect, createInference } from "/bridge.js";

const host = await connect();
const inference = createInference({ providerId: "echo", llm: host.llm });
const state = await inference.runInference([{ role: "user", content: "the tide" }]).result;
document.querySelector("#answer").textContent = state.response;
const conversations = await host.call("conversations.list");
document.querySelector("#titles").textContent = `${conversations.length} conversations`;
"""


@pytest.mark.browser
def test_a_page_of_ones_own_has_the_whole_host(browser: Browser, tmp_path: Path) -> None:
    folder = tmp_path / "page"
    folder.mkdir()
    (folder / "index.html").write_text(INDEX, "utf-8")
    (folder / "mine.js").write_text(SCRIPT, "utf-8")
    command = ("shell", "serve", "--no-open", "--data-dir", str(tmp_path / "data"))
    with HostProcess(*command, "--page", str(folder)) as host:
        page = new_page(browser)
        page.goto(str(host.json_line()["url"]))
        for _ in range(2):
            expect(page.locator("#answer")).to_have_text("the tide")
            expect(page.locator("#titles")).to_have_text("0 conversations")
            page.reload()  # the tab has a key of its own by now
        page.close()


def test_a_folder_without_an_index_is_refused_with_a_sentence(tmp_path: Path) -> None:
    refused = run("serve", "--no-open", "--data-dir", str(tmp_path / "d"), "--page", str(tmp_path))
    assert refused.status == 1
    assert refused.is_one_sentence(f"There is no index.html in {tmp_path}")


@pytest.mark.parametrize(
    ("html", "before"),
    [
        ("<!doctype html><html><HEAD lang=en><title>a</title>", "<HEAD lang=en>"),
        ("<!doctype html><header>no head</header>", "<!doctype html>"),
        ("<p>nothing of it", ""),
    ],
)
def test_a_page_is_told_how_it_reaches_its_host(tmp_path: Path, html: str, before: str) -> None:
    (tmp_path / "index.html").write_text(html, "utf-8")
    index = load_own_page(tmp_path).index("loopback", Appearance()).decode()
    meta = '<meta name="tidewire-transport" content="loopback">'
    assert index == html.replace(before, before + meta, 1)
