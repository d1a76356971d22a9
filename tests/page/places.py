"""Visits every place of the page and of its exports that shows text from outside."""

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
)
from shell.store.store import Store
from shell.support.ids import derived_id
from tests.chromium import new_page
from tests.e2e.app import ask, until
from tests.e2e.model_server import ModelServer, model_server
from tests.host_process import HostProcess
from tests.page.hostile import ALARM, HARM, WatchedPage
from tests.page.trap import Trap, trapped

SERVER = "harbour"
QUICK_MODEL = "quiet"
"""The only model whose name is not a hostile text."""

SET_FILES = """
(input, [names, content]) => {
  const chosen = new DataTransfer();
  for (const name of names) chosen.items.add(new File([content], name, { type: "text/plain" }));
  input.files = chosen.files;
  input.dispatchEvent(new Event("change", { bubbles: true }));
}
"""
"""Chooses files with names that no file system allows."""
OPTION = "[...document.querySelectorAll('[data-model]')].find((each) => each.dataset.model === {})"
NAMES = "[...document.querySelectorAll('[data-model]')].map((each) => each.dataset.model)"
OPEN = "each => each.querySelectorAll('details').forEach((one) => { one.open = true; })"
FILE_TEXT = "hello"
"""The content of every file that can be sent."""
BROKEN = "\0\1"
"""Content of a file that is neither text nor a picture, and stays in the tray with a reason."""
TALL: ViewportSize = {"width": 1280, "height": 3200}
"""Tall enough that the sidebar draws every row."""
MESSAGE_FILES = 20
"""The most files in one message."""


def one_line(text: str, longest: int) -> str:
    """The text as a valid name: in one line, and cut to a length."""
    return re.sub(r"[\x00-\x1f\x7f]+", " ", text).strip()[:longest] or "x"


def conversation(number: int, text: str) -> PortableConversation:
    """A conversation with this text in every field of text."""
    name = one_line(text, 200)
    question_id = derived_id("asked", str(number))
    content: list[Part] = [
        TextPart(text=text),
        # Not validated as a name, because a backup may contain anything.
        FilePart.model_construct(name=name, media_type="text/plain", data="aGVsbG8="),
    ]
    failure = AnswerFailure(code=ErrorCode.SERVER_ERROR, message=text, retryable=True)
    detail = AnswerDetail(
        tools=[ToolCall(id="call", name=name, arguments=text)],
        notices=[Notice(code="fit", text=text)],
        reasoning_ms=1_000,
        failure=failure,
    )
    question = PortableMessage(question_id, None, "user", content, number)
    answer = PortableMessage(
        derived_id("answer", str(number)),
        *(question_id, "assistant", text, number),
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


def write_store(folder: Path, conversations: Sequence[PortableConversation]) -> None:
    """Create a store with these conversations."""
    store = Store(folder)
    store.open()

    def write(connection: Connection) -> None:
        for entry in conversations:
            arrival = ConversationWriter(entry)
            arrival.begin(connection)
            arrival.add(connection, len(entry.messages))

    store.database.write(write).result()
    store.close()


class Places:
    """The page of a program in which everything has one of these texts as its name."""

    def __init__(self, watched: WatchedPage, texts: Sequence[str]) -> None:
        self._watched = watched
        self._page = watched.page
        self._texts = texts

    def harm(self) -> Mapping[str, Sequence[str]]:
        """Visit every place; returns the forbidden effects by place."""
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
        harm_of_places: dict[str, Sequence[str]] = {}
        for name, show in places.items():
            show()
            harm_of_places[name] = self._watched.collect_harm()
        return {name: harm for name, harm in harm_of_places.items() if harm}

    def sidebar(self) -> None:
        """Show all titles and folders."""
        expect(self._items).to_have_count(len(self._texts))

    def conversations(self) -> None:
        """Open every conversation: its title, its question with a file, and its answer."""
        for number in range(len(self._texts)):
            item = self._page.locator(f"[data-conversation='{derived_id(str(number))}']")
            item.evaluate("each => each.click()")
            message = self._page.locator(f"[data-message='{derived_id('answer', str(number))}']")
            expect(message).to_be_visible()
            message.evaluate(OPEN)
            question = f"[data-message='{derived_id('asked', str(number))}']"
            self._page.locator(f"{question} button[title^='Open ']").click()
            expect(self._dialog).to_contain_text(FILE_TEXT)
            self._close_dialog()

    def hits(self) -> None:
        """Search, and show the highlighted hits."""
        all_text = " ".join(self._texts).lower()
        for word in re.findall(r"\b(?:evil|alert|script|javascript)\b", all_text)[:3]:
            self._page.keyboard.press("Control+k")
            self._page.keyboard.type(word)
            until(self._page, "document.querySelector('[data-hits] mark')")
        self._page.keyboard.press("Escape")

    def models(self) -> None:
        """Show the list of models and providers, and choose each model."""
        self._page.locator("[data-models]").click()
        # The list omits names of invisible characters, and embedding models.
        until(self._page, f"new Set({NAMES}).size > {len(self._texts) // 2 + 3}")
        offered = set(self._page.evaluate(NAMES))
        self._page.keyboard.press("Escape")
        for name in sorted(offered - {QUICK_MODEL}):
            self._choose(name)
        self._page.keyboard.press("Control+Shift+O")
        self._choose(QUICK_MODEL)

    def errors(self) -> None:
        """Show error messages of a server."""
        for text in self._texts:
            before = int(self._page.evaluate("window.seen.ends.length"))
            ask(self._page, f"refuse {text}")
            until(self._page, f"window.seen.ends.length > {before}")
            expect(self._page.locator(".error").last).to_be_visible()

    def settings(self) -> None:
        """Show every tab of the settings, with providers, models and folders."""
        self._page.keyboard.press("Control+Comma")
        expect(self._dialog.locator("summary").first).to_be_visible()
        for tab in self._dialog.get_by_role("tab").all():
            tab.click()
            expect(tab).to_have_attribute("aria-selected", "true")
            self._dialog.evaluate(OPEN)
        self._close_dialog()

    def files(self) -> None:
        """Attach files to a question, first valid ones, then ones that cannot be sent."""
        tray = self._page.locator("main form").last.get_by_role("listitem")
        for start in range(0, len(self._names), MESSAGE_FILES):
            names = self._names[start : start + MESSAGE_FILES]
            self._choose_files("[data-attach]", names, FILE_TEXT)
            expect(tray).to_have_count(len(names))
            before = int(self._page.evaluate("window.seen.ends.length"))
            ask(self._page, "look")
            expect(tray).to_have_count(0)
            until(self._page, f"window.seen.ends.length > {before}")
            self._choose_files("[data-attach]", names, BROKEN)
            expect(tray).to_have_count(len(names))
            for _ in names:
                tray.get_by_role("button").last.press("Delete")
            expect(tray).to_have_count(0)

    def imports(self) -> None:
        """Import files that are no conversations, with progress and an error message."""
        for name in self._names:
            self._choose_files("nav input[type=file]", [name], "{}")
            expect(self._notices).not_to_be_empty()
            expect(self._notices.locator("progress")).to_have_count(0)

    def folders(self) -> None:
        """Show the folders to move a conversation to, and the notices of removed folders."""
        self._items.first.press("Shift+F10")
        self._page.get_by_role("menuitem", name="Move to folder").click()
        expect(self._dialog.get_by_role("listitem").first).to_be_visible()
        self._close_dialog()
        folders = self._page.locator("[data-folder]")
        for count in range(folders.count(), 0, -1):
            folders.first.press("Shift+F10")
            self._page.get_by_role("menuitem", name="Remove folder").click()
            expect(folders).to_have_count(count - 1)
            expect(self._notices).to_contain_text("was removed")

    def deletions(self) -> None:
        """Show the notices after deletions."""
        for count in range(self._items.count(), 0, -1):
            # As an event, not a real key: after the deletion of the open conversation the focus
            # may be moving to the message box.
            self._items.first.dispatch_event("keydown", {"key": "Delete"})
            expect(self._items).to_have_count(count - 1)
            expect(self._notices).to_contain_text("was deleted")

    def _choose(self, model: str) -> None:
        self._page.locator("[data-models]").click()
        option = OPTION.format(json.dumps(model))
        until(self._page, option)
        self._page.evaluate(f"{option}.click()")

    def _choose_files(self, selector: str, names: Sequence[str], content: str) -> None:
        self._page.locator(selector).first.evaluate(SET_FILES, [names, content])

    def _close_dialog(self) -> None:
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
    """Run a program with these texts in every place, in a browser that can reach nothing else."""
    models = [QUICK_MODEL, *(one_line(text, 200) for text in texts)]
    with (
        tempfile.TemporaryDirectory() as name,
        trapped(playwright) as (browser, trap),
        model_server(models=models) as server,
    ):
        folder = Path(name)
        write_store(folder, [conversation(number, text) for number, text in enumerate(texts)])
        add_providers(folder, server, texts)
        command = ("shell", "serve", "--no-open", "--data-dir", name, "--provider", "echo")
        with HostProcess(*command) as program:
            watched = WatchedPage(browser, trap, str(program.json_line()["url"]), is_new=False)
            watched.page.set_viewport_size(TALL)
            yield Places(watched, texts)
            watched.close()


def add_providers(folder: Path, server: ModelServer, texts: Sequence[str]) -> None:
    """Add the server as a provider with its own name, and with each text as its name."""
    labels = ["Harbour", *(one_line(text, 60) for text in texts)]
    for number, label in enumerate(labels):
        provider_id = SERVER if number == 0 else f"{SERVER}-{number}"
        provider = CustomProvider(
            id=provider_id, label=label, base_url=server.url, default_model=QUICK_MODEL
        )
        add(folder, provider, set())


def exported(texts: Sequence[str]) -> str:
    """The export of conversations with these texts as a web page."""
    return "".join(render.html(conversation(number, text) for number, text in enumerate(texts)))


def harm_of_file(browser: Browser, trap: Trap, html: str) -> Sequence[str]:
    """Open a web page from the disk; returns its forbidden effects."""
    harm: list[str] = []
    with tempfile.TemporaryDirectory() as name:
        file = Path(name) / "exported.html"
        file.write_text(html, "utf-8")
        context = browser.new_context()
        page = new_page(context)
        page.add_init_script(ALARM)
        context.on("request", lambda request: harm.append(request.url))
        page.on("dialog", lambda dialog: harm.append(f"a dialog: {dialog.message}"))
        page.goto(file.as_uri())
        page.wait_for_load_state("networkidle")
        harm.remove(file.as_uri())
        for expression in ("window.alarms", HARM.replace("#root", "body")):
            harm += page.evaluate(expression)
        context.close()
    return [*harm, *trap.requests]
