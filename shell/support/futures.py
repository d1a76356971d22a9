"""Keeps asyncio from warning of a failure that nobody waits for any more."""

import asyncio
from typing import Any


def read_exception(done: "asyncio.Future[Any]") -> None:
    """Read the exception of a future, as a callback of its end."""
    if not done.cancelled():
        done.exception()
