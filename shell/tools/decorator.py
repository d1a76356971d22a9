"""The decorator for functions that models may call. Tool files import it, so it imports no other
module of the program.
"""

from collections.abc import Callable
from typing import TypeVar, overload

FLAGS = "__tidewire_tool__"
"""The attribute of a decorated function: a tuple of `reads`, `brings` and `sends`."""

Function = TypeVar("Function", bound=Callable[..., object])


@overload
def tool(function: Function, /) -> Function: ...
@overload
def tool(
    *, reads: bool = True, brings: bool = True, sends: bool = True
) -> Callable[[Function], Function]: ...
def tool(
    function: Function | None = None,
    /,
    *,
    reads: bool = True,
    brings: bool = True,
    sends: bool = True,
) -> Function | Callable[[Function], Function]:
    """Declare what a function does that approval depends on. A flag that is left out is True.

    Args:
        function: the function, where the decorator stands without arguments.
        reads: it reads private data.
        brings: its results come from strangers, such as a web page.
        sends: it changes something, or sends data out.
    """

    def mark(marked: Function) -> Function:
        setattr(marked, FLAGS, (reads, brings, sends))
        return marked

    return mark if function is None else mark(function)
