"""What the pages of other programs may call besides the program's own namespaces."""

import sys

from shell.api.llm import LlmApi
from shell.api.shell import greet
from shell.bridge.caller import Caller
from shell.contract import (
    CONTRACT_VERSION,
    AttachReply,
    AttachRequest,
    Defaults,
    HelloReply,
    HelloRequest,
    LookupId,
)
from shell.errors import NotFound, ShellError
from shell.inference.engine import Engine

NO_DEFAULTS = Defaults(provider_id="none", model_id="none")


class HelloApi:
    """The handshake, and nothing else of the `shell` namespace."""

    def hello(self, caller: Caller, params: HelloRequest) -> HelloReply:
        """The first call of every load; refuses a page of another contract."""
        if params.version != CONTRACT_VERSION:
            raise ShellError("This page was made for another version of the program. Reload it")
        return greet(caller, params, sys.platform, NO_DEFAULTS)


class StreamsApi:
    """The streams of a program: all of the `llm` namespace in a program without models."""

    def __init__(self, engine: Engine) -> None:
        self._llm = LlmApi(engine)

    def attach(self, caller: Caller, params: AttachRequest) -> AttachReply:
        """Everything of a stream after a `seq`."""
        try:
            return self._llm.attach(caller, params)
        except NotFound:
            raise NotFound(f"Stream {params.inference_id} not found") from None

    def cancel(self, caller: Caller, inference_id: LookupId) -> bool:
        """Stop a stream. False when it is unknown or has ended."""
        return self._llm.cancel(caller, inference_id)


class ModelsApi(LlmApi):
    """The whole `llm` namespace, in a program with models and streams of its own."""

    def __init__(self, models: Engine, streams: StreamsApi) -> None:
        super().__init__(models)
        self._streams = streams

    def attach(self, caller: Caller, params: AttachRequest) -> AttachReply:
        """Everything of a run or a stream after a `seq`."""
        try:
            return self._streams.attach(caller, params)
        except NotFound:
            return super().attach(caller, params)

    def cancel(self, caller: Caller, inference_id: LookupId) -> bool:
        """Stop a run or a stream. False when it is unknown or has ended."""
        return self._streams.cancel(caller, inference_id) or super().cancel(caller, inference_id)
