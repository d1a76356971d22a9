"""Any tree of questions, edits, other answers and choices is the same after a restart."""

import asyncio
import tempfile
from dataclasses import dataclass, field
from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st

from shell.store.messages.tree import first_words
from tests.store.desk import Desk, text_of
from tests.store.power import memory

ACTS = st.lists(
    st.tuples(st.sampled_from(["ask", "edit", "again", "choose", "restart"]), st.integers(0, 99)),
    min_size=1,
    max_size=12,
)


@dataclass
class Node:
    """A message as the test expects it."""

    id: str
    role: str
    text: str
    parent: "Node | None"
    children: list["Node"] = field(default_factory=list)
    chosen: "Node | None" = None


class Expected:
    """The expected tree."""

    def __init__(self) -> None:
        self.root = Node("", "", "", None)
        self.every: list[Node] = []

    def grow(self, parent: Node, message_id: str, role: str, text: str) -> Node:
        node = Node(message_id, role, text, parent)
        parent.children.append(node)
        self.every.append(node)
        self.choose(node)
        return node

    def choose(self, node: Node) -> None:
        while node.parent is not None:
            node.parent.chosen = node
            node = node.parent

    def path(self) -> list[Node]:
        path: list[Node] = []
        place = self.root.chosen
        while place is not None:
            path.append(place)
            place = place.chosen
        return path


async def live(folder: Path, acts: list[tuple[str, int]]) -> None:
    desk = Desk(folder)
    expected = Expected()
    conversation = await desk.begin()
    for number, (act, index) in enumerate(acts):
        questions = [node for node in expected.every if node.role == "user"]
        text = f"words {number}"
        if act == "restart":
            await desk.close()
            desk = Desk(folder)
        elif act == "ask" or not questions:
            path = expected.path()
            sent = await desk.send(conversation, text)
            user = expected.grow(path[-1] if path else expected.root, sent.message_id, "user", text)
            expected.grow(user, sent.answer_id, "assistant", text)
        elif act == "edit":
            old = questions[index % len(questions)]
            sent = await desk.edit(old.id, text)
            assert old.parent is not None
            user = expected.grow(old.parent, sent.message_id, "user", text)
            expected.grow(user, sent.answer_id, "assistant", text)
        elif act == "again":
            old = questions[index % len(questions)]
            sent = await desk.regenerate(old.id, provider_id="other")
            expected.grow(old, sent.answer_id, "assistant", old.text)
        else:
            node = expected.every[index % len(expected.every)]
            await desk.conversations.choose(desk.caller, node.id)
            expected.choose(node)
    await desk.close()
    desk = Desk(folder)
    view = await desk.view(conversation)
    path = expected.path()
    assert [(m.id, m.role, text_of(m)) for m in view.messages] == [
        (node.id, node.role, node.text) for node in path
    ]
    for message, node in zip(view.messages, path, strict=True):
        assert node.parent is not None
        assert message.siblings == [child.id for child in node.parent.children]
        assert message.status == "complete"
    assert view.conversation.message_count == len(expected.every)
    if expected.every:
        assert view.conversation.title == first_words(expected.every[0].text)
    # Every node can be reached, with everything above it.
    for node in expected.every:
        shown = await desk.conversations.choose(desk.caller, node.id)
        above = {message.id for message in shown.messages}
        place: Node | None = node
        while place is not None and place.parent is not None:
            assert place.id in above
            place = place.parent
    await desk.close()


@settings(max_examples=20, deadline=None)
@given(ACTS)
def test_any_tree_survives_a_restart(acts: list[tuple[str, int]]) -> None:
    with tempfile.TemporaryDirectory(dir=memory()) as folder:
        asyncio.run(live(Path(folder), acts))
