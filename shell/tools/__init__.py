"""What a model may call, and who allowed it."""

from shell.tools.decorator import tool as tool
