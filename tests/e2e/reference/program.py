"""Runs the program with a page of the tests, and with the scripted model as its `openai`.

    python -m tests.e2e.reference.program PAGE [ARGUMENT ...]

PAGE is a folder that Vite built; the arguments are the program's own. The design's component asks
OpenAI and writes its prompt in one line, so a script's lines are separated by ` ; ` here.
"""

import sys
from collections.abc import AsyncGenerator
from dataclasses import replace
from pathlib import Path
from unittest.mock import patch

from shell import cli
from shell.app import main as app
from shell.contract import Message
from shell.providers import registry
from shell.providers.base import Chunk, ProviderRequest
from shell.providers.testing.echo import EchoProvider


class OneLineEcho(EchoProvider):
    """The scripted model under the id that the design uses."""

    def __init__(self) -> None:
        super().__init__(id="openai")

    def stream(self, request: ProviderRequest) -> AsyncGenerator[Chunk, None]:
        """Play the script of the last message."""
        *before, last = request.messages
        script = Message(role=last.role, content=last.text.replace(" ; ", "\n"))
        return super().stream(replace(request, messages=[*before, script]))


SCRIPTED = registry._BuiltIn("openai", lambda _: OneLineEcho())


def main(page: str, *arguments: str) -> int:
    """Run the program; returns its exit status."""
    with (
        patch.object(app, "PAGE", Path(page)),
        patch.object(registry, "_BUILT_IN", {**registry._BUILT_IN, "openai": SCRIPTED}),
    ):
        return cli.main(list(arguments))


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
