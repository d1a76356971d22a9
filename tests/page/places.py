"""Places: every place of the page, and of what it gives out, that shows somebody's text."""

import json
import re
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

from playwright.sync_api import Browser, Locator, Playwright, ViewportSize, expect

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
from shell.providers.custom import CustomProvider, add
from shell.store.database import Connection
from shell.store.exchange import render
from shell.store.exchange.portable import (
    ConversationWriter,
    PortableConversation,
    PortableMessage,
    derived_id,
)
from shell.store.store import Store
from tests.e2e.app import ask, until
from tests.e2e.model_server import ModelServer, model_server
from tests.host_process import HostProcess
from tests.page.hostile import ALARM, HARM, Watched
from tests.page.trap import Trap, trapped

SERVER = "harbour"
QUICK_MODEL = "quiet"
"""The one model with a name that nobody made up."""

GIVE = """
(input, [names, content]) => {
  const chosen = new DataTransfer();
  for (const name of names) chosen.items.add(new File([content], name, { type: "text/plain" }));
  input.files = chosen.files;
  input.dispatchEvent(new Event("change", { bubbles: true }));
}
"""
"""Files whose names no disk would hold."""
OPTION = "[...document.querySelectorAll('[data-model]')].find((each) => each.dataset.model === {})"
NAMES = "[...document.querySelectorAll('[data-model]')].map((each) => each.dataset.model)"
OPEN = "each => each.querySelectorAll('details').forEach((one) => { one.open = true; })"
KEPT = "hello"
"""In every file that can be sent."""
BROKEN = "\0\1"
"""Neither text nor a picture: it stays in the tray with the reason."""
TALL: ViewportSize = {"width": 1280, "height": 3200}
"""So that the sidebar draws every row."""
MESSAGE_FILES = 20
"""What one message takes."""


def one_line(text: str, longest: int) -> str:
    """As much of the text as a name may be."""
    return re.sub(r"[\x00-\x1f\x7f]+", " ", text).strip()[:longest] or "x"


def conversation(number: int, text: str) -> PortableConversation:
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
    question.chosen_id = answer.id
    return PortableConversation(
        derived_id(str(number)),
        name,
        *(number, number),
        folder=one_line(text, 100),
        messages=[question, answer],
        chosen_id=question.id,
    )


def keep(folder: Path, conversations: Sequence[PortableConversation]) -> None:
    """A store with these."""
    store = Store(folder)
    store.open()

    def write(connection: Connection) -> None:
        for one in conversations:
            arrival = ConversationWriter(one)
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
            "imports": self.imports,
            "folders": self.folders,
            "deletions": self.deletions,
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
        """The title at the top, the question, its file, the answer with all that belongs to it."""
        for number in range(len(self._texts)):
            item = self._page.locator(f"[data-conversation='{derived_id(str(number))}']")
            item.evaluate("each => each.click()")
            shown = self._page.locator(f"[data-message='{derived_id('answer', str(number))}']")
            expect(shown).to_be_visible()
            shown.evaluate(OPEN)
            question = f"[data-message='{derived_id('asked', str(number))}']"
            self._page.locator(f"{question} button[title^='Open ']").click()
            expect(self._dialog).to_contain_text(KEPT)
            self._shut()

    def hits(self) -> None:
        """What a search finds, marked."""
        said = " ".join(self._texts).lower()
        for words in re.findall(r"\b(?:evil|alert|script|javascript)\b", said)[:3]:
            self._page.keyboard.press("Control+k")
            self._page.keyboard.type(words)
            until(self._page, "document.querySelector('[data-hits] mark')")
        self._page.keyboard.press("Escape")

    def models(self) -> None:
        """Models and providers to choose from, and each of them chosen."""
        self._page.locator("[data-models]").click()
        # Signs that nobody sees are no name, and a model to embed with is none to talk with.
        until(self._page, f"new Set({NAMES}).size > {len(self._texts) // 2 + 3}")
        offered = set(self._page.evaluate(NAMES))
        self._page.keyboard.press("Escape")
        for name in sorted(offered - {QUICK_MODEL}):
            self._choose(name)
        self._page.keyboard.press("Control+Shift+O")
        self._choose(QUICK_MODEL)

    def errors(self) -> None:
        """What a server says when it refuses."""
        for text in self._texts:
            before = int(self._page.evaluate("window.seen.ends.length"))
            ask(self._page, f"refuse {text}")
            until(self._page, f"window.seen.ends.length > {before}")
            expect(self._page.locator(".error").last).to_be_visible()

    def settings(self) -> None:
        """Providers and their models, what answers new chats, where everything lies."""
        self._page.keyboard.press("Control+Comma")
        expect(self._dialog.locator("summary").first).to_be_visible()
        for tab in self._dialog.get_by_role("tab").all():
            tab.click()
            expect(tab).to_have_attribute("aria-selected", "true")
            self._dialog.evaluate(OPEN)
        self._shut()

    def files(self) -> None:
        """What is attached to a question, sent and not to be sent."""
        tray = self._page.locator("main form").last.get_by_role("listitem")
        for start in range(0, len(self._names), MESSAGE_FILES):
            some = self._names[start : start + MESSAGE_FILES]
            self._give("[data-attach]", some, KEPT)
            expect(tray).to_have_count(len(some))
            before = int(self._page.evaluate("window.seen.ends.length"))
            ask(self._page, "look")
            expect(tray).to_have_count(0)
            until(self._page, f"window.seen.ends.length > {before}")
            self._give("[data-attach]", some, BROKEN)
            expect(tray).to_have_count(len(some))
            for _ in some:
                tray.get_by_role("button").last.press("Delete")
            expect(tray).to_have_count(0)

    def imports(self) -> None:
        """What is said of a file while it comes in, and when it is no conversation."""
        for name in self._names:
            self._give("nav input[type=file]", [name], "{}")
            expect(self._notices).not_to_be_empty()
            expect(self._notices.locator("progress")).to_have_count(0)

    def folders(self) -> None:
        """Where a conversation may go, and what is said when a folder goes."""
        self._items.first.press("Shift+F10")
        self._page.get_by_role("menuitem", name="Move to folder").click()
        expect(self._dialog.get_by_role("listitem").first).to_be_visible()
        self._shut()
        folders = self._page.locator("[data-folder]")
        for left in range(folders.count(), 0, -1):
            folders.first.press("Shift+F10")
            self._page.get_by_role("menuitem", name="Remove folder").click()
            expect(folders).to_have_count(left - 1)
            expect(self._notices).to_contain_text("was removed")

    def deletions(self) -> None:
        """What is said after a deletion."""
        for left in range(self._items.count(), 0, -1):
            # By no key: the focus may be on its way to the box, as the open one is gone.
            self._items.first.dispatch_event("keydown", {"key": "Delete"})
            expect(self._items).to_have_count(left - 1)
            expect(self._notices).to_contain_text("was deleted")

    def _choose(self, model: str) -> None:
        self._page.locator("[data-models]").click()
        option = OPTION.format(json.dumps(model))
        until(self._page, option)
        self._page.evaluate(f"{option}.click()")

    def _give(self, place: str, names: Sequence[str], content: str) -> None:
        self._page.locator(place).first.evaluate(GIVE, [names, content])

    def _shut(self) -> None:
        self._page.keyboard.press("Escape")
        expect(self._dialog).to_have_count(0)

    @property
    def _items(self) -> Locator:
        return self._page.locator("[data-conversation]")

    @property
    def _names(self) -> list[str]:
        return [one_line(text, 150) for text in self._texts]

    @property
    def _dialog(self) -> Locator:
        return self._page.locator("dialog[open]")

    @property
    def _notices(self) -> Locator:
        return self._page.get_by_role("region", name="Notifications")


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
            watched.page.set_viewport_size(TALL)
            yield Places(watched, texts)
            watched.close()


def offer(folder: Path, server: ModelServer, texts: Sequence[str]) -> None:
    """Have the program know the server by its own name, and by each of the texts."""
    labels = ["Harbour", *(one_line(text, 60) for text in texts)]
    for number, label in enumerate(labels):
        provider_id = SERVER if number == 0 else f"{SERVER}-{number}"
        provider = CustomProvider(
            id=provider_id, label=label, base_url=server.url, default_model=QUICK_MODEL
        )
        add(folder, provider, set())


def exported(texts: Sequence[str]) -> str:
    """What somebody gets who exports all of it as a web page."""
    return "".join(render.html(conversation(number, text) for number, text in enumerate(texts)))


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
