"""Reads a response from its bytes to chunks, in the same way for every API."""

from collections.abc import AsyncGenerator, Awaitable, Callable, Iterator
from contextlib import aclosing
from typing import TYPE_CHECKING

from shell.contract import FinishReason
from shell.errors import ErrorCode
from shell.providers.base import Chunk, Finish, ReasoningDelta, TextDelta
from shell.providers.exchanges import Exchange
from shell.providers.http.endpoint import MAX_READ, Endpoint
from shell.providers.http.errors import not_a_stream, refusal_error
from shell.providers.http.lenient_json import parse_object
from shell.providers.http.sse import EventDecoder, ServerEvent, WholeBody
from shell.providers.http.transport import classify_error, drain, exchange_of

if TYPE_CHECKING:
    import httpx2

EVENT_STREAM, JSON = "text/event-stream", "application/json"
MAX_ANSWER_BYTES = 256_000_000
"""Longest body of one answer. A token takes up to 500 bytes of JSON, so the longest real answers
have about 65 MB. A server that never stops must not fill the memory, with or without content."""


class StreamingResponse:
    """Decodes the events of one response. Each API has a subclass."""

    def __init__(self, endpoint: Endpoint) -> None:
        self._endpoint = endpoint
        self._calls: dict[object, tuple[str, str]] = {}
        """The id and name of each tool call, by the number that the server gives it."""
        self._refusal: str | None = None
        self._answered = False
        self._reasoned = False
        self.finish: FinishReason | None = None
        """Why the model stopped; None until the server has sent it."""
        self.done = False
        """Whether the server has announced the end of the stream."""
        self.events = 0
        """Number of events decoded. Zero means that the response was not a stream of this API."""

    @property
    def has_content(self) -> bool:
        """Whether any content has arrived."""
        return self._answered or self._reasoned or bool(self._calls)

    def take(self, event: ServerEvent) -> Iterator[Chunk]:
        """Decode one event.

        Raises:
            ProviderError: PROTOCOL_ERROR, or the error that the server sent in the stream.
        """
        self.events += 1
        if event.data == "[DONE]":
            self.done = True
            return iter(())
        return self._decode(parse_object(event.data, self._endpoint))

    def end(self) -> Iterator[Chunk]:
        """Give the last chunks after the stream has ended.

        Raises:
            ProviderError: CONTENT_FILTER for a refusal without an answer.
        """
        if self._refusal is not None and not self._answered:
            raise refusal_error(self._endpoint, self._refusal)
        if self._refusal is not None:
            self.finish = "content_filter"
        if self.finish is not None:
            yield Finish(self.finish)

    def _decode(self, data: dict[str, object]) -> Iterator[Chunk]:
        raise NotImplementedError

    # Tuples, because a generator for each token would cost more than the rest of its decoding.

    def _text(self, text: str) -> tuple[Chunk, ...]:
        if not text:
            return ()
        self._answered = True
        return (TextDelta(text),)

    def _reasoning(self, text: str) -> tuple[Chunk, ...]:
        if not text:
            return ()
        self._reasoned = True
        return (ReasoningDelta(text),)

    def _refuse(self, text: str) -> Iterator[Chunk]:
        if text:
            # An error shows only its beginning.
            self._refusal = ((self._refusal or "") + text)[:MAX_READ]
            if self._answered:
                yield TextDelta(text)


async def read_answer(
    endpoint: Endpoint, send: Callable[[], Awaitable["httpx2.Response"]], answer: StreamingResponse
) -> AsyncGenerator[Chunk, None]:
    """Send a request and read the response to its end.

    Raises:
        ProviderError: for everything that can go wrong.
    """
    exchange: Exchange | None = None
    try:
        async with aclosing(await send()) as response:
            exchange = exchange_of(response)
            media_type = response.headers.get("content-type", "").partition(";")[0].strip().lower()
            if media_type not in {EVENT_STREAM, JSON, "text/plain", ""}:
                raise not_a_stream(endpoint, media_type)
            decoder = WholeBody() if media_type == JSON else EventDecoder()
            pieces = response.aiter_bytes()
            received = 0
            async for piece in pieces:
                received += len(piece)
                if exchange is not None:
                    exchange.receive(piece)
                if received > MAX_ANSWER_BYTES:
                    raise endpoint.error(
                        ErrorCode.PROTOCOL_ERROR, "The server's answer is too long."
                    )
                for event in decoder.feed(piece):
                    for chunk in answer.take(event):
                        yield chunk
                if answer.done:
                    break
            for event in decoder.end():
                for chunk in answer.take(event):
                    yield chunk
            await drain(pieces)
        if not answer.events and media_type != EVENT_STREAM:
            raise not_a_stream(endpoint, media_type)
    except Exception as error:
        # The answer is complete once the model has sent its finish reason; later errors do no harm.
        failure = classify_error(endpoint, error, answering=answer.has_content)
        if exchange is not None:
            exchange.end(failure.message)
        if answer.finish is None:
            raise failure from None
    else:
        if exchange is not None:
            exchange.end()
    for chunk in answer.end():
        yield chunk
