"""Reads the values of arguments. One that is not valid raises `ArgumentTypeError`."""

import argparse
from urllib.parse import urlsplit


def port(text: str) -> int:
    """A port; 0 stands for any that is free."""
    if not (text.isascii() and text.isdecimal() and int(text) <= 65_535):
        raise argparse.ArgumentTypeError(f"{text[:40]!r} is not a port from 0 to 65535")
    return int(text)


def seconds(text: str) -> float:
    """A number of seconds, at most a day."""
    try:
        seconds = float(text)
    except ValueError:
        seconds = -1.0
    if not 0 <= seconds <= 86_400:
        raise argparse.ArgumentTypeError(
            f"{text[:40]!r} is not a number of seconds from 0 to 86400"
        )
    return seconds


def speed(text: str) -> float:
    """A factor above 0."""
    try:
        factor = float(text)
    except ValueError:
        factor = 0.0
    if not 0 < factor <= 1_000_000:
        raise argparse.ArgumentTypeError(f"{text[:40]!r} is not a number above 0")
    return factor


def url(text: str) -> str:
    """An address of HTTP."""
    parts = urlsplit(text)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise argparse.ArgumentTypeError(
            f"{text[:40]!r} is not an address such as http://127.0.0.1:5173"
        )
    return text
