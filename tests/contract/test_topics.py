"""The host publishes every topic of the contract, and the page subscribes to it."""

import ast
import re
from typing import get_args

import pytest

from shell.contract.topics import AnyTopic, ProgramTopic, Topic
from tests.host_process import ROOT

TOPICS: list[type[Topic]] = [*get_args(get_args(AnyTopic)[0]), ProgramTopic]


def test_every_kind_of_topic_is_in_the_union() -> None:
    assert set(TOPICS) == set(Topic.__subclasses__())


@pytest.mark.parametrize("topic", TOPICS)
def test_the_host_publishes_it(topic: type[Topic]) -> None:
    made = {
        call.func.id
        for path in (ROOT / "shell").rglob("*.py")
        if "contract" not in path.parts
        for call in ast.walk(ast.parse(path.read_text("utf-8")))
        if isinstance(call, ast.Call) and isinstance(call.func, ast.Name)
    }
    assert topic.__name__ in made


@pytest.mark.parametrize("topic", TOPICS[:-1])
def test_the_page_hears_it(topic: type[Topic]) -> None:
    name = topic.model_fields["name"].default
    sources = [path for path in (ROOT / "web" / "src").rglob("*.ts*") if "fake" not in path.parts]
    subscription = re.compile(rf'\.on\(\s*"{name}"')
    assert any(subscription.search(path.read_text("utf-8")) for path in sources)
