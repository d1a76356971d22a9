"""Prevents asyncio's warning about an exception of a future without a waiter."""

import asyncio
from typing import Any


def read_exception(future: "asyncio.Future[Any]") -> None:
    """Read the exception of a future. A callback for `add_done_callback`."""
    if not future.cancelled():
        future.exception()
