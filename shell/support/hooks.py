"""Calls functions of a program that may be plain or async."""

import inspect
from collections.abc import Callable


async def call_hook(hook: Callable[..., object], *arguments: object) -> None:
    """Call a function, and await what it returns if that can be awaited."""
    result = hook(*arguments)
    if inspect.isawaitable(result):
        await result
