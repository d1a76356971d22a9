"""A host for tests: the real engine, scripted providers, and checks at the end of every test."""

import asyncio
from collections.abc import AsyncGenerator, Callable
from typing import TypeVar

from shell.contract import (
    AnyEvent,
    DoneEvent,
    ErrorEvent,
    InferenceRequest,
    Message,
    NoticeEvent,
    RunParameters,
    SessionConfig,
    SessionInfo,
    SessionRunOptions,
    ThinkingEvent,
    TokenEvent,
)
from shell.errors import ErrorCode, ProviderError, ValidationFailed
from shell.inference.engine import Engine
from shell.inference.limits import Settings
from shell.inference.log import InferenceLog
from shell.providers.base import Chunk, ModelInfo, Provider, ProviderRequest
from shell.providers.testing.echo import EchoProvider
from tests.virtual_loop import the_loop

R = TypeVar("R", bound=RunParameters)
ME = "window-1"
OTHER = "window-2"

Play = Callable[[ProviderRequest], AsyncGenerator[Chunk, None]]


class Puppet:
    """A provider whose answers come from a generator of the test, with the given model."""

    local = False

    def __init__(self, play: Play, model: ModelInfo | None = None, *, local: bool = False) -> None:
        self.id = "puppet"
        self.default_model_id = "puppet-model" if model is None else model.id
        self.local = local
        self.requests: list[ProviderRequest] = []
        self._play = play
        self._model = model

    def model(self, model_id: str) -> ModelInfo:
        return self._model or ModelInfo(id=model_id)

    def check(self) -> None:
        """Can always run."""

    def stream(self, request: ProviderRequest) -> AsyncGenerator[Chunk, None]:
        self.requests.append(request)
        return self._play(request)

    async def close(self) -> None:
        """Do nothing, because there are no connections."""


class Keyless(EchoProvider):
    """A cloud provider without its key."""

    def check(self) -> None:
        text = f"No API key configured for provider: {self.id}"
        raise ProviderError(ErrorCode.API_KEY_ERROR, text)


class Host:
    """An engine with `echo`, which answers without delay, and the providers that a test adds."""

    def __init__(self, settings: Settings | None = None) -> None:
        self.echo = EchoProvider(rate=None)
        self.providers: dict[str, Provider] = {
            "echo": self.echo,
            "keyless": Keyless(id="keyless"),
        }
        self._timers_before = the_loop().timers()
        self.engine = Engine(self._resolve, settings)
        self.logs: list[InferenceLog] = []

    def _resolve(self, provider_id: str) -> Provider:
        provider = self.providers.get(provider_id)
        if provider is None:
            allowed = ", ".join(self.providers)
            text = f"Invalid provider ID: {provider_id}. Allowed: {allowed}"
            raise ValidationFailed([("providerId", text)])
        return provider

    def puppet(
        self, play: Play, model: ModelInfo | None = None, *, local: bool = False
    ) -> "Puppet":
        """Add the provider `puppet`."""
        puppet = Puppet(play, model, local=local)
        self.providers["puppet"] = puppet
        return puppet

    def start(
        self, script: str | list[Message] = "hi", *, owner: str = ME, **fields: object
    ) -> InferenceLog:
        """Start one run; `fields` are those of the request."""
        log = self.engine.start(owner, request(script, **fields))
        self.logs.append(log)
        return log

    def start_without_end(self, script: str, **fields: object) -> InferenceLog:
        """Start one run that may go on while content comes; `fields` are those of the request."""
        log = self.engine.start(ME, request(script, **fields), no_overall_deadline=True)
        self.logs.append(log)
        return log

    def session(self, session_id: str = "s", *, owner: str = ME, **fields: object) -> SessionInfo:
        """Create a session; `fields` are those of its config."""
        values = {"session_id": session_id, "provider_id": "echo"} | fields
        return self.engine.create_session(owner, SessionConfig.model_validate(values))

    def turn(
        self,
        script: str | list[Message],
        session_id: str = "s",
        *,
        owner: str = ME,
        **fields: object,
    ) -> InferenceLog:
        """Run one turn of a session; `fields` are those of the options."""
        values = {"session_id": session_id, "messages": messages(script)} | fields
        log = self.engine.run_session(owner, SessionRunOptions.model_validate(values))
        self.logs.append(log)
        return log

    async def close(self) -> None:
        """Close the engine, and check that every run has one ending and that nothing is left."""
        await self.engine.close()
        for log in self.logs:
            check_log(log)
            assert log.ending is not None, log.inference_id
        await asyncio.sleep(0)  # a cancelled task's last turn
        tasks = [t for t in asyncio.all_tasks() if "TestRunner" not in repr(t.get_coro())]
        assert not tasks, f"left behind: {tasks}"
        timers = [t for t in the_loop().timers() if t not in self._timers_before]
        assert not timers, f"left behind: {timers}"


def messages(script: str | list[Message]) -> list[Message]:
    """Return messages as they are, and a plain string as one message of the user."""
    return [Message(role="user", content=script)] if isinstance(script, str) else script


def request(script: str | list[Message] = "hi", **fields: object) -> InferenceRequest:
    """A request to `echo`, or to the `provider_id` among the fields."""
    values = {"provider_id": "echo", "messages": messages(script)} | fields
    return InferenceRequest.model_validate(values)


def make_message(role: str, text: str) -> Message:
    """Make a message of a role."""
    return Message.model_validate({"role": role, "content": text})


async def ended(log: InferenceLog) -> DoneEvent | ErrorEvent:
    """Wait for the end of a run."""
    over = asyncio.Event()
    unsubscribe = log.subscribe(lambda urgent: over.set() if urgent else None)
    if log.ending is None:
        await over.wait()
    unsubscribe()
    assert log.ending is not None
    return log.ending


async def done(log: InferenceLog) -> DoneEvent:
    """Wait for the end, which must be `llm:done`."""
    ending = await ended(log)
    assert isinstance(ending, DoneEvent), ending
    return ending


async def failed(log: InferenceLog) -> ErrorEvent:
    """Wait for the end, which must be `llm:error`."""
    ending = await ended(log)
    assert isinstance(ending, ErrorEvent), ending
    return ending


async def until(condition: Callable[[], bool], step_s: float = 0.001) -> None:
    """Let time pass until something holds."""
    while not condition():  # noqa: ASYNC110
        await asyncio.sleep(step_s)


def answer(log: InferenceLog) -> str:
    """The text so far."""
    return log.text("llm:token")


def tokens(log: InferenceLog) -> list[TokenEvent]:
    """The token events, one for each part as it arrived."""
    stops = range(log.last_seq + 1)
    return [e for e in log.read(stops=stops) if isinstance(e, TokenEvent)]


def channels(log: InferenceLog) -> list[str]:
    """The channels of the log's events, joined."""
    return [event.channel for event in log.read()]


def statuses(log: InferenceLog) -> list[str]:
    """The statuses shown while there is no text."""
    return [e.status for e in log.read() if isinstance(e, ThinkingEvent)]


def notices(log: InferenceLog) -> list[str]:
    """The codes of the notices."""
    return [e.code for e in log.read() if isinstance(e, NoticeEvent)]


def last_seq(event: AnyEvent) -> int:
    """The `seq` of the last part of an event."""
    return event.seq + getattr(event, "count", 1) - 1


def check_log(log: InferenceLog) -> None:
    """Check that events are dense and in order, and that at most one ending is the last."""
    expected, ms, index, endings = 0, 0, 0, 0
    for event in log.read():
        assert endings == 0, f"{event} follows the end"
        assert event.seq == expected, event
        assert (event.inference_id, event.session_id) == (log.inference_id, log.session_id)
        assert event.ms >= ms, event
        assert event.model_dump_json(ensure_ascii=True).isascii(), "every event can be told"
        if isinstance(event, TokenEvent):
            assert event.index == index, event
            index += event.count
        endings += isinstance(event, DoneEvent | ErrorEvent)
        expected, ms = last_seq(event) + 1, event.ms
    assert expected == log.last_seq + 1
    assert endings == (log.ending is not None)
