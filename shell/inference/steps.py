"""The steps of a run: one call of the model, then the tools that it calls, and so on.

A run without tools has one step, and none of the events that tell of steps.
"""

from collections.abc import Callable
from dataclasses import replace

from shell.contract import Decision, EndReason, StepEvent, Usage
from shell.inference.log import InferenceLog
from shell.inference.provider_call import ProviderCall
from shell.inference.tool_calls import ToolCalls, WaitedTooLong
from shell.inference.watchdog import Watchdog
from shell.providers.base import ModelStep, ProviderRequest
from shell.tools.offer import Offer


class Steps:
    """Loop thread only.

    Args:
        log: the run's.
        watchdog: the run's deadlines; they stand still while a person is asked.
        provider_id: whose model is called.
        request: the first request.
        new_call: makes a call of the model from a request and, with tools, the `step`.
        offer: the tools; None for a run without.
        max_steps: most calls of the model.
    """

    def __init__(
        self,
        log: InferenceLog,
        watchdog: Watchdog,
        provider_id: str,
        request: ProviderRequest,
        new_call: Callable[..., ProviderCall],
        offer: Offer | None,
        max_steps: int,
    ) -> None:
        self._log = log
        self._provider_id = provider_id
        self._new_call = new_call
        self._max_steps = max_steps
        self._tools = None if offer is None else ToolCalls(log, watchdog, offer)
        if offer is not None:
            request = replace(request, tools=offer.specs, provider_id=provider_id)
        self._request = request
        self._call = new_call(request, step=None if offer is None else 1)
        self._earlier: Usage | None = None
        self._first_ms: int | None = None
        self._reached: EndReason | None = None

    @property
    def finish(self) -> EndReason | None:
        """Why the run is done."""
        return self._reached or self._call.finish

    @property
    def usage(self) -> Usage:
        """The tokens of all steps so far."""
        usage = self._call.usage
        return usage if self._earlier is None else _sum(self._earlier, usage)

    @property
    def first_ms(self) -> int | None:
        """When the first content of the run came, in milliseconds since it began."""
        return self._call.first_ms if self._first_ms is None else self._first_ms

    @property
    def is_waiting(self) -> bool:
        """Whether a person is asked about a call."""
        return self._tools is not None and self._tools.is_waiting

    def decide(self, decision: Decision) -> bool:
        """Take a person's decision about a call. False when the call does not wait.

        Raises:
            ValidationFailed: the decision does not fit the question.
        """
        return self._tools is not None and self._tools.decide(decision)

    def close(self) -> None:
        """Give every open call its result, because the run ends now."""
        if self._tools is not None and self._reached != "waiting":
            self._tools.close()

    async def run(self) -> None:
        """Go from step to step until the model calls no more tools, or a limit is reached.

        Raises:
            ProviderError: a call of the model failed.
        """
        tools = self._tools
        if tools is None:
            return await self._call.run()
        step = 1
        while True:
            self._log.append(StepEvent(**self._log.stamp(), step=step, max_steps=self._max_steps))
            await self._call.run()
            if not self._call.calls or self._call.finish in ("length", "content_filter"):
                return None
            try:
                answered = await tools.answer(step, self._call.calls)
            except WaitedTooLong:
                self._reached = "waiting"
                return None
            if step == self._max_steps:
                self._reached = "steps"
                return None
            step += 1
            done = ModelStep(
                self._call.text,
                tuple(answered),
                tuple(self._call.output),
                self._provider_id,
                self._request.model.id,
            )
            self._begin(step, done)

    def _begin(self, step: int, done: ModelStep) -> None:
        self._earlier, self._first_ms = self.usage, self.first_ms
        self._request = replace(self._request, messages=[*self._request.messages, done])
        self._call = self._new_call(self._request, step=step)


def _sum(a: Usage, b: Usage) -> Usage:
    return Usage(
        input_tokens=a.input_tokens + b.input_tokens,
        output_tokens=a.output_tokens + b.output_tokens,
        reasoning_tokens=a.reasoning_tokens + b.reasoning_tokens,
        cached_tokens=a.cached_tokens + b.cached_tokens,
        estimated=a.estimated or b.estimated,
    )
