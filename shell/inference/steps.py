"""Runs the steps of a run: one call of the model, then the tools that it calls, and so on.

A run without tools has one step and no events about steps.
"""

from collections.abc import Callable
from dataclasses import replace

from shell.contract import BudgetPause, EndReason, StepEvent, Usage
from shell.errors import ProviderError
from shell.inference.log import InferenceLog, StepOutput
from shell.inference.provider_call import ProviderCall
from shell.inference.request import with_tools
from shell.inference.run_plan import RunPlan
from shell.inference.tool_calls import ToolCalls, WaitedTooLong
from shell.providers.base import ModelStep, ProviderRequest

NO_USAGE = Usage(
    input_tokens=0, output_tokens=0, reasoning_tokens=0, cached_tokens=0, estimated=True
)
"""The usage of a run that has called no model."""


class Steps:
    """The steps of one run. Loop thread only.

    Args:
        log: the run's.
        plan: the run's.
        request: the first request.
        new_call: makes a call of the model from a request and, with tools, the `step`.
        tools: carries out the tool calls; None for a run without tools.
    """

    def __init__(
        self,
        log: InferenceLog,
        plan: RunPlan,
        request: ProviderRequest,
        new_call: Callable[..., ProviderCall],
        tools: ToolCalls | None,
    ) -> None:
        self._log = log
        self._plan = plan
        self._new_call = new_call
        self._tools = tools
        resumed, limit = plan.resumed, plan.max_steps
        earlier_steps = 0 if resumed is None else resumed.step
        self._first_step = earlier_steps + 1
        # A person who continues after the last step allows as many steps again. A decision about
        # a call does not: the limit is the next multiple of the limit of one run.
        is_decision = resumed is not None and resumed.is_decision
        self._max_steps = (
            -(-earlier_steps // limit) * limit if is_decision else earlier_steps + limit
        )
        self._request = with_tools(request, plan.offer, plan.provider.id)
        self._call: ProviderCall | None = None
        """The latest call of the model; None before the first one of a step."""
        self._earlier_usage: Usage | None = None
        self._first_ms: int | None = None
        self._end_reason: EndReason | None = None
        self.pause_for: BudgetPause | None = None
        """The budget that the run has reached."""

    @property
    def finish_reason(self) -> EndReason | None:
        """Why the run is done."""
        return self._end_reason or (None if self._call is None else self._call.finish_reason)

    @property
    def usage(self) -> Usage:
        """The tokens of all steps so far."""
        earlier = self._earlier_usage
        if self._call is None:
            return earlier or NO_USAGE
        return self._call.usage if earlier is None else add_usage(earlier, self._call.usage)

    @property
    def first_ms(self) -> int | None:
        """When the first content of the run arrived, in milliseconds since the run began."""
        if self._first_ms is not None or self._call is None:
            return self._first_ms
        return self._call.first_ms

    def pause(self) -> None:
        """Let the run end as `waiting`, so that a later run can continue it."""
        self._end_reason = "waiting"

    async def run(self) -> None:
        """Run steps until the model calls no more tools or a limit is reached.

        Raises:
            ProviderError: a call of the model failed.
        """
        tools, step = self._tools, self._first_step
        if tools is None:
            await self._call_model(step)
            return
        model_ids = self._plan.provider.id, self._plan.model.id
        resumed = self._plan.resumed
        try:
            if resumed is not None and resumed.calls:
                answered = tuple(await tools.resume(resumed.calls))
                earlier_ids = resumed.provider_id, resumed.model_id
                self._add_step(ModelStep(resumed.text, answered, resumed.output, *earlier_ids))
            if step > self._max_steps:
                self._end_reason = "steps"
                return
            while (call := await self._call_model(step)) is not None:
                calls, output = tuple(call.calls), tuple(call.output)
                if not calls or call.finish_reason in ("length", "content_filter"):
                    return
                self._log.add_output(
                    StepOutput(self._log.last_seq + 1, step, *model_ids, calls, output)
                )
                answered = tuple(await tools.answer(step, calls))
                if step >= self._max_steps:
                    self._end_reason = "steps"
                    return
                step += 1
                self._earlier_usage, self._first_ms, self._call = self.usage, self.first_ms, None
                self._add_step(ModelStep(call.text, answered, output, *model_ids))
        except WaitedTooLong:
            self._end_reason = "waiting"

    async def _call_model(self, step: int) -> ProviderCall | None:
        """Call the model within the budgets. None if a budget does not allow the call.

        Raises:
            ProviderError: the call failed.
            ShellError: there is a budget, and nothing can be counted.
        """
        request, spending = self._request, self._plan.spending
        reservation = None if spending is None else await spending.reserve(request)
        if isinstance(reservation, BudgetPause):
            self._end_reason, self.pause_for = "budget", reservation
            return None
        pause = None if reservation is None else reservation.cut
        if reservation is not None and pause is not None:
            request = replace(request, max_tokens=reservation.output_tokens)
        if self._tools is not None:
            self._log.append(
                StepEvent(
                    **self._log.stamp(),
                    step=step,
                    max_steps=self._max_steps,
                    cost=None
                    if self._earlier_usage is None
                    else request.model.cost(self._earlier_usage),
                    budget=None if reservation is None else reservation.tightest,
                )
            )
        call = self._call = self._new_call(request, step=None if self._tools is None else step)
        usage = NO_USAGE
        try:
            await call.run()
            usage = call.usage
        except BaseException as error:
            # A request that was refused before any content costs nothing.
            is_refused = isinstance(error, ProviderError) and call.first_ms is None
            usage = NO_USAGE if is_refused else call.usage_so_far
            raise
        finally:
            if spending is not None and reservation is not None:
                spending.settle(reservation, usage)
        if pause is not None and call.finish_reason == "length":
            self._end_reason, self.pause_for = "budget", pause
        return call

    def _add_step(self, model_step: ModelStep) -> None:
        """Add a step and its results to the next request, whose tools may differ."""
        request = replace(self._request, messages=[*self._request.messages, model_step])
        self._request = with_tools(request, self._plan.offer, self._plan.provider.id)


def add_usage(a: Usage, b: Usage) -> Usage:
    """Add two usages. The sum has no cost."""
    return Usage(
        input_tokens=a.input_tokens + b.input_tokens,
        output_tokens=a.output_tokens + b.output_tokens,
        reasoning_tokens=a.reasoning_tokens + b.reasoning_tokens,
        cached_tokens=a.cached_tokens + b.cached_tokens,
        estimated=a.estimated or b.estimated,
    )
