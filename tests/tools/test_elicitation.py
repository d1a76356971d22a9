"""Questions of a server to the person, and those that are refused without being shown."""

import asyncio
import re
import sys
from contextlib import nullcontext
from pathlib import Path
from typing import Any

import pytest
from mcp_types import ElicitRequestFormParams, ElicitRequestURLParams
from pydantic import JsonValue

from shell.contract import Elicitation, FormValues
from shell.errors import ToolError
from shell.inference.form_values import check_values, default_values
from shell.tools.asker import ASKER, Reply
from shell.tools.mcp.elicitation import ElicitationRefused, elicitation_of
from tests.tools.mcp_servers import node, with_servers
from tests.tools.processes import until

EVERYTHING = node("server-everything")
ASKING_SERVER = [sys.executable, str(Path(__file__).with_name("asking_server.py"))]


class Person:
    """Answers every question in the same way, and records the questions."""

    def __init__(self, action: str = "accept", values: FormValues | None = None) -> None:
        self.reply = Reply(action, values or {})  # type: ignore[arg-type]
        self.elicitations: list[Elicitation] = []
        self.refused: list[str] = []

    async def ask(self, elicitation: Elicitation) -> Reply:
        self.elicitations.append(elicitation)
        return self.reply

    def refuse(self, text: str) -> None:
        self.refused.append(text)


def form(properties: dict[str, Any], required: tuple[str, ...] = ()) -> Elicitation:
    """The question that the window shows for a form with these properties."""
    schema = {"type": "object", "properties": properties, "required": list(required)}
    params = ElicitRequestFormParams(message="m", requested_schema=schema)
    return elicitation_of(params, "server", lambda text: text.replace("hidden", "***"))


@pytest.mark.parametrize(
    ("schema", "field"),
    [
        ({"type": "string", "minLength": 1, "format": "email"}, {"type": "string"}),
        ({"type": "string", "format": "hostname"}, {"type": "string", "format": None}),
        ({"type": "number", "minimum": 0.5, "default": 2}, {"type": "number", "default": 2}),
        ({"type": "integer", "default": "two"}, {"type": "integer", "default": None}),
        ({"type": "integer", "default": True}, {"type": "integer", "default": None}),
        ({"type": "boolean", "default": False}, {"type": "boolean", "default": False}),
        ({"type": "string", "enum": ["a", "b"], "default": "b"}, {"type": "enum", "default": "b"}),
        ({"type": "string", "enum": ["a"], "default": "c"}, {"type": "enum", "default": None}),
        ({"type": "string", "enum": ["a"], "enumNames": ["A"]}, {"type": "enum"}),
        ({"type": "string", "oneOf": [{"const": "a", "title": "A"}]}, {"type": "enum"}),
        (
            {"type": "array", "items": {"type": "string", "enum": ["a", "b"]}, "maxItems": 1},
            {"type": "enum", "multiple": True, "max_length": 1},
        ),
        (
            {"type": "array", "items": {"anyOf": [{"const": "a", "title": "A"}]}, "default": ["a"]},
            {"type": "enum", "multiple": True, "default": ["a"]},
        ),
        (
            {"type": "array", "items": {"type": "string", "enum": ["a"]}, "default": [{}]},
            {"type": "enum", "default": None},
        ),
        ({"type": "integer", "title": "Max tokens"}, {"type": "integer"}),
        ({"type": "string", "title": "hidden"}, {"title": "***"}),
    ],
)
def test_every_value_of_the_protocol_becomes_a_field(
    schema: dict[str, Any], field: dict[str, Any]
) -> None:
    [form_field] = form({"f": schema}, ("f",)).fields
    assert form_field.name == "f"
    assert form_field.required
    assert {name: getattr(form_field, name) for name in field} == field


@pytest.mark.parametrize(
    "schema",
    [
        {"type": "object", "properties": {}},
        {"type": "array", "items": {"type": "string"}},
        {"type": "array", "items": {"type": "object"}},
        {"type": "null"},
        {"type": "string", "enum": [1]},
        {"type": "string", "enum": 5},
        {"type": "string", "enum": {"a": "b"}},
        {"type": "string", "enum": ["a"], "enumNames": 5},
        {"type": "string", "enum": ["a"], "enumNames": {"a": "A"}},
        {"type": "string", "enum": [str(number) for number in range(101)]},
        {"type": "string", "minLength": "many"},
        {"type": "string", "description": "a" * 20_000},
        {},
        "string",
    ],
)
def test_what_no_form_can_show_is_refused(schema: Any) -> None:
    with pytest.raises(ElicitationRefused):
        form({"f": schema})


@pytest.mark.parametrize(("message", "title"), [("m" * 16_000, "t"), ("m", "t" * 16_000)])
def test_a_question_that_is_too_long_is_refused_before_it_is_searched_for_secrets(
    message: str, title: str
) -> None:
    searched: list[str] = []

    def redact(text: str) -> str:
        searched.append(text)
        return text

    schema = {"type": "object", "properties": {"f": {"type": "string", "title": title}}}
    params = ElicitRequestFormParams(message=message, requested_schema=schema)
    with pytest.raises(ElicitationRefused, match="more than a form can show"):
        elicitation_of(params, "server", redact)
    assert searched == []


def test_a_form_has_few_fields() -> None:
    assert len(form({f"f{number}": {"type": "string"} for number in range(20)}).fields) == 20
    with pytest.raises(ElicitationRefused, match="more than 20"):
        form({f"f{number}": {"type": "string"} for number in range(21)})


@pytest.mark.parametrize(
    ("name", "facts"),
    [
        ("password", {}),
        ("userPassword", {}),
        ("API_KEY", {}),
        ("apiKey", {}),
        ("githubToken", {}),
        ("client-secret", {}),
        ("credentials", {}),
        ("f", {"title": "Pass\u200bword"}),
        ("f", {"title": "ｐａｓｓｗｏｒｄ"}),
        ("f", {"description": "The access key of your account"}),
        ("f", {"format": "password"}),
        ("f", {"writeOnly": True}),
        ("otp", {"type": "integer"}),
    ],
)
def test_a_secret_is_never_asked_for(name: str, facts: dict[str, Any]) -> None:
    with pytest.raises(ElicitationRefused, match="secret"):
        form({name: {"type": "string", **facts}})


@pytest.mark.parametrize("name", ["compass", "secretary", "passport", "keyboard", "tokenizer"])
def test_what_only_sounds_like_a_secret_may_be_asked_for(name: str) -> None:
    assert form({name: {"type": "string"}}).fields


@pytest.mark.parametrize(
    "url",
    [
        "http://pay.example/",
        "javascript:alert(1)",
        "file:///etc/passwd",
        "https://",
        "https://bank.example@evil.example/",
        "https://b\u0430nk.example/",
        "https://a.example/ b",
        "https://[",
    ],
)
def test_an_address_that_is_not_plain_https_is_not_opened(url: str) -> None:
    with pytest.raises(ElicitationRefused, match="https"):
        page(url)


@pytest.mark.parametrize(
    "url",
    [
        "https://a.example/?b=1#c",
        "http://127.0.0.1:8080/x",
        "http://127.0.0.2/",
        "http://app.localhost/",
        "http://[::1]:8080/",
    ],
)
def test_a_page_is_shown_with_its_whole_address(url: str) -> None:
    assert page(url).url == url


def page(url: str) -> Elicitation:
    params = ElicitRequestURLParams(message="m", url=url, elicitation_id="e")
    return elicitation_of(params, "server", str)


# --- real servers ---------------------------------------------------------------------------


async def call(
    folder: Path, command: list[str], tool: str, person: Person | None, **arguments: JsonValue
) -> str:
    """Call a tool with this person at the page."""
    async with with_servers(folder, {"bank": command}) as tools:
        # The server `everything` lists some tools only once it knows what its client can do.
        [source] = tools.servers.sources()
        await source.list()
        await until(lambda: tool in [each.name for each in source.known_tools()])
        ASKER.set(person)
        return await tools.call(f"bank__{tool}", arguments, lambda line: None)


@pytest.mark.anyio
@pytest.mark.parametrize(
    ("action", "result"),
    [("accept", "accept Harbor(port=81, name='low')"), ("decline", "decline None")],
)
async def test_a_server_of_the_sdk_gets_the_answer(
    tmp_path: Path, action: str, result: str
) -> None:
    values: FormValues = {"port": 81, "name": "low"} if action == "accept" else {}
    person = Person(action, values)
    assert await call(tmp_path, ASKING_SERVER, "ask", person) == result
    [elicitation] = person.elicitations
    assert elicitation.server.endswith("/asking_server.py")
    assert "Bank" not in elicitation.model_dump_json()
    assert [field.name for field in elicitation.fields] == ["port", "name"]


@pytest.mark.anyio
async def test_a_secret_is_declined_and_the_person_is_told(tmp_path: Path) -> None:
    person = Person()
    assert await call(tmp_path, ASKING_SERVER, "secret", person) == "decline"
    assert person.elicitations == []
    assert person.refused == ["bank asked for a secret ('api_key'), which no form may ask for."]


@pytest.mark.anyio
@pytest.mark.parametrize(
    ("action", "fails", "message"),
    [
        ("accept", False, "accept"),
        ("decline", False, "decline"),
        ("accept", True, "The person has to finish on the page that was opened."),
        ("decline", True, "The person did not open the page that the call needs."),
    ],
)
async def test_a_server_may_ask_to_open_a_page(
    tmp_path: Path, action: str, fails: bool, message: str
) -> None:
    person = Person(action)
    url = "https://pay.example/x"
    expected = pytest.raises(ToolError, match=re.escape(message)) if fails else nullcontext()
    with expected:
        text = await call(
            tmp_path, EVERYTHING, "trigger-url-elicitation", person, url=url, errorPath=fails
        )
        assert message in text
    [elicitation] = person.elicitations
    assert elicitation.url == ("https://modelcontextprotocol.io" if fails else url)


@pytest.mark.anyio
async def test_where_nobody_can_be_asked_the_server_is_told(tmp_path: Path) -> None:
    assert await call(tmp_path, ASKING_SERVER, "ask", None) == "cancel None"


@pytest.mark.anyio
@pytest.mark.parametrize("action", ["accept", "decline", "cancel"])
async def test_a_server_of_the_older_protocol_asks_with_every_kind_of_field(
    tmp_path: Path, action: str
) -> None:
    class Defaults(Person):
        async def ask(self, elicitation: Elicitation) -> Reply:
            self.elicitations.append(elicitation)
            values = (
                {**default_values(elicitation.fields), "name": "Ann"} if action == "accept" else {}
            )
            return self.reply._replace(
                values=check_values(elicitation.fields, values) if values else {}
            )

    person = Defaults(action)
    text = await call(tmp_path, EVERYTHING, "trigger-elicitation-request", person)
    assert ("Ann" in text) == (action == "accept")
    [elicitation] = person.elicitations
    kinds = {(field.type, field.multiple) for field in elicitation.fields}
    assert kinds >= {("string", False), ("integer", False), ("number", False), ("boolean", False)}
    assert kinds >= {("enum", False), ("enum", True)}


@pytest.mark.anyio
async def test_a_call_that_is_cancelled_while_it_asks_leaves_nothing(tmp_path: Path) -> None:
    started = asyncio.Event()

    class Slow(Person):
        async def ask(self, elicitation: Elicitation) -> Reply:
            started.set()
            await asyncio.Event().wait()
            raise AssertionError

    async with with_servers(tmp_path, {"bank": ASKING_SERVER}) as tools:
        ASKER.set(Slow())
        await tools.all()
        task = asyncio.create_task(tools.call("bank__ask", {}, lambda line: None))
        await asyncio.wait(
            {task, asyncio.ensure_future(started.wait())}, return_when="FIRST_COMPLETED"
        )
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        ASKER.set(Person("decline"))
        assert await tools.call("bank__ask", {}, lambda line: None) == "decline None"
