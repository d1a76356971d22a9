"""Parses the values of arguments. An invalid value raises `ArgumentTypeError`."""

import math
from argparse import ArgumentTypeError
from collections.abc import Callable
from urllib.parse import urlsplit


def port(text: str) -> int:
    """Parse a port; 0 stands for any free port."""
    if not (text.isascii() and text.isdecimal() and int(text) <= 65_535):
        raise ArgumentTypeError(f"{text[:40]!r} is not a port from 0 to 65535")
    return int(text)


def seconds(text: str) -> float:
    """Parse a number of seconds, at most a day."""
    return _number(text, lambda found: 0 <= found <= 86_400, "a number of seconds from 0 to 86400")


def speed(text: str) -> float:
    """Parse a factor above 0."""
    return _number(text, lambda found: 0 < found <= 1_000_000, "a number above 0")


def url(text: str) -> str:
    """Check an HTTP address."""
    parts = urlsplit(text)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise ArgumentTypeError(f"{text[:40]!r} is not an address such as http://127.0.0.1:5173")
    return text


def _number(text: str, is_valid: Callable[[float], bool], expected: str) -> float:
    try:
        found = float(text)
    except ValueError:
        found = math.nan
    if not is_valid(found):
        raise ArgumentTypeError(f"{text[:40]!r} is not {expected}")
    return found
