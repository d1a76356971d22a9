"""Two windows or tabs on one live inference."""

from playwright.sync_api import Page, expect

from tests.e2e.app import LOG_TEXT, App, until

START = """
({ inferenceId, share, script }) => window.llm.llmInference({
  inferenceId, share, providerId: "echo", messages: [{ role: "user", content: script }],
})
"""
COMPLETE_SCRIPT = "/rate 100\n/repeat 100 shared"
STALLING_SCRIPT = "shared shared\n/stall"
COLLECT = """
async (inferenceId) => {
  window.got = { text: "", ends: 0, next: 0 };
  const take = (event) => {
    if (event.inferenceId !== inferenceId || event.seq < window.got.next) return;
    window.got.next = event.seq + (event.count ?? 1);
    if (event.channel === "llm:token") window.got.text += event.token;
    if (event.channel === "llm:done") window.got.ends += 1;
  };
  for (const name of ["Token", "Thinking", "Reasoning", "Done", "Error"]) {
    window.llm[`onLlm${name}`](take);
  }
  const { events } = await window.llm.llmAttach({ inferenceId, afterSeq: -1 });
  events.forEach(take);
}
"""
REFUSAL = """
(inferenceId) => window.llm.llmAttach({ inferenceId, afterSeq: -1 })
  .then(() => "attached", (error) => error.code)
"""


def test_two_pages_show_one_shared_answer_and_one_may_leave(app: App, page: Page) -> None:
    """shows: B3 D36"""
    second_page = app.open_another(page)
    run = {"inferenceId": f"inf-shared-{app.kind}", "share": True, "script": COMPLETE_SCRIPT}
    second_page.evaluate(START, run)
    page.evaluate(COLLECT, f"inf-shared-{app.kind}")
    until(page, "window.got.text.length > 20")
    app.close_other(second_page)
    until(page, "window.got.ends === 1")
    log = page.evaluate(LOG_TEXT, f"inf-shared-{app.kind}")
    assert page.evaluate("window.got.text") == log["text"]
    assert log["text"].split() == ["shared"] * 100


def test_what_is_not_shared_is_not_found(app: App, page: Page) -> None:
    """shows: B3 D35"""
    second_page = app.open_another(page)
    inference_id = f"inf-private-{app.kind}"
    second_page.evaluate(
        START, {"inferenceId": inference_id, "share": False, "script": STALLING_SCRIPT}
    )
    assert page.evaluate(REFUSAL, inference_id) == "NOT_FOUND"
    assert page.evaluate("id => window.llm.llmCancel(id)", inference_id) is False
    assert second_page.evaluate("id => window.llm.llmCancel(id)", inference_id) is True
    app.close_other(second_page)


def test_a_page_can_watch_a_shared_answer(app: App, page: Page) -> None:
    inference_id = f"inf-watched-{app.kind}"
    second_page = app.open_another(page)
    page.evaluate(START, {"inferenceId": inference_id, "share": True, "script": STALLING_SCRIPT})
    second_page.evaluate("id => { location.search = `?attach=${id}`; }", inference_id)
    expect(second_page.locator(".message.assistant")).to_contain_text("shared shared")
    app.close_other(second_page)
    assert page.evaluate("id => window.llm.llmCancel(id)", inference_id) is True
