"""The program's windows on the desktop: pump, dialogs, menus, page server, web views."""

from shell.bridge.desktop.http_stub import install_http_stub

# Before any module of this folder imports pywebview.
install_http_stub()
