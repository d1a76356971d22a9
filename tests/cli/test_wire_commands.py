"""The commands that show requests, and record and replay answers."""

import json
from pathlib import Path

import pytest

from tests.command import run
from tests.e2e.model_server import ModelServer, model_server

KEY = "sk-canary-0123456789abcdef"


def test_a_recorded_answer_is_replayed_as_it_was_printed(tmp_path: Path) -> None:
    path = tmp_path / "a.jsonl"
    common = ("--provider", "echo", "--record", str(path))
    recorded = run("ask", "/reasoning so\none two\nthree\n/tool find {}", "--json", *common)
    replayed = run("replay", str(path), "--json", "--speed", "1000")
    assert (replayed.status, replayed.out) == (0, recorded.out)
    assert len(path.read_text("utf-8").splitlines()) == len(recorded.lines) + 1
    assert run("replay", str(path), "--speed", "1000").out == "one two\nthree\n"
    played = run("ask", "anything", "--provider", "recording", "--model", str(path))
    assert (played.status, played.out) == (0, "one two\nthree\n")


def test_a_recording_has_no_key_of_any_provider(tmp_path: Path) -> None:
    path = tmp_path / "a.jsonl"
    options = ("--provider", "echo", "--record", str(path), "--data-dir", str(tmp_path))
    result = run("ask", f"my key is {KEY}", *options, OPENAI_API_KEY=KEY)
    assert KEY in result.out
    content = path.read_text("utf-8")
    assert "[key]" in content
    assert KEY not in content


def test_a_recording_that_is_none_is_refused_in_one_sentence(tmp_path: Path) -> None:
    path = tmp_path / "a.jsonl"
    path.write_text("{}\n", "utf-8")
    refused = run("replay", str(path))
    assert refused.status == 1
    assert "is damaged: line 1 is no event" in refused.err
    refused = run("ask", "x", "--provider", "recording", "--model", str(path))
    assert (refused.status, "line 1 is no event" in refused.err) == (1, True)
    assert run("replay", str(path), "--speed", "0").status == 2
    assert run("ask", "x", "--provider", "recording").status == 2


def test_the_request_of_an_answer_is_shown_without_its_key(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "wire").mkdir()
    server: ModelServer
    with model_server(KEY, ["gpt-5"]) as server:
        monkeypatch.setenv("OPENAI_BASE_URL", server.url)
        monkeypatch.setenv("OPENAI_API_KEY", KEY)
        common = ("--data-dir", str(tmp_path))
        answer = run("ask", "hello there", "--provider", "openai", "--json", *common)
        inference = str(answer.lines[0]["inferenceId"])
        [listed] = run("wire", "list", "--json", *common).lines
        assert (listed["inferenceId"], listed["status"]) == (inference, 200)
        request_json = run("wire", "show", inference, "--as", "json", *common)
        [attempt] = json.loads(request_json.out)["attempts"]
        body = json.loads(attempt["request"]["body"])
        assert body["messages"] == [{"role": "user", "content": "hello there"}]
        outputs = [request_json.out, run("wire", "show", inference, *common).out]
        for form in ("curl", "python"):
            code = run("wire", "show", inference, "--as", form, *common).out
            assert "OPENAI_API_KEY" in code
            outputs.append(code)
        assert not any(KEY in text for text in outputs)
    missing = run("wire", "show", "inf-unknown", *common)
    assert missing.is_one_sentence("The request of this answer is not kept")
