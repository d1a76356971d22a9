"""Answers requests for the page's files, and refuses all others.

Serves the index and the built page's own files to GET and HEAD. Every request has to name this
server as its Host; otherwise a foreign page could reach it under a name of its own.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from shell.bridge.appearance import Appearance
from shell.bridge.listener import HOST
from shell.bridge.page import Page, Transport

POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data: blob:; "
    "media-src blob:; font-src 'self'; connect-src 'self'; base-uri 'none'; form-action 'none'; "
    "frame-ancestors 'none'"
)
_HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "X-DNS-Prefetch-Control": "off",
}
_INDEX_HEADERS = {
    **_HEADERS,
    "Content-Type": "text/html; charset=utf-8",
    "Cache-Control": "no-store",
    "Content-Security-Policy": POLICY,
    "Permissions-Policy": "camera=(), geolocation=(), microphone=(), payment=(), usb=()",
}
_FOREVER = {**_HEADERS, "Cache-Control": "public, max-age=31536000, immutable"}
_METHODS = ("GET", "HEAD")


@dataclass(frozen=True, slots=True)
class PageResponse:
    """An HTTP response, independent of the server that sends it."""

    status: int
    headers: Mapping[str, str]
    body: bytes


class Resources:
    """Answers the HTTP requests of one server: its index, its files, and refusals.

    Args:
        port: where the server listens, on the loopback address.
        page: the built page, or None when another server (Vite) serves it.
        transport: how the page will reach its host.
        appearance: returns the appearance, for each load of the page.
        dev_origin: the origin of a page from Vite, which the door then accepts too.
    """

    def __init__(
        self,
        port: int,
        page: Page | None,
        transport: Transport,
        appearance: Callable[[], Appearance],
        dev_origin: str | None = None,
    ) -> None:
        self._hosts = {f"{HOST}:{port}", f"localhost:{port}"}
        self._dev_origin = dev_origin
        self._page = page
        self._transport: Transport = transport
        self._appearance = appearance
        self._files: dict[str, PageResponse] = {}
        if page is not None:
            for path, asset in page.assets.items():
                headers = {**_FOREVER, "Content-Type": asset.content_type}
                self._files[path] = PageResponse(200, headers, asset.body)

    def answer(self, method: str, path: str, headers: Mapping[str, str]) -> PageResponse:
        """The response to a request; `path` is decoded, and header names are in lower case."""
        refusal = self.refusal(headers, door=False)
        if refusal is not None and refusal.status == 421:
            return refusal
        if method not in _METHODS:
            return plain(405, "Only GET and HEAD", {"Allow": ", ".join(_METHODS)})
        if refusal is not None:
            return refusal
        if path == "/" and self._page is not None:
            index = self._page.index(self._transport, self._appearance())
            return PageResponse(200, _INDEX_HEADERS, index)
        return self._files.get(path) or plain(404, "Not found")

    def refusal(self, headers: Mapping[str, str], *, door: bool) -> PageResponse | None:
        """Return the refusal of a request, or None. `door`: the request is for the door."""
        host, origin = headers.get("host", ""), headers.get("origin")
        from_dev = door and origin is not None and origin == self._dev_origin
        if from_dev and origin == f"http://{host}":
            return None  # through Vite, which passes on the Host it was called with
        if host not in self._hosts:
            return plain(421, "This address is not served here")
        if from_dev:
            return None
        if origin != f"http://{host}" and (door or origin is not None):
            return plain(403, "Not from another site")
        site = headers.get("sec-fetch-site", "none")
        # A link on another site may lead here, as to any page; a frame may not show it.
        followed = not door and headers.get("sec-fetch-dest") == "document"
        if site not in ("same-origin", "none") and not followed:
            return plain(403, "Not from another site")
        return None


def plain(status: int, text: str, headers: Mapping[str, str] | None = None) -> PageResponse:
    """Make a plain-text response."""
    merged = {**_HEADERS, "Content-Type": "text/plain; charset=utf-8", **(headers or {})}
    return PageResponse(status, merged, f"{text}\n".encode())
