"""Reads and writes recordings: the events of one inference as lines of JSON, after a header."""

from collections.abc import Iterable
from pathlib import Path

from pydantic import JsonValue, TypeAdapter, ValidationError
from pydantic.alias_generators import to_camel
from pydantic_core import to_json

from shell import __version__
from shell.contract import AnyEvent, DoneEvent, ErrorEvent, Recording, RecordingHeader
from shell.errors import ErrorCode, ProviderError
from shell.support.files import file_errors, reason, replace_file
from shell.support.ids import epoch_ms
from shell.support.redaction import redact, redact_pieces

MAX_RECORDING_BYTES = 32_000_000
_HEADER = b'"tidewireRecording"'
_STREAMED = {"llm:token": "token", "llm:reasoning": "text", "llm:tool": "argumentsDelta"}
"""The field of each streamed channel that continues the text of the channel's event before."""
_UNREDACTED = frozenset({"channel", "inferenceId", "sessionId"})
"""The fields of an event that stay as they are: its channel and ids."""
_EVENT: TypeAdapter[AnyEvent] = TypeAdapter(AnyEvent)


class UnusableRecording(ProviderError):
    """Raised for a file that is no recording of one whole inference."""

    def __init__(self, why: str) -> None:
        text = f"The recording {why}. `tidewire ask --record FILE` makes one."
        super().__init__(ErrorCode.INVALID_REQUEST, text)


def new_header(provider_id: str, model_id: str) -> RecordingHeader:
    """Make the header of a recording that begins now."""
    return RecordingHeader(
        tidewire_recording=1,
        app_version=__version__,
        created_at=epoch_ms(),
        provider_id=provider_id,
        model_id=model_id,
    )


def event_fields(event: AnyEvent) -> dict[str, JsonValue]:
    """The fields of an event in a line of JSON."""
    fields: dict[str, JsonValue] = event.model_dump(mode="json")
    # A page's events leave these out where they are null; a line always has the same fields.
    for name in ("session_id", "progress", "finish_reason"):
        if name in type(event).model_fields:
            fields.setdefault(to_camel(name), None)
    return fields


def recording_lines(
    header: RecordingHeader, events: Iterable[AnyEvent], secrets: Iterable[str]
) -> list[str]:
    """Write the lines of a recording, without these secrets."""
    secret_list = [*secrets]
    lines = [event_fields(event) for event in events]
    for channel, name in _STREAMED.items():
        streamed = [line for line in lines if line["channel"] == channel]
        texts = redact_pieces([str(line[name]) for line in streamed], secret_list)
        for line, text in zip(streamed, texts, strict=True):
            line[name] = text
    for line in lines:
        for name in line.keys() - _UNREDACTED:
            line[name] = _without(line[name], secret_list)
    return [to_json(line).decode() for line in (header.model_dump(by_alias=True), *lines)]


def save_recording(
    path: Path, header: RecordingHeader, events: Iterable[AnyEvent], secrets: Iterable[str]
) -> None:
    """Write a recording to a file that only its owner may read.

    Raises:
        StorageFailed: it cannot be written.
    """
    lines = recording_lines(header, events, secrets)
    with file_errors(f"{path} cannot be written"):
        replace_file(path, "".join(f"{line}\n" for line in lines).encode())


def read_recording(path: Path) -> Recording:
    """Read a recording from a file.

    Raises:
        UnusableRecording: it is not a recording of one whole inference.
    """
    try:
        with path.open("rb") as file:
            content = file.read(MAX_RECORDING_BYTES + 1)
    except OSError as error:
        raise UnusableRecording(f"{path} cannot be read ({reason(error)})") from None
    if len(content) > MAX_RECORDING_BYTES:
        limit = MAX_RECORDING_BYTES // 1_000_000
        raise UnusableRecording(f"{path} is larger than {limit} MB, which no answer is")
    return parse_recording(content, str(path))


def parse_recording(content: bytes, name: str = "") -> Recording:
    """Read a recording from the content of a file.

    Raises:
        UnusableRecording: it is not a recording of one whole inference.
    """
    name = f"{name} " if name else ""
    lines = [
        (number, line)
        for number, line in enumerate(content.split(b"\n"), 1)
        if line and not line.isspace()
    ]
    header = None
    events: list[AnyEvent] = []
    if lines and _HEADER in lines[0][1]:
        try:
            header = RecordingHeader.model_validate_json(lines.pop(0)[1])
        except ValidationError:
            text = f"{name}has a header that this version of Tidewire does not know"
            raise UnusableRecording(text) from None
    for number, line in lines:
        try:
            event = _EVENT.validate_json(line)
        except ValidationError:
            raise UnusableRecording(f"{name}is damaged: line {number} is no event") from None
        if why := _misplaced(event, events[-1] if events else None):
            raise UnusableRecording(f"{name}is damaged: line {number} {why}")
        events.append(event)
    if not events or not isinstance(events[-1], DoneEvent | ErrorEvent):
        raise UnusableRecording(f"{name}does not hold an answer to its end")
    return Recording(header=header, events=events)


def _misplaced(event: AnyEvent, last: AnyEvent | None) -> str | None:
    """Why an event cannot follow the one before it."""
    if isinstance(last, DoneEvent | ErrorEvent):
        return "follows the end of the answer"
    if last is not None and event.inference_id != last.inference_id:
        return "belongs to another answer"
    if event.seq != (0 if last is None else last.last_seq + 1) or event.last_seq < event.seq:
        return "does not follow the line before it"
    if event.ms < (0 if last is None else last.ms):
        return "is earlier than the line before it"
    return None


def _without(value: JsonValue, secrets: list[str]) -> JsonValue:
    if isinstance(value, str):
        return redact(value, secrets)
    if isinstance(value, list):
        return [_without(each, secrets) for each in value]
    if isinstance(value, dict):
        return {redact(name, secrets): _without(each, secrets) for name, each in value.items()}
    return value
