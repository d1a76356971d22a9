"""Previews of requests: what is shown before a message is sent is what a server then receives."""

from collections.abc import Mapping

from tests.providers.previews import check_previews
from tests.soak.result import Check, Result

CONVERSATIONS = 1_000


def preview() -> Result:
    """Random conversations with tools, attachments and efforts, through three APIs."""
    compared = check_previews(CONVERSATIONS)
    return Result(compared >= CONVERSATIONS, {"conversations": compared})


CHECKS: Mapping[str, Check] = {"preview": preview}
