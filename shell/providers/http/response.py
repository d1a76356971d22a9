"""Reading an answer: from the bytes of a response to chunks, the same for every API."""

from collections.abc import AsyncGenerator, Awaitable, Callable, Iterator
from contextlib import aclosing
from typing import TYPE_CHECKING, Protocol

from shell.contract import FinishReason
from shell.providers.base import Chunk
from shell.providers.http.endpoint import Endpoint
from shell.providers.http.errors import not_a_stream
from shell.providers.http.sse import EventDecoder, ServerEvent, WholeBody
from shell.providers.http.transport import EVENT_STREAM, classed, drain, stream_type

if TYPE_CHECKING:
    import httpx2


class StreamingResponse(Protocol):
    """What one API's events mean. One object for one answer."""

    finish: FinishReason | None
    """Why the model stopped, once it has said so."""
    done: bool
    """Whether the server said that nothing more will come."""
    events: int
    """How many events were understood; without any, this was no such stream."""

    @property
    def begun(self) -> bool:
        """Whether any content has come."""

    def take(self, event: ServerEvent) -> Iterator[Chunk]:
        """The chunks of one event.

        Raises:
            ProviderError: PROTOCOL_ERROR, or what an error in the stream means.
        """

    def end(self) -> Iterator[Chunk]:
        """What is left to say when the stream has ended.

        Raises:
            ProviderError: CONTENT_FILTER for a refusal.
        """


async def read_answer(
    endpoint: Endpoint, ask: Callable[[], Awaitable["httpx2.Response"]], answer: StreamingResponse
) -> AsyncGenerator[Chunk, None]:
    """Ask, and read what comes to its end.

    Raises:
        ProviderError: everything that can go wrong.
    """
    try:
        async with aclosing(await ask()) as response:
            media_type = stream_type(endpoint, response.headers)
            decoder = WholeBody() if media_type == "application/json" else EventDecoder()
            pieces = response.aiter_bytes()
            async for piece in pieces:
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
        # What breaks after the model has said why it stopped, breaks nothing.
        if answer.finish is None:
            raise classed(endpoint, error, answering=answer.begun) from None
    for chunk in answer.end():
        yield chunk
