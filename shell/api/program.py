"""The `shell` and `llm` namespaces in programs on the bridge, besides their own namespaces."""

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
    """The `shell` namespace of such a program, which has only the handshake."""

    def hello(self, caller: Caller, params: HelloRequest) -> HelloReply:
        """Answer the first call of every load. Refuses a page of another contract."""
        if params.version != CONTRACT_VERSION:
            raise ShellError("This page was made for another version of the program. Reload it")
        return greet(caller, params, sys.platform, NO_DEFAULTS)


class StreamsApi:
    """The `llm` namespace of a program without models, which has only streams."""

    def __init__(self, engine: Engine) -> None:
        self._llm = LlmApi(engine)

    def attach(self, caller: Caller, params: AttachRequest) -> AttachReply:
        """Get all events of a stream after a `seq`."""
        try:
            return self._llm.attach(caller, params)
        except NotFound:
            raise NotFound(f"Stream {params.inference_id} not found") from None

    def cancel(self, caller: Caller, inference_id: LookupId) -> bool:
        """Cancel a stream. False when it is unknown or has ended."""
        return self._llm.cancel(caller, inference_id)


class ModelsApi(LlmApi):
    """The whole `llm` namespace, in a program with models and streams of its own."""

    def __init__(self, models: Engine, streams: StreamsApi) -> None:
        super().__init__(models)
        self._streams = streams

    def attach(self, caller: Caller, params: AttachRequest) -> AttachReply:
        """Get all events of a run or a stream after a `seq`."""
        try:
            return self._streams.attach(caller, params)
        except NotFound:
            return super().attach(caller, params)

    def cancel(self, caller: Caller, inference_id: LookupId) -> bool:
        """Cancel a run or a stream. False when it is unknown or has ended."""
        return self._streams.cancel(caller, inference_id) or super().cancel(caller, inference_id)
