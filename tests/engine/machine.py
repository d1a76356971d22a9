"""A state machine that does anything to a host in any order, and checks it after every step.

Hypothesis chooses the acts of providers, pages, windows and the clock, on the virtual loop. The
machine checks what must always hold: one ending, dense numbers, nothing after the end, slots,
timers and tasks given back, counts that add up, and pages with the same content as the log.
"""

import asyncio
import contextlib
import math
from collections.abc import AsyncGenerator, Callable, Coroutine
from dataclasses import dataclass, field

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from shell.api.llm import LlmApi
from shell.api.shell import ShellApi
from shell.bridge.door import Door
from shell.contract import (
    Defaults,
    DoneEvent,
    ErrorEvent,
    InferenceRequest,
    Message,
    TokenEvent,
)
from shell.errors import ErrorCode, LimitReached, NotFound, ProviderError, ValidationFailed
from shell.inference.engine import Engine
from shell.inference.limits import Limits, Settings
from shell.inference.log import InferenceLog
from shell.inference.slot import Slot
from shell.providers.base import (
    Chunk,
    Finish,
    ModelInfo,
    PromptProgress,
    Provider,
    ProviderRequest,
    ReasoningDelta,
    TextDelta,
    ToolCallDelta,
    UsageReport,
)
from tests.caller_page import Json, Page, Refused
from tests.virtual_loop import VirtualLoop, run_ready_tasks

LIMITS = Limits(
    inferences=3,
    sessions=2,
    session_idle_s=300.0,
    log_retention_s=120.0,
    log_retention_bytes=300_000,
)
NAMES = ("a", "b", "c")
DEAF_S = 1.5
UNWOUND_S = 0.14
"""Limit on the time from a cancel to the end of the run, whatever its provider does."""
CHUNKS: tuple[Chunk, ...] = (
    TextDelta("word "),
    TextDelta("\N{WAVING HAND SIGN}"),
    TextDelta("\ud83d"),
    TextDelta(""),
    ReasoningDelta("hm "),
    ToolCallDelta("call", "f", '{"a":'),
    PromptProgress("Loading", 0.5),
    UsageReport(3, 5),
)
ERRORS = (
    ProviderError(ErrorCode.NETWORK_ERROR, "Connection error."),
    ProviderError(ErrorCode.RATE_LIMIT, "Rate limit reached", retry_after_ms=2_000),
    ProviderError(ErrorCode.OVERLOADED, "Overloaded", retry_after_ms=90_000),
    ProviderError(ErrorCode.CONTEXT_LENGTH, "Too long"),
    ProviderError(ErrorCode.CONTENT_FILTER, "No"),
    RuntimeError("a bug"),
    TimeoutError(),
    asyncio.CancelledError(),
)

WORD, STOP = TextDelta("word "), Finish("stop")
Cue = Chunk | BaseException | None
"""The next act of a provider: yield the chunk, raise the error, or end."""
SCENES: tuple[tuple[Cue, ...], ...] = (
    (),
    (),
    (WORD,),
    (WORD, STOP, None),
    (WORD, WORD, ReasoningDelta("hm"), *[WORD] * 200, UsageReport(1, 9), STOP, None),
    (ERRORS[0], ERRORS[1], WORD, STOP, None),
    (ERRORS[0],),
    (WORD, ERRORS[0]),
    (ERRORS[4],),
    (WORD, ERRORS[4]),
    (None,),
)


@dataclass(eq=False)
class Stage:
    """The cues of the provider for one run, and whether it ignores a cancel."""

    cues: asyncio.Queue[Cue] = field(default_factory=asyncio.Queue)
    deaf: bool = False


class CuedProvider:
    """A provider whose every run waits for its cues."""

    id = "stage"
    default_model_id = "play"
    local = False

    def __init__(self, stages: dict[str, Stage]) -> None:
        self._stages = stages

    def model(self, model_id: str) -> ModelInfo:
        return ModelInfo(model_id, context_tokens=300)

    def check(self) -> None:
        """Can always run."""

    async def stream(self, request: ProviderRequest) -> AsyncGenerator[Chunk, None]:
        stage = self._stages[request.messages[-1].text]
        while True:
            cue = await self._listen(stage)
            if isinstance(cue, BaseException):
                raise cue
            if cue is None:
                return
            yield cue

    async def close(self) -> None:
        """Do nothing, because there are no connections."""

    async def _listen(self, stage: Stage) -> Cue:
        try:
            return await stage.cues.get()
        except asyncio.CancelledError:
            loop = asyncio.get_running_loop()
            until = loop.time() + (DEAF_S if stage.deaf else 0.0)
            while loop.time() < until:
                with contextlib.suppress(asyncio.CancelledError):
                    await asyncio.sleep(until - loop.time())
            raise


@dataclass(eq=False)
class Watched:
    """One run, whose log is checked whenever it grows."""

    log: InferenceLog
    owner: str
    shared: bool
    overall_s: float
    stage: Stage
    began: float
    slept: float
    """Seconds that the machine had slept when the run began."""
    seq: int = -1
    index: int = 0
    endings: int = 0
    cancelled: bool = False
    """Whether a cancel was accepted."""
    finishes: bool = False
    """Whether it goes on when its window is closed."""
    due: float = math.inf
    """The time by which it must have ended, after a cancel or the end of its window or session."""

    def watch(self, _: bool) -> None:
        """Read the new events, and check them."""
        for event in self.log.read(self.seq):
            assert self.endings == 0, f"{event} follows the end"
            assert event.seq == self.seq + 1, f"{event} follows {self.seq}"
            assert (event.inference_id, event.session_id) == (
                self.log.inference_id,
                self.log.session_id,
            )
            if isinstance(event, TokenEvent):
                assert event.index == self.index
                self.index += event.count
            self.seq = event.seq + getattr(event, "count", 1) - 1
            self.endings += isinstance(event, DoneEvent | ErrorEvent)

    @property
    def live(self) -> bool:
        return self.log.ending is None


class EngineMachine(RuleBasedStateMachine):
    """Every rule is one step. `steps` counts them all, over all machines of a process."""

    steps = 0

    def __init__(self) -> None:
        super().__init__()
        self.loop = VirtualLoop()
        self.stages: dict[str, Stage] = {}
        self.runs: list[Watched] = []
        self.reserved: list[tuple[Slot, Stage]] = []
        self.slept = 0.0
        self.number = 0
        self.windows = 0
        self.do(self._open)

    # --- the machine's own ------------------------------------------------------------------

    def do(self, work: Callable[[], object], turns: int = 4) -> None:
        """Do something on the loop, and let all ready tasks run."""

        async def run() -> None:
            result = work()
            if isinstance(result, Coroutine):
                await result
            await run_ready_tasks(turns)

        self.loop.run_until_complete(run())

    def _open(self) -> None:
        provider: Provider = CuedProvider(self.stages)

        def resolve(provider_id: str) -> Provider:
            if provider_id != "stage":
                raise ValidationFailed([("providerId", "nobody")])
            return provider

        self.engine = Engine(resolve, Settings(limits=LIMITS))
        shell = ShellApi("test", lambda: Defaults(provider_id="stage", model_id="play"), bool, bool)
        self.door = Door({"llm": LlmApi(self.engine), "shell": shell})
        self.pages = [self._page(), self._page()]

    def _page(self) -> Page:
        self.windows += 1
        return Page(self.door, f"window-{self.windows}")

    def _begin(
        self, page: Page, method: str, params: Json, scene: tuple[Cue, ...], *, fits: bool
    ) -> None:
        """Request a run. Its reply may come much later, but the run exists at once or never."""
        self.number += 1
        inference_id, cue_name = f"inf-{self.number}", f"cue-{self.number}"
        stage = self.stages[cue_name] = Stage()
        for cue in scene:
            stage.cues.put_nowait(cue)
        message = {"role": "user", "content": cue_name}
        ours = params | {"inferenceId": inference_id, "messages": [message]}
        before = self.engine.status(page.caller.id)
        page.send(method, ours)
        try:
            log = self.engine.log(page.caller.id, inference_id)
        except NotFound:
            assert not fits, f"{method} was refused"
            assert self.engine.status(page.caller.id) == before, "a refused run changes nothing"
            return
        assert fits, f"{method} was not refused"
        shared = bool(params.get("share")) or self._is_session_shared(page, params)
        timeout = params.get("timeoutMs", 120_000)
        assert isinstance(timeout, int)
        watched = Watched(
            log, page.caller.id, shared, timeout / 1000, stage, self.loop.time(), self.slept
        )
        watched.finishes = params.get("onClose", "finish" if shared else "cancel") == "finish"
        log.subscribe(watched.watch)
        self.runs.append(watched)

    def _is_session_shared(self, page: Page, params: Json) -> bool:
        session_id = params.get("sessionId")
        if session_id is None:
            return False
        session = self.engine._sessions.find(page.caller.id, str(session_id))
        return session is not None and session.config.share

    def _has_room(self, page: Page) -> bool:
        owner = page.caller.id
        live = sum(run.live and run.owner == owner for run in self.runs)
        return live + sum(slot.owner == owner for slot, _ in self.reserved) < LIMITS.inferences

    # --- rules: windows and calls -----------------------------------------------------------

    PAGE = st.integers(0, 1)
    RUN = st.integers(0, 5)
    NAME = st.sampled_from(NAMES)
    SCENE = st.sampled_from(SCENES)

    def run_at(self, back: int) -> Watched:
        """One of the newest runs; live ones first."""
        live = [run for run in self.runs if run.live] or self.runs
        return live[-1 - back % len(live)]

    @rule(
        page=PAGE,
        fields=st.sampled_from(
            [{}, {"stream": False}, {"share": True}, {"onClose": "finish"}, {"timeoutMs": 1_000}]
        ),
        scene=SCENE,
    )
    def start(self, page: int, fields: Json, scene: tuple[Cue, ...]) -> None:
        params = {"providerId": "stage"} | fields
        caller_page = self.pages[page]
        self.do(
            lambda: self._begin(
                caller_page, "llm.inference", params, scene, fits=self._has_room(caller_page)
            )
        )

    @rule(page=PAGE, share=st.booleans(), scene=SCENE)
    def reserve(self, page: int, share: bool, scene: tuple[Cue, ...]) -> None:
        caller_page = self.pages[page]

        def reserve() -> None:
            self.number += 1
            cue_name = f"cue-{self.number}"
            request = InferenceRequest(
                provider_id="stage",
                inference_id=f"inf-{self.number}",
                messages=[Message(role="user", content=cue_name)],
                share=share,
            )
            fits = self._has_room(caller_page)
            before = self.engine.status(caller_page.caller.id)
            try:
                slot = self.engine.reserve(caller_page.caller.id, request)
            except LimitReached:
                assert not fits, "a reservation was refused"
                assert self.engine.status(caller_page.caller.id) == before
                return
            assert fits, "a reservation was not refused"
            stage = self.stages[cue_name] = Stage()
            for cue in scene:
                stage.cues.put_nowait(cue)
            self.reserved.append((slot, stage))

        self.do(reserve)

    @precondition(lambda self: self.reserved)
    @rule(back=RUN, begins=st.booleans())
    def begin_or_release(self, back: int, begins: bool) -> None:
        place = back % len(self.reserved)
        self.do(lambda: self._use(*self.reserved.pop(place), begins=begins))

    @precondition(lambda self: self.reserved)
    @rule(page=PAGE, back=RUN)
    def cancel_reserved(self, page: int, back: int) -> None:
        slot, _ = self.reserved[back % len(self.reserved)]
        owner, ended = self.pages[page].caller.id, slot.is_stopped
        mine = slot.shared or slot.owner == owner
        cancelled: list[bool] = []
        self.do(lambda: cancelled.append(self.engine.cancel(owner, slot.inference_id)))
        assert cancelled == [mine and not ended]

    def _use(self, slot: Slot, stage: Stage, *, begins: bool) -> None:
        if not begins:
            slot.release()
            return
        stopped, log = slot.is_stopped, slot.begin()
        assert (log.ending is not None) is stopped
        watched = Watched(log, slot.owner, slot.shared, 120.0, stage, self.loop.time(), self.slept)
        watched.finishes = slot.shared
        watched.watch(False)
        log.subscribe(watched.watch)
        self.runs.append(watched)

    @initialize(name=NAME, share=st.booleans())
    def one_session(self, name: str, share: bool) -> None:
        self.create_session(0, name, share)

    @rule(page=PAGE, name=NAME, share=st.booleans())
    def create_session(self, page: int, name: str, share: bool) -> None:
        params: Json = {"sessionId": name, "providerId": "stage", "share": share}
        self.do(lambda: self.pages[page].send("llm.create_session", params), 1)

    @rule(page=PAGE, name=NAME)
    def destroy_session(self, page: int, name: str) -> None:
        caller_page = self.pages[page]

        def destroy() -> None:
            session = self.engine._sessions.find(caller_page.caller.id, name)
            of_it = [
                slot.inference_id
                for slot in self.engine._runs.slots.values()
                if slot.session is session
            ]
            assert caller_page.call("llm.destroy_session", name) is (session is not None)
            for run in self.runs if session is not None else []:
                if run.log.inference_id in of_it:
                    run.due = min(run.due, self.loop.time() + UNWOUND_S)

        self.do(destroy)

    @precondition(lambda self: self.engine._sessions.all())
    @rule(page=PAGE, name=NAME, queue=st.booleans(), scene=SCENE)
    def run_session(self, page: int, name: str, queue: bool, scene: tuple[Cue, ...]) -> None:
        params: Json = {"sessionId": name, "whenBusy": "queue" if queue else "reject"}
        caller_page = self.pages[page]
        session = self.engine._sessions.find(caller_page.caller.id, name)
        fits = session is not None and self._has_room(caller_page) and (queue or not session.active)
        self.do(lambda: self._begin(caller_page, "llm.run_session", params, scene, fits=fits))

    @precondition(lambda self: self.runs)
    @rule(page=PAGE, back=RUN)
    def cancel(self, page: int, back: int) -> None:
        caller_page, run = self.pages[page], self.run_at(back)

        def cancel() -> None:
            was_live = run.live
            if caller_page.call("llm.cancel", run.log.inference_id) is True:
                assert was_live
                assert run.shared or run.owner == caller_page.caller.id
                run.cancelled = True
                run.due = min(run.due, self.loop.time() + UNWOUND_S)

        self.do(cancel)

    @precondition(lambda self: self.runs)
    @rule(page=PAGE, back=RUN, behind=st.integers(0, 6))
    def attach(self, page: int, back: int, behind: int) -> None:
        caller_page, run = self.pages[page], self.run_at(back)

        def attach() -> None:
            if behind % 2:
                caller_page.pump()
            story = caller_page.story(run.log.inference_id)
            try:
                caller_page.attach(run.log.inference_id, max(-1, story.next_seq - 1 - behind))
            except Refused as refused:
                assert refused.code == "NOT_FOUND"  # noqa: PT017 - foreign, or released
                mine = run.shared or run.owner == caller_page.caller.id
                assert not (mine and run.live)

        self.do(attach, 1)

    @rule(page=PAGE)
    def reload(self, page: int) -> None:
        self.do(self.pages[page].reload, 1)

    @rule(page=PAGE, pushes=st.integers(1, 3), outcome=st.integers(0, 3))
    def pump(self, page: int, pushes: int, outcome: int) -> None:
        caller_page = self.pages[page]
        match outcome:
            case 0:  # the push is lost
                caller_page.feed.next()
            case 1 if (push := caller_page.feed.next()) is not None:  # its answer is lost
                caller_page.receive(push)
            case _:
                caller_page.pump(pushes)

    @rule(page=PAGE, back=st.booleans())
    def close_window(self, page: int, back: bool) -> None:
        closed = self.pages[page]

        def close() -> None:
            self.engine.close_owner(closed.caller.id)
            closed.feed.close()
            for run in self.runs:
                if run.live and run.owner == closed.caller.id and not run.finishes:
                    run.due = min(run.due, self.loop.time() + UNWOUND_S)
            self.pages[page] = Page(self.door, closed.caller.id) if back else self._page()

        self.do(close)

    # --- rules: the provider ----------------------------------------------------------------

    @precondition(lambda self: self.runs)
    @rule(back=RUN, chunk=st.sampled_from(CHUNKS), times=st.sampled_from([1, 1, 3, 100]))
    def chunk(self, back: int, chunk: Chunk, times: int) -> None:
        stage = self.run_at(back).stage
        for _ in range(times):
            stage.cues.put_nowait(chunk)
        self.do(lambda: None)

    @precondition(lambda self: self.runs)
    @rule(back=RUN, reason=st.sampled_from(["stop", "length", "content_filter", "tool_calls"]))
    def finish(self, back: int, reason: str) -> None:
        cues = self.run_at(back).stage.cues
        cues.put_nowait(Finish(reason))  # type: ignore[arg-type]
        cues.put_nowait(None)
        self.do(lambda: None)

    @precondition(lambda self: self.runs)
    @rule(back=RUN, error=st.sampled_from(ERRORS))
    def error(self, back: int, error: BaseException) -> None:
        self.run_at(back).stage.cues.put_nowait(error)
        self.do(lambda: None)

    @precondition(lambda self: self.runs)
    @rule(back=RUN)
    def cut(self, back: int) -> None:
        self.run_at(back).stage.cues.put_nowait(None)
        self.do(lambda: None)

    @precondition(lambda self: self.runs)
    @rule(back=RUN)
    def go_deaf(self, back: int) -> None:
        self.run_at(back).stage.deaf = True

    # --- rules: time ------------------------------------------------------------------------

    @rule(seconds=st.sampled_from([0.0, 0.01, 0.15, 0.5, 2.0, 8.0, 29.9, 31.0, 61.0, 125.0, 400.0]))
    def wait(self, seconds: float) -> None:
        self.do(lambda: asyncio.sleep(seconds))

    @rule(seconds=st.sampled_from([0.3, 20.0, 30.5, 1_000.0]))
    def close_the_lid(self, seconds: float) -> None:
        def sleep() -> None:
            self.loop.sleep_through(seconds)
            self.slept += seconds

        self.do(sleep)

    @precondition(lambda self: len(self.runs) > 8)
    @rule()
    def shut_down(self) -> None:
        self.do(self._shut_down)

    async def _shut_down(self) -> None:
        for page in self.pages:
            page.pump()
        await self.engine.close()
        self._use_all()
        await self.door.close()
        self._check_ended()
        self.runs.clear()
        self.stages.clear()
        self._open()

    def _use_all(self) -> None:
        """Begin or release every reserved run. One that begins ends because the host is closed."""
        for number, (slot, stage) in enumerate(self.reserved):
            self._use(slot, stage, begins=number % 2 == 0)
        self.reserved.clear()

    # --- what must hold ---------------------------------------------------------------------

    @invariant()
    def counts_add_up(self) -> None:
        type(self).steps += 1
        now = self.loop.time()
        live: dict[str, int] = {}
        for run in self.runs:
            assert run.endings == (0 if run.live else 1), run.log.inference_id
            if run.live:
                live[run.owner] = live.get(run.owner, 0) + 1
                self._check_age(run, now)
            elif run.cancelled:
                assert isinstance(run.log.ending, DoneEvent)
                assert run.log.ending.cancelled
        for slot, _ in self.reserved:
            live[slot.owner] = live.get(slot.owner, 0) + 1
        assert sum(live.values()) == len(self.engine._runs.slots)
        for page in self.pages:
            status = self.engine.status(page.caller.id)
            assert status.active_inferences == live.get(page.caller.id, 0) <= LIMITS.inferences
            assert status.total_sessions <= LIMITS.sessions
            assert status.active_sessions <= status.total_sessions
            assert status.total_inferences == (
                status.completed_inferences
                + status.failed_inferences
                + status.cancelled_inferences
                + status.active_inferences
            )

    @invariant()
    def a_session_runs_one_at_a_time(self) -> None:
        for session in self.engine._sessions.all():
            of_it = [slot for slot in self.engine._runs.slots.values() if slot.session is session]
            assert [slot.turn for slot in of_it] == list(session.waiting)
            assert session.active == bool(of_it)
            tasks = [slot.run.task for slot in of_it if slot.run is not None]
            assert len(tasks) == len(of_it)
            assert all(task is None for task in tasks[1:]), "two runs at a time"
            assert all(task is not None for task in tasks[:1]), "nobody runs"

    def _check_age(self, run: Watched, now: float) -> None:
        assert now <= run.due, "was told to end, and did not"
        slot = self.engine._runs.slots[run.log.inference_id]
        if slot.run is not None and slot.run.task is not None and slot.turn is None:
            allowed = run.overall_s + (self.slept - run.slept) + 1.5
            assert now - run.began <= allowed, "older than its deadline allows"

    def _check_ended(self) -> None:
        assert not self.engine._runs.slots
        for run in self.runs:
            assert run.endings == 1
            packed = "".join(e.token for e in run.log.read() if isinstance(e, TokenEvent))
            assert packed == run.log.text("llm:token")
            for page in self.pages:
                story = page.stories.get(run.log.inference_id)
                if story is not None:
                    assert run.log.text("llm:token").startswith(story.text)
                    assert run.log.text("llm:reasoning").startswith(story.reasoning)

    def teardown(self) -> None:
        """Close everything, and compare the pages with the logs. Nothing may be left."""

        async def close() -> None:
            await self.engine.close()
            self._use_all()
            for page in self.pages:
                for run in self.runs:
                    if run.shared or run.owner == page.caller.id:
                        self._compare(page, run)
            self._check_ended()
            await self.door.close()

        self.do(close)
        left = [task.get_name() for task in asyncio.all_tasks(self.loop)]
        timers = self.loop.timers()
        self.loop.close()
        assert not left, f"tasks left behind: {left}"
        assert not timers, f"timers left behind: {timers}"

    def _compare(self, page: Page, run: Watched) -> None:
        try:
            page.attach(run.log.inference_id)
        except Refused as refused:
            assert refused.code == "NOT_FOUND"  # noqa: PT017 - released
            return
        story = page.story(run.log.inference_id)
        assert story.text == run.log.text("llm:token")
        assert story.reasoning == run.log.text("llm:reasoning")
        assert story.next_seq == run.log.last_seq + 1
        assert story.ending is not None
