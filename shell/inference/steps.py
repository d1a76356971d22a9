"""The steps of a run: one call of the model, then the tools that it calls, and so on.

A run without tools has one step, and none of the events that tell of steps.
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
"""Of a run that has called no model."""


class Steps:
    """Loop thread only.

    Args:
        log: the run's.
        plan: what the run was given.
        request: the first request.
        new_call: makes a call of the model from a request and, with tools, the `step`.
        tools: carries out the calls of tools; None for a run without.
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
        resumed = plan.resumed
        self._first = 1 if resumed is None else resumed.step + 1
        # Who goes on after the last step wants as many again; who decides does not.
        self._max_steps = plan.max_steps + (resumed.step if resumed and not resumed.calls else 0)
        self._request = with_tools(request, plan.offer, plan.provider.id)
        self._call: ProviderCall | None = None
        """The latest call of the model; None before it is made."""
        self._earlier: Usage | None = None
        self._first_ms: int | None = None
        self._reached: EndReason | None = None
        self.pause_for: BudgetPause | None = None
        """The budget that the run has reached."""

    @property
    def finish(self) -> EndReason | None:
        """Why the run is done."""
        return self._reached or (None if self._call is None else self._call.finish)

    @property
    def usage(self) -> Usage:
        """The tokens of all steps so far."""
        before = self._earlier
        if self._call is None:
            return before or NO_USAGE
        return self._call.usage if before is None else add_usage(before, self._call.usage)

    @property
    def first_ms(self) -> int | None:
        """When the first content of the run came, in milliseconds since it began."""
        if self._first_ms is not None or self._call is None:
            return self._first_ms
        return self._call.first_ms

    def pause(self) -> None:
        """Have the run end as one that waits, for a later run to go on with."""
        self._reached = "waiting"

    async def run(self) -> None:
        """Go from step to step until the model calls no more tools, or a limit is reached.

        Raises:
            ProviderError: a call of the model failed.
        """
        tools, step = self._tools, self._first
        if tools is None:
            await self._ask(step)
            return
        made_by = self._plan.provider.id, self._plan.model.id
        resumed = self._plan.resumed
        try:
            if resumed is not None and resumed.calls:
                answered = tuple(await tools.resume(resumed.calls))
                earlier = resumed.provider_id, resumed.model_id
                self._add(ModelStep(resumed.text, answered, resumed.output, *earlier))
            while (call := await self._ask(step)) is not None:
                calls, output = tuple(call.calls), tuple(call.output)
                if not calls or call.finish in ("length", "content_filter"):
                    return
                self._log.keep_output(
                    StepOutput(self._log.last_seq + 1, step, *made_by, calls, output)
                )
                answered = tuple(await tools.answer(step, calls))
                if step >= self._max_steps:
                    self._reached = "steps"
                    return
                step += 1
                self._earlier, self._first_ms, self._call = self.usage, self.first_ms, None
                self._add(ModelStep(call.text, answered, output, *made_by))
        except WaitedTooLong:
            self._reached = "waiting"

    async def _ask(self, step: int) -> ProviderCall | None:
        """Call the model, within the budgets. None if one of them is reached before.

        Raises:
            ProviderError: the call failed.
            ShellError: there is a budget, and nothing can be counted.
        """
        request, spending = self._request, self._plan.spending
        reserved = None if spending is None else await spending.reserve(request)
        if isinstance(reserved, BudgetPause):
            self._reached, self.pause_for = "budget", reserved
            return None
        cut = None if reserved is None else reserved.cut
        if reserved is not None and cut is not None:
            request = replace(request, max_tokens=reserved.output_tokens)
        if self._tools is not None:
            self._log.append(
                StepEvent(
                    **self._log.stamp(),
                    step=step,
                    max_steps=self._max_steps,
                    cost=None if self._earlier is None else request.model.cost(self._earlier),
                    budget=None if reserved is None else reserved.tightest,
                )
            )
        call = self._call = self._new_call(request, step=None if self._tools is None else step)
        taken = NO_USAGE
        try:
            await call.run()
            taken = call.usage
        except BaseException as error:
            # A request that was refused before any content costs nothing.
            is_refused = isinstance(error, ProviderError) and call.first_ms is None
            taken = NO_USAGE if is_refused else call.usage_so_far
            raise
        finally:
            if spending is not None and reserved is not None:
                spending.settle(reserved, taken)
        if cut is not None and call.finish == "length":
            self._reached, self.pause_for = "budget", cut
        return call

    def _add(self, done: ModelStep) -> None:
        """Add a step and its results to the next request, which may have other tools."""
        request = replace(self._request, messages=[*self._request.messages, done])
        self._request = with_tools(request, self._plan.offer, self._plan.provider.id)


def add_usage(a: Usage, b: Usage) -> Usage:
    """The tokens of both, without a cost."""
    return Usage(
        input_tokens=a.input_tokens + b.input_tokens,
        output_tokens=a.output_tokens + b.output_tokens,
        reasoning_tokens=a.reasoning_tokens + b.reasoning_tokens,
        cached_tokens=a.cached_tokens + b.cached_tokens,
        estimated=a.estimated or b.estimated,
    )
