"""`tidewire ask` with a server that asks the person: on a terminal, and without one."""

import sys
from pathlib import Path

import pytest

from tests.command import run
from tests.tools.terminal import Terminal
from tests.tools.test_elicitation import ASKING_SERVER

ASK = ["--provider", "echo", "--allow", "*"]


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A data directory with the server that asks."""
    data = tmp_path_factory.mktemp("data")
    assert run("mcp", "add", "bank", *ASKING_SERVER, TIDEWIRE_DATA_DIR=str(data)).status == 0
    return data


def test_a_terminal_is_asked_field_by_field_until_each_is_right(data: Path) -> None:
    command = ["ask", "/call ask {}", "--tools", "ask", *ASK, "--data-dir", str(data)]
    with Terminal(*command) as terminal:
        output = terminal.until("[N]o: ")
        assert f"{sys.executable} {ASKING_SERVER[1]} asks\nWhich harbor?" in output
        assert "Honest Bank" not in output
        terminal.enter("y\n")
        terminal.until("Where it listens (default 80): ")
        terminal.enter("high\n")
        terminal.until("Port is not a number.")
        terminal.enter("99999\n")
        terminal.until("Port is above 9000.")
        terminal.enter("81\n")
        terminal.until("(default tide): ")
        terminal.enter("\n")
        assert terminal.wait_for_exit() == 0
    assert "accept Harbor(port=81, name='tide')" in terminal.output


@pytest.mark.parametrize(
    ("typed", "action"),
    [("n\n", "decline"), ("\n", "decline"), ("\x04", "decline"), ("y\n\x04", "cancel")],
    ids=["no", "nothing", "end of input", "end of input within the form"],
)
def test_a_terminal_where_the_person_does_not_answer(data: Path, typed: str, action: str) -> None:
    command = ["ask", "/call ask {}", "--tools", "ask", *ASK, "--data-dir", str(data)]
    with Terminal(*command) as terminal:
        terminal.until("[N]o: ")
        first, _, form_input = typed.partition("\n")
        terminal.enter(f"{first}\n" if "\n" in typed else first)
        if form_input:
            terminal.until("(default 80): ")
            terminal.enter(form_input)
        terminal.wait_for_exit()
    assert f"{action} None" in terminal.output or "cancelled this call" in terminal.output


def test_without_a_terminal_the_call_is_cancelled_with_a_sentence(data: Path) -> None:
    result = run("ask", "/call ask {}", "--tools", "ask", *ASK, TIDEWIRE_DATA_DIR=str(data))
    assert result.status == 0
    assert "asks something, and nobody is here to answer: Which harbor?" in result.err


def test_a_secret_is_named_and_not_asked_for(data: Path) -> None:
    result = run("ask", "/call secret {}", "--tools", "secret", *ASK, TIDEWIRE_DATA_DIR=str(data))
    assert "bank asked for a secret ('api_key'), which no form may ask for." in result.err
    assert "decline" in result.out
