"""Leaves out pywebview's own server of pages, which no window of ours uses.

With Bottle and the servers of the standard library it takes 25 ms of each start.
"""

import sys
from types import ModuleType

NAME = "webview.http"


def leave_out_server() -> None:
    """Put a module without a server in its place, if it is not loaded yet."""
    module = ModuleType(NAME)
    # pywebview names these in its signatures. It would start a server for local files alone.
    vars(module).update(ServerType=object, BottleServer=object, ServerArgs=dict, global_server=None)
    sys.modules.setdefault(NAME, module)
