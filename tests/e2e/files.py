"""Creates files and gives them to a page like a user: by dropping or pasting."""

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
class SampleFile:
    """A file with its content `repeats` times, so that a large file is sent quickly."""

    name: str
    media_type: str
    content: bytes
    repeats: int = 1

    @property
    def values(self) -> list[object]:
        """The file as arguments of the scripts in the page."""
        return [self.name, self.media_type, base64.b64encode(self.content).decode(), self.repeats]


def picture(name: str = "tide.png", width: int = 60, height: int = 40) -> SampleFile:
    """A PNG of one colour."""
    rows = zlib.compress((b"\0" + b"\x0e\x6a\x75" * width) * height)
    head = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    parts = ((b"IHDR", head), (b"IDAT", rows), (b"IEND", b""))
    return SampleFile(name, "image/png", b"\x89PNG\r\n\x1a\n" + b"".join(_chunk(*p) for p in parts))


def drag(page: Page, files: Sequence[SampleFile], *kinds: str) -> None:
    """Dispatch these kinds of drag events with the files over the chat."""
    page.evaluate(DRAG, [[file.values for file in files], kinds])


def drop(page: Page, *files: SampleFile) -> None:
    """Drop files onto the chat."""
    drag(page, files, "dragenter", "dragover", "drop")


def paste(page: Page, *files: SampleFile, **texts: str) -> bool:
    """Paste files and texts (`html`, `plain`) into the focused element.

    Returns False if the page handled the paste itself.
    """
    named = [[f"text/{kind}", text] for kind, text in texts.items()]
    return bool(page.evaluate(PASTE, [[file.values for file in files], named]))


def _chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
