"""Repairs text that was cut inside a character and prepares text for terminals and file names."""

import unicodedata

CONTROLS = dict.fromkeys(
    [
        *range(0x09),
        *range(0x0B, 0x20),
        *range(0x7F, 0xA0),
        *range(0x202A, 0x202F),
        *range(0x2066, 0x206A),
    ]
)
"""For `str.translate`: removes what could control a terminal or reorder what it shows. Tab and line
feed stay."""
_INVISIBLE = frozenset([0x115F, 0x1160, 0x2800, 0x3164, 0xFFA0, *range(0xE0100, 0xE01F0)])
"""Invisible characters that Unicode counts among letters, symbols and marks."""
MAX_NAME_BYTES = 255
"""Longest file name on Linux and macOS. Windows allows as many UTF-16 units, which are fewer."""
_RESERVED = {
    *("con", "prn", "aux", "nul", "conin$", "conout$"),
    *(f"{port}{number}" for port in ("com", "lpt") for number in "123456789¹²³"),
}
"""Names of devices on Windows, with any ending."""

_REPLACEMENT = "\N{REPLACEMENT CHARACTER}"


def join_surrogates(text: str, carried: str = "") -> tuple[str, str]:
    """Join halves of surrogate pairs and replace what stays alone.

    Some servers cut an emoji over two chunks; each arrives as half a surrogate pair, which neither
    UTF-8 nor SQLite can hold.

    Args:
        text: the next piece of a stream.
        carried: the second result of the call before.

    Returns:
        the whole text, and a half to carry to the next piece (usually empty).
    """
    if text.isascii() and not carried:
        return text, ""
    whole = carried + text
    rest = ""
    if whole and "\ud800" <= whole[-1] <= "\udbff":
        whole, rest = whole[:-1], whole[-1]
    if any("\ud800" <= character <= "\udfff" for character in whole):
        pairs = whole.encode("utf-16-le", "surrogatepass")
        whole = pairs.decode("utf-16-le", "replace")
    return whole, rest


def clean(text: str) -> str:
    """Replace what is not a character in a complete text."""
    whole, rest = join_surrogates(text)
    return whole + close_surrogate(rest)


def escaped(text: str) -> str:
    """Write invisible characters and controls by their numbers; line feeds stay."""
    return "".join(map(_escaped, text))


def _escaped(character: str) -> str:
    code = ord(character)
    if (character.isprintable() and code not in _INVISIBLE) or character == "\n":
        return character
    return f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"


def pieces(text: str, length: int) -> list[str]:
    """Split a text into pieces of at most `length` characters; an empty text has none."""
    return [text[start : start + length] for start in range(0, len(text), length)]


def estimate_tokens(text: str) -> int:
    """Estimate the tokens of a text: one for four bytes, at least one for any text."""
    return -(-len(text.encode("utf-8", "replace")) // 4)


def close_surrogate(carried: str) -> str:
    """Return the replacement for a half that nothing follows."""
    return _REPLACEMENT if carried else ""


def file_name(stem: str, ending: str = "", *, also: str = "", instead: str = "") -> str:
    """Make a file name that Linux, macOS and Windows accept.

    Args:
        stem: of any length, with any characters; cut between two characters as people see them.
        ending: kept unchanged, so it must be short and valid.
        also: characters that are allowed beside letters, digits, marks, space, "-" and "_".
        instead: replaces a run of characters that are not.
    """
    kept: list[str] = []
    was_kept = False
    for character in unicodedata.normalize("NFC", stem):
        # An accent is left out together with its letter.
        was_kept = was_kept if _is_mark(character) else _is_plain(character) or character in also
        if was_kept:
            kept.append(character)
        elif instead and not _is_mark(character) and kept[-1:] != [instead]:
            kept.append(instead)
    plain = "".join(kept).strip(". ")
    plain = cut(plain, MAX_NAME_BYTES - len(ending.encode()) - 1).rstrip(". ")
    whole = plain + ending
    return f"_{whole}" if whole.partition(".")[0].rstrip(" ").lower() in _RESERVED else whole


def cut(text: str, most_bytes: int) -> str:
    """Cut a text to at most so many bytes of UTF-8, never inside a character as people see it."""
    if len(text.encode()) <= most_bytes:
        return text
    length = len(text.encode()[: max(0, most_bytes)].decode("utf-8", "ignore"))
    while length and _is_mark(text[length]):
        length -= 1
    return text[:length]


def _is_plain(character: str) -> bool:
    return character.isalnum() or character in " -_"


def _is_mark(character: str) -> bool:
    """Whether it is part of the character before it, such as an accent or a vowel sign."""
    return unicodedata.category(character)[0] == "M"
