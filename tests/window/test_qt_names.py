"""Our replacement of qtpy has the same names that pywebview's backend imports from qtpy."""

import ast
import importlib.util
import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="Qt is Linux's web view")


def imported_names() -> list[tuple[str, str]]:
    """Every name that pywebview's Qt backend imports from qtpy, with its module."""
    package = importlib.util.find_spec("webview")
    assert package is not None
    assert package.origin is not None
    backend = Path(package.origin).parent / "platforms" / "qt.py"
    names = [
        (node.module, alias.name)
        for node in ast.walk(ast.parse(backend.read_text("utf-8")))
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("qtpy")
        for alias in node.names
        if node.module is not None
    ]
    assert len(names) > 15
    return names


def test_every_name_that_pywebview_asks_for_is_lent() -> None:
    """Each of the two is loaded in a separate process, since they exclude each other."""
    names = sorted(imported_names())
    code = (
        "import sys\n"
        "if sys.argv[1] == 'lent':\n"
        "    from shell.bridge.desktop.webviews.qt_names import install_names\n"
        "    install_names()\n"
        f"for module, name in {names!r}:\n"
        "    value = getattr(__import__(module, fromlist=[name]), name)\n"
        "    print(module, name, getattr(value, '__module__', ''), "
        "getattr(value, '__qualname__', getattr(value, '__name__', value)))\n"
        "print('numpy' in sys.modules or 'qtpy.QtDataVisualization' in sys.modules)\n"
    )
    lent, real = (
        subprocess.run(
            [sys.executable, "-c", code, which], capture_output=True, text=True, check=True
        ).stdout.splitlines()
        for which in ("lent", "real")
    )
    differences = [pair for pair in zip(lent[:-1], real[:-1], strict=True) if pair[0] != pair[1]]
    # The modules themselves have different names, but the same content.
    assert all(" QtCore " in mine for mine, _ in differences), differences
    assert lent[-1] == "False", "nothing is loaded that is not needed"
