"""Calls `window.llm` like the reference design's renderer, in both shells."""

from playwright.sync_api import Page

NAMES = [
    *("ready", "llmInference", "llmCancel", "llmCreateSession", "llmDestroySession"),
    *("llmRunSession", "llmGetStatus", "llmAttach", "llmList", "llmGetSession"),
    *("onLlmToken", "onLlmThinking", "onLlmDone", "onLlmError"),
    *("onLlmReasoning", "onLlmTool", "onLlmRetrying", "onLlmNotice"),
]

REFUSED = """
(request) => window.llm.llmInference(request).then(
  () => null,
  (error) => ({
    isError: error instanceof Error, code: error.code, message: error.message,
    retryable: error.retryable, retryAfterMs: error.retryAfterMs,
    issues: error.issues, details: error.details,
  }),
)
"""


def request(**fields: object) -> dict[str, object]:
    return {
        "providerId": "echo",
        "messages": [{"role": "user", "content": "hello"}],
        **fields,
    }


def test_everything_of_the_surface_is_there(page: Page) -> None:
    """shows: B49 B50 B51 D59"""
    kinds = page.evaluate("names => names.map((name) => typeof window.llm[name])", NAMES)
    assert kinds == ["function"] * len(NAMES)
    assert page.evaluate("typeof window.shell.openWindow") == "function"


def test_session_creation(page: Page) -> None:
    """shows: B64"""
    info = page.evaluate(
        "() => window.llm.llmCreateSession({sessionId: 'test-session', providerId: 'echo',"
        " systemPrompt: 'Test prompt'})"
    )
    assert info["sessionId"] == "test-session"
    assert info["providerId"] == "echo"
    assert info["modelId"] == "echo"
    assert info["messageCount"] == 0
    assert info["isActive"] is False
    assert page.evaluate("window.llm.llmDestroySession('test-session')") is True
    assert page.evaluate("window.llm.llmDestroySession('test-session')") is False


def test_run_and_cancel(page: Page) -> None:
    """shows: B65"""
    stall = request(messages=[{"role": "user", "content": "/stall"}])
    inference_id = page.evaluate("request => window.llm.llmInference(request)", stall)
    assert inference_id.startswith("inf-")
    assert page.evaluate("id => window.llm.llmCancel(id)", inference_id) is True
    assert page.evaluate("id => window.llm.llmCancel(id)", inference_id) is False


def test_the_sixth_run_is_refused_with_the_limit(page: Page) -> None:
    """shows: B66 D49"""
    stall = request(messages=[{"role": "user", "content": "/stall"}])
    ids = page.evaluate(
        "request => Promise.all([1, 2, 3, 4, 5].map(() => window.llm.llmInference(request)))",
        stall,
    )
    refused = page.evaluate(REFUSED, stall)
    assert refused["isError"] is True
    assert refused["code"] == "LIMIT"
    assert refused["retryable"] is True
    assert refused["retryAfterMs"] is None
    assert refused["details"] == {"limit": 5, "current": 5}
    assert refused["message"] == "Maximum concurrent inferences limit reached (5)"
    page.evaluate("ids => Promise.all(ids.map((id) => window.llm.llmCancel(id)))", ids)
    page.evaluate(
        """async () => {
          while ((await window.llm.llmGetStatus()).activeInferences) await null;
        }"""
    )


def test_every_wrong_field_is_named(page: Page) -> None:
    """shows: B40 B45 B46 D51 D58"""
    refused = page.evaluate(REFUSED, request(temperature=3, maxTokens=1.5, max_tokens=5))
    assert refused["code"] == "VALIDATION"
    paths = {issue["path"] for issue in refused["issues"]}
    assert paths == {"temperature", "maxTokens", "max_tokens"}


def test_an_unsubscribed_listener_hears_nothing(page: Page) -> None:
    """shows: B50"""
    token_count = page.evaluate(
        """async (request) => {
          let count = 0;
          const stop = window.llm.onLlmToken(() => { count += 1; });
          stop();
          await new Promise((resolve) => {
            window.llm.onLlmDone(resolve);
            window.llm.llmInference(request);
          });
          return count;
        }""",
        request(),
    )
    assert token_count == 0


def test_not_streamed_means_one_token_with_the_whole_text(page: Page) -> None:
    """shows: D8"""
    tokens = page.evaluate(
        """(request) => new Promise((resolve) => {
          const tokens = [];
          window.llm.onLlmToken((event) => tokens.push(event.token));
          window.llm.onLlmDone(() => resolve(tokens));
          window.llm.llmInference(request);
        })""",
        request(stream=False, messages=[{"role": "user", "content": "one two three"}]),
    )
    assert tokens == ["one two three"]
