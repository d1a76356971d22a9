"""Stores the requests and responses of the latest runs: one file for each, the oldest removed.

Runs of temporary conversations stay in memory only. No backup and no export includes the files.
"""

import asyncio
import codecs
import contextlib
import json
import logging
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from pydantic import ValidationError

from shell.contract import (
    RecordingHeader,
    WireAttempt,
    WireChunk,
    WireHeader,
    WireRequest,
    WireRun,
    WireSummary,
)
from shell.errors import NotFound, Reason
from shell.inference.log import InferenceLog
from shell.providers.exchanges import Exchange, OutgoingRequest, Recording
from shell.providers.http.outgoing import shown_headers
from shell.providers.recordings import new_header, recording_lines
from shell.support.data_directory import REQUESTS
from shell.support.files import remove, replace_file
from shell.support.ids import TEMPORARY
from shell.support.redaction import redact, redact_pieces

MAX_RUNS = 50
MAX_BYTES = 20_000_000
NOT_STORED = "The request of this answer is not kept. Only those of the latest answers are."
_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class _LiveRun:
    """A run that is being recorded."""

    recording: Recording
    log: InferenceLog
    header: RecordingHeader
    conversation_id: str | None


class WireLog:
    """Records the requests and responses of runs. Loop thread only.

    Args:
        data: the data directory.
        is_on: returns whether the settings ask for recording.
        secrets: returns every known key, for redaction.
    """

    def __init__(
        self, data: Path, is_on: Callable[[], bool], secrets: Callable[[], Iterable[str]]
    ) -> None:
        self._folder = data / REQUESTS
        self._is_on = is_on
        self._secrets = secrets
        self._live: dict[str, _LiveRun] = {}
        self._temporary: dict[str, bytes] = {}
        self._write_tasks: set[asyncio.Task[None]] = set()

    # --- recording --------------------------------------------------------------------------

    def begin(
        self, log: InferenceLog, provider_id: str, model_id: str, conversation_id: str | None
    ) -> Recording | None:
        """Begin to record a run; returns None if recording is off."""
        if not self._is_on():
            return None
        recording = Recording()
        header = new_header(provider_id, model_id)
        self._live[log.inference_id] = _LiveRun(recording, log, header, conversation_id)
        return recording

    def end(self, log: InferenceLog) -> None:
        """Store a run that has ended. A thread writes its file."""
        live = self._live.get(log.inference_id)
        if live is not None:
            task = asyncio.get_running_loop().create_task(self._store(live), name="wire")
            self._write_tasks.add(task)
            task.add_done_callback(self._write_tasks.discard)

    async def close(self) -> None:
        """Wait until all ended runs are written."""
        await asyncio.gather(*self._write_tasks)

    async def clear(self) -> None:
        """Remove all stored runs."""
        await asyncio.gather(*self._write_tasks)
        self._temporary.clear()
        await asyncio.to_thread(remove, self._folder)

    async def forget(self, conversation_id: str) -> None:
        """Remove the stored runs of a conversation, and store none of its live runs."""
        await self._forget_live(lambda each: each == conversation_id)
        for inference_id, content in [*self._temporary.items()]:
            if (found := _parse_summary(content)) and found.conversation_id == conversation_id:
                del self._temporary[inference_id]
        await asyncio.to_thread(_forget, self._folder, conversation_id)

    async def forget_stored(self) -> None:
        """Remove the stored runs, and store none of the live ones of stored conversations, whose
        conversations a restore has replaced. Runs of temporary conversations stay.
        """
        await self._forget_live(lambda each: each is not None and not each.startswith(TEMPORARY))
        await asyncio.to_thread(remove_stored, self._folder)

    async def _forget_live(self, matches: Callable[[str | None], bool]) -> None:
        """Stop recording the live runs of these conversations, and wait for the other writes."""
        for inference_id, live in [*self._live.items()]:
            if matches(live.conversation_id) and live.log.ending is None:
                del self._live[inference_id]
        await asyncio.gather(*self._write_tasks)

    async def _store(self, live: _LiveRun) -> None:
        inference_id = live.log.inference_id
        try:
            content = await asyncio.to_thread(self._content, live)
            if not self._is_on():  # it was switched off while the run went on
                return
            if (live.conversation_id or "").startswith(TEMPORARY):
                self._temporary[inference_id] = content
                while not _fits([*map(len, self._temporary.values())]):
                    del self._temporary[next(iter(self._temporary))]
            else:
                name = f"{live.header.created_at:013}-{inference_id}"
                await asyncio.to_thread(_write, self._folder, name, content)
        except OSError as error:  # a full disk must not fail the answer
            _log.warning("The request of %s cannot be saved: %s", inference_id, error.strerror)
        finally:
            self._live.pop(inference_id, None)

    # --- reading ----------------------------------------------------------------------------

    async def list(self) -> "list[WireSummary]":
        """The stored and the live runs, the newest first."""
        # Read the stored runs last: a run that ends meanwhile is stored before it leaves `_live`.
        summaries = [_summary_of(live) for live in self._live.values()]
        summaries += filter(None, map(_parse_summary, self._temporary.values()))
        summaries += await asyncio.to_thread(lambda: [*stored_summaries(self._folder)])
        known = {summary.inference_id: summary for summary in summaries}
        return sorted(known.values(), key=lambda summary: -summary.started_at)

    async def get(self, inference_id: str) -> WireRun:
        """A run with its attempts so far.

        Raises:
            NotFound: it is not stored.
        """
        live = self._live.get(inference_id)
        if live is not None:
            return await asyncio.to_thread(self._run, live)
        return await asyncio.to_thread(_parse, await self._stored_content(inference_id))

    async def recording(self, inference_id: str) -> bytes:
        """The events of a run that has ended, as a recording.

        Raises:
            NotFound: it is not stored, or has not ended.
        """
        live = self._live.get(inference_id)
        if live is None:
            content = await self._stored_content(inference_id)
        elif live.log.ending is None:
            raise NotFound("This answer is still being written. Save it when it is complete.")
        else:
            content = await asyncio.to_thread(self._content, live)
        return content.split(b"\n", 2)[2]

    async def _stored_content(self, inference_id: str) -> bytes:
        if inference_id in self._temporary:
            return self._temporary[inference_id]
        return await asyncio.to_thread(_read, self._folder, inference_id)

    # --- content of the files ---------------------------------------------------------------

    def _content(self, live: _LiveRun) -> bytes:
        """The file of a run: two lines about its requests, then its events as a recording."""
        run = self._run(live)
        head = [model.model_dump_json(by_alias=True) for model in (run.summary, run)]
        # Pieces stay separate, so that a replay has the pace of the answer.
        log_events = live.log.read(stops=range(live.log.last_seq))
        events = recording_lines(live.header, log_events, self._secrets())
        return "\n".join([*head, *events, ""]).encode()

    def _run(self, live: _LiveRun) -> WireRun:
        secrets = [*self._secrets()]
        exchanges = list(live.recording.exchanges)
        attempts = [_attempt(each, live.recording.began, secrets) for each in exchanges]
        return WireRun(summary=_summary_of(live), attempts=attempts)


def request_of(request: OutgoingRequest, *, has_body: bool = True) -> WireRequest:
    """A request in the form that the page and the command line show."""
    headers = [
        WireHeader(name=name, value=value, variable=request.variables.get(name))
        for name, value in request.headers.items()
    ]
    return WireRequest(
        method="POST",
        url=request.url,
        headers=headers,
        body=request.body.decode() if has_body else None,
        body_bytes=len(request.body),
        api=request.api,
        base_url=request.base_url,
    )


def stored_summaries(folder: Path) -> Iterator[WireSummary]:
    """The runs in a folder. Files that cannot be read are left out."""
    return (summary for _, summary in _stored_files(folder))


def stored_run(folder: Path, inference_id: str) -> WireRun:
    """A run in a folder.

    Raises:
        NotFound: it is not there, or its file is damaged.
    """
    return _parse(_read(folder, inference_id))


def remove_stored(folder: Path) -> None:
    """Remove all runs in a folder, which stays: `ask` stores requests only if it exists."""
    for path in _paths(folder):
        remove(path)


def _stored_files(folder: Path) -> Iterator[tuple[Path, WireSummary]]:
    for path in _paths(folder):
        line = b""
        with contextlib.suppress(OSError), path.open("rb") as file:
            line = file.readline()
        if (found := _parse_summary(line)) is not None:
            yield path, found


def _read(folder: Path, inference_id: str) -> bytes:
    for path in _paths(folder):
        if path.stem.partition("-")[2] == inference_id:
            with contextlib.suppress(OSError):
                return path.read_bytes()
    raise NotFound(NOT_STORED, reason=Reason.NOT_KEPT)


def _parse(content: bytes) -> WireRun:
    try:
        return WireRun.model_validate_json(content.split(b"\n", 2)[1])
    except (IndexError, ValidationError):
        raise NotFound(NOT_STORED, reason=Reason.NOT_KEPT) from None


def _parse_summary(content: bytes) -> WireSummary | None:
    try:
        return WireSummary.model_validate_json(content.partition(b"\n")[0])
    except ValidationError:
        return None


def _summary_of(live: _LiveRun) -> WireSummary:
    exchanges = live.recording.exchanges
    return WireSummary(
        inference_id=live.log.inference_id,
        conversation_id=live.conversation_id,
        provider_id=live.header.provider_id,
        model_id=live.header.model_id,
        started_at=live.header.created_at,
        attempts=len(exchanges),
        status=exchanges[-1].status if exchanges else None,
        live=live.log.ending is None,
    )


def _attempt(exchange: Exchange, began: float, known: list[str]) -> WireAttempt:
    secrets = [*known, *exchange.secrets()]
    request = request_of(exchange.request, has_body=exchange.is_body_recorded)
    if request.body is not None and any(json.dumps(s)[1:-1] in request.body for s in secrets if s):
        # The user may have written a key, or the model may have repeated one.
        request = request.model_copy(update={"body": redact(request.body, secrets)})
    headers = [
        WireHeader(name=name, value=redact(value, secrets))
        for name, value in shown_headers(dict(exchange.headers)).items()
    ]
    pieces = list(exchange.pieces)
    # Latin-1 maps each byte to one letter, so redaction finds a secret across the pieces.
    texts = redact_pieces([piece.decode("latin-1") for _, piece in pieces], secrets)
    decode = codecs.getincrementaldecoder("utf-8")("replace").decode
    chunks = [
        WireChunk(ms=_ms(at - exchange.began), text=decode(text.encode("latin-1")))
        for (at, _), text in zip(pieces, texts, strict=True)
    ]
    return WireAttempt(
        request=request,
        ms=_ms(exchange.began - began),
        status=exchange.status,
        headers=headers,
        chunks=chunks,
        received_bytes=exchange.received,
        total_ms=None if exchange.ended is None else _ms(exchange.ended - exchange.began),
        error=None if exchange.error is None else redact(exchange.error, secrets),
    )


def _ms(seconds: float) -> int:
    return max(0, round(seconds * 1000))


def _paths(folder: Path) -> list[Path]:
    return sorted(folder.glob("*-inf-*.jsonl"), reverse=True)


def _fits(sizes: list[int]) -> bool:
    return len(sizes) <= MAX_RUNS and (sum(sizes) <= MAX_BYTES or len(sizes) == 1)


def _forget(folder: Path, conversation_id: str) -> None:
    for path, summary in _stored_files(folder):
        if summary.conversation_id == conversation_id:
            remove(path)


def _write(folder: Path, name: str, content: bytes) -> None:
    """Write a file and remove the oldest ones that do not fit beside it."""
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    written = folder / f"{name}.jsonl"
    replace_file(written, content)
    # After a time with a wrong clock, the new file is not the newest by its name.
    sizes = [len(content)]
    for path in _paths(folder):
        if path == written:
            continue
        with contextlib.suppress(OSError):  # another process may have removed it
            sizes.append(path.stat().st_size)
            if not _fits(sizes):
                path.unlink()
