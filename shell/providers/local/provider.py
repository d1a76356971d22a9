"""Runs models on this machine, with llama.cpp in a child process."""

import asyncio
import contextlib
import importlib
from collections.abc import AsyncGenerator, Callable
from contextlib import AsyncExitStack, aclosing, asynccontextmanager
from dataclasses import dataclass
from functools import partial

from shell.errors import ErrorCode, ProviderError
from shell.providers.apis.chat_completions import LLAMA_CHAT
from shell.providers.apis.messages import MESSAGES
from shell.providers.base import Chunk, ModelInfo, PromptProgress, ProviderRequest
from shell.providers.capabilities import Capabilities
from shell.providers.exchanges import OutgoingRequest
from shell.providers.http.endpoint import Endpoint
from shell.providers.http.provider import HttpProvider
from shell.providers.local.model_files import EMBEDDED_ID, EMBEDDED_NAME, ModelFile, ModelFiles
from shell.providers.local.process import Child, LlamaProcess
from shell.providers.local.repetition import without_repetition
from shell.providers.model_list import ListedModel
from shell.support.futures import read_exception

MAX_CONTEXT_TOKENS = 8_192
"""Default limit. Memory for the context is allocated at the start, so more must be requested."""

MakeProcess = Callable[[ModelFile, int], LlamaProcess]


def _process(weights: ModelFile, context_tokens: int) -> LlamaProcess:
    fit_to_devices = not weights.embedded
    return LlamaProcess(weights.path, weights.id, context_tokens, fit_to_devices=fit_to_devices)


@dataclass(slots=True)
class _Runner:
    """A model's process, and the connection to its present child."""

    process: LlamaProcess
    users: int = 0
    """The number of requests that hold this runner, also before they use its process."""
    prepared: asyncio.Task[None] | None = None
    """Done when the file has been verified and the HTTP library imported."""
    child: Child | None = None
    connection: HttpProvider | None = None


class LocalProvider:
    """Runs the embedded model and the user's own GGUF files.

    Args:
        files: finds the model files.
        make_process: makes the process of a file, for a size of the context in tokens.
        id: the provider's id.
        label: the provider's name as people see it.
        models: describes a model beyond its file's header: its sampling and limits.
        context_tokens: the largest context, if the model supports it.
    """

    local = True

    def __init__(
        self,
        files: ModelFiles,
        make_process: MakeProcess = _process,
        *,
        id: str = "local",  # noqa: A002, a provider's attribute
        label: str = "Local model",
        models: Callable[[str], ModelInfo] | None = None,
        context_tokens: int = MAX_CONTEXT_TOKENS,
    ) -> None:
        self.id = id
        self.label = label
        self._files = files
        self._make_process = make_process
        self._models = partial(Capabilities().info, id) if models is None else models
        self._context_tokens = context_tokens
        self._runners: dict[ModelFile, _Runner] = {}

    @property
    def default_model_id(self) -> str:
        """The embedded model, or the one that the environment names."""
        try:
            return self._files.default().id
        except ProviderError:
            return EMBEDDED_ID

    async def list_models(self) -> list[ListedModel]:
        """List the models with a complete file."""
        return await asyncio.to_thread(self._listed)

    def _listed(self) -> list[ListedModel]:
        found = []
        for weights in self._files.all():
            with contextlib.suppress(ProviderError):
                header = self._files.header(weights)
                name = EMBEDDED_NAME if weights.embedded else header.name
                found.append(
                    ListedModel(
                        weights.id,
                        name or weights.id,
                        context_tokens=min(header.context_tokens, self._context_tokens),
                        tools=header.tools,
                        reasoning=header.reasoning,
                    )
                )
        return found

    def model(self, model_id: str) -> ModelInfo:
        """Describe a model by its file's header."""
        try:
            weights = self._files.find(model_id)
            header = self._files.header(weights)
        except ProviderError:
            return ModelInfo(model_id, self._context_tokens)
        table = self._models(model_id)
        return ModelInfo(
            model_id,
            min(header.context_tokens, self._context_tokens),
            max_tokens_default=table.max_tokens_default,
            temperature_default=table.temperature_default if table.known else None,
            system_prompt=header.system_prompt,
            assistant_prefill=True,
            tools=header.tools,
            efforts={},
            sampling=table.sampling,
            known=True,
        )

    def check(self) -> None:
        """Raise if there is no model file, or no valid one."""
        try:
            self._files.header(self._files.default())
        except ProviderError:
            if not self._listed():  # the request may be for another model
                raise

    async def stream(self, request: ProviderRequest) -> AsyncGenerator[Chunk, None]:
        """Run the model once. Loads it first if necessary."""
        weights = self._files.find(request.model.id)
        await asyncio.to_thread(self._files.header, weights)
        async with self._runner(weights, request.model.context_tokens) as runner:
            prepared = _prepared(runner, weights)
            if not runner.process.ready:
                yield PromptProgress("Loading the model…", activity="loading")
            async with _loaded(runner.process, prepared) as child:
                connection = await self._connect(runner, child)
                try:
                    stream = connection.stream(request)
                    if weights.embedded:
                        stream = without_repetition(stream, weights.id)
                    async with aclosing(stream) as chunks:
                        async for chunk in chunks:
                            yield chunk
                except ProviderError as error:
                    if error.code in {ErrorCode.NETWORK_ERROR, ErrorCode.STREAM_INTERRUPTED}:
                        crash = await runner.process.crash_error(child)
                        raise crash or error from None
                    raise
                except (asyncio.CancelledError, GeneratorExit):
                    # A deadline or a person may have stopped the answer because the child hangs.
                    runner.process.end_if_hung(child)
                    raise

    def outgoing(self, request: ProviderRequest) -> OutgoingRequest:
        """Describe the request to the model's own process, without its port, which changes."""
        endpoint = Endpoint(self.id, self.label, "http://127.0.0.1/v1")
        return HttpProvider(LLAMA_CHAT, endpoint).outgoing(request)

    async def count_tokens(self, request: ProviderRequest) -> int | None:
        """Count with the model's own tokenizer. None if the model is not loaded."""
        weights = self._files.find(request.model.id)
        loaded = self._runners.get(weights)
        if loaded is None or not loaded.process.ready:
            return None
        async with (
            self._runner(weights, request.model.context_tokens) as runner,
            runner.process.use() as child,
        ):
            connection = await self._connect(runner, child)
            counted = await connection.ask_json("/messages/count_tokens", MESSAGES.body(request))
        tokens = counted.get("input_tokens")
        return tokens if isinstance(tokens, int) else None

    async def warm(self) -> None:
        """Load the default model, so that its first answer comes sooner.

        Ignores errors. The first request reports them.
        """
        with contextlib.suppress(ProviderError):
            weights = self._files.default()
            async with self._runner(weights, self.model(weights.id).context_tokens) as runner:
                async with runner.process.use():
                    pass
                # Otherwise the first request would have to wait for it.
                await asyncio.shield(_prepared(runner, weights))

    async def close(self) -> None:
        """End every process."""
        runners, self._runners = list(self._runners.values()), {}
        await asyncio.gather(*(_end(runner) for runner in runners))

    @asynccontextmanager
    async def _runner(
        self, weights: ModelFile, context_tokens: int
    ) -> AsyncGenerator[_Runner, None]:
        """Hold a runner of this version of the file. A new one ends the runners without users."""
        runner = self._runners.get(weights)
        ending: list[_Runner] = []
        if runner is None:
            process = self._make_process(weights, context_tokens)
            runner = _Runner(process)
            idle = [w for w, other in self._runners.items() if not other.users]
            ending = [self._runners.pop(w) for w in idle]
            self._runners[weights] = runner
        # Counted before the first await, so that a concurrent request does not end this runner.
        runner.users += 1
        try:
            # A process that is no longer listed must end even if this request is cancelled.
            await asyncio.shield(asyncio.gather(*(_end(other) for other in ending)))
            yield runner
        finally:
            runner.users -= 1

    async def _connect(self, runner: _Runner, child: Child) -> HttpProvider:
        """The connection to this child. A new child has another port and another key."""
        if runner.connection is None or runner.child is not child:
            old = runner.connection
            endpoint = Endpoint(self.id, self.label, f"{child.url}/v1", key=lambda: child.key)
            runner.connection = HttpProvider(LLAMA_CHAT, endpoint)
            runner.child = child
            if old is not None:
                await old.close()
        return runner.connection


def _prepared(runner: _Runner, weights: ModelFile) -> asyncio.Task[None]:
    """The task that verifies the file and imports the HTTP library, once, while the model loads."""
    if runner.prepared is None:
        runner.prepared = asyncio.create_task(_prepare(weights))
        runner.prepared.add_done_callback(read_exception)
    return runner.prepared


async def _prepare(weights: ModelFile) -> None:
    library = asyncio.to_thread(importlib.import_module, "httpx2")
    await asyncio.gather(library, asyncio.to_thread(weights.verify))


@asynccontextmanager
async def _loaded(
    process: LlamaProcess, prepared: asyncio.Task[None]
) -> AsyncGenerator[Child, None]:
    """Wait until the model is loaded and its file verified, and give the child."""
    async with AsyncExitStack() as stack:
        try:
            child = await stack.enter_async_context(process.use())
        except ProviderError:
            await asyncio.shield(prepared)  # the error of a damaged file explains the crash
            raise
        await asyncio.shield(prepared)
        yield child


async def _end(runner: _Runner) -> None:
    if runner.prepared is not None:
        runner.prepared.cancel()
    if runner.connection is not None:
        await runner.connection.close()
    await runner.process.end()
