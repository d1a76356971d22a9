"""The library of templates: files, versions, and refused names."""

import contextlib
import os
import re
import stat
import unicodedata
from pathlib import Path
from typing import Literal

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from shell.api.templates import TemplatesApi
from shell.bridge.caller import Caller
from shell.contract import FormFile, RenderRequest, TemplateProblemCode
from shell.conversations.templates import library
from shell.conversations.templates.front_matter import HeadError, read_head, read_yaml, split
from shell.conversations.templates.importing import convert
from shell.conversations.templates.library import MAX_VERSIONS, Templates
from shell.conversations.text_files import fence
from shell.errors import NotFound, ValidationFailed
from tests.host_process import ROOT

REVIEW = """---
name: Review
description: Reviews code
model: openai/gpt-5
effort: low
tools: [calculator]
inputs:
  code: {type: text, title: Code, required: true}
  most: {type: integer, default: 3, minimum: 1, maximum: 9}
  tone: {type: enum, options: [kind, strict], default: kind}
---
{% system %}You review {{ language }}, {{ tone }}.{% endsystem %}
{{ code }}
{{ most }}
"""


@pytest.fixture
def templates(tmp_path: Path) -> Templates:
    return Templates(tmp_path)


def test_a_template_has_a_form(templates: Templates) -> None:
    template = templates.save("work/review", REVIEW)
    assert (template.title, template.model, template.effort) == ("Review", "openai/gpt-5", "low")
    assert template.tools == ["calculator"]
    assert [field.name for field in template.inputs] == ["code", "most", "tone", "language"]
    # A variable that the front matter does not name is a text.
    assert (template.inputs[3].type, template.inputs[3].required) == ("string", True)
    assert [each.name for each in templates.summaries()] == ["work/review"]
    mode = (templates.folder / "work" / "review.md").stat().st_mode
    assert stat.S_IMODE(mode) == 0o600


@pytest.mark.anyio
async def test_a_text_that_is_not_saved_is_checked_and_filled_in(tmp_path: Path) -> None:
    api, caller = TemplatesApi(tmp_path), Caller("window-1")
    checked = await api.check(caller, "---\nname: a\n---\n{{ one }} {{ two }}")
    assert ([field.name for field in checked.inputs], checked.problem) == (["one", "two"], None)
    problem = (await api.check(caller, "---\nname: a\n---\n{{ one }")).problem
    assert problem is not None
    assert problem.line == 4
    values = RenderRequest(name="new", text="Hi {{ one }}", values={"one": "you"})
    assert (await api.render(caller, values)).user == "Hi you"
    assert Templates(tmp_path).summaries() == [], "nothing was written"


def test_a_full_cache_is_emptied_without_losing_a_text(
    templates: Templates, monkeypatch: pytest.MonkeyPatch
) -> None:
    for text in ("one", "two", "three"):
        templates.save("a", text)
    monkeypatch.setattr(library, "MAX_TEMPLATES", 1)
    parsed = templates._parse_all(["one", "four"])
    assert [each.problem for each in parsed] == [None, None]


def test_a_file_that_cannot_be_read_does_not_hide_the_others(
    templates: Templates, monkeypatch: pytest.MonkeyPatch
) -> None:
    templates.save("a", "one")
    files = [*templates._files(), ("gone", templates.folder / "gone.md")]
    monkeypatch.setattr(templates, "_files", lambda: files)
    assert [each.problem and each.problem.code for each in templates.summaries()] == [
        None,
        TemplateProblemCode.FILE_UNREADABLE,
    ]


def test_pasted_texts_and_files_cannot_end_their_fence(templates: Templates) -> None:
    templates.save("a", "---\ninputs: {f: file, t: text}\n---\n{{ f }}{{ t }}")
    file = FormFile(name="x\n.md", text="```\r`````\nout")
    rendered = templates.render("a", {"f": file, "t": "~\n```"})
    assert rendered.user == "x .md\n``````\n```\r`````\nout\n``````\n````\n~\n```\n````"


@settings(deadline=None)
@given(st.text(alphabet="`~ \n\rab", max_size=80))
def test_no_text_has_the_line_that_ends_its_fence(text: str) -> None:
    first, _, following = fence(text).partition("\n")
    assert first not in following.removesuffix(f"\n{first}\n")


@pytest.mark.parametrize(
    ("values", "field"),
    [({"code": "x"}, "language"), ({"code": "x", "language": "Go", "most": 10}, "most")],
)
def test_wrong_values_are_refused(
    templates: Templates, values: dict[str, str | int], field: str
) -> None:
    templates.save("a", REVIEW)
    with pytest.raises(ValidationFailed) as refused:
        templates.render("a", dict(values))
    assert [path for path, _ in refused.value.issues] == [field]


@pytest.mark.parametrize(
    "name",
    ["../x", "/x", "a/../../x", ".x", "a/.x", "a\\x", "x\0", "", "con", "x ", "x.", "a/b/c/d/e"],
)
def test_a_name_cannot_leave_the_folder(templates: Templates, name: str) -> None:
    for use in (templates.get, templates.remove, lambda n: templates.save(n, "x")):
        with pytest.raises(ValidationFailed):
            use(name)


WORDS = ["résumé", "हिन्दी", "ไทยที่", "தமிழ்"]


@pytest.mark.parametrize("form", ["NFC", "NFD"])
def test_names_of_every_language_are_names(
    templates: Templates, form: Literal["NFC", "NFD"]
) -> None:
    """Vowel signs and accents may be characters of their own; macOS always writes accents so."""
    words = [unicodedata.normalize(form, word) for word in WORDS]
    templates.folder.mkdir()
    for word in words:
        (templates.folder / f"{word}.md").write_text("x")
    assert sorted(each.name for each in templates.summaries()) == sorted(words)
    for word in words:
        assert templates.get(word).text == "x"
        [(name, _)] = convert(f"{word}.md", "---\nname: a\n---\nx")
        assert name == unicodedata.normalize("NFC", word)


@pytest.mark.parametrize("word", ["con", "CON", "nul.txt", "conin$", "com¹", "lpt9"])
def test_devices_of_windows_are_no_names(templates: Templates, word: str) -> None:
    with pytest.raises(ValidationFailed):
        templates.save(f"work/{word}", "x")
    [(name, _)] = convert(f"{word}.md", "x")
    assert templates.save(name, "x").text == "x"


def test_links_are_not_followed(templates: Templates, tmp_path: Path) -> None:
    templates.folder.mkdir()
    (tmp_path / "secret.md").write_text("secret")
    (templates.folder / "linked").symlink_to(tmp_path)
    (templates.folder / "file.md").symlink_to(tmp_path / "secret.md")
    assert templates.summaries() == []
    for name in ("linked/secret", "file"):
        with pytest.raises(ValidationFailed):
            templates.save(name, "x")
        with pytest.raises(ValidationFailed):
            templates.get(name)
    assert (tmp_path / "secret.md").read_text() == "secret"


def test_what_is_no_file_is_not_waited_for(templates: Templates) -> None:
    templates.folder.mkdir()
    os.mkfifo(templates.folder / "pipe.md")
    with pytest.raises(NotFound):
        templates.get("pipe")


def test_edits_keep_earlier_versions(templates: Templates) -> None:
    first = templates.save("a", "one")
    for number in range(MAX_VERSIONS + 5):
        templates.save("a", f"text {number}")
    versions = templates.versions("a")
    assert len(versions) == MAX_VERSIONS
    assert templates.get("a", versions[0].version).text == f"text {MAX_VERSIONS + 3}"
    with pytest.raises(NotFound):
        templates.get("a", first.version)


def test_an_edit_elsewhere_is_not_written_over(templates: Templates) -> None:
    first = templates.save("a", "one")
    (templates.folder / "a.md").write_text("of an editor")
    with pytest.raises(ValidationFailed):
        templates.save("a", "two", first.version)
    assert templates.get("a").text == "of an editor"


def test_templates_are_removed_restored_renamed_and_copied(templates: Templates) -> None:
    templates.save("a", "one")
    templates.remove("a")
    assert templates.summaries() == []
    assert templates.restore("a").text == "one"
    assert templates.rename("a", "b/c").name == "b/c"
    assert templates.versions("b/c")
    assert templates.duplicate("b/c").name == "b/c-2"
    with pytest.raises(ValidationFailed):
        templates.rename("b/c", "b/c-2")
    assert [each.name for each in templates.summaries()] == ["b/c", "b/c-2"]


def test_a_new_name_takes_no_history_of_templates_below_the_old_name(templates: Templates) -> None:
    templates.save("work", "one")
    templates.save("work", "two")
    templates.save("work/review", "below")
    templates.remove("work/review")
    templates.rename("work", "job")
    assert [templates.get("job", each.version).text for each in templates.versions("job")] == [
        "one"
    ]
    assert templates.versions("work") == templates.versions("job/review") == []
    assert templates.restore("work/review").text == "below"


def test_a_history_comes_along_to_a_name_that_has_one(templates: Templates) -> None:
    templates.save("job", "removed")
    templates.remove("job")
    templates.save("work", "one")
    templates.save("work", "two")
    templates.rename("work", "job")
    texts = {templates.get("job", each.version).text for each in templates.versions("job")}
    assert texts == {"removed", "one"}
    assert templates.versions("work") == []


@pytest.mark.parametrize(
    ("text", "line", "column", "code", "facts"),
    [
        ("---\nname: [\n---\n", 3, 1, "YAML_WRONG", {"words"}),
        ("---\nname: a\nother: b\n---\n", 3, 1, "HEAD_FIELD_UNKNOWN", {"name", "known"}),
        ("---\ninputs:\n  a: {type: unknown}\n---\n", 3, 3, "INPUT_WRONG", {"name", "words"}),
        ("---\ninputs:\n  a: {type: date, default: x}\n---\n", 3, 3, "INPUT_DEFAULT", {"words"}),
        ("---\na: &x [1]\nb: *x\n---\n", 3, 4, "YAML_ALIAS", set()),
        ("---\nname: !!python/object:os.system x\n---\n", 2, 7, "YAML_TAG", {"name"}),
        ("---\nname: a\n---\none\n{{ x. }}", 5, 7, "TEXT_WRONG", {"words"}),
        ("{{ x|secret }}", 1, 6, "FILTER_UNKNOWN", {"name"}),
    ],
)
def test_a_template_with_a_problem_is_listed_with_its_code_and_place(
    templates: Templates, text: str, line: int, column: int, code: str, facts: set[str]
) -> None:
    templates.folder.mkdir()
    (templates.folder / "bad.md").write_text(text)
    (templates.folder / "good.md").write_text("x")
    bad, good = templates.summaries()
    assert good.problem is None
    assert bad.problem is not None
    assert (bad.problem.line, bad.problem.column) == (line, column)
    assert (bad.problem.code, {*bad.problem.facts}) == (code, facts)
    assert bad.problem.message == bad.problem.code.sentence(bad.problem.facts)


def test_every_problem_has_a_sentence_in_english() -> None:
    facts: dict[str, str | int] = {"name": "it", "known": "a, b", "limit": 1_000, "words": "No."}
    for code in TemplateProblemCode:
        assert code.sentence(facts).strip()


def test_words_and_dates_of_yaml_stay_texts() -> None:
    assert read_yaml("a: no\nb: 2026-11-29\nc: 1:30\nd: true\ne: 5\nf:")[0] == {
        "a": "no",
        "b": "2026-11-29",
        "c": "1:30",
        "d": True,
        "e": 5,
        "f": None,
    }


TEXTS = st.text(st.characters(min_codepoint=32, max_codepoint=126), max_size=20)
PLAIN = st.none() | st.booleans() | st.integers(-9_999, 9_999) | TEXTS


@settings(deadline=None)
@given(st.dictionaries(TEXTS.filter(bool), PLAIN | st.lists(PLAIN, max_size=3), max_size=5))
def test_values_of_yaml_come_back(values: dict[str, object]) -> None:
    written = yaml.safe_dump(values, allow_unicode=True)
    assert read_yaml(written)[0] == values


@settings(deadline=None)
@given(st.text(alphabet="-: \n[]{}&*!abc'\"|>#%@", max_size=120))
def test_any_front_matter_is_read_or_refused(head: str) -> None:
    front_matter, body, _ = split(f"---\n{head}\n---\nbody")
    assert body.endswith("body")
    with contextlib.suppress(HeadError):
        read_head(front_matter)


@pytest.mark.parametrize(
    ("file", "text", "system", "user", "values"),
    [
        (
            "llm.yaml",
            "model: gpt-5\nsystem: You speak like $voice\n"
            "prompt: 'Sum up for $$5 {{ it }}: $input'\ndefaults:\n  voice: GlaDOS\n",
            "You speak like GlaDOS",
            "Sum up for $5 {{ it }}: text",
            {"input": "text"},
        ),
        ("only.yml", "'Say $what'", None, "Say hi", {"what": "hi"}),
        ("system.yaml", "system: Be brief", "Be brief", "hello", {"input": "hello"}),
        (
            "chat.txt",
            "Translate {{ user text }} to {{lang}} {% not jinja %}",
            None,
            "Translate hi to Go {% not jinja %}",
            {"user_text": "hi", "lang": "Go"},
        ),
        (
            "a.json",
            '[{"command": "/sum-up", "title": "Sum up", "content": "Sum up {{CLIPBOARD}}"}]',
            None,
            "Sum up this",
            {"CLIPBOARD": "this"},
        ),
        (
            "basic.prompty",
            "---\nname: Basic\nmodel: {api: chat}\n---\nsystem:\nBe kind.\n\nuser:\n{{question}}\n",
            "Be kind.",
            "why",
            {"question": "why"},
        ),
    ],
)
def test_files_of_other_programs_are_imported(
    templates: Templates,
    file: str,
    text: str,
    system: str | None,
    user: str,
    values: dict[str, str],
) -> None:
    [imported] = templates.import_file(file, text)
    assert imported.problem is None
    rendered = templates.render(imported.name, dict(values))
    assert (rendered.system, rendered.user) == (system, user)


@pytest.mark.parametrize("file", ["x.yaml", "x.json"])
def test_a_file_without_prompts_is_refused(file: str) -> None:
    with pytest.raises(ValidationFailed):
        convert(file, "[1, 2")


@pytest.mark.parametrize("language", ["en", "de"])
def test_the_examples_of_the_page_are_templates(templates: Templates, language: str) -> None:
    texts = (ROOT / "web" / "src" / "i18n" / language / "templates.ts").read_text("utf-8")
    examples = re.findall(r"\btext: `(.*?)`", texts, re.S)
    assert len(examples) == 3
    for number, example in enumerate(examples):
        template = templates.save(f"example-{number}", example)
        assert template.problem is None
        assert template.title != template.name
        assert all(field.title for field in template.inputs), "every field has a name for people"
