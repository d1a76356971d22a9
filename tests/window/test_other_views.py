"""Web views that do not run here: the names that they replace exist in pywebview."""

import ast
from pathlib import Path

import webview

from shell.bridge.desktop.webviews.navigation import MAX_CRASHES, Crashes, is_page_url

OUR_FOLDER = Path(__file__).parents[2] / "shell" / "bridge" / "desktop" / "webviews"
PYWEBVIEW_FOLDER = Path(webview.__file__).parent / "platforms"
WEBKIT_METHODS = {
    "webViewWebContentProcessDidTerminate_",
    "webView_requestMediaCapturePermissionForOrigin_initiatedByFrame_type_decisionHandler_",
}
"""Delegate methods that WebKit calls and that pywebview's delegate lacks."""


def names(path: Path, kind: type[ast.AST] = ast.FunctionDef) -> set[str]:
    tree = ast.parse(path.read_text("utf-8"))
    return {str(getattr(node, "name", "")) for node in ast.walk(tree) if isinstance(node, kind)}


def replaced_names(path: Path) -> set[str]:
    """The keys of `parts`, which name the replaced functions of pywebview."""
    dictionaries = (
        node.value
        for node in ast.walk(ast.parse(path.read_text("utf-8")))
        if isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == "parts"
    )
    (parts,) = dictionaries
    assert isinstance(parts, ast.Dict)
    return {str(key.value) for key in parts.keys if isinstance(key, ast.Constant)}


def test_what_is_replaced_in_edgechromium_is_there() -> None:
    assert len(replaced_names(OUR_FOLDER / "edgechromium.py")) == 5
    assert replaced_names(OUR_FOLDER / "edgechromium.py") <= names(
        PYWEBVIEW_FOLDER / "edgechromium.py"
    )


def test_what_is_replaced_in_gtk_is_there() -> None:
    assert replaced_names(OUR_FOLDER / "gtk.py") <= names(PYWEBVIEW_FOLDER / "gtk.py")


def test_what_is_replaced_in_cocoa_is_there() -> None:
    own = {name for name in names(OUR_FOLDER / "cocoa.py") if name.endswith("_")}
    assert own - names(PYWEBVIEW_FOLDER / "cocoa.py") == WEBKIT_METHODS
    assert {"BrowserDelegate", "JSBridge"} <= names(PYWEBVIEW_FOLDER / "cocoa.py", ast.ClassDef)


def test_home_is_one_address_with_any_query_and_fragment() -> None:
    window = webview.Window("uid", "title", url="http://127.0.0.1:4711/?a=b")
    assert is_page_url(window, "http://127.0.0.1:4711/")
    assert is_page_url(window, "http://127.0.0.1:4711?c#d")
    for address in (
        "http://127.0.0.1:4711/other",
        "http://localhost:4711/",
        "https://127.0.0.1:4711/",
        "http://127.0.0.1/",
        "http://user@127.0.0.1:4711/",
        "http://[::1:4711/",
        "about:blank",
        "javascript:0",
        "",
    ):
        assert not is_page_url(window, address), address


def test_a_page_is_loaded_again_until_it_has_crashed_too_often() -> None:
    crashes = Crashes()
    reloads = [crashes.count("killed") for _ in range(2 * MAX_CRASHES)]
    assert reloads == [*(MAX_CRASHES - 1) * [True], False] * 2
