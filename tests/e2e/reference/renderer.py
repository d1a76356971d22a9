"""Drives the reference design's own renderer on a page of the program's host.

`hooks/useLlmInference.ts` and `components/ChatComponent.tsx` are the design's, byte for byte, with
our `window.llm`. `CASES` has their inputs and the expected transcripts.
"""

import contextlib
import subprocess
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from playwright.sync_api import Page, Playwright

from devtools.processes import Children
from devtools.setup import Setup
from tests.chromium import PATIENCE_MS, headless, inside, new_page, windows
from tests.e2e.app import OFFSCREEN, Kind
from tests.host_process import ROOT, HostProcess

HERE = Path(__file__).parent
PROGRAM = "tests.e2e.reference.program"
LINE = " ; "
"""Separates the lines of a script in the component's one-line box."""
BESIDE = "/rate 200\n/repeat 100000 beside"
"""Another stream of the same page: 200 words a second, for longer than any check here."""


@dataclass(frozen=True)
class Case:
    """An input for a fresh component, and what the component must show at the end."""

    script: str
    answer: str = ""
    error: str = ""
    how: str = "ask"
    """`ask` asks once and `twice` twice. `cancel` cancels when the answer is shown. `reload` and
    `unmount` interrupt another answer, and then ask. `session` makes a run in a session, without
    the component.
    """


CASES: Mapping[str, Case] = {
    "one word": Case(f"/rate 0{LINE}word", "word"),
    "fifty words": Case(f"/rate 0{LINE}/repeat 50 word", " ".join(["word"] * 50)),
    "flood of 5": Case("/flood 5", "x " * 5),
    "flood of 1000": Case("/flood 1000", "x " * 1000),
    "error at once": Case(
        "/error INVALID_REQUEST", error="Error: The script asked for INVALID_REQUEST."
    ),
    "error after text": Case(
        f"/rate 0{LINE}word{LINE}/error INVALID_REQUEST",
        "word",
        error="Error: The script asked for INVALID_REQUEST.",
    ),
    "cancel": Case(
        f"/rate 0{LINE}/repeat 50 word{LINE}/stall", " ".join(["word"] * 50), "", "cancel"
    ),
    "two questions": Case("/flood 5", "x " * 5, "", "twice"),
    "reload": Case("/flood 5", "x " * 5, "", "reload"),
    "unmount": Case("/flood 5", "x " * 5, "", "unmount"),
    "session": Case("/flood 5", "x " * 5, "", "session"),
}

RUN_CASE = """
async ({ script, answer, error, how, patience }) => {
  const look = (holds) => new Promise((resolve) => {
    const check = () => {
      if (!holds()) return false;
      observer.disconnect();
      clearTimeout(late);
      resolve(true);
      return true;
    };
    const observer = new MutationObserver(check);
    const late = setTimeout(() => { observer.disconnect(); resolve(false); }, patience);
    const all = { subtree: true, childList: true, characterData: true, attributes: true };
    if (!check()) observer.observe(document.getElementById("root"), all);
  });
  const one = (selector) => document.querySelector(selector);
  const messages = () => [...document.querySelectorAll(".message")].map((m) => m.textContent);
  const set = Object.getOwnPropertyDescriptor(HTMLInputElement.prototype, "value").set;
  const ask = async (text) => {
    await look(() => one("input") !== null && !one("input").disabled);
    set.call(one("input"), text);
    one("input").dispatchEvent(new Event("input", { bubbles: true }));
    await look(() => !one("[type=submit]").disabled);
    one("form").requestSubmit();
    await look(() => one("input").disabled || one(".error") !== null);
  };
  const rest = (count) => look(() => !one("input").disabled && messages().length === count &&
    (one(".error") !== null) === (error !== ""));
  const turn = () => new Promise((resolve) => setTimeout(resolve, 0));
  const slow = "/rate 50 ; /repeat 1000 old";

  if (how === "session") {
    const sessionId = `Gespräch ${crypto.randomUUID()}\\n../..`;
    await window.llm.llmCreateSession({ sessionId, providerId: "openai" });
    let id = null, text = "", ended = () => {};
    const end = new Promise((resolve) => { ended = resolve; });
    const stops = [
      window.llm.onLlmToken((e) => { if (e.inferenceId === id) text += e.token; }),
      window.llm.onLlmDone((e) => { if (e.inferenceId === id) ended(true); }),
      window.llm.onLlmError((e) => { if (e.inferenceId === id) ended(true); }),
    ];
    const late = setTimeout(() => ended(false), patience);
    const wrapped = async () => await (async () => await window.llm.llmRunSession(
      { sessionId, messages: [{ role: "user", content: script }] }))();
    id = await wrapped();
    const whole = await end;
    clearTimeout(late);
    for (const stop of stops) stop();
    await window.llm.llmDestroySession(sessionId);
    return { messages: ["user: " + script, "assistant: " + text], error: "", loading: !whole };
  }
  window.reference.unmount();
  window.reference.mount();
  if (how === "unmount" || how === "leave") {
    await ask(slow);
    await look(() => messages().length === 2);
    if (how === "leave") return null;
    window.reference.unmount();
    window.reference.mount();
  }
  await ask(script);
  if (how === "cancel") {
    await look(() => messages().at(-1) === `assistant: ${answer}`);
    one("button[type=button]").click();
  }
  await rest(answer === "" ? 1 : 2);
  if (how === "twice") {
    await ask(script);
    await rest(4);
  }
  await turn();
  await turn();
  const shown = one(".error")?.textContent ?? "";
  return { messages: messages(), error: shown, loading: one("input").disabled };
}
"""
STOP_ALL = """
async (kept) => {
  for (const { inferenceId, live } of await window.llm.llmList())
    if (live && inferenceId !== kept) await window.llm.llmCancel(inferenceId);
}
"""


class Renderer:
    """The page with the design's renderer in a browser or in the real window."""

    def __init__(self, page: Page) -> None:
        self._page = page
        self._beside: str | None = None
        page.set_default_timeout(PATIENCE_MS)
        page.wait_for_selector("form")

    def stream_beside(self) -> None:
        """Start another stream on the same page, unless it runs already."""
        if self._beside is not None:
            return
        self._beside = self._page.evaluate(
            """(content) => window.llm.llmInference({ providerId: "echo", timeoutMs: 600000,
                 share: true, messages: [{ role: "user", content }] })""",
            BESIDE,
        )

    def run(self, name: str, patience_ms: int = PATIENCE_MS) -> str | None:
        """Run one case; returns a description of a wrong outcome, or None."""
        case = CASES[name]
        script, answer = case.script, case.answer
        arguments = {
            "script": script,
            "answer": answer,
            "error": case.error,
            "how": case.how,
            "patience": patience_ms,
        }
        if case.how == "reload":
            self._page.evaluate(RUN_CASE, {**arguments, "how": "leave"})
            self._page.reload()
            self._page.wait_for_selector("form")
            if self._beside is not None:
                follow = "(inferenceId) => window.llm.llmAttach({ inferenceId }).then(() => {})"
                self._page.evaluate(follow, self._beside)
        outcome = self._page.evaluate(RUN_CASE, arguments)
        if case.how in ("reload", "unmount"):
            self._page.evaluate(STOP_ALL, self._beside)
        messages = [f"user: {script}"]
        if answer:
            messages.append(f"assistant: {answer}")
        expected = {
            "messages": messages * (2 if case.how == "twice" else 1),
            "error": case.error,
            "loading": False,
        }
        return None if outcome == expected else f"{name}: {str(outcome)[:300]}"

    @property
    def is_beside(self) -> bool:
        """Whether the other stream still runs."""
        live = self._page.evaluate(
            "async () => (await window.llm.llmList()).filter((run) => run.live)"
        )
        return self._beside in [run["inferenceId"] for run in live]

    def stop_beside(self) -> None:
        """End the other stream."""
        if self._beside is not None:
            self._page.evaluate("(id) => window.llm.llmCancel(id)", self._beside)
        self._beside = None


def build(folder: Path) -> None:
    """Build the page into a folder."""
    setup = Setup(ROOT, Children())
    node, _ = setup.node()
    vite = [node, str(setup.script("vite/bin/vite.js")), "build", "--logLevel", "warn"]
    config = ["--config", str(HERE / "vite.config.ts"), "--outDir", str(folder)]
    subprocess.run([*vite, *config], cwd=ROOT, check=True)


@contextlib.contextmanager
def rendering(kind: Kind, playwright: Playwright, folder: Path) -> Iterator[Renderer]:
    """Build the page into `folder`, and run the program with it."""
    build(folder / "page")
    page = str(folder / "page")
    data = ("--data-dir", str(folder / "data"), "--provider", "echo")
    command = (
        (PROGRAM, page, "serve", "--no-open", *data)
        if kind == "browser"
        else (PROGRAM, page, "--debug-port", "0", *data)
    )
    with HostProcess(*command, env=OFFSCREEN) as program, contextlib.ExitStack() as stack:
        ready = program.json_line()
        if kind == "browser":
            browser = stack.enter_context(headless(playwright))
            tab = new_page(browser.new_context())
            tab.goto(str(ready["url"]))
        else:
            tab = windows(stack.enter_context(inside(playwright, str(ready["debugUrl"]))))[0]
        yield Renderer(tab)
