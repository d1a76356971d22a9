"""Tools that models may call, and the permissions for their calls."""

from shell.tools.decorator import tool as tool
