"""The pictures in the README and in the guide: `python -m tests.e2e.document_pictures [DIR]`."""

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
from tests.e2e.screens import keys, picker, settings, settled
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
OTHERS = (
    ("Why the sea is salty", None, True, 0),
    ("Packing list for the Lofoten", "Travel", False, 0),
    ("Ferry times, in plain words", "Travel", False, 0),
    ("Rename a column without downtime", "Work", False, 0),
    ("A name for a small sailing boat", None, False, 0),
    ("Sourdough that does not rise", None, False, 1),
    ("Letter to the harbor master", None, False, 4),
)
DAY_MS = 86_400_000
OPENED = "Two tides a day"


def conversation(title: str, folder: str | None, pinned: bool, days: int) -> dict[str, object]:
    """One as an export has it, with a question and its answer."""
    at = int(time.time() * 1000) - days * DAY_MS
    key = title.replace(" ", "-").replace(",", "")
    question, answer = f"q-{key}", f"a-{key}"
    common = {"reasoning": "", "status": "complete", "createdAt": at}
    usage = {"inputTokens": 412, "outputTokens": 386, "estimated": False, "cost": 0.002}
    detail = {
        "finishReason": "stop",
        "usage": {**usage, "reasoningTokens": 0, "cachedTokens": 0},
        "timing": {"firstTokenMs": 320, "totalMs": 4_700},
        "reasoningMs": 1_800,
    }
    said = {
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
    asked = {
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
        "createdAt": at,
        "updatedAt": at,
        "chosenId": question,
        "messages": [{**asked, "chosenId": answer}, said],
    }


def opened(page: Page) -> None:
    """The conversation that most of the pictures show."""
    page.get_by_role("navigation").get_by_role("button", name=OPENED, exact=True).click()
    until(page, "document.querySelector('.message.assistant math')")


def found(page: Page) -> None:
    """Words that were looked for in it."""
    opened(page)
    page.keyboard.press("Control+f")
    page.keyboard.type("tide")
    until(page, "CSS.highlights.size === 2")


def with_menu(page: Page) -> None:
    """What can be done with it."""
    opened(page)
    page.get_by_role("button", name="Conversation actions").click()


def thought(page: Page) -> None:
    """What the model thought before it wrote."""
    opened(page)
    page.locator("summary").first.click()
    page.locator("[role=log]").evaluate("(log) => { log.scrollTop = 0; }")


def written(page: Page) -> None:
    """A question in the box."""
    box(page).fill("How high is the tide in Husum tomorrow at noon?")


PICTURES: dict[str, Callable[[Page], None]] = {
    "window": opened,
    "settings": settings(0),
    "guide-new-chat": written,
    "guide-models": picker,
    "guide-thought": thought,
    "guide-menu": with_menu,
    "guide-find": found,
    "guide-keys": keys,
}
DARK = {"dark": opened}


def main(folder: Path) -> None:
    """Write all pictures into the folder."""
    with TemporaryDirectory() as name, driver() as playwright:
        data = Path(name)
        export = data / "export.json"
        all_of_them = [
            conversation(OPENED, None, False, 0),
            *(conversation(*one) for one in OTHERS),
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
                    settled(page)
                    page.screenshot(path=folder / f"{picture}.png")


if __name__ == "__main__":
    main(Path(sys.argv[1]) if len(sys.argv) > 1 else ROOT / "docs" / "images")
