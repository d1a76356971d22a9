"""A machine that lets a model call tools, and does anything to the calls in any order.

A seed chooses the model's output, its arguments, the tools, the decisions, the clock, the end of
the host and kills, on the virtual loop. The machine stores the entries of answers in a table as
the recorder does, so that answers go on after the end of their run. After every step it checks
what must hold: one ending and nothing after it, no call without a verdict that allows it, no call
made twice, and a result for every call that is sent back, in the order of the calls.
"""

import asyncio
import contextlib
import itertools
import json
import random
from collections.abc import AsyncGenerator, Callable, Coroutine
from dataclasses import dataclass, field

import apsw

from shell.contract import (
    AnswerCall,
    ApprovalEvent,
    CallEvent,
    Decision,
    DoneEvent,
    ErrorEvent,
    InferenceRequest,
    Message,
    MessageStatus,
    Pattern,
    ResultEvent,
    Verdict,
)
from shell.conversations.history import history, resumed_step
from shell.errors import ErrorCode, ProviderError, StorageFailed, ToolError, ValidationFailed
from shell.inference.engine import Engine
from shell.inference.log import InferenceLog
from shell.providers.base import (
    Chunk,
    Finish,
    ModelInfo,
    ModelStep,
    OutputItem,
    Provider,
    ProviderRequest,
    ReasoningDelta,
    TextDelta,
    ToolCallDelta,
)
from shell.store.messages import decisions, steps
from shell.store.messages.followed_log import FollowedLog, new_text
from shell.store.messages.turns import EarlierRuns, PathMessage
from shell.tools.base import Arguments, Progress, Tool
from shell.tools.call_states import SETTLED, check_move
from shell.tools.offer import Offer, OfferedTool
from shell.tools.permissions import Permissions
from tests.virtual_loop import VirtualLoop, run_ready_tasks

ME, OTHER = "window-1", "window-2"
MODEL = ModelInfo("m", tools=True)
LAST = 6
"""The step in which the model calls no tools any more."""
STORIES = 3
"""The largest number of answers at a time."""
SCHEMA = {
    "type": "object",
    "properties": {"id": {"type": "integer"}, "edited": {"type": "boolean"}},
    "required": ["id"],
    "additionalProperties": False,
}
ALLOWED = ("free", "bring", "send")
"""Tools that run without approval. `send` needs it once `bring` has returned a result."""
TOOLS = {
    name: Tool(
        name,
        "mine.py",
        "python",
        parameters=SCHEMA,
        reads=False,
        brings=name == "bring",
        sends=name == "send",
    )
    for name in (*ALLOWED, "ask", "never")
}


@dataclass(eq=False)
class Calls:
    """The calls with the same arguments. There is one, unless the model repeats itself."""

    allowed: set[str] = field(default_factory=set)
    """The ids of the calls that a verdict allows."""
    ran: int = 0


@dataclass(eq=False)
class Story:
    """One answer: its runs, one after another, and its stored parts."""

    name: str
    number: int
    text: str = ""
    thoughts: int = 0
    log: InferenceLog | None = None
    reader: FollowedLog | None = None
    permissions: Permissions | None = None
    alive: bool = False
    """Whether the host of its run has not been killed."""
    seq: int = -1
    endings: int = 0
    states: dict[str, str] = field(default_factory=dict)
    ids: dict[str, int] = field(default_factory=dict)
    """The argument `id` of each call."""
    results: set[str] = field(default_factory=set)
    nonces: dict[str, str] = field(default_factory=dict)
    written: dict[int, list[tuple[str, str, str]]] = field(default_factory=dict)
    """The calls of each step as the model made them: the provider's id, the name, the arguments."""
    sticky: dict[str, Verdict] = field(default_factory=dict)
    """The verdicts for the conversation, by the tool."""
    calls: dict[int, Calls] = field(default_factory=dict)
    is_tainted: bool = False
    last: tuple[str, str] | None = None

    @property
    def is_live(self) -> bool:
        return self.log is not None and self.log.ending is None


class Grants:
    """The verdicts that hold for every conversation. One in five cannot be stored."""

    def __init__(self, chance: random.Random) -> None:
        self.stored: dict[str, Verdict] = {"never": "deny"}
        self._chance = chance
        self.problem: str | None = None

    def verdicts(self, tool: Tool, arguments: Arguments) -> list[Verdict]:
        return [self.stored[tool.name]] if tool.name in self.stored else []

    def add(self, tool: Tool, verdict: Verdict, pattern: Pattern, *, wait: bool = True) -> None:
        if self._chance.random() < 0.2:
            raise StorageFailed("The disk is full")
        self.stored[tool.name] = verdict


class Functions:
    """The source of the tools. It checks every call before it carries it out."""

    name = "mine.py"

    def __init__(self, machine: "CallsMachine") -> None:
        self._machine = machine

    async def call(self, tool: Tool, arguments: Arguments, progress: Progress) -> str:
        chance = self._machine.chance
        self._machine.check_run(tool, arguments)
        match chance.randrange(12):
            case 0:
                raise ToolError(ErrorCode.TOOL_FAILED, "It failed.")
            case 1:
                raise KeyError("a bug of the tool")
            case 2:
                raise asyncio.CancelledError
            case 3:
                await asyncio.Event().wait()
            case 4:
                while True:
                    await asyncio.sleep(40.0)
                    progress("still")
            case 5:
                try:
                    await asyncio.sleep(1_000.0)
                except asyncio.CancelledError:
                    with contextlib.suppress(asyncio.CancelledError):
                        await asyncio.sleep(0.3)
                    progress("I do not listen")
                    return "late"
            case 6 | 7:
                await asyncio.sleep(chance.choice((0.01, 0.5, 5.0)))
                progress("half")
                asyncio.get_running_loop().call_later(0.05, progress, "after the end")
            case _:
                pass
        return f"result {arguments['id']}"


class Model:
    """A provider that writes at random, and checks every request."""

    id = "model"
    default_model_id = "m"
    local = False

    def __init__(self, machine: "CallsMachine") -> None:
        self._machine = machine

    def model(self, model_id: str) -> ModelInfo:
        return MODEL

    def check(self) -> None:
        """Can always run."""

    async def close(self) -> None:
        """Do nothing, because there are no connections."""

    async def stream(self, request: ProviderRequest) -> AsyncGenerator[Chunk, None]:
        machine, chance = self._machine, self._machine.chance
        story = machine.stories[request.messages[0].text]
        machine.check_request(story, request)
        step = 1 + sum(isinstance(message, ModelStep) for message in request.messages)
        await asyncio.sleep(chance.choice((0.0, 0.0, 0.01, 0.3)))
        if chance.random() < 0.05:
            raise ProviderError(ErrorCode.NETWORK_ERROR, "Connection error.")
        if chance.random() < 0.5:
            yield ReasoningDelta("Hm. ")
            yield OutputItem({"type": "reasoning", "signature": f"{story.name} {step}"})
            yield TextDelta(f"Step {step}. ")
        if chance.random() < 0.03:
            raise ProviderError(ErrorCode.NETWORK_ERROR, "Connection error.")
        if chance.random() < 0.02:
            await asyncio.Event().wait()
        made = [
            (f"p{place}", *self._call(story))
            for place in range(chance.choice((0, 1, 1, 2, 2, 3, 6, 18)) if step < LAST else 0)
        ]
        pieces = [
            (place, call_id, name, piece)
            for call_id, name, arguments in made
            for place, piece in enumerate((arguments[:5], arguments[5:]))
        ]
        pieces.sort(key=lambda piece: piece[0])  # parallel calls arrive mixed
        for _, call_id, name, piece in pieces:
            yield ToolCallDelta(call_id, name, piece)
        await asyncio.sleep(chance.choice((0.0, 0.01)))
        if chance.random() < 0.03:
            yield Finish("length")
            return
        if made:
            story.written[step] = made
        yield Finish("tool_calls" if made else "stop")

    def _call(self, story: Story) -> tuple[str, str]:
        chance = self._machine.chance
        if story.last is not None and chance.random() < 0.2:
            return story.last
        name = chance.choice(list(TOOLS))
        number = next(self._machine.numbers)
        arguments = json.dumps({"id": number})
        match chance.randrange(14):
            case 0:
                arguments = arguments[:-1]
            case 1:
                arguments = '{"id": "x"}'
            case 2:
                arguments = '{"id": ' + "[" * 70 + "]" * 70 + "}"
            case 3:
                arguments = '{"id": "\\ud800"}'
            case 4:
                return "unknown", arguments
            case _:
                pass
        story.last = f"mine__{name}", arguments
        return story.last


class CallsMachine:
    """A machine for one seed. `step` does one random thing and then runs the checks."""

    def __init__(self, seed: int) -> None:
        self.chance = random.Random(seed)  # noqa: S311
        self.loop = VirtualLoop()
        self.numbers = itertools.count(1)
        self.stories: dict[str, Story] = {}
        self.done: list[Story] = []
        self.rows = apsw.Connection(":memory:")
        self.rows.execute(
            "CREATE TABLE steps (message INTEGER, place INTEGER, entry TEXT,"
            " PRIMARY KEY (message, place)) WITHOUT ROWID"
        )
        self.grants = Grants(self.chance)
        self.model: Provider = Model(self)
        self.functions = Functions(self)
        self.complaints: list[str] = []
        self.ran = 0
        self.stopped: set[str] = set()
        self.kinds: dict[Callable[[], None], float] = {
            self.begin: 6,
            self.decide: 14,
            self.wait: 10,
            self.cancel: 1,
            self.go_on: 8,
            self.ask_next: 1,
            self.flush: 4,
            self.act_twice: 2,
            self.close_host: 0.6,
            self.kill: 0.6,
        }
        """How often each kind of step is done."""
        self.do(self._open)

    def do(self, work: Callable[[], object], turns: int = 3) -> None:
        """Do something on the loop, and let all ready tasks run."""

        async def run() -> None:
            result = work()
            if isinstance(result, Coroutine):
                await result
            await run_ready_tasks(turns)

        self.loop.run_until_complete(run())
        assert not self.complaints, self.complaints[0]

    def _open(self) -> None:
        self.engine = Engine(lambda provider_id: self.model)

    # --- steps ------------------------------------------------------------------------------

    def step(self) -> None:
        """Do one thing."""
        chance = self.chance
        kind = chance.choices(list(self.kinds), list(self.kinds.values()))[0]
        kind()

    def begin(self) -> None:
        """Ask a new question."""
        if len(self.stories) < STORIES:
            number = next(self.numbers)
            story = Story(f"story {number}", number)
            self.stories[story.name] = story
            self.do(lambda: self._run(story))

    def wait(self) -> None:
        """Let time pass."""
        seconds = self.chance.choice((0.0, 0.0, 0.01, 0.06, 0.3, 2.0, 31.0, 61.0, 130.0, 601.0))
        self.do(lambda: asyncio.sleep(seconds))

    def flush(self) -> None:
        """Store what the logs have."""
        for story in self.stories.values():
            self.keep(story)

    def cancel(self) -> None:
        """Stop a run."""
        if story := self._random_story(live=True):
            assert story.log is not None
            log = story.log
            self.do(lambda: self._cancel(log.inference_id), self.chance.randrange(4))

    def _cancel(self, inference_id: str) -> None:
        if self.engine.cancel(ME, inference_id):
            self.stopped.add(inference_id)

    def decide(self) -> None:
        """Decide about a waiting call, in a run or after its end, sometimes with an error."""
        story = self._random_story(live=None)
        waiting = [] if story is None else self._waiting(story)
        if story is not None and waiting:
            chosen, call_id = story, self.chance.choice(waiting)
            self.do(lambda: self._decide(chosen, call_id), self.chance.randrange(4))

    def act_twice(self) -> None:
        """Decide about one call twice, or decide and cancel its run, in one turn of the loop."""
        story = self._random_story(live=True)
        waiting = [] if story is None else self._waiting(story)
        if story is not None and waiting:
            chosen, call_id = story, self.chance.choice(waiting)

            def both() -> None:
                assert chosen.log is not None
                first, second = self.chance.choice(("dd", "cd", "dc"))
                for action in (first, second):
                    if action == "c":
                        self._cancel(chosen.log.inference_id)
                    else:
                        self._decide(chosen, call_id)

            self.do(both, self.chance.randrange(4))

    def go_on(self) -> None:
        """Continue an answer whose run has ended."""
        if story := self._random_story(live=False):
            ended = story
            self.do(lambda: self._run(ended))

    def ask_next(self) -> None:
        """Ask the next question after an answer. None of its calls can be made any more."""
        if story := self._random_story(live=False):
            self.keep(story)
            steps.settle(self.rows, story.number)
            for stored_step in self.steps_of(story):
                assert all(call.part.result for call in stored_step.calls)
                assert not stored_step.is_open
            self._finish(story)

    def close_host(self) -> None:
        """End the program in order, and start it again."""
        live = [story for story in self.stories.values() if story.is_live]

        async def close() -> None:
            await self.engine.close()
            for story in live:
                assert story.log is not None
                assert story.log.ending is not None
                self.keep(story)

        self.do(close)
        self.do(self._open)

    def kill(self) -> None:
        """End the program without warning. Only what is stored stays."""

        def kill() -> Coroutine[None, None, None]:
            for story in self.stories.values():
                story.alive = False
                self._lose_unstored(story)
            return self.engine.close()

        self.do(kill)
        self.do(self._open)

    def close(self) -> None:
        """End the host, and check that nothing is left."""
        self.close_host()
        self.do(lambda: self.engine.close())
        self.do(lambda: asyncio.sleep(2.0))
        left = [task.get_name() for task in asyncio.all_tasks(self.loop)]
        timers = self.loop.timers()
        self.loop.close()
        self.rows.close()
        assert not left, f"tasks left behind: {left}"
        assert not timers, f"timers left behind: {timers}"

    def _random_story(self, *, live: bool | None) -> Story | None:
        fits = [s for s in self.stories.values() if live is None or s.is_live is live]
        return self.chance.choice(fits) if fits else None

    def _finish(self, story: Story) -> None:
        del self.stories[story.name]

    def _waiting(self, story: Story) -> list[str]:
        return [call_id for call_id, state in story.states.items() if state == "waiting"]

    # --- runs -------------------------------------------------------------------------------

    def _run(self, story: Story) -> None:
        self.keep(story)
        found = self.steps_of(story)
        path = [PathMessage("user", story.name, "complete")]
        if found or story.text:
            status: MessageStatus = "interrupted"
            path.append(PathMessage("assistant", story.text, status, found))
        resumed = resumed_step(path[-1]) if len(path) > 1 else None
        messages, _ = history(path, MODEL, None, None)
        if isinstance(messages[-1], Message) and messages[-1].role == "assistant":
            self._finish(story)  # complete, or without a step to go on from
            return
        permissions = Permissions(self.grants, ALLOWED)
        decisions.restore(permissions, path)
        story.permissions = permissions
        offer = Offer([OfferedTool(tool, self.functions) for tool in TOOLS.values()], permissions)
        request = InferenceRequest.model_construct(
            messages=[],
            provider_id="model",
            inference_id=f"inf-{next(self.numbers)}",
            share=True,
            max_steps=4,
        )
        slot = self.engine.reserve(
            ME,
            request,
            messages=messages,
            offer=offer,
            commit=self._committer(story),
            resumed=resumed,
            no_overall_deadline=True,
        )
        log = story.log = slot.begin()
        place = steps.next_place(self.rows, story.number)
        earlier_runs = EarlierRuns(len(story.text), story.thoughts, place)
        story.reader = FollowedLog(log, "", story.number, earlier_runs, lambda: None)
        story.alive, story.seq, story.endings = True, -1, 0
        self._watch(story, log)
        log.subscribe(lambda _: self._watch(story, log))

    def _committer(self, story: Story) -> Callable[[InferenceLog], Coroutine[None, None, None]]:
        async def commit(log: InferenceLog) -> None:
            chance = self.chance.random()
            if chance < 0.3:
                await asyncio.sleep(0.05)
            if chance < 0.03:
                raise StorageFailed("The disk is full")
            if story.log is log and story.alive:
                self.keep(story)

        return commit

    def keep(self, story: Story) -> None:
        """Store what a run has written since the last time, as the recorder does."""
        reader = story.reader
        if reader is None or not story.alive or not reader.is_behind:
            return
        piece = new_text(reader)
        steps.write(self.rows, story.number, piece.entries)
        story.text += piece.text
        story.thoughts += len(piece.reasoning)
        reader.seq = piece.last_seq
        reader.characters += len(piece.text)
        reader.reasoning_characters += len(piece.reasoning)

    def steps_of(self, story: Story) -> list[steps.StoredStep]:
        return steps.steps_of(steps.read(self.rows, story.number))

    def _lose_unstored(self, story: Story) -> None:
        found = self.steps_of(story)
        stored = {call.id: call for step in found for call in step.calls}
        story.written = {step.step: story.written[step.step] for step in found}
        story.states = {call_id: call.part.state for call_id, call in stored.items()}
        story.results = {call_id for call_id, state in story.states.items() if state in SETTLED}
        story.nonces = {call_id: call.nonce for call_id, call in stored.items()}
        story.sticky = {
            call.part.tool: call.part.verdict
            for call in sorted(stored.values(), key=lambda call: call.decision_order)
            if call.part.scope == "conversation" and call.part.verdict is not None
        }
        story.is_tainted = any(c.part.brings and c.part.state == "done" for c in stored.values())
        story.log = None

    # --- decisions --------------------------------------------------------------------------

    def _decide(self, story: Story, call_id: str) -> None:
        chance = self.chance
        verdict: Verdict = chance.choice(("allow", "allow", "deny"))
        scope = chance.choice(("once", "once", "once", "conversation", "always"))
        number = story.ids[call_id]
        tool = self._tool_of(story, call_id)
        if scope == "always" and (tool != "ask" or verdict == "deny"):
            scope = "once"
        arguments: Arguments | None = None
        if chance.random() < 0.2:
            arguments = {"id": number, "edited": True} if chance.random() < 0.7 else {"id": "x"}
        wrong = chance.random() < 0.1
        nonce = "guessed" if wrong else story.nonces[call_id]
        decision = Decision.model_validate(
            {
                "inference_id": "inf-0" if story.log is None else story.log.inference_id,
                "call_id": call_id,
                "nonce": nonce,
                "verdict": verdict,
                "scope": scope,
                "arguments": arguments,
                "reason": "No." if chance.random() < 0.5 else None,
            }
        )
        if not story.is_live:
            fits = not wrong and scope != "always" and (arguments is None or "edited" in arguments)
            if fits and story.states[call_id] == "waiting":
                self._decide_later(story, call_id, decision)
            return
        waits = story.states[call_id] == "waiting"
        if verdict == "allow":
            # Known before, because the function may begin within the decision.
            story.calls.setdefault(number, Calls()).allowed.add(call_id)
        taken = False
        try:
            if chance.random() < 0.1:
                share = self.engine._runs.slots[decision.inference_id].shared
                assert self.engine.decide(OTHER, decision) in ({True, False} if share else {False})
            taken = self.engine.decide(ME, decision) or story.states[call_id] != "waiting"
        except ValidationFailed:
            bad = verdict == "allow" and arguments is not None and "edited" not in arguments
            assert wrong or bad, "a decision that fits was refused"
        except StorageFailed:
            assert scope == "always"
        if not taken:
            assert story.states[call_id] == ("waiting" if waits else story.states[call_id])
            if waits and verdict == "allow":
                story.calls[number].allowed.discard(call_id)
            return
        assert not wrong or not waits, "a decision for another question was taken"
        if waits and scope == "conversation":
            story.sticky[tool] = verdict

    def _decide_later(self, story: Story, call_id: str, decision: Decision) -> None:
        self.keep(story)
        entry = steps.ApprovalEntry(
            run="",
            at=len(story.text),
            thought_at=story.thoughts,
            call_id=call_id,
            state="decided",
            verdict=decision.verdict,
            scope=decision.scope,
            edited=decision.arguments,
            why=decision.reason,
        )
        assert steps.decide(self.rows, story.number, entry)
        assert not steps.decide(self.rows, story.number, entry), "decided twice"
        number = story.ids[call_id]
        if decision.verdict == "allow":
            story.calls.setdefault(number, Calls()).allowed.add(call_id)
            story.states[call_id] = "approved" if decision.arguments is None else "edited"
        else:
            story.states[call_id] = "denied"
            story.results.add(call_id)
        if decision.scope == "conversation":
            story.sticky[self._tool_of(story, call_id)] = decision.verdict

    def _tool_of(self, story: Story, call_id: str) -> str:
        _, step, place = call_id.split("-")
        return story.written[int(step)][int(place)][1].removeprefix("mine__")

    # --- what must hold ---------------------------------------------------------------------

    def complain(self, text: str) -> None:
        """Record an error in a task, where an exception would look like a failure of the tool."""
        self.complaints.append(text)

    def check_run(self, tool: Tool, arguments: Arguments) -> None:
        """Check that a tool may run now with these arguments."""
        self.ran += 1
        number = arguments["id"]
        assert isinstance(number, int)
        story = next((s for s in self.stories.values() if number in s.calls), None)
        if story is None:
            self.complain(f"{arguments} runs, and nothing allows it")
            return
        same = story.calls[number]
        same.ran += 1
        stopped = story.log is None or story.log.inference_id in self.stopped
        if stopped or not story.alive or not story.is_live:
            self.complain(f"{arguments} runs after the end of its run")
        if same.ran > len(same.allowed):
            self.complain(f"{arguments} runs for the {same.ran}. time; allowed: {same.allowed}")
        stored = [
            call.part
            for step in self.steps_of(story)
            for call in step.calls
            if call.part.arguments == {"id": number} and call.part.tool == tool.name
        ]
        if not any(
            self._has_arguments(part, arguments) for part in stored if part.state == "running"
        ):
            self.complain(f"{arguments} runs before it is kept that it does: {stored}")

    def _has_arguments(self, part: AnswerCall, arguments: Arguments) -> bool:
        return arguments == (part.arguments if part.edited is None else part.edited)

    def check_request(self, story: Story, request: ProviderRequest) -> None:
        """Check that a request has every call of its steps with a result, in order."""
        if not story.alive:
            self.complain("a model is called after the end")
            return
        sent = [message for message in request.messages if isinstance(message, ModelStep)]
        if sorted(story.written)[: len(sent)] != list(range(1, len(sent) + 1)):
            self.complain(f"{len(sent)} steps are sent of {sorted(story.written)}")
        for number, step in enumerate(sent, 1):
            made = [(call.id, call.name, call.arguments) for call in step.calls]
            if made != story.written[number]:
                self.complain(f"step {number} has {made} for {story.written[number]}")
            if not all(call.result for call in step.calls):
                self.complain(f"a call of step {number} has no result")
            if any(item["signature"] != f"{story.name} {number}" for item in step.output):
                self.complain(f"step {number} has the output of another: {step.output}")
        for number in [number for number in story.written if number > len(sent)]:
            del story.written[number]  # it ended before its calls were made

    def _watch(self, story: Story, log: InferenceLog) -> None:
        if story.log is not log:
            return
        for event in log.read(story.seq):
            if story.endings:
                self.complain(f"{event} follows the end")
            if event.seq != story.seq + 1:
                self.complain(f"{event} follows {story.seq}")
            story.seq = event.seq + getattr(event, "count", 1) - 1
            try:
                self._note(story, event)
            except (ValueError, AssertionError) as error:
                self.complain(f"{error}: {event}")
            if isinstance(event, DoneEvent | ErrorEvent):
                story.endings += 1
                self._check_end(story, event)

    def _note(self, story: Story, event: object) -> None:
        if isinstance(event, CallEvent):
            before = story.states.get(event.call_id, "proposed")
            if before != event.state or event.state == "running":
                again = before == "allowed" and event.state in ("waiting", "denied", "invalid")
                drifted = before in ("approved", "edited", "waiting") and event.state in SETTLED
                if not again and not drifted:
                    check_move(before, event.state)  # type: ignore[arg-type]
            story.states[event.call_id] = event.state
            if isinstance(event.arguments, dict) and isinstance(event.arguments.get("id"), int):
                number = event.arguments["id"]
                assert isinstance(number, int)
                story.ids[event.call_id] = number
                if event.state == "allowed":
                    self._check_allowed(story, event.tool)
                    story.calls.setdefault(number, Calls()).allowed.add(event.call_id)
        elif isinstance(event, ApprovalEvent):
            if event.state == "asked":
                assert story.states[event.call_id] == "waiting"
                assert event.nonce
                story.nonces[event.call_id] = event.nonce
            else:
                assert story.states[event.call_id] == "waiting", "decided twice"
                allowed = "approved" if event.edited is None else "edited"
                story.states[event.call_id] = "denied" if event.verdict == "deny" else allowed
        elif isinstance(event, ResultEvent):
            assert event.call_id not in story.results, "a second result"
            assert event.call_id in story.states, "the result of a call that nobody was told of"
            assert event.state in SETTLED
            assert event.text
            story.results.add(event.call_id)
            story.states[event.call_id] = event.state
            if event.state == "done" and self._tool_of(story, event.call_id) == "bring":
                story.is_tainted = True

    def _check_allowed(self, story: Story, tool: str) -> None:
        assert self.grants.stored.get(tool) != "deny"
        assert story.sticky.get(tool) != "deny"
        named = tool in ALLOWED or story.sticky.get(tool) == "allow"
        assert named or self.grants.stored.get(tool) == "allow", f"nobody allowed {tool}"
        assert not (tool == "send" and story.is_tainted), "strangers may send"

    def _check_end(self, story: Story, event: DoneEvent | ErrorEvent) -> None:
        pauses = isinstance(event, DoneEvent) and event.finish_reason == "waiting"
        closes = isinstance(event, ErrorEvent) and event.code is ErrorCode.ABORTED
        begins = {"approved", "edited", "allowed", *(["waiting"] if pauses else [])}
        can_go_on = begins if pauses or closes else set()
        for call_id, state in story.states.items():
            if state not in SETTLED and state not in can_go_on:
                self.complain(f"{call_id} is {state} at the end: {event}")
            if state in SETTLED and call_id not in story.results:
                self.complain(f"{call_id} is {state} and has no result")


def random_steps(seed: int, count: int) -> tuple[int, int]:
    """Let a machine do so many steps; returns the steps, and how many calls were carried out."""
    machine = CallsMachine(seed)
    for _ in range(count):
        machine.step()
    machine.close()
    return count, machine.ran
