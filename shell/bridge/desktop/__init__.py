"""Windows of the desktop and what each of them needs."""

from shell.bridge.desktop.left_out import leave_out_server

# Before any module of this folder imports pywebview.
leave_out_server()
