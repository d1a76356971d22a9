"""`tidewire templates`, and `tidewire ask --template`."""

import json
import os
import subprocess
import sys
from pathlib import Path

from shell.providers.custom import CustomProvider, add
from tests.e2e.model_server import model_server

TEXT = "---\ninputs: {code: text}\n---\n{% system %}S{% endsystem %}{{ code }} {{ who }}"


def run(data: Path, *words: str) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "OPENAI_API_KEY": "sk-canary", "TIDEWIRE_DATA_DIR": str(data)}
    command = [sys.executable, "-W", "error", "-m", "shell", *words]
    return subprocess.run(command, capture_output=True, text=True, env=environment, check=False)


def test_the_commands(tmp_path: Path) -> None:
    file = tmp_path / "review.md"
    file.write_text(TEXT)
    data = tmp_path / "data"
    assert run(data, "templates", "import", str(file)).stdout == "imported review\n"
    listed = [
        json.loads(line)
        for line in run(data, "templates", "list", "--json").stdout.split("\n")[:-1]
    ]
    assert [(each["name"], each["problem"]) for each in listed] == [("review", None)]
    assert run(data, "templates", "show", "review").stdout == TEXT + "\n"
    inputs = ("--set", "code=x", "--set", "who=you")
    assert run(data, "templates", "render", "review", *inputs).stdout == "S\n\n```\nx\n```\n you\n"
    model = ("--provider", "openai", "--model", "gpt-5")
    body = run(data, "templates", "render", "review", *inputs, "--request", *model).stdout
    assert json.loads(body)["input"] == [
        {"role": "system", "content": "S"},
        {"role": "user", "content": "```\nx\n```\n you"},
    ]
    assert "sk-canary" not in body
    answer = run(data, "ask", "--template", "review", *inputs, "--provider", "echo")
    assert (answer.returncode, answer.stdout) == (0, "```\nx\n```\n you\n")


def test_a_rendered_request_has_the_bytes_that_ask_sends(tmp_path: Path) -> None:
    data = tmp_path / "data"
    file = tmp_path / "review.md"
    file.write_text(TEXT.replace("S{%", "Sei genau 🌊{%"), "utf-8")
    run(data, "templates", "import", str(file))
    arguments = ("review", "--set", "code=Grüße\u2028", "--set", "who=you", "--provider", "harbour")
    with model_server() as server:
        provider = CustomProvider(
            id="harbour", label="Harbour", base_url=server.url, default_model="harbour-1"
        )
        add(data, provider, set())
        rendered = run(data, "templates", "render", *arguments, "--request")
        assert (rendered.returncode, rendered.stderr, server.bodies) == (0, "", [])
        assert run(data, "ask", "--template", *arguments).returncode == 0
        [body] = server.bodies
    assert rendered.stdout.encode() == body + b"\n"
    echo = run(data, "templates", "render", *arguments[:-1], "echo", "--request")
    assert echo.returncode != 0
    assert "echo is sent no body over HTTP" in echo.stderr


def test_an_imported_template_with_a_problem_has_status_1(tmp_path: Path) -> None:
    file = tmp_path / "bad.md"
    file.write_text("---\nname: a\n---\n{{ x. }}")
    imported = run(tmp_path / "data", "templates", "import", str(file))
    assert (imported.returncode, imported.stderr) == (1, "")
    assert imported.stdout == "imported bad  Line 4, column 7: Expected name or number.\n"


def test_what_is_wrong_is_said_with_its_place(tmp_path: Path) -> None:
    file = tmp_path / "bad.md"
    file.write_text("one\n{{ x. }}")
    checked = run(tmp_path / "data", "templates", "check", str(file))
    assert (checked.returncode, checked.stdout) == (
        1,
        f"{file}: Line 2, column 7: Expected name or number.\n",
    )
    missing = run(tmp_path / "data", "templates", "render", "none")
    assert missing.returncode == 1
    assert "There is no template none" in missing.stderr
    assert run(tmp_path / "data", "ask", "x", "--template", "none").returncode == 2
