"""Ids of what is kept: they sort by the time they were made at, and nobody can guess the next."""

import secrets
import time

TEMPORARY = "tmp-"
"""How ids begin that live in memory only."""


def new_id(*, temporary: bool = False) -> str:
    """A UUID of version 7, marked when it belongs to a temporary conversation."""
    number = (time.time_ns() // 1_000_000) << 80 | secrets.randbits(80)
    number = number & ~(0xF << 76) | 0x7 << 76
    number = number & ~(0x3 << 62) | 0x2 << 62
    digits = f"{number:032x}"
    shape = "-".join((digits[:8], digits[8:12], digits[12:16], digits[16:20], digits[20:]))
    return TEMPORARY + shape if temporary else shape


def epoch_ms() -> int:
    """The time, in milliseconds since the epoch."""
    return time.time_ns() // 1_000_000
