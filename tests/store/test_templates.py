"""Questions made from a template are stored with the template and its values."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from pydantic import ValidationError

from shell.contract import EditRequest, MessageTemplate, SendRequest
from shell.contract.messages import MAX_TEMPLATE_BYTES
from shell.store.exchange import archive, portable
from shell.store.exchange.importing import import_file
from tests.store.desk import OWNER, Desk
from tests.store.entries import TEMPLATE

pytestmark = pytest.mark.anyio


@pytest.fixture
async def desk(tmp_path: Path) -> AsyncIterator[Desk]:
    desk = Desk(tmp_path)
    yield desk
    await desk.close()


async def ask(desk: Desk, talk: str, template: MessageTemplate | None) -> str:
    request = SendRequest(conversation_id=talk, content="Dear harbor office", template=template)
    return (await desk.done(await desk.answers.send(OWNER, request))).message_id


async def test_a_question_says_which_template_made_it(desk: Desk) -> None:
    talk = await desk.begin()
    await ask(desk, talk, TEMPLATE)
    plain = await ask(desk, talk, None)
    found = [message.template for message in (await desk.view(talk)).messages]
    assert found == [TEMPLATE, None, None, None]
    shown = (await desk.view(talk)).messages[1].model_dump(by_alias=True)
    assert "template" not in shown, "a message without one does not have the field"

    other = TEMPLATE.model_copy(update={"values": {"half": "\ud83d"}})
    edit = EditRequest(message_id=plain, content="again", template=other)
    await desk.done(await desk.answers.edit(OWNER, edit))
    found = [message.template for message in (await desk.view(talk)).messages]
    assert found[0] == TEMPLATE
    assert found[2] is not None
    assert found[2].values == {"half": "\ufffd"}


async def test_a_template_travels_with_its_question(desk: Desk, tmp_path: Path) -> None:
    talk = await desk.begin()
    await ask(desk, talk, TEMPLATE)
    text = "".join(
        await desk.store.read(
            "",
            lambda c: list(
                archive.write(portable.read_conversation(c, n) for n in portable.numbers(c))
            ),
        )
    )
    (tmp_path / "elsewhere").mkdir()
    elsewhere = Desk(tmp_path / "elsewhere")
    try:
        file = tmp_path / "export.json"
        file.write_text(text)
        with file.open("rb") as opened:
            import_file(elsewhere.store.database, opened, len(text.encode()))
        found = [message.template for message in (await elsewhere.view(talk)).messages]
        assert found == [TEMPLATE, None]
    finally:
        await elsewhere.close()


def test_values_have_a_limit() -> None:
    room = MAX_TEMPLATE_BYTES - len('{"x": ""}')
    MessageTemplate(name="a", version="", values={"x": "x" * room})
    with pytest.raises(ValidationError, match="Values exceed 65536 bytes"):
        MessageTemplate(name="a", version="", values={"x": "x" * (room + 1)})
    with pytest.raises(ValidationError, match="Values exceed 65536 bytes"):
        MessageTemplate(name="a", version="", values={"x": "ä" * (room // 2 + 1)})
