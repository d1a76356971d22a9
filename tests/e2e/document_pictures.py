"""Takes the pictures of the README and the guide: `python -m tests.e2e.document_pictures [DIR]`."""

import json
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory

from playwright.sync_api import Page

from tests.chromium import driver
from tests.e2e.app import box, running, until
from tests.e2e.screens import keys, picker, settings, wait_for_animations
from tests.host_process import ROOT

QUESTION = (
    "Why are there two tides a day, and how do I compute the height? A table and Python, please."
)
ANSWER = r"""
Two bulges of water, one moon: as the Earth turns, each coast passes through **both** of them.

| | spring tide | neap tide |
|---|---|---|
| Moon | new or full | half |
| Range | large | small |

The height over time is a sum of waves; for one of them

$$h(t) = H_0 + A \cos\left(\frac{2\pi t}{12.42\,\mathrm{h}} + \varphi\right)$$

```python
def height(hours: float, mean=4.1, amplitude=2.3) -> float:
    return mean + amplitude * cos(2 * pi * hours / 12.42)
```
"""
OTHER_CONVERSATIONS = (
    ("Why the sea is salty", None, True, 0),
    ("Packing list for the Lofoten", "Travel", False, 0),
    ("Ferry times, in plain words", "Travel", False, 0),
    ("Rename a column without downtime", "Work", False, 0),
    ("A name for a small sailing boat", None, False, 0),
    ("Sourdough that does not rise", None, False, 1),
    ("Letter to the harbor master", None, False, 4),
)
DAY_MS = 86_400_000
TITLE = "Two tides a day"


def conversation(title: str, folder: str | None, pinned: bool, days: int) -> dict[str, object]:
    """A conversation in the export format, with a question and its answer."""
    created_ms = int(time.time() * 1000) - days * DAY_MS
    key = title.replace(" ", "-").replace(",", "")
    question, answer = f"q-{key}", f"a-{key}"
    common = {"reasoning": "", "status": "complete", "createdAt": created_ms}
    usage = {"inputTokens": 412, "outputTokens": 386, "estimated": False, "cost": 0.002}
    detail = {
        "finishReason": "stop",
        "usage": {**usage, "reasoningTokens": 0, "cachedTokens": 0},
        "timing": {"firstTokenMs": 320, "totalMs": 4_700},
        "reasoningMs": 1_800,
    }
    answer_message = {
        "id": answer,
        "parentId": question,
        "role": "assistant",
        "chosenId": None,
        "content": ANSWER,
        "providerId": "openai",
        "modelId": "gpt-5.4-mini",
        **common,
        "reasoning": "The Moon pulls the near side, and the far side lags behind.",
        "detail": {"tools": [], "notices": [], "failure": None, "earlier": [], **detail},
    }
    question_message = {
        "id": question,
        "parentId": None,
        "role": "user",
        "content": QUESTION,
        "providerId": None,
        "modelId": None,
        "detail": None,
        **common,
    }
    return {
        "id": f"c-{key}",
        "title": title,
        "titleFrom": "words",
        "systemPrompt": None,
        "folder": folder,
        "pinned": pinned,
        "createdAt": created_ms,
        "updatedAt": created_ms,
        "chosenId": question,
        "messages": [{**question_message, "chosenId": answer}, answer_message],
    }


def open_conversation(page: Page) -> None:
    """Open the conversation that most of the pictures show."""
    page.get_by_role("navigation").get_by_role("button", name=TITLE, exact=True).click()
    until(page, "document.querySelector('.message.assistant math')")


def find_words(page: Page) -> None:
    """Find a word in the conversation."""
    open_conversation(page)
    page.keyboard.press("Control+f")
    page.keyboard.type("tide")
    until(page, "CSS.highlights.size === 2")


def open_menu(page: Page) -> None:
    """Open the menu of the conversation."""
    open_conversation(page)
    page.get_by_role("button", name="Conversation actions").click()


def show_reasoning(page: Page) -> None:
    """Unfold the reasoning of the answer."""
    open_conversation(page)
    page.locator("summary").first.click()
    page.locator("[role=log]").evaluate("(log) => { log.scrollTop = 0; }")


def write_question(page: Page) -> None:
    """Type a question into the box."""
    box(page).fill("How high is the tide in Husum tomorrow at noon?")


PICTURES: dict[str, Callable[[Page], None]] = {
    "window": open_conversation,
    "settings": settings(0),
    "guide-new-chat": write_question,
    "guide-models": picker,
    "guide-thought": show_reasoning,
    "guide-menu": open_menu,
    "guide-find": find_words,
    "guide-keys": keys,
}
DARK = {"dark": open_conversation}


def main(folder: Path) -> None:
    """Write all pictures into the folder."""
    with TemporaryDirectory() as name, driver() as playwright:
        data = Path(name)
        export = data / "export.json"
        all_of_them = [
            conversation(TITLE, None, False, 0),
            *(conversation(*arguments) for arguments in OTHER_CONVERSATIONS),
        ]
        seed = {"format": "tidewire-conversations", "version": 1, "conversations": all_of_them}
        export.write_text(json.dumps(seed), "utf-8")
        command = ("conversations", "import", str(export), "--data-dir", name)
        subprocess.run([sys.executable, "-m", "shell", *command], cwd=ROOT, check=True)
        with running("browser", playwright, data, provider="local") as app:
            page = app.page()
            page.set_viewport_size({"width": 1_180, "height": 760})
            for theme, pictures in (("light", PICTURES), ("dark", DARK)):
                page.emulate_media(color_scheme="dark" if theme == "dark" else "light")
                for picture, show in pictures.items():
                    page.reload()
                    page.keyboard.press("Control+Shift+O")
                    show(page)
                    wait_for_animations(page)
                    page.screenshot(path=folder / f"{picture}.png")


if __name__ == "__main__":
    main(Path(sys.argv[1]) if len(sys.argv) > 1 else ROOT / "docs" / "images")
