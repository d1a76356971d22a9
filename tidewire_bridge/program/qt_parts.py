"""Selects the files of Qt that a web view uses.

PyInstaller would pack everything that any QML module links to.
"""

# Chromium's own languages, for its context menus and dialogs; the page has its own.
LOCALES = ("de.pak", "en-US.pak")
LIBRARIES = {
    *("Core", "DBus", "Gui", "Network", "OpenGL", "OpenGLWidgets", "Positioning", "PrintSupport"),
    *("Qml", "QmlMeta", "QmlModels", "QmlWorkerScript", "Quick", "QuickWidgets", "Svg"),
    *("WaylandClient", "WaylandEglClientHwIntegration", "WebChannel", "WebEngineCore"),
    *("WebEngineWidgets", "Widgets", "WlShellIntegration", "XcbQpa"),
}
PLUGINS = {
    *("iconengines", "networkinformation", "tls", "wayland-decoration-client"),
    *("wayland-graphics-integration-client", "wayland-shell-integration", "xcbglintegrations"),
}
SOME_PLUGINS = {
    "platforms": ("libqxcb.so", "libqoffscreen.so", "libqwayland"),
    "imageformats": ("libqgif.so", "libqico.so", "libqjpeg.so", "libqsvg.so", "libqwebp.so"),
    "platforminputcontexts": (
        "libcomposeplatforminputcontextplugin.so",
        "libibusplatforminputcontextplugin.so",
    ),
}


def is_needed(path: str) -> bool:
    """Whether to pack a file, by its path in the program; True for files that are not Qt's."""
    path = path.replace("\\", "/")
    name = path.rpartition("/")[2]
    if not path.startswith("PySide6/"):
        return not name.startswith("libQt6")  # links to those below PySide6/
    if "qtwebengine_locales/" in path:
        return name.endswith(LOCALES)
    if name.startswith("libQt6"):
        return name.removeprefix("libQt6").partition(".")[0] in LIBRARIES
    if "/plugins/" in path:
        kind = path.rpartition("/plugins/")[2].partition("/")[0]
        return kind in PLUGINS or name.startswith(SOME_PLUGINS.get(kind, ()) or "/")
    if name.startswith("Qt") and name.endswith(".abi3.so"):
        return name.removeprefix("Qt").partition(".")[0] in LIBRARIES
    return not any(part in path for part in ("/qml/", "/translations/q", "devtools_resources"))
