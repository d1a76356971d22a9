"""Malformed requests through the real door: each is refused, names its fields, changes nothing."""

import json
import logging
import time
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pydantic import BaseModel, TypeAdapter

from shell.api.llm import LlmApi
from shell.api.shell import ShellApi
from shell.bridge.door import Door
from shell.bridge.validation import MAX_ISSUES, validate_params
from shell.contract import Defaults, InferenceRequest, SessionConfig, SessionRunOptions
from shell.errors import ValidationFailed
from tests.caller_page import Page, Refused
from tests.engine.host import Host
from tests.virtual_loop import VirtualLoop

pytestmark = pytest.mark.anyio

CORPUS: list[dict[str, Any]] = json.loads(
    (Path(__file__).parent / "malformed.json").read_text("utf-8")
)
ALLOWED_S = 2.0
"""Processor time of one refusal, also on a busy machine. Only unbounded work takes so long.
`python -m tests.soak malformed` limits each refusal to 0.1 s."""
MESSAGE = {"role": "user", "content": "hi"}
GOOD: dict[str, dict[str, Any]] = {
    "llm.inference": {"providerId": "echo", "messages": [MESSAGE]},
    "llm.create_session": {"sessionId": "new", "providerId": "echo"},
    "llm.run_session": {"sessionId": "held", "messages": [MESSAGE]},
}


@pytest.fixture
def anyio_backend() -> tuple[str, dict[str, type[VirtualLoop]]]:
    return "asyncio", {"loop_factory": VirtualLoop}


class Desk:
    """A page with a live run and a session, whose state a refused call must not change."""

    def __init__(self, host: Host) -> None:
        self.host = host
        api = LlmApi(host.engine)
        shell = ShellApi("test", lambda: Defaults(provider_id="echo", model_id="echo"), bool, bool)
        self.door = Door({"llm": api, "shell": shell})
        self.page = Page(self.door)
        self.page.call("llm.create_session", {"sessionId": "held", "providerId": "echo"})
        self.run = self.page.call("llm.inference", GOOD["llm.inference"] | {"share": True})
        self.slowest_s = 0.0
        """Processor time of the slowest refusal so far."""

    def state(self) -> object:
        """Everything that a refused call must not change."""
        page = self.page
        return (
            page.call("llm.get_status"),
            page.call("llm.list"),
            page.call("llm.get_session", "held"),
            page.feed.load,
            len(page.caller.running),
            len(self.host.engine._runs._tasks),
            {run: page.feed.cursor(str(run)) for run in (self.run, "inf-x", "inf-mine")},
        )

    def refuse(self, method: str, params: object = None, raw: str | None = None) -> dict[str, str]:
        """Make the call, check the refusal, and return its issues."""
        before = self.state()
        text = json.dumps(params) if raw is None else raw
        started_s = time.thread_time()
        number = self.page.send(method, raw=text)
        elapsed_s = time.thread_time() - started_s
        self.page.pump()
        with pytest.raises(Refused) as refused:
            self.page.result(number)
        assert refused.value.code == "VALIDATION", (method, text[:200], refused.value)
        assert refused.value.failure["retryable"] is False
        assert refused.value.failure["details"] is None
        issues = refused.value.issues
        assert issues, (method, text[:200])
        assert all(path and sentence for path, sentence in issues.items()), issues
        assert len(json.dumps(refused.value.failure)) < 20_000
        assert refused.value.message.startswith(next(iter(issues.values())))
        assert elapsed_s < ALLOWED_S, f"{elapsed_s:.3f} s for {method} {text[:100]}"
        self.slowest_s = max(self.slowest_s, elapsed_s)
        assert self.state() == before
        return issues


@pytest.fixture
async def desk() -> AsyncIterator[Desk]:
    host = Host()
    yield Desk(host)
    await host.close()


def expanded(value: Any) -> Any:
    """Expand the corpus's short form of long values: `{"$times": n, "of": "x"}`."""
    if isinstance(value, dict):
        if "$times" in value:
            return value["of"] * value["$times"]
        return {key: expanded(item) for key, item in value.items()}
    return [expanded(item) for item in value] if isinstance(value, list) else value


def refuse_corpus(desk: Desk) -> None:
    """Check that every request of the corpus is refused, and all its wrong fields named."""
    for entry in CORPUS:
        params = expanded(entry.get("params", GOOD.get(entry["to"])))
        if "change" in entry or "remove" in entry:
            params = params | expanded(entry.get("change", {}))
            for name in entry.get("remove", []):
                del params[name]
        issues = desk.refuse(entry["to"], params, entry.get("raw"))
        for path in entry["paths"]:
            exact = not path.endswith("*")
            matches = [
                issue_path
                for issue_path in issues
                if issue_path == path or (not exact and issue_path.startswith(path[:-1]))
            ]
            assert matches, f"{entry} is not named by {issues}"
            if "says" in entry:
                assert issues[matches[0]] == entry["says"]


# One test for the whole corpus: 480 engines would take longer than their requests.
@pytest.mark.shows(
    "B40", "B41", "B42", "B43", "B44", "B45", "B46", "B47", "B48",
    "D51", "D52", "D53", "D54", "D55", "D57", "D58",
)  # fmt: skip
async def test_the_corpus_of_malformed_requests(desk: Desk) -> None:
    assert len(CORPUS) >= 300
    refuse_corpus(desk)


# --- bombs ----------------------------------------------------------------------------------


def nested(levels: int) -> str:
    return "[" * levels + "]" * levels


def fields_json(name: str, count: int) -> str:
    return ",".join(f'"{name}{i}":1' for i in range(count))


def message_json(text: str) -> str:
    return f'{{"messages":[{{"role":"user","content":{text}}}]}}'


def metadata(text: str) -> str:
    return f'{{"metadata":{text}}}'


RUN, CREATE, CONTENT = "llm.inference", "llm.create_session", "messages.0.content"
HALF = '{"type":"text","text":"' + "x" * 60_000 + '"}'
BOMBS = {
    "deep": (CREATE, metadata('{"a":' + nested(40) + "}"), "metadata.a"),
    "deeper": (CREATE, metadata('{"a":' + nested(900) + "}"), "metadata.a"),
    "deeper than the parser": (CREATE, metadata(nested(100_000)), "params"),
    "deep params": (RUN, nested(900), "0"),
    "deep objects": (RUN, '{"a":' * 300 + "1" + "}" * 300, "a"),
    "many messages": (RUN, '{"messages":[' + "1," * 200_000 + "1]}", "messages"),
    "many parts": (RUN, message_json("[" + "{}," * 60_000 + "{}]"), "messages"),
    "many fields": (RUN, "{" + fields_json("k", 60_000) + "}", "params"),
    "fields": (RUN, "{" + fields_json("k", 900) + "}", "k0"),
    "large metadata": (CREATE, metadata('{"a":"' + "x" * 200_000 + '"}'), "metadata"),
    "wide metadata": (CREATE, metadata("{" + fields_json("", 2_000) + "}"), "metadata"),
    "large content": (RUN, message_json('"' + "x" * 10_000_000 + '"'), CONTENT),
    "one character too many": (RUN, message_json('"' + "\u00e9" * 100_001 + '"'), CONTENT),
    "too much in parts": (RUN, message_json(f"[{HALF},{HALF}]"), CONTENT),
    "a number of 5,000 digits": (RUN, '{"maxTokens":' + "9" * 5_000 + "}", "params"),
    "more than a batch": (RUN, '"' + "x" * 33_000_000 + '"', "params"),
    "a long id": ("llm.cancel", '"' + "inf-" * 1_000_000 + '"', "inferenceId"),
}


@pytest.mark.shows("D56", "D65", "D54", "B44")
@pytest.mark.parametrize("bomb", sorted(BOMBS))
async def test_bombs(desk: Desk, bomb: str) -> None:
    to, raw, path = BOMBS[bomb]
    issues = desk.refuse(to, raw=raw)
    assert any(issue_path == path or issue_path.startswith(f"{path}.") for issue_path in issues), (
        issues
    )
    if path == CONTENT:
        assert issues[path] == "Message 0 exceeds maximum length (100000)"


@pytest.mark.shows("D56", "B42", "B44")
async def test_a_request_of_ten_million_characters(desk: Desk) -> None:
    message = {"role": "user", "content": "x" * 100_000}
    issues = desk.refuse("llm.inference", GOOD["llm.inference"] | {"messages": [message] * 100})
    assert issues == {"messages": "Messages exceed the total length (1000000)"}


@pytest.mark.shows("D56", "B44")
async def test_a_character_is_a_code_point(desk: Desk) -> None:
    """Not a byte, and not a UTF-16 code unit as in JavaScript."""
    full = {"role": "user", "content": "\N{WAVING HAND SIGN}" * 100_000}
    run = desk.page.call("llm.inference", GOOD["llm.inference"] | {"messages": [full]})
    desk.page.call("llm.cancel", run)
    assert isinstance(run, str)


@pytest.mark.shows("D58")
async def test_very_many_faults_are_cut_short(desk: Desk) -> None:
    bad = [{"role": "x", "content": 1, "a": 1, "b": 2}] * 100
    issues = desk.refuse("llm.inference", {"providerId": "echo", "messages": bad})
    assert len(issues) == MAX_ISSUES


@pytest.mark.shows("B48")
async def test_what_is_left_out_is_not_checked(desk: Desk) -> None:
    for method, params in GOOD.items():
        assert desk.page.call(method, params)
    nulls = dict.fromkeys(["temperature", "maxTokens", "timeoutMs", "modelId", "systemPrompt"])
    assert desk.page.call("llm.inference", GOOD["llm.inference"] | nulls)


@pytest.mark.shows("B45", "B46", "B47", "B41", "B44")
async def test_the_limits_themselves_are_allowed(desk: Desk) -> None:
    for change in (
        {"temperature": 0},
        {"temperature": 2},
        {"temperature": 0.0},
        {"maxTokens": 1},
        {"maxTokens": 100_000},
        {"timeoutMs": 1_000},
        {"timeoutMs": 600_000},
        {"messages": [{"role": "user", "content": "x" * 100_000}]},
        {"messages": [MESSAGE] * 100},
        {"inferenceId": "inf-" + "a" * 64},
    ):
        run = desk.page.call("llm.inference", GOOD["llm.inference"] | change)
        desk.page.call("llm.cancel", run)
    longest = "s" * 100
    assert desk.page.call("llm.create_session", {"sessionId": longest, "providerId": "echo"})
    assert desk.page.call("llm.destroy_session", longest) is True


@pytest.mark.shows("B41", "D57")
@pytest.mark.parametrize("name", ["my session", "Gespräch", "../..", "a\nb", "a\x00b", "s" * 100])
async def test_a_session_id_is_any_text(desk: Desk, name: str) -> None:
    """The id is only a key in memory, so that no text in it can do harm."""
    page = desk.page
    info = page.call("llm.create_session", {"sessionId": name, "providerId": "echo"})
    assert isinstance(info, dict)
    assert info["sessionId"] == name
    assert "metadata" not in info
    run = page.call("llm.run_session", {"sessionId": name, "messages": [MESSAGE]})
    page.call("llm.cancel", run)
    snapshot = page.call("llm.get_session", name)
    assert isinstance(snapshot, dict)
    assert snapshot["info"]["sessionId"] == name
    assert page.call("llm.destroy_session", name) is True


def files_near(folder: Path, name: str) -> list[Path]:
    """All files in a folder, and files with this name beside it."""
    return [*folder.rglob("*"), *folder.parent.glob(f"*{name}*")]


@pytest.mark.shows("D57")
async def test_a_session_id_is_in_no_file_and_no_line_of_the_log(
    desk: Desk, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.chdir(tmp_path)
    caplog.set_level(logging.DEBUG)
    name = "../marker\nERROR shell: marker"
    for _ in range(2):  # the second is refused, and the refusal names it
        number = desk.page.send("llm.create_session", {"sessionId": name, "providerId": "echo"})
        desk.page.pump()
    with pytest.raises(Refused, match="already exists"):
        desk.page.result(number)
    run = desk.page.call("llm.run_session", {"sessionId": name, "messages": [MESSAGE]})
    desk.page.call("llm.cancel", run)
    assert desk.page.call("llm.destroy_session", name) is True
    assert "marker" not in caplog.text
    assert files_near(tmp_path, "marker") == []


@pytest.mark.shows("B44")
async def test_a_message_may_be_empty_and_have_fields_of_its_page(desk: Desk) -> None:
    message = {"role": "user", "content": "", "id": "m-1", "at": 5}
    for method in ("llm.inference", "llm.run_session"):
        run = desk.page.call(method, GOOD[method] | {"messages": [message]})
        desk.page.call("llm.cancel", run)


@pytest.mark.shows("D58")
async def test_an_unknown_option_is_refused(desk: Desk) -> None:
    for method, params in GOOD.items():
        assert desk.refuse(method, params | {"max_tokens": 5}) == {
            "max_tokens": "Unknown field: max_tokens"
        }


# --- generated ------------------------------------------------------------------------------

INVALID_VALUES: dict[str, st.SearchStrategy[Any]] = {
    "temperature": st.one_of(
        st.floats(max_value=-1e-9, allow_nan=False),
        st.floats(min_value=2.000001, allow_nan=False),
        st.just(float("nan")),
        st.booleans(),
        st.text(),
    ),
    "maxTokens": st.one_of(
        st.integers(max_value=0), st.integers(min_value=100_001), st.floats(), st.booleans()
    ),
    "timeoutMs": st.one_of(
        st.integers(max_value=999), st.integers(min_value=600_001), st.floats(), st.text()
    ),
    "providerId": st.one_of(st.text(max_size=20).map(lambda t: t + "/"), st.integers(), st.none()),
    "modelId": st.one_of(st.text(max_size=9).map(lambda t: t + "\n"), st.integers(), st.just("")),
    "inferenceId": st.one_of(st.text(max_size=70).map(lambda t: "_" + t), st.integers()),
    "stream": st.one_of(st.integers(), st.text(), st.none()),
    "share": st.one_of(st.integers(), st.text(), st.none()),
    "onClose": st.one_of(st.integers(), st.text(min_size=1).map(lambda t: "~" + t)),
    "sessionId": st.one_of(
        st.text(min_size=101, max_size=150), st.integers(), st.none(), st.just("a" * 101)
    ),
    "whenBusy": st.one_of(st.integers(), st.text().map(lambda t: "~" + t)),
    "metadata": st.one_of(st.integers(), st.lists(st.integers()), st.text()),
}
FIELDS = {
    "llm.inference": [
        "temperature", "maxTokens", "timeoutMs", "providerId", "modelId", "inferenceId", "stream",
        "share", "onClose",
    ],
    "llm.create_session": [
        "sessionId", "providerId", "modelId", "temperature", "maxTokens", "metadata", "share",
    ],
    "llm.run_session": [
        "sessionId", "temperature", "maxTokens", "timeoutMs", "inferenceId", "stream", "whenBusy",
    ],
}  # fmt: skip
KNOWN_FIELDS = {
    field.alias
    for model in (InferenceRequest, SessionConfig, SessionRunOptions)
    for field in model.model_fields.values()
}
NAMES = st.text(min_size=1, max_size=30).filter(lambda n: n not in KNOWN_FIELDS and n.isprintable())


@st.composite
def malformed(draw: st.DrawFn) -> tuple[str, dict[str, Any], set[str]]:
    """A request with one to four faults, and the paths of these."""
    method = draw(st.sampled_from(sorted(GOOD)))
    params = dict(GOOD[method])
    paths: set[str] = set()
    for name in draw(st.lists(st.sampled_from(FIELDS[method]), max_size=3, unique=True)):
        params[name] = draw(INVALID_VALUES[name])
        paths.add(name)
    if not paths or draw(st.booleans()):
        name = draw(NAMES)
        params[name] = draw(st.none() | st.integers() | st.text())
        paths.add(name)
    if "messages" in params and draw(st.booleans()):
        count = draw(st.integers(1, 5))
        index = draw(st.integers(0, count - 1))
        fault = draw(st.sampled_from(["role", "content"]))
        bad = {"role": "x", "content": "y"} if fault == "role" else {"role": "user", "content": 3}
        params["messages"] = [bad if i == index else MESSAGE for i in range(count)]
        paths.add(f"messages.{index}.{fault}")
    return method, params, paths


@pytest.mark.shows("D51", "D52", "D53", "D54", "D57", "D58", "B48")
@settings(
    max_examples=300,
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(malformed())
async def test_generated_requests(desk: Desk, case: tuple[str, dict[str, Any], set[str]]) -> None:
    method, params, paths = case
    issues = desk.refuse(method, params)
    assert paths <= set(issues), "every fault is named at once"


def test_no_class_of_the_host_is_named() -> None:
    class Inside(BaseModel):
        x: int

    class Outside(BaseModel):
        inside: Inside

    with pytest.raises(ValidationFailed) as excinfo:
        validate_params(TypeAdapter[object](Outside), {"inside": 1})
    assert excinfo.value.issues == [("inside", "inside must be an object")]
