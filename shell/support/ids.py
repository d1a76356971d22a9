"""Makes ids for conversations and messages: sortable by time, and not guessable."""

import secrets
import time
import uuid

TEMPORARY = "tmp-"
"""Prefix of the ids of temporary conversations, which live in memory only."""
_NAMESPACE = uuid.UUID("6d1f4a5c-2f3e-5b0a-9c7d-7469646577ff")


def new_id(*, temporary: bool = False) -> str:
    """Make a UUID of version 7, with a prefix for a temporary conversation."""
    number = (time.time_ns() // 1_000_000) << 80 | secrets.randbits(80)
    number = number & ~(0xF << 76) | 0x7 << 76
    number = number & ~(0x3 << 62) | 0x2 << 62
    uuid_text = str(uuid.UUID(int=number))
    return TEMPORARY + uuid_text if temporary else uuid_text


def derived_id(*names: str) -> str:
    """Return an id that depends only on the names, so that a repeated import adds nothing."""
    return str(uuid.uuid5(_NAMESPACE, "\n".join(names)))


def epoch_ms() -> int:
    """The time, in milliseconds since the epoch."""
    return time.time_ns() // 1_000_000
