"""Loads the built page: the files that its manifest names, and the index made from them."""

import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from html import escape
from pathlib import Path
from string import Template
from typing import Literal, NotRequired, TypedDict, cast

from shell.bridge.appearance import Appearance
from shell.errors import ShellError

Transport = Literal["pywebview", "loopback"]
"""The way from a page to its host: through the web view, or over the loopback server."""

MANIFEST = ".vite/manifest.json"
FIRST_FONTS = ("/inter-latin-wght-normal.woff2", "/source-serif-4-latin-opsz-normal.woff2")
"""Ends of the manifest's names of the fonts that the first screen needs; see `fonts.ts`."""
TEMPLATE = Path(__file__).with_name("index.html")
"""Filled in by `string.Template`: Jinja takes longer to load than a window takes to open."""
_TYPES = {
    ".avif": "image/avif",
    ".css": "text/css; charset=utf-8",
    ".csv": "text/csv; charset=utf-8",
    ".gif": "image/gif",
    ".html": "text/html; charset=utf-8",
    ".ico": "image/vnd.microsoft.icon",
    ".jpg": "image/jpeg",
    ".js": "text/javascript; charset=utf-8",
    ".json": "application/json",
    ".map": "application/json",
    ".md": "text/markdown; charset=utf-8",
    ".mjs": "text/javascript; charset=utf-8",
    ".mp3": "audio/mpeg",
    ".mp4": "video/mp4",
    ".ogg": "audio/ogg",
    ".otf": "font/otf",
    ".png": "image/png",
    ".svg": "image/svg+xml",
    ".ttf": "font/ttf",
    ".txt": "text/plain; charset=utf-8",
    ".wasm": "application/wasm",
    ".wav": "audio/wav",
    ".webm": "video/webm",
    ".webmanifest": "application/manifest+json",
    ".webp": "image/webp",
    ".woff": "font/woff",
    ".woff2": "font/woff2",
}
"""A table of our own, because on Windows programs change the system's."""


class PageMissing(ShellError):
    """The page was not built, or only a part of it."""


class _Chunk(TypedDict):
    """One entry of Vite's manifest, as far as it matters here. Our own build made it."""

    file: str
    isEntry: NotRequired[bool]
    css: NotRequired[list[str]]
    assets: NotRequired[list[str]]
    imports: NotRequired[list[str]]


@dataclass(frozen=True, slots=True)
class Asset:
    """A file of the page. In memory, so that it cannot change while the host runs."""

    body: bytes
    content_type: str


@dataclass(frozen=True, slots=True)
class Page:
    """The files by their path on the server, and the index."""

    assets: Mapping[str, Asset]
    index: Callable[[Transport, Appearance], bytes]
    """Renders the index for a transport and an appearance."""


def load_page(directory: Path) -> Page:
    """Load the page that was built into `directory`.

    Raises:
        PageMissing: the page or one of its files is missing.
    """
    try:
        chunks = cast("dict[str, _Chunk]", json.loads((directory / MANIFEST).read_bytes()))
        entry = next(chunk for chunk in chunks.values() if chunk.get("isEntry"))
        used = list(_imported(chunks, entry))
        files = {name for chunk in chunks.values() for name in _files(chunk)}
        assets = {f"/{name}": read_asset(directory, name) for name in sorted(files)}
    except (OSError, ValueError, KeyError, TypeError, AttributeError, StopIteration) as error:
        raise PageMissing(
            f"The page in {directory} is missing or incomplete. "
            "Build it with `python3 dev.py run`, or reinstall Tidewire."
        ) from error
    styles = dict.fromkeys(name for chunk in (*used, entry) for name in chunk.get("css", []))
    fonts = [chunk["file"] for name, chunk in chunks.items() if name.endswith(FIRST_FONTS)]
    links = [
        *(f'<link rel="stylesheet" href="/{escape(name)}">' for name in styles),
        *(f'<link rel="modulepreload" href="/{escape(chunk["file"])}">' for chunk in used),
        # The page would ask for them only when its script runs, and draw nothing until they come.
        *(
            f'<link rel="preload" as="font" type="font/woff2" crossorigin href="/{escape(name)}">'
            for name in fonts
        ),
    ]
    return Page(assets, partial(_index, f"/{entry['file']}", links))


def _index(script: str, links: list[str], transport: Transport, appearance: Appearance) -> bytes:
    template, attributes = Template(TEMPLATE.read_text("utf-8")), appearance.attributes()
    return template.substitute(
        transport=transport,
        attributes=" ".join(f'{name}="{escape(value)}"' for name, value in attributes.items()),
        script=escape(script),
        links="\n    ".join(links),
    ).encode()


def load_folder(directory: Path) -> dict[str, Asset]:
    """Load every file of a folder except hidden ones, by its path on the server.

    Raises:
        PageMissing: one of them cannot be read.
    """
    try:
        names = [path.relative_to(directory) for path in directory.rglob("*") if path.is_file()]
        return {
            f"/{name.as_posix()}": read_asset(directory, name.as_posix())
            for name in names
            if not any(part.startswith(".") for part in name.parts)
        }
    except (OSError, ValueError) as error:
        raise PageMissing(f"The page in {directory} cannot be read") from error


def _imported(chunks: Mapping[str, _Chunk], chunk: _Chunk) -> Iterator[_Chunk]:
    """All chunks that a chunk imports, each once, in the order in which they must run."""
    seen: set[str] = set()

    def walk(of: _Chunk) -> Iterator[_Chunk]:
        for name in of.get("imports", []):
            if name not in seen:
                seen.add(name)
                yield from walk(chunks[name])
                yield chunks[name]

    return walk(chunk)


def _files(chunk: _Chunk) -> list[str]:
    return [chunk["file"], *chunk.get("css", []), *chunk.get("assets", [])]


def read_asset(directory: Path, name: str) -> Asset:
    """Read one file of a page.

    Raises:
        OSError: it is not there.
        ValueError: it lies outside of the directory.
    """
    path = (directory / name).resolve()
    if not path.is_relative_to(directory.resolve()):
        raise ValueError(f"{name} lies outside of the page")
    return Asset(path.read_bytes(), _TYPES.get(path.suffix.lower(), "application/octet-stream"))
