"""Lets pages see requests to providers, and save and open recordings: the `wire` namespace."""

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
    """The `wire` namespace. Every window sees the requests of all conversations.

    Args:
        wire: the requests and responses of the latest runs.
        preview: builds the request of a message without sending it.
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
        """List the runs whose requests are stored, the newest first."""
        return await self._wire.list()

    async def get(self, caller: Caller, params: InferenceId) -> WireRun:
        """Get a run with all its requests and responses so far, without keys."""
        return await self._wire.get(params)

    async def preview(self, caller: Caller, params: PreviewRequest) -> Preview:
        """Get the request that a message would send now. Nothing is sent or written."""
        return await self._preview(params)

    async def code(self, caller: Caller, params: WireCode) -> str:
        """Convert a request to code that sends it, with the key from an environment variable."""
        write = as_curl if params.language == "curl" else as_python
        return await asyncio.to_thread(write, params.request)

    async def record(self, caller: Caller, params: InferenceId) -> str:
        """Save an answer's recording in the data directory's `exports`. Resolves with its path."""
        content = await self._wire.recording(params)
        return await asyncio.to_thread(self._save, f"{params}.jsonl", content)

    async def recording(self, caller: Caller, params: InferenceId) -> ExportReply:
        """Get the events of an answer as the text of a recording."""
        text = (await self._wire.recording(params)).decode()
        return ExportReply(name=f"{params}.jsonl", media_type="application/jsonl", text=text)

    async def open_recording(self, caller: Caller, params: RecordingText) -> Recording:
        """Check the text of a recording; returns its events. Nothing of it is executed."""
        try:
            return await asyncio.to_thread(lambda: parse_recording(params.encode()))
        except (UnusableRecording, UnicodeEncodeError) as error:
            issues = [("recording", str(error))]
            raise ValidationFailed(issues, reason=Reason.NO_RECORDING) from None
