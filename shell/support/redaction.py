"""Removes known secrets from a text, in whatever encoding the text has them.

Servers echo keys in their errors: whole, percent-encoded, in base64, or with the middle masked.
Secrets are found by their value, not by what a key usually looks like.
"""

import base64
import html
import json
import re
from collections.abc import Iterable, Iterator, Sequence
from urllib.parse import quote, quote_plus

REPLACEMENT = "[key]"
SHORTEST = 4
"""Shorter secrets are ignored: they would match everywhere, and nobody issues them."""

_PIECE = 12
"""A piece of a secret with this many characters reveals too much of it."""
_REACH = 400
"""Most characters of a masked or encoded secret to either side of its mask or piece."""

_MASK = re.compile(r"[*•…]{2,}|\.{3,}|…")
_TOKEN = re.compile(r"[\w.+/=-]*")

Span = tuple[int, int]


def redact_pieces(pieces: Sequence[str], secrets: Iterable[str]) -> list[str]:
    """Remove the secrets from adjacent texts, also a secret that spans two or more of them.

    The replacement stands where the secret begins. The number of pieces stays.
    """
    text = "".join(pieces)
    spans = [
        span
        for secret in {secret.strip() for secret in secrets}
        if len(secret) >= SHORTEST
        for span in _spans(text, secret)
    ]
    if not spans:
        return list(pieces)
    merged: list[Span] = []
    for start, end in sorted(spans):
        if merged and start <= merged[-1][1]:
            merged[-1] = merged[-1][0], max(end, merged[-1][1])
        else:
            merged.append((start, end))
    redacted, offset, index = [], 0, 0
    for piece in pieces:
        end = offset + len(piece)
        output, position = "", offset
        while index < len(merged) and merged[index][0] < end:
            start, stop = merged[index]
            output += text[position : max(start, position)]
            output += REPLACEMENT if start >= offset else ""
            position = min(stop, end)
            if stop > end:
                break  # the next piece has the rest of it
            index += 1
        redacted.append(output + text[position:end])
        offset = end
    return redacted


def redact(text: str, secrets: Iterable[str]) -> str:
    """Replace every spelling of every secret in a text. Call it before cutting a text short."""
    return redact_pieces([text], secrets)[0]


def _spans(text: str, secret: str) -> list[Span]:
    """The places of the secret, in every spelling."""
    spans = [*_spelled(text, secret), *_in_base64(text, secret), *_masked(text, secret)]
    return [*spans, *_pieces(text, secret)]


def _spelled(text: str, secret: str) -> Iterator[Span]:
    """The secret as it is, escaped, or encoded."""
    spellings = {
        secret,
        json.dumps(secret)[1:-1],
        html.escape(secret),
        quote(secret, safe=""),
        quote_plus(secret),
        secret.encode().hex(),
    }
    for spelling in spellings:
        for match in re.finditer(re.escape(spelling), text, re.IGNORECASE):
            yield match.span()


def _in_base64(text: str, secret: str) -> Iterator[Span]:
    """Any base64 text that contains the secret, such as an encoded "Bearer …"."""
    raw = secret.encode()
    for offset in range(3):
        # There are three phases; the characters at either end mix with what stands beside it.
        first, last = -(-offset * 4 // 3), (offset + len(raw)) * 4 // 3
        for encode in (base64.b64encode, base64.urlsafe_b64encode):
            inner = encode(b"\0" * offset + raw).decode()[first:last]
            if len(inner) >= _PIECE:
                for match in re.finditer(re.escape(inner), text, re.IGNORECASE):
                    yield _before(text, match.start()), _after(text, match.end())


def _masked(text: str, secret: str) -> Iterator[Span]:
    """A masked secret ("sk-pr***wxyz") still shows both of its ends."""
    for mask in _MASK.finditer(text):
        start, end = _before(text, mask.start()), _after(text, mask.end())
        head, tail = text[start : mask.start()], text[mask.end() : end]
        if (len(head) > 1 and secret.startswith(head)) or (len(tail) > 1 and secret.endswith(tail)):
            yield start, end


def _pieces(text: str, secret: str) -> Iterator[Span]:
    """Runs of the secret that are long enough to matter."""
    # Each such run contains one of these blocks. Searching for them first is much faster than
    # testing every position.
    half = _PIECE // 2
    blocks = (secret[i : i + half] for i in range(0, len(secret) - half + 1, half))
    if not any(block in text for block in blocks):
        return
    pieces = {secret[i : i + _PIECE] for i in range(len(secret) - _PIECE + 1)}
    for start in range(len(text) - _PIECE + 1) if pieces else ():
        if text[start : start + _PIECE] in pieces:
            yield start, start + _PIECE


def _before(text: str, position: int) -> int:
    before = text[max(position - _REACH, 0) : position][::-1]
    return position - _end(before)


def _after(text: str, position: int) -> int:
    return position + _end(text[position : position + _REACH])


def _end(text: str) -> int:
    match = _TOKEN.match(text)
    return match.end() if match else 0
