"""Fetches public web pages, and nothing of this machine or its network."""

import asyncio
import contextlib
import ipaddress
import re
import socket
import zlib
from collections.abc import Iterable
from html.parser import HTMLParser
from urllib.parse import SplitResult, quote, urljoin, urlsplit

import httpcore2

FETCH_S = 20.0
MAX_BYTES = 2_000_000
MAX_REDIRECTS = 5
LOWEST_FREE_PORT = 1024
"""Below it only 80 and 443 are allowed, so that no mail server or other service is contacted."""
TEXT = re.compile(
    r"text/|application/([\w.+-]+\+)?(json|xml)|application/(xhtml|javascript)", re.IGNORECASE
)
NAT64 = ipaddress.ip_network("64:ff9b::/96")
PROTOCOLS = ipaddress.ip_network("192.0.0.0/24")
"""IETF protocol assignments, of no machine. One cloud serves its machines' credentials here."""
AZURE = ipaddress.ip_address("168.63.129.16")
"""Azure serves the configuration of its machines here."""
SKIPPED = {"script", "style", "noscript", "template", "svg", "iframe", "object", "select"}
BLOCKS = {
    *("p", "div", "br", "hr", "li", "tr", "ul", "ol", "dl", "dt", "dd", "table", "pre", "title"),
    *("h1", "h2", "h3", "h4", "h5", "h6", "section", "article", "header", "footer", "blockquote"),
    *("main", "nav", "aside", "figure", "form", "option"),
}


class CannotFetch(Exception):
    """Raised if a page cannot be read. The text says why, in one sentence."""


def is_public(address: str) -> bool:
    """Whether an address is globally unique on the internet, and not a special one."""
    try:
        found = ipaddress.ip_address(address)
    except ValueError:
        return False
    if isinstance(found, ipaddress.IPv6Address):
        embedded = found.ipv4_mapped or found.sixtofour or (found.teredo or (None, None))[1]
        if found in NAT64:
            embedded = ipaddress.IPv4Address(int(found) & 0xFFFFFFFF)
        if embedded is not None:
            return is_public(str(embedded))
        if found.is_site_local:
            return False
    is_special = found.is_multicast or found.is_reserved or found in PROTOCOLS or found == AZURE
    return found.is_global and not is_special


def is_own(address: str) -> bool:
    """Whether a public address is this machine's own, or in its IPv6 network (/64)."""
    own = _address_for(address)
    if own is None:
        return False
    found, here = ipaddress.ip_address(address), ipaddress.ip_address(own)
    return found == here or (found.version == 6 and int(found) >> 64 == int(here) >> 64)


def _address_for(address: str) -> str | None:
    """The address that this machine uses to reach another one. None if it cannot reach it."""
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    try:
        with socket.socket(family, socket.SOCK_DGRAM) as probe:
            probe.connect((address, 80))  # sends nothing
            return str(probe.getsockname()[0])
    except OSError:
        return None


class PublicNetwork(httpcore2.AnyIOBackend):
    """Connects to public addresses only.

    Each connection resolves its name once and uses the address that was checked. So a name that
    resolves to another address a moment later (DNS rebinding) leads nowhere else.
    """

    async def resolve(self, host: str, port: int) -> list[str]:
        """Resolve a name to all its addresses.

        Raises:
            OSError: it has none.
        """
        loop = asyncio.get_running_loop()
        found = await loop.getaddrinfo(host, port, type=socket.SOCK_STREAM)
        return list(dict.fromkeys(str(address[0]) for *_, address in found))

    def allows(self, address: str) -> bool:
        """Whether a connection to this address is allowed."""
        return is_public(address) and not is_own(address)

    async def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,  # noqa: ASYNC109, the base class has it
        local_address: str | None = None,
        socket_options: Iterable[httpcore2.SOCKET_OPTION] | None = None,
    ) -> httpcore2.AsyncNetworkStream:
        """Connect to a name or an address.

        Raises:
            CannotFetch: one of its addresses is not public, or none answers.
        """
        try:
            addresses = await self.resolve(host, port)
        except (OSError, UnicodeError):
            raise CannotFetch(f"The name {host} cannot be found.") from None
        if not addresses or not all(map(self.allows, addresses)):
            raise CannotFetch(f"{host} is not a public address.")
        for address in addresses:
            try:
                stream = await super().connect_tcp(
                    address, port, timeout, local_address, socket_options
                )
            except (httpcore2.NetworkError, httpcore2.TimeoutException):
                continue
            peer = stream.get_extra_info("server_addr")
            if peer is not None and self.allows(str(peer[0])):
                return stream
            await stream.aclose()
        raise CannotFetch(f"{host} does not answer.")

    async def connect_unix_socket(
        self,
        path: str,
        timeout: float | None = None,  # noqa: ASYNC109, the base class has it
        socket_options: Iterable[httpcore2.SOCKET_OPTION] | None = None,
    ) -> httpcore2.AsyncNetworkStream:
        """Refuse."""
        raise CannotFetch("A socket of this machine is not public.")


async def fetch(url: str, network: PublicNetwork | None = None) -> str:
    """Read a page as text. Follows redirects only within a host.

    Args:
        url: the page's address.
        network: makes the connections. Tests pass another one.

    Raises:
        CannotFetch: with the reason.
    """
    try:
        async with (
            asyncio.timeout(FETCH_S),
            httpcore2.AsyncConnectionPool(
                max_keepalive_connections=0, network_backend=network or PublicNetwork()
            ) as pool,
        ):
            for _ in range(MAX_REDIRECTS + 1):
                text, location = await _get(pool, url)
                if location is None:
                    return text
                next_url = urljoin(url, location)
                if _site(next_url) != _site(url):
                    # A permission is for a host, and the address may carry private data.
                    raise CannotFetch(
                        f"The page has moved to {next_url[:2_000]}, on another host. Ask for "
                        "this address if you need it."
                    )
                url = next_url
    except TimeoutError:
        raise CannotFetch(f"There was no whole answer within {FETCH_S:.0f} s.") from None
    except (httpcore2.NetworkError, httpcore2.TimeoutException, httpcore2.ProtocolError) as error:
        raise CannotFetch(f"The connection failed: {str(error) or type(error).__name__}") from None
    raise CannotFetch(f"The page redirects more than {MAX_REDIRECTS} times.")


async def _get(pool: httpcore2.AsyncConnectionPool, url: str) -> tuple[str, str | None]:
    """Request a page. Returns its text, and the target of a redirect or None."""
    parts = _check_url(url)
    host = (parts.hostname or "").encode("idna").decode()
    host_name = f"[{host}]" if ":" in host else host
    headers: dict[bytes | str, bytes | str] = {
        "Host": host_name if parts.port is None else f"{host_name}:{parts.port}",
        "User-Agent": "Tidewire",
        "Accept": "text/html, text/*;q=0.9, application/json;q=0.8, */*;q=0.1",
        "Accept-Encoding": "identity",
    }
    target = quote(parts.path or "/", safe="%/:=&~+!$,;'@()*[]")
    if parts.query:
        target += "?" + quote(parts.query, safe="%/:=&?~+!$,;'@()*[]")
    address = httpcore2.URL(scheme=parts.scheme, host=host, port=parts.port, target=target)
    async with pool.stream("GET", address, headers=headers) as response:
        fields = {name.lower().decode(): text.decode("latin-1") for name, text in response.headers}
        if 300 <= response.status < 400 and "location" in fields:
            return "", fields["location"]
        if not 200 <= response.status < 300:
            raise CannotFetch(f"The server answers with the status {response.status}.")
        kind = fields.get("content-type", "text/plain")
        if not TEXT.match(kind):
            raise CannotFetch(f"The page is no text but {kind[:100]}.")
        body = bytearray()
        async for piece in response.aiter_stream():
            body += piece
            _check_size(body)
    data = _decompress(bytes(body), fields.get("content-encoding", "identity").lower())
    charset = re.search(r"charset=[\"']?([\w-]+)", f"{kind} {data[:1_024]!r}")
    try:
        text = data.decode(charset[1] if charset else "utf-8", "replace")
    except LookupError:
        text = data.decode("utf-8", "replace")
    return page_text(text, url) if "html" in kind.lower() else text, None


def _check_url(url: str) -> SplitResult:
    try:
        parts = urlsplit(url.strip())
        port = parts.port
    except ValueError:
        raise CannotFetch(f"{url[:200]!r} is no address.") from None
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise CannotFetch("Only addresses with http:// or https:// can be read.")
    if parts.username is not None or parts.password is not None:
        raise CannotFetch("The address must not have a user name or a password.")
    if port is not None and port not in (80, 443) and port < LOWEST_FREE_PORT:
        raise CannotFetch(f"The port {port} is not one of the web.")
    return parts


def _site(url: str) -> str:
    return (_check_url(url).hostname or "").removeprefix("www.")


def _check_size(data: bytes | bytearray) -> None:
    if len(data) > MAX_BYTES:
        raise CannotFetch(f"The page is larger than {MAX_BYTES // 1_000_000} MB.")


def _decompress(data: bytes, encoding: str) -> bytes:
    """Undo a compression that the request did not ask for."""
    if encoding == "identity":
        return data
    if encoding not in ("gzip", "x-gzip", "deflate"):
        raise CannotFetch(f"The page is packed in a way that is not known: {encoding[:40]}.")
    decompressor = zlib.decompressobj(47)
    try:
        decompressed = decompressor.decompress(data, MAX_BYTES + 1)
    except zlib.error:
        decompressed = b""
    _check_size(decompressed)
    if not decompressor.eof:
        raise CannotFetch("The page is packed and cannot be unpacked.")
    return decompressed


def page_text(html: str, url: str) -> str:
    """Extract the text of a page, a line for each block, with the addresses of its links.

    Args:
        html: the page.
        url: the page's address, for relative links.
    """
    reader = _Page(url)
    # Without close(), which would parse an unclosed construct again from every "<" in it.
    with contextlib.suppress(AssertionError):  # some broken declarations end the parser
        reader.feed(html)
    lines = (" ".join(line.split()) for line in "".join(reader.pieces).splitlines())
    return re.sub(r"\n{3,}", "\n\n", "\n".join(lines)).strip()


class _Page(HTMLParser):
    def __init__(self, url: str) -> None:
        super().__init__()
        self.pieces: list[str] = []
        self._url = url
        self._skipped = ""
        self._depth = 0
        self._href = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if self._skipped:
            self._depth += tag == self._skipped
        elif tag in SKIPPED:
            self._skipped, self._depth = tag, 1
        elif tag in BLOCKS:
            self.pieces.append("\n- " if tag == "li" else "\n")
        elif tag == "a":
            self._href = dict(attrs).get("href") or ""

    def handle_endtag(self, tag: str) -> None:
        if self._skipped:
            self._depth -= tag == self._skipped
            self._skipped = self._skipped if self._depth else ""
        elif tag in BLOCKS:
            self.pieces.append("\n")
        elif tag == "a" and self._href:
            self.pieces.append(self._address())
            self._href = ""

    def handle_data(self, data: str) -> None:
        if not self._skipped:
            self.pieces.append(re.sub(r"\s+", " ", data))

    def _address(self) -> str:
        try:
            address = urljoin(self._url, self._href)
        except ValueError:
            return ""
        is_page = address.startswith(("http://", "https://")) and not self._href.startswith("#")
        return f" ({address})" if is_page and not self._skipped else ""
