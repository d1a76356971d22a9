"""The steps of a run: one call of the model, then the tools that it calls, and so on.

A run without tools has one step, and none of the events that tell of steps.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

from shell.contract import BudgetPause, Decision, ElicitationAnswer, EndReason, StepEvent, Usage
from shell.errors import ProviderError
from shell.inference.log import InferenceLog, StepOutput
from shell.inference.provider_call import ProviderCall
from shell.inference.request import with_tools
from shell.inference.spending import Spending
from shell.inference.tool_call import OpenCall
from shell.inference.tool_calls import Commit, ToolCalls, WaitedTooLong
from shell.inference.watchdog import Watchdog
from shell.providers.base import AnsweredCall, ModelStep, ProviderRequest
from shell.tools.offer import Offer

NO_USAGE = Usage(
    input_tokens=0, output_tokens=0, reasoning_tokens=0, cached_tokens=0, estimated=True
)
"""Of a run that has called no model."""


@dataclass(frozen=True, slots=True)
class ResumedStep:
    """The step in which an earlier run of the same answer has ended."""

    step: int
    text: str
    """What the model wrote before its calls."""
    calls: tuple[OpenCall, ...]
    """Empty if all calls had their results; then the request has them already."""
    output: tuple[Mapping[str, object], ...]
    provider_id: str
    model_id: str

    def done(self, answered: Sequence[AnsweredCall]) -> ModelStep:
        """The step with its results."""
        return ModelStep(self.text, tuple(answered), self.output, self.provider_id, self.model_id)


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
        commit: waits until the log is on the disk.
        resumed: the step in which an earlier run of the same answer has ended.
        spending: what the run may spend; None for a program that counts nothing.
        cost: the price of tokens.
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
        commit: Commit | None,
        resumed: ResumedStep | None,
        spending: Spending | None,
        cost: Callable[[Usage], float | None],
    ) -> None:
        self._log = log
        self._provider_id = provider_id
        self._new_call = new_call
        self._first = 1 if resumed is None else resumed.step + 1
        # Who goes on after the last step wants as many again; who decides does not.
        self._max_steps = max_steps + (resumed.step if resumed and not resumed.calls else 0)
        self._tools = None if offer is None else ToolCalls(log, watchdog, offer, commit)
        self._resumed = resumed
        request = self._request = with_tools(request, offer, provider_id)
        self._call = new_call(request, step=None if offer is None else self._first)
        self._is_asked = False
        self._earlier: Usage | None = None
        self._first_ms: int | None = None
        self._reached: EndReason | None = None
        self._spending = spending
        self._cost = cost
        self.pause_for: BudgetPause | None = None
        """The budget that the run has reached."""

    @property
    def finish(self) -> EndReason | None:
        """Why the run is done."""
        return self._reached or self._call.finish

    @property
    def usage(self) -> Usage:
        """The tokens of all steps so far."""
        before = self._earlier
        if not self._is_asked:
            return before or NO_USAGE
        return self._call.usage if before is None else add_usage(before, self._call.usage)

    @property
    def first_ms(self) -> int | None:
        """When the first content of the run came, in milliseconds since it began."""
        return self._call.first_ms if self._first_ms is None else self._first_ms

    @property
    def is_waiting(self) -> bool:
        """Whether a person is asked about a call."""
        return self._tools is not None and self._tools.is_waiting

    @property
    def has_question(self) -> bool:
        """Whether a server of a running call asks the person something."""
        return self._tools is not None and self._tools.has_question

    def cancel_questions(self) -> None:
        """Give servers no answer to what they ask now."""
        if self._tools is not None:
            self._tools.cancel_questions()

    def decide(self, decision: Decision | ElicitationAnswer) -> bool:
        """Take a person's decision or answer about a call. False when the call does not wait.

        Raises:
            ValidationFailed: it does not fit the question.
        """
        return self._tools is not None and self._tools.decide(decision)

    def cancel_calls(self) -> None:
        """Let no call begin any more, because the run is being stopped."""
        if self._tools is not None:
            self._tools.cancel()

    def close(self, *, can_go_on: bool) -> None:
        """Give every open call its result, because the run ends now.

        Args:
            can_go_on: leave those that have not begun, which a later run takes up.
        """
        if self._tools is not None:
            self._tools.close(can_go_on=can_go_on or self._reached == "waiting")

    def pause(self) -> None:
        """Have the run end as one that waits, for a later run to go on with."""
        self._reached = "waiting"

    async def run(self) -> None:
        """Go from step to step until the model calls no more tools, or a limit is reached.

        Raises:
            ProviderError: a call of the model failed.
        """
        tools = self._tools
        step = self._first
        if tools is None:
            await self._ask(step)
            return
        try:
            if self._resumed is not None and self._resumed.calls:
                answered = await tools.resume(self._resumed.calls)
                self._follow(step, self._resumed.done(answered))
            while True:
                if not await self._ask(step):
                    return
                if not self._call.calls or self._call.finish in ("length", "content_filter"):
                    return
                self._keep_output(step)
                done = self._done(await tools.answer(step, self._call.calls))
                if step >= self._max_steps:
                    self._reached = "steps"
                    return
                step += 1
                self._earlier, self._first_ms = self.usage, self.first_ms
                self._follow(step, done)
        except WaitedTooLong:
            self._reached = "waiting"

    async def _ask(self, step: int) -> bool:
        """Call the model, within the budgets. False if one of them is reached.

        Raises:
            ProviderError: the call failed.
            ShellError: there is a budget, and nothing can be counted.
        """
        reserved = None if self._spending is None else await self._spending.reserve(self._request)
        if isinstance(reserved, BudgetPause):
            self._reached, self.pause_for = "budget", reserved
            return False
        if reserved is not None and reserved.cut is not None:
            request = replace(self._request, max_tokens=reserved.output_tokens)
            self._call = self._new_call(request, step=None if self._tools is None else step)
        if self._tools is not None:
            self._log.append(
                StepEvent(
                    **self._log.stamp(),
                    step=step,
                    max_steps=self._max_steps,
                    cost=None if self._earlier is None else self._cost(self._earlier),
                    budget=None if reserved is None else reserved.tightest,
                )
            )
        taken = NO_USAGE
        try:
            self._is_asked = True
            await self._call.run()
            taken = self._call.usage
        except BaseException as error:
            # A request that was refused before any content costs nothing.
            is_refused = isinstance(error, ProviderError) and self._call.first_ms is None
            taken = NO_USAGE if is_refused else self._call.usage_so_far
            raise
        finally:
            if self._spending is not None and reserved is not None:
                self._spending.settle(reserved, taken)
        if reserved is not None and reserved.cut is not None and self._call.finish == "length":
            self._reached, self.pause_for = "budget", reserved.cut
        return True

    def _keep_output(self, step: int) -> None:
        self._log.keep_output(
            StepOutput(
                self._log.last_seq + 1,
                step,
                self._provider_id,
                self._request.model.id,
                tuple(self._call.calls),
                tuple(self._call.output),
            )
        )

    def _done(self, answered: Sequence[AnsweredCall]) -> ModelStep:
        return ModelStep(
            self._call.text,
            tuple(answered),
            tuple(self._call.output),
            self._provider_id,
            self._request.model.id,
        )

    def _follow(self, step: int, done: ModelStep) -> None:
        """Prepare the next call of the model, which gets the results of the step before."""
        specs = self._request.tools if self._tools is None else self._tools.specs
        messages = [*self._request.messages, done]
        self._request = replace(self._request, messages=messages, tools=specs)
        self._call = self._new_call(self._request, step=step)
        self._is_asked = False


def add_usage(a: Usage, b: Usage) -> Usage:
    """The tokens of both, without a cost."""
    return Usage(
        input_tokens=a.input_tokens + b.input_tokens,
        output_tokens=a.output_tokens + b.output_tokens,
        reasoning_tokens=a.reasoning_tokens + b.reasoning_tokens,
        cached_tokens=a.cached_tokens + b.cached_tokens,
        estimated=a.estimated or b.estimated,
    )
