"""The request of a draft, the requests and responses of an answer, and recordings."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Locator, Page, Playwright, expect

from shell.providers.custom import CustomProvider, add
from shell.providers.recordings import read_recording
from tests.e2e.app import App, Kind, answer, ask, box, running, until, wait_for_end
from tests.e2e.axe import grave
from tests.e2e.model_server import ModelServer, model_server
from tests.e2e.recordings import CAPTURE_COPIES, answer_menu, open_recording, save_recording
from tests.e2e.replays import check_replay, recorded_streams
from tests.e2e.screens import wait_for_animations
from tests.e2e.test_servers import choose
from tests.host_process import ROOT
from tests.tools.processes import until_now

SCRIPT = (
    "/rate 0\n/reasoning First the moon.\nThe **tide** comes.\n/tool look {}\n/text Twice a day."
)
HOSTILE = """<script>window.touched = 1</script> <img src=x onerror="window.touched = 2">
![tide](https://evil.example/tide.png) [press me](https://evil.example/page)
[or me](javascript:window.touched=3)"""


@pytest.fixture(scope="module")
def server() -> Iterator[ModelServer]:
    with model_server() as started:
        yield started


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory, kind: Kind) -> Path:
    return tmp_path_factory.mktemp(f"wire-{kind}")


@pytest.fixture(scope="module")
def app(kind: Kind, playwright: Playwright, server: ModelServer, data: Path) -> Iterator[App]:
    """A program with recorded streams, whose new conversations use the server."""
    provider = CustomProvider(
        id="harbour", label="Harbour", base_url=server.url, default_model="harbour-1"
    )
    add(data, provider, set())
    with (
        recorded_streams(data),
        running(kind, playwright, data, provider="harbour") as started,
    ):
        yield started


def panel(page: Page, name: str) -> Locator:
    return page.get_by_role("complementary", name=name)


def no_grave_faults(page: Page) -> None:
    """Check the page in both themes."""
    for theme in ("light", "dark"):
        page.emulate_media(color_scheme=theme)
        wait_for_animations(page)
        assert grave(page) == []
    page.emulate_media(color_scheme="light")


def test_the_request_is_shown_before_it_is_sent_and_has_the_same_bytes(
    page: Page, server: ModelServer
) -> None:
    page.evaluate(CAPTURE_COPIES)
    page.keyboard.press("Control+Shift+l")
    wire_panel = panel(page, "Show request")
    expect(wire_panel).to_be_focused()
    expect(wire_panel).to_contain_text("Write a message to see its request.")
    box(page).fill("how deep?")
    body = wire_panel.get_by_role("group", name="Body")
    expect(body).to_contain_text('"content": "how deep?"')
    box(page).press_sequentially(" And cold?")
    # The shown request follows the draft.
    expect(body).to_contain_text('"content": "how deep? And cold?"')
    expect(wire_panel).to_contain_text(f"POST {server.url}/chat/completions")
    expect(wire_panel.get_by_role("status").first).to_contain_text("tokens")
    wire_panel.get_by_text("Headers").click()
    expect(wire_panel).to_contain_text("application/json")
    no_grave_faults(page)
    wire_panel.get_by_role("checkbox", name="Raw").check()
    expect(body).to_contain_text('"content":"how deep? And cold?"')
    rendered = body.text_content()
    for language, beginning in (("curl", "curl "), ("Python", "import os")):
        wire_panel.get_by_role("button", name=f"Copy as {language}").click()
        until(page, f"window.copied?.startsWith('{beginning}')")
        expect(wire_panel).to_contain_text("Copied.")
    assert server.questions[-1:] != ["how deep? And cold?"]
    box(page).press("Enter")
    wait_for_end(page)
    assert rendered is not None
    assert rendered.encode() == server.bodies[-1]
    expect(wire_panel).to_contain_text("Write a message to see its request.")
    # The next request has the whole conversation.
    box(page).fill("and now?")
    expect(body).to_contain_text("served: how deep? And cold?")
    page.get_by_role("button", name="Close").press("Enter")
    expect(wire_panel).to_have_count(0)


def test_what_an_answer_has_sent_and_received_is_shown(page: Page, server: ModelServer) -> None:
    ask(page, "what came back?")
    wait_for_end(page)
    answer_menu(page, "Show wire")
    wire_panel = panel(page, "Wire")
    request = wire_panel.get_by_role("region", name="Request")
    expect(request).to_contain_text(f"POST {server.url}/chat/completions")
    expect(request.get_by_role("group", name="Body")).to_contain_text("what came back?")
    response = wire_panel.get_by_role("region", name="Response")
    expect(response).to_contain_text("Status 200")
    expect(response.get_by_role("list")).to_contain_text("data: [DONE]")
    response.get_by_text("Headers").click()
    expect(response).to_contain_text("text/event-stream")
    no_grave_faults(page)
    wire_panel.press("Escape")
    expect(wire_panel).to_have_count(0)
    expect(page.get_by_role("button", name="More about this answer")).to_be_focused()


def test_the_panel_closes_with_its_conversation(page: Page) -> None:
    ask(page, "what came back?")
    wait_for_end(page)
    answer_menu(page, "Show wire")
    expect(panel(page, "Wire")).to_be_focused()
    page.get_by_role("button", name="New chat").first.click()
    expect(panel(page, "Wire")).to_have_count(0)
    expect(box(page)).to_be_focused()


def test_every_attempt_of_an_answer_has_its_tab(page: Page, server: ModelServer) -> None:
    server.refused.clear()  # the test of the other shell may have asked the same question
    ask(page, "are you busy?")
    wait_for_end(page)
    answer_menu(page, "Show wire")
    wire_panel = panel(page, "Wire")
    last = wire_panel.get_by_role("tab", name="Attempt 2 200")
    expect(last).to_have_attribute("aria-selected", "true")
    expect(wire_panel.get_by_role("region", name="Response")).to_contain_text("Status 200")
    last.press("ArrowLeft")
    expect(wire_panel.get_by_role("tab", name="Attempt 1 503")).to_be_focused()
    expect(wire_panel.get_by_role("region", name="Response")).to_contain_text("Too busy.")
    no_grave_faults(page)


def test_nothing_is_kept_while_it_is_switched_off_and_that_is_said(page: Page, data: Path) -> None:
    ask(page, "is this kept?")
    wait_for_end(page)
    page.keyboard.press("Control+Comma")
    dialog = page.get_by_role("dialog", name="Settings")
    dialog.get_by_role("tab", name="Data").click()
    switch = dialog.get_by_role("switch", name="Keep requests and responses")
    expect(switch).to_be_checked()
    switch.press("Space")
    expect(switch).not_to_be_checked()
    page.keyboard.press("Escape")
    answer_menu(page, "Show wire")
    wire_panel = panel(page, "Wire")
    expect(wire_panel).to_contain_text("Keeping requests is switched off.")
    assert not (data / "wire").exists()
    no_grave_faults(page)
    wire_panel.get_by_role("switch", name="Keep requests and responses").press("Space")
    expect(wire_panel).to_contain_text("Only those of the latest 50 answers are kept")
    ask(page, "and this?")
    wait_for_end(page, 2)
    answer_menu(page, "Show wire")
    expect(wire_panel.get_by_role("region", name="Response")).to_contain_text("Status 200")


def test_a_recording_is_saved_and_played_by_the_keyboard(
    page: Page, app: App, tmp_path: Path
) -> None:
    choose(page, "echo")
    ask(page, SCRIPT)
    wait_for_end(page)
    text = answer(page).text_content() or ""
    path = save_recording(page, app, tmp_path / "saved.jsonl")
    events = read_recording(path).events
    assert events[-1].channel == "llm:done"
    viewer = open_recording(page, path)
    expect(viewer.get_by_role("button", name="Play again")).to_be_visible()
    replayed_text = viewer.locator(".message.assistant .message-text").last
    expect(replayed_text).to_have_text(text)
    no_grave_faults(page)
    position = viewer.get_by_role("slider", name="Position")
    position.press("Home")
    expect(position).to_have_value("0")
    expect(replayed_text).to_have_count(0)
    for step in range(1, len(events) + 1):
        position.press("ArrowRight")
        expect(position).to_have_value(str(step))
    expect(replayed_text).to_have_text(text)
    position.press("ArrowLeft")
    expect(position).to_have_value(str(len(events) - 1))
    viewer.get_by_role("radio", name="10×").check()
    viewer.get_by_role("button", name="Play", exact=True).press("Enter")
    expect(viewer.get_by_role("button", name="Play again")).to_be_focused()
    page.keyboard.press("Escape")
    expect(viewer).to_have_count(0)


def hostile() -> Iterator[dict[str, object]]:
    """Events with calls in every state, two of which wait, a server's form, and a hostile text."""
    lines = (ROOT / "tests" / "streams" / "calls.jsonl").read_text("utf-8").splitlines()
    *events, last_event = (json.loads(line) for line in lines)
    elicitation = {"id": "e1", "server": "evil", "message": "your key?", "fields": []}
    stamp = {"inferenceId": last_event["inferenceId"], "ms": last_event["ms"]}
    events.append(
        {**stamp, "channel": "llm:elicitation", "callId": "call-10", "elicitation": elicitation}
    )
    events.append({**stamp, "channel": "llm:token", "token": HOSTILE, "index": 0, "count": 1})
    for seq, event in enumerate([*events, last_event]):
        yield {**event, "seq": seq}


def test_a_hostile_recording_does_nothing(page: Page, tmp_path: Path) -> None:
    path = tmp_path / "hostile.jsonl"
    path.write_text("".join(f"{json.dumps(line)}\n" for line in hostile()), "utf-8")
    requested_urls: list[str] = []
    page.on("request", lambda request: requested_urls.append(request.url))
    viewer = open_recording(page, path)
    expect(viewer.get_by_role("button", name="Play again")).to_be_visible()
    # Waiting calls are shown without buttons for a decision.
    expect(viewer.locator("[data-approval]")).to_have_count(2)
    before = page.url
    for link in viewer.get_by_role("link").all():
        link.click()
    buttons = [button.text_content() for button in viewer.locator(".message button").all()]
    assert set(buttons) <= {"Copy", "Show all"}, buttons
    assert page.url == before
    assert len(page.context.pages) == 1
    assert page.evaluate("window.touched") is None
    assert not [url for url in requested_urls if "evil" in url]


def test_a_file_that_is_no_recording_is_refused(page: Page, tmp_path: Path) -> None:
    path = tmp_path / "letter.jsonl"
    path.write_text("dear sea\n", "utf-8")
    viewer = open_recording(page, path)
    expect(viewer.get_by_role("alert")).to_contain_text("line 1 is no event")


@pytest.mark.parametrize(
    ("stream", "size"),
    [
        ("chat-deepseek-reasoning", 4_000),
        ("chat-groq-error", 300),
        ("messages-server-code", 40),
        ("responses-phases-call", 200),
    ],
)
def test_a_recorded_stream_is_played_as_it_came(
    app: App, tmp_path: Path, stream: str, size: int
) -> None:
    assert check_replay(app, stream, size, tmp_path) > 3


def test_a_deleted_conversation_takes_its_requests_along(page: Page, data: Path) -> None:
    ask(page, "to be deleted")
    wait_for_end(page)
    answer_menu(page, "Show wire")
    expect(panel(page, "Wire")).to_contain_text("to be deleted")
    assert request_files(data, "to be deleted")
    page.locator("[data-conversation]", has_text="to be deleted").press("Delete")
    expect(page.get_by_role("button", name="Undo")).to_be_visible()
    until_now(lambda: not request_files(data, "to be deleted"))


def request_files(data: Path, text: str) -> list[str]:
    """The files of requests that contain this text."""
    return [path.name for path in data.glob("wire/*.jsonl") if text in path.read_text("utf-8")]
