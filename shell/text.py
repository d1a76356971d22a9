"""Mends text that was cut in the middle of a character."""

_REPLACEMENT = "\N{REPLACEMENT CHARACTER}"


def mend(text: str, carried: str = "") -> tuple[str, str]:
    """Join halves of surrogate pairs and replace what stays alone.

    Some servers cut an emoji over two chunks; each arrives as half a surrogate pair, which neither
    UTF-8 nor SQLite can hold.

    Args:
        text: the next piece of a stream.
        carried: the second result of the call before.

    Returns:
        the text that is whole, and a half to be carried to the next piece (empty, mostly).
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
    """A text that came whole: what is no character is replaced."""
    whole, rest = mend(text)
    return whole + closed(rest)


def pieces(text: str, length: int) -> list[str]:
    """The text in pieces of at most `length` characters; an empty text has none."""
    return [text[start : start + length] for start in range(0, len(text), length)]


def estimate_tokens(text: str) -> int:
    """A guess for text of unknown tokenisation: four bytes a token, at least one if any text."""
    return -(-len(text.encode("utf-8", "replace")) // 4)


def closed(carried: str) -> str:
    """What a half becomes when nothing follows it."""
    return _REPLACEMENT if carried else ""
