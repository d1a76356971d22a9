"""Places: every place of the page, and of what it gives out, that shows somebody's text."""

import re
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

from playwright.sync_api import Browser, Locator, Playwright, expect

from shell.contract import (
    AnswerDetail,
    AnswerFailure,
    FilePart,
    Notice,
    Part,
    TextPart,
    ToolCall,
)
from shell.errors import ErrorCode
from shell.providers.added import AddedProvider, add
from shell.store import pages
from shell.store.database import Connection
from shell.store.portable import Arrival, Portable, PortableMessage, derived_id
from shell.store.store import Store
from tests.e2e.app import ask, until
from tests.e2e.model_server import ModelServer, model_server
from tests.host_process import HostProcess
from tests.page.hostile import ALARM, HARM, Watched
from tests.page.trap import Trap, trapped

SERVER = "harbour"
QUICK_MODEL = "quiet"
"""The one model with a name that nobody made up."""

CHOOSE = """
(input, names) => {
  const chosen = new DataTransfer();
  for (const name of names) chosen.items.add(new File(["{}"], name, { type: "text/plain" }));
  input.files = chosen.files;
  input.dispatchEvent(new Event("change", { bubbles: true }));
}
"""
"""Files whose names no disk would hold."""


def one_line(text: str, longest: int) -> str:
    """As much of the text as a name may be."""
    return re.sub(r"[\x00-\x1f\x7f]+", " ", text).strip()[:longest] or "x"


def conversation(number: int, text: str) -> Portable:
    """A conversation that has the text wherever a conversation can have one."""
    name = one_line(text, 200)
    asked = derived_id("asked", str(number))
    content: list[Part] = [
        TextPart(text=text),
        # Not held to what a name may be: a backup may come from anywhere.
        FilePart.model_construct(name=name, media_type="text/plain", data="aGVsbG8="),
    ]
    failure = AnswerFailure(code=ErrorCode.SERVER_ERROR, message=text, retryable=True)
    detail = AnswerDetail(
        tools=[ToolCall(id="call", name=name, arguments=text)],
        notices=[Notice(code="fit", text=text)],
        reasoning_ms=1_000,
        failure=failure,
    )
    question = PortableMessage(asked, None, "user", content, number)
    answer = PortableMessage(
        derived_id("answer", str(number)),
        *(asked, "assistant", text, number),
        status="failed",
        provider_id=SERVER,
        model_id=name,
        reasoning=text,
        detail=detail,
    )
    return Portable(
        derived_id(str(number)),
        name,
        *(number, number),
        folder=one_line(text, 100),
        messages=[question, answer],
        chosen={None: question.id, question.id: answer.id},
    )


def keep(folder: Path, conversations: Sequence[Portable]) -> None:
    """A store with these."""
    store = Store(folder)
    store.open()

    def write(connection: Connection) -> None:
        for one in conversations:
            arrival = Arrival(one)
            arrival.begin(connection)
            arrival.add(connection, len(one.messages))

    store.database.write(write).result()
    store.close()


class Places:
    """The program over a store in which everything has one of these texts for a name."""

    def __init__(self, watched: Watched, texts: Sequence[str]) -> None:
        self._watched = watched
        self._page = watched.page
        self._texts = texts

    def harm(self) -> Mapping[str, Sequence[str]]:
        """What was done at each place; nothing, as it should be."""
        places = {
            "the sidebar": self.sidebar,
            "conversations": self.conversations,
            "hits": self.hits,
            "models": self.models,
            "errors": self.errors,
            "settings": self.settings,
            "files": self.files,
            "toasts": self.toasts,
        }
        found: dict[str, Sequence[str]] = {}
        for name, show in places.items():
            show()
            found[name] = self._watched.look()
        return {name: harm for name, harm in found.items() if harm}

    def sidebar(self) -> None:
        """Titles and folders, all of them."""
        expect(self._items).to_have_count(len(self._texts))

    def conversations(self) -> None:
        """The title at the top, the question, the answer with its thoughts, tools and failure."""
        for number in range(len(self._texts)):
            item = self._page.locator(f"[data-conversation='{derived_id(str(number))}']")
            item.evaluate("each => each.click()")
            shown = self._page.locator(f"[data-message='{derived_id('answer', str(number))}']")
            expect(shown).to_be_visible()
            shown.evaluate(
                "each => each.querySelectorAll('details').forEach((one) => { one.open = true; })"
            )

    def hits(self) -> None:
        """What a search finds, marked."""
        for words in ("evil", "alert", "script"):
            self._page.keyboard.press("Control+k")
            self._page.keyboard.type(words)
            until(self._page, "document.querySelector('[data-hits] mark')")
        self._page.keyboard.press("Escape")

    def models(self) -> None:
        """Models and providers to choose from."""
        self._page.locator("[data-models], button[aria-haspopup=dialog]").last.click()
        until(self._page, f"document.querySelector('[data-model=\"{QUICK_MODEL}\"]')")
        self._page.locator(f"[data-model='{QUICK_MODEL}']").first.click()

    def errors(self) -> None:
        """What a server says when it refuses."""
        self._page.keyboard.press("Control+Shift+O")
        self.models()
        for text in self._texts[::10]:
            before = int(self._page.evaluate("window.seen.ends.length"))
            ask(self._page, f"refuse {text}")
            until(self._page, f"window.seen.ends.length > {before}")
            expect(self._page.locator(".error")).to_be_visible()

    def settings(self) -> None:
        """Providers and their models, and where the words of a report come from elsewhere."""
        self._page.keyboard.press("Control+Comma")
        dialog = self._page.locator("dialog[open]")
        expect(dialog.locator("summary").first).to_be_visible()
        dialog.evaluate(
            "each => each.querySelectorAll('details').forEach((one) => { one.open = true; })"
        )
        self._page.keyboard.press("Escape")
        expect(dialog).to_have_count(0)

    def files(self) -> None:
        """What is attached to a question."""
        names = self._names(8)
        self._page.locator("[data-attach]").first.evaluate(CHOOSE, names)
        expect(self._page.locator("main form").last.get_by_role("listitem")).to_have_count(8)

    def toasts(self) -> None:
        """What is said after a deletion, and of a file that is no conversation."""
        self._page.locator("nav input[type=file]").first.evaluate(CHOOSE, self._names(1))
        notices = self._page.get_by_role("region", name="Notices")
        expect(notices).not_to_be_empty()
        for _ in range(min(6, len(self._texts))):
            self._items.first.press("Delete")
        expect(notices).to_contain_text("deleted")

    @property
    def _items(self) -> Locator:
        return self._page.locator("[data-conversation]")

    def _names(self, count: int) -> list[str]:
        return [one_line(text, 150) for text in self._texts[:count]]


@contextmanager
def everywhere(playwright: Playwright, texts: Sequence[str]) -> Iterator[Places]:
    """A page of a program that has these texts everywhere, in a browser that reaches nothing."""
    models = [QUICK_MODEL, *(one_line(text, 200) for text in texts)]
    with (
        tempfile.TemporaryDirectory() as name,
        trapped(playwright) as (browser, trap),
        model_server(models=models) as server,
    ):
        folder = Path(name)
        keep(folder, [conversation(number, text) for number, text in enumerate(texts)])
        offer(folder, server, texts)
        command = ("shell", "serve", "--no-open", "--data-dir", name, "--provider", "echo")
        with HostProcess(*command) as program:
            watched = Watched(browser, trap, str(program.json_line()["url"]), is_new=False)
            yield Places(watched, texts)
            watched.close()


def offer(folder: Path, server: ModelServer, texts: Sequence[str]) -> None:
    """Have the program know the server by its own name, and by some of the texts."""
    labels = ["Harbour", *(one_line(text, 60) for text in texts[:20])]
    for number, label in enumerate(labels):
        provider_id = SERVER if number == 0 else f"{SERVER}-{number}"
        provider = AddedProvider(
            id=provider_id, label=label, base_url=server.url, default_model=QUICK_MODEL
        )
        add(folder, provider, set())


def exported(texts: Sequence[str]) -> str:
    """What somebody gets who exports all of it as a web page."""
    return "".join(pages.html(conversation(number, text) for number, text in enumerate(texts)))


def harm_of_file(browser: Browser, trap: Trap, html: str) -> Sequence[str]:
    """What a web page does that is opened from the disk."""
    found: list[str] = []
    with tempfile.TemporaryDirectory() as name:
        file = Path(name) / "exported.html"
        file.write_text(html, "utf-8")
        context = browser.new_context()
        page = context.new_page()
        page.add_init_script(ALARM)
        context.on("request", lambda request: found.append(request.url))
        page.on("dialog", lambda dialog: found.append(f"a dialog: {dialog.message}"))
        page.goto(file.as_uri())
        page.wait_for_load_state("networkidle")
        found.remove(file.as_uri())
        for what in ("window.alarms", HARM.replace("#root", "body")):
            found += page.evaluate(what)
        context.close()
    return [*found, *trap.caught]
