"""Web views that are not run here: what they replace of pywebview is there to be replaced."""

import ast
from pathlib import Path

import webview

from shell.bridge.desktop.webviews.navigation import MAX_CRASHES, Crashes, is_page_url

OURS = Path(__file__).parents[2] / "shell" / "bridge" / "desktop" / "webviews"
THEIRS = Path(webview.__file__).parent / "platforms"
OF_APPLE = {
    "webViewWebContentProcessDidTerminate_",
    "webView_requestMediaCapturePermissionForOrigin_initiatedByFrame_type_decisionHandler_",
}
"""Asked of a delegate by WebKit itself; pywebview's has no answer."""


def names(path: Path, kind: type[ast.AST] = ast.FunctionDef) -> set[str]:
    tree = ast.parse(path.read_text("utf-8"))
    return {str(getattr(node, "name", "")) for node in ast.walk(tree) if isinstance(node, kind)}


def replaced(path: Path) -> set[str]:
    """The keys of `parts`: what is put in the place of pywebview's own."""
    dictionaries = (
        node.value
        for node in ast.walk(ast.parse(path.read_text("utf-8")))
        if isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == "parts"
    )
    (parts,) = dictionaries
    assert isinstance(parts, ast.Dict)
    return {str(key.value) for key in parts.keys if isinstance(key, ast.Constant)}


def test_what_is_replaced_in_edgechromium_is_there() -> None:
    assert len(replaced(OURS / "edgechromium.py")) == 5
    assert replaced(OURS / "edgechromium.py") <= names(THEIRS / "edgechromium.py")


def test_what_is_replaced_in_gtk_is_there() -> None:
    assert replaced(OURS / "gtk.py") <= names(THEIRS / "gtk.py")


def test_what_is_replaced_in_cocoa_is_there() -> None:
    own = {name for name in names(OURS / "cocoa.py") if name.endswith("_")}
    assert own - names(THEIRS / "cocoa.py") == OF_APPLE
    assert {"BrowserDelegate", "JSBridge"} <= names(THEIRS / "cocoa.py", ast.ClassDef)


def test_home_is_one_address_with_any_query_and_fragment() -> None:
    window = webview.Window("uid", "title", url="http://127.0.0.1:4711/?a=b")
    assert is_page_url(window, "http://127.0.0.1:4711/")
    assert is_page_url(window, "http://127.0.0.1:4711?c#d")
    for place in (
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
        assert not is_page_url(window, place), place


def test_a_page_is_loaded_again_until_it_has_crashed_too_often() -> None:
    crashes = Crashes()
    again = [crashes.count("killed") for _ in range(2 * MAX_CRASHES)]
    assert again == [*(MAX_CRASHES - 1) * [True], False] * 2
