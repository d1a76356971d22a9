"""Our own window: logs, feeds, the pump and the door as the app has them.

python -m benchmarks.bridge.programs.door [gtk]
"""

import sys
from pathlib import Path

from pydantic import BaseModel

from benchmarks.bridge.programs.stage import Stage, serve_orders
from shell.api.shell import ShellApi
from shell.bridge.caller import Caller
from shell.bridge.desktop.page_server import PageServer
from shell.bridge.desktop.windows import Windows
from shell.bridge.door import Door
from shell.bridge.listener import listen
from shell.bridge.page import load_page
from shell.contract import AttachReply, AttachRequest, Defaults, DoneEvent, Timing, Usage
from shell.inference.log import InferenceLog
from shell.support.event_loop import LoopThread

PAGE = Path(__file__).parents[3] / ".bench" / "page"


class Logs:
    """The way of this project, which appends each token to a log."""

    def __init__(self) -> None:
        self.by_id: dict[str, InferenceLog] = {}
        self._logs: list[InferenceLog] = []

    def prepare(self, run: int, streams: int) -> None:
        """New logs, which the page attaches to by their names."""
        self._logs = [InferenceLog(f"run-{run}-{stream}") for stream in range(streams)]
        self.by_id = {log.inference_id: log for log in self._logs}

    def send(self, stream: int, token: str) -> None:
        """Append the token to the stream's log."""
        self._logs[stream].append_text("llm:token", token)

    def finish(self) -> None:
        """End each log like an inference, with an event that does not wait for the next push."""
        for log in self._logs:
            tokens = log.last_seq + 1
            usage = Usage(
                input_tokens=0,
                output_tokens=tokens,
                reasoning_tokens=0,
                cached_tokens=0,
                estimated=False,
            )
            timing = Timing(first_token_ms=0, total_ms=log.elapsed_ms)
            log.append(
                DoneEvent(
                    **log.stamp(),
                    total_tokens=tokens,
                    usage=usage,
                    finish_reason="stop",
                    cancelled=False,
                    timing=timing,
                )
            )


class Attach:
    """The part of the `llm` namespace that the page's bridge needs."""

    def __init__(self, logs: Logs) -> None:
        self._logs = logs

    def attach(self, caller: Caller, params: AttachRequest) -> AttachReply:
        """Follow a log from now on."""
        log = self._logs.by_id[params.inference_id]
        caller.feed.follow(caller.load, log, log.last_seq)
        return AttachReply(events=[], live=True, more=False)


class Echo(BaseModel):
    """The parameters and the reply of a call."""

    number: int
    text: str


class Bench:
    """The calls of the page to the stage."""

    def __init__(self, stage: Stage) -> None:
        self._stage = stage

    async def next(self, caller: Caller) -> str:
        """The next order."""
        return await self._stage.next()

    def report(self, caller: Caller, params: str) -> bool:
        """Take the report on an order."""
        return self._stage.report(params)

    def clock(self, caller: Caller) -> float:
        """The host's clock."""
        return self._stage.clock()

    def echo(self, caller: Caller, params: Echo) -> Echo:
        """Return the parameters."""
        return params


def main(arguments: list[str]) -> None:
    if arguments == ["gtk"]:
        sys.modules["PySide6"] = None  # type: ignore[assignment]  # as if it were not installed
    thread = LoopThread()
    thread.start()
    logs = Logs()
    stage = Stage({"door": logs})
    defaults = Defaults(provider_id="bench", model_id="bench")
    shell = ShellApi(sys.platform, lambda: defaults, lambda: False, lambda link: False)
    door = Door({"shell": shell, "llm": Attach(logs), "bench": Bench(stage)})

    def serve() -> PageServer:
        server = PageServer(listen(0), load_page(PAGE))
        server.start()
        return server

    address = thread.call(serve).address
    windows = Windows(thread.loop, door.post, f"{address}/", on_closed=lambda caller: None)
    serve_orders(stage, thread.loop, windows.close)
    windows.run()


if __name__ == "__main__":
    main(sys.argv[1:])
