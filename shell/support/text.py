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
"""For `str.translate`: removes characters that control a terminal or reorder its text. Tab and line
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
    """Join halves of surrogate pairs, and replace halves without a partner.

    Some servers split an emoji over two chunks. Each chunk then has half a surrogate pair, which
    neither UTF-8 nor SQLite can hold.

    Args:
        text: the next piece of a stream.
        carried: the second result of the previous call.

    Returns:
        the joined text, and a half to pass to the next call (usually empty).
    """
    if text.isascii() and not carried:
        return text, ""
    joined = carried + text
    half = ""
    if joined and "\ud800" <= joined[-1] <= "\udbff":
        joined, half = joined[:-1], joined[-1]
    if any("\ud800" <= character <= "\udfff" for character in joined):
        pairs = joined.encode("utf-16-le", "surrogatepass")
        joined = pairs.decode("utf-16-le", "replace")
    return joined, half


def clean(text: str) -> str:
    """Join surrogate pairs in a complete text, and replace halves without a partner."""
    joined, half = join_surrogates(text)
    return joined + close_surrogate(half)


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
    """Estimate the tokens of a text: one for every four bytes, rounded up."""
    return -(-len(text.encode("utf-8", "replace")) // 4)


def close_surrogate(carried: str) -> str:
    """Return the replacement for a half at the end of a stream; empty without one."""
    return _REPLACEMENT if carried else ""


def file_name(stem: str, ending: str = "", *, allowed: str = "", replacement: str = "") -> str:
    """Make a file name that Linux, macOS and Windows accept.

    Args:
        stem: of any length, with any characters; cut between two characters as people see them.
        ending: appended unchanged, so it must be short and valid.
        allowed: more characters to allow beside letters, digits, marks, space, "-" and "_".
        replacement: replaces each run of other characters.
    """
    characters: list[str] = []
    is_allowed = False
    for character in unicodedata.normalize("NFC", stem):
        if not _is_mark(character):  # an accent is left out together with its letter
            is_allowed = _is_plain(character) or character in allowed
        if is_allowed:
            characters.append(character)
        elif replacement and not _is_mark(character) and characters[-1:] != [replacement]:
            characters.append(replacement)
    name = "".join(characters).strip(". ")
    name = cut(name, MAX_NAME_BYTES - len(ending.encode()) - 1).rstrip(". ")
    full_name = name + ending
    base_name = full_name.partition(".")[0].rstrip(" ").lower()
    return f"_{full_name}" if base_name in _RESERVED else full_name


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
