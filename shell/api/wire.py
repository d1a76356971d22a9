"""Lets pages see what is sent to models' servers, and save and open recordings: `wire`."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence

from shell.bridge.caller import Caller
from shell.contract import (
    ExportReply,
    InferenceId,
    Preview,
    PreviewRequest,
    Recording,
    RecordingText,
    WireCode,
    WireRun,
    WireSummary,
)
from shell.errors import Reason, ValidationFailed
from shell.providers.recordings import UnusableRecording, parse_recording
from shell.providers.request_code import as_curl, as_python
from shell.store.wire_log import WireLog


class WireApi:
    """Requests belong to the person: every window sees those of all conversations.

    Args:
        wire: what the latest runs have sent and received.
        preview: says what a message would send.
        save: writes a file into the folder of exports; returns its path.
    """

    def __init__(
        self,
        wire: WireLog,
        preview: Callable[[PreviewRequest], Awaitable[Preview]],
        save: Callable[[str, bytes], str],
    ) -> None:
        self._wire = wire
        self._preview = preview
        self._save = save

    async def list(self, caller: Caller) -> "Sequence[WireSummary]":
        """The runs whose requests are kept, the newest first."""
        return await self._wire.list()

    async def get(self, caller: Caller, params: InferenceId) -> WireRun:
        """A run with everything that it has sent and received so far, without keys."""
        return await self._wire.get(params)

    async def preview(self, caller: Caller, params: PreviewRequest) -> Preview:
        """What a message would send if it were sent now. Nothing is sent or written."""
        return await self._preview(params)

    async def code(self, caller: Caller, params: WireCode) -> str:
        """A request as a program that sends it, with the key from an environment variable."""
        write = as_curl if params.language == "curl" else as_python
        return await asyncio.to_thread(write, params.request)

    async def record(self, caller: Caller, params: InferenceId) -> str:
        """Save the events of an answer as a recording in the data directory's `exports`. Resolves
        with the file's path.
        """
        content = await self._wire.recording(params)
        return await asyncio.to_thread(self._save, f"{params}.jsonl", content)

    async def recording(self, caller: Caller, params: InferenceId) -> ExportReply:
        """The same as the text of a file."""
        content = await self._wire.recording(params)
        return ExportReply(
            name=f"{params}.jsonl", media_type="application/jsonl", text=content.decode()
        )

    async def open_recording(self, caller: Caller, params: RecordingText) -> Recording:
        """Check the text of a recording, and give its events. Nothing of it is carried out."""
        try:
            return await asyncio.to_thread(lambda: parse_recording(params.encode()))
        except (UnusableRecording, UnicodeEncodeError) as error:
            issues = [("recording", str(error))]
            raise ValidationFailed(issues, reason=Reason.NO_RECORDING) from None
