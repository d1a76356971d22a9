"""Replaces pywebview's own HTTP server by a stub, because no window of ours uses that server.

To load it, with Bottle and the servers of the standard library, takes 25 ms of each start.
"""

import sys
from types import ModuleType

NAME = "webview.http"


def install_http_stub() -> None:
    """Put a module without a server in its place, unless it is loaded already."""
    module = ModuleType(NAME)
    # pywebview names these in its signatures. It would start a server only for local files.
    vars(module).update(ServerType=object, BottleServer=object, ServerArgs=dict, global_server=None)
    sys.modules.setdefault(NAME, module)
