"""Files: made here and brought to a page as a person would: dropped, pasted, chosen."""

import base64
import struct
import zlib
from collections.abc import Sequence
from dataclasses import dataclass

from playwright.sync_api import Page

DRAG = """
async ([files, kinds]) => {
  const transfer = new DataTransfer();
  for (const [name, type, data, repeats] of files) {
    const bytes = Uint8Array.from(atob(data), (letter) => letter.charCodeAt(0));
    transfer.items.add(new File(Array(repeats).fill(bytes), name, { type }));
  }
  const main = document.querySelector("main");
  const options = { dataTransfer: transfer, bubbles: true, cancelable: true };
  for (const kind of kinds) main.dispatchEvent(new DragEvent(kind, options));
}
"""
PASTE = """
([files, texts]) => {
  const transfer = new DataTransfer();
  for (const [name, type, data] of files) {
    const bytes = Uint8Array.from(atob(data), (letter) => letter.charCodeAt(0));
    transfer.items.add(new File([bytes], name, { type }));
  }
  for (const [type, text] of texts) transfer.setData(type, text);
  const options = { clipboardData: transfer, bubbles: true, cancelable: true };
  return document.activeElement.dispatchEvent(new ClipboardEvent("paste", options));
}
"""


@dataclass(frozen=True)
class Given:
    """A file: its content as often as `repeats` says, so that a large one is quickly sent."""

    name: str
    media_type: str
    content: bytes
    repeats: int = 1

    @property
    def values(self) -> list[object]:
        """For the page."""
        return [self.name, self.media_type, base64.b64encode(self.content).decode(), self.repeats]


def picture(name: str = "tide.png", width: int = 60, height: int = 40) -> Given:
    """A PNG of one colour."""
    rows = zlib.compress((b"\0" + b"\x0e\x6a\x75" * width) * height)
    head = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    parts = ((b"IHDR", head), (b"IDAT", rows), (b"IEND", b""))
    return Given(name, "image/png", b"\x89PNG\r\n\x1a\n" + b"".join(_chunk(*p) for p in parts))


def drag(page: Page, files: Sequence[Given], *kinds: str) -> None:
    """Drag events over the chat, with these files."""
    page.evaluate(DRAG, [[file.values for file in files], kinds])


def drop(page: Page, *files: Given) -> None:
    """Drop files onto the chat."""
    drag(page, files, "dragenter", "dragover", "drop")


def paste(page: Page, *files: Given, **texts: str) -> bool:
    """Paste into what has the focus; `html` and `plain` come with it. False: the page took it."""
    named = [[f"text/{kind}", text] for kind, text in texts.items()]
    return bool(page.evaluate(PASTE, [[file.values for file in files], named]))


def _chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
