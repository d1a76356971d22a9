"""Hostile templates: they are refused, or end only the process that fills them in."""

import resource
import subprocess
import sys
from collections.abc import Mapping
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from shell.contract import TemplateProblem
from shell.conversations.templates import child
from shell.conversations.templates.renderer import ENDED, SLOW, fill_in, find_variables
from shell.conversations.templates.sandbox import RefusedTemplate, render, variables

HOSTILE = {
    "CVE-2016-10745, format with attributes": "{{ '{0.__class__}'.format(1) }}",
    "CVE-2016-10745, by item": "{{ ''['format']('{0.__class__}') }}",
    "CVE-2019-10906, format_map": "{{ '{a.__class__}'.format_map({'a': 1}) }}",
    "CVE-2024-56201, by a loop": "{% for f in ['{0}'.format] %}{{ f(1) }}{% endfor %}",
    "CVE-2024-56326, an indirect call": "{{ ['{0.__class__}']|map('format', 1)|list }}",
    "CVE-2024-56326, a stored method": "{% set f = '{0.__class__}'.format %}{{ f(1) }}",
    "CVE-2025-27516, attr": "{{ '{0.__class__}'|attr('format')(1) }}",
    "jinja2: a private attribute": "{{ x.__class__ }}",
    "jinja2: a private item": "{{ x['__class__'] }}",
    "jinja2: a private item by a made text": "{{ x['__cl' ~ 'ass__'] }}",
    "jinja2: by map": "{{ [x]|map(attribute='__class__')|list }}",
    "jinja2: globals of a function": "{{ range.__globals__ }}",
    "jinja2: func_code": "{{ x.foo.__code__ }}",
    "jinja2: an unsafe call": "{{ x.upper.__call__() }}",
    "jinja2: generator frames": "{{ [x]|map('upper')|attr('gi_frame') }}",
    "jinja2: a change of a list": "{{ [1].append(2) }}",
    "jinja2: a change of a dict": "{{ {}.update({1: 2}) }}",
    "jinja2: a macro": "{% macro m() %}{% endmacro %}{{ m.__globals__ }}",
    "jinja2: self": "{{ self.__init__.__globals__ }}",
    "jinja2: cycler": "{{ cycler.__init__.__globals__ }}",
    "jinja2: namespace": "{% set n = namespace() %}",
    "jinja2: lipsum": "{{ lipsum(10000) }}",
    "jinja2: range": "{{ range(100001) }}",
    "jinja2: power": "{{ 2 ** 100000 }}",
    "a file": "{% include '/etc/passwd' %}",
    "an import": "{% import 'x' as y %}",
    "a parent": "{% extends 'x' %}",
    "a recursive loop": "{% for a in [1] recursive %}{{ loop([1]) }}{% endfor %}",
    "many loops": "{% for a in x %}" * 4 + "{% endfor %}" * 4,
    "a long text": "{{ 'a' * 1000000000 }}",
    "a large number": "{% set n = 9**9 %}",
    "spread arguments": "{{ range(*[1]) }}",
    "a section in a loop": "{% for a in x %}{% system %}{% endsystem %}{% endfor %}",
    "deep parentheses": "{{ " + "(" * 3_000 + "1" + ")" * 3_000 + " }}",
    "many signs": "{{ " + "-" * 20_000 + "1 }}",
}


@pytest.mark.parametrize("body", HOSTILE.values(), ids=HOSTILE)
def test_a_hostile_template_is_refused(body: str) -> None:
    with pytest.raises(RefusedTemplate):
        render(body, {"x": "text"})


# The cases of tests/test_security.py in Jinja2 3.1.6 (Copyright 2007 Pallets, BSD-3-Clause),
# rewritten for plain values. Its sandbox stops them during rendering, and ours before it.
OF_JINJA = {
    "unsafe: an unsafe method": "{{ foo.foo() }}",
    "unsafe: a method": "{{ foo.bar() }}",
    "unsafe: a private method": "{{ foo._foo() }}",
    "unsafe: a class": "{{ foo.__class__ }}",
    "unsafe: the code of a function": "{{ foo.func_code }}",
    "unsafe: subclasses": "{{ foo.__class__.__subclasses__() }}",
    "immutable: append": "{{ [].append(23) }}",
    "immutable: clear": "{{ [].clear() }}",
    "immutable: pop": "{{ [1].pop() }}",
    "immutable: clear of a dict": "{{ {1: 2}.clear() }}",
    "restricted: an attribute as a target": "{% for item.attribute in seq %}...{% endfor %}",
    "restricted: one of two targets": "{% for foo, bar.baz in seq %}...{% endfor %}",
    "data: a macro": "{% macro say(name) %}<p>{{ name }}</p>{% endmacro %}{{ say('<b>') }}",
    "attr filter: subclasses": "{{ cls|attr('__subclasses__')() }}",
    "format: an attribute": "{{ 'a{0.__class__}b'.format(42) }}",
    "format: an item": "{{ 'a{0.foo}b'.format({'foo': 42}) }}",
    "format: an attribute of a safe text": (
        "{{ ('a{0.__class__}b{1}'|safe).format(42, '<foo>') }}"
    ),
    "format: an item of a safe text": "{{ ('a{0.foo}b{1}'|safe).format({'foo': 42}, '<foo>') }}",
    "format: empty braces": "{{ ('a{}b{}').format('foo', '42') }}",
    "format: empty braces of a safe text": "{{ ('a{}b{}'|safe).format(42, '<foo>') }}",
    "format_map: an attribute": "{{ 'a{x.__class__}b'.format_map({'x': 42}) }}",
    "format_map: an item": "{{ 'a{x.foo}b'.format_map({'x': {'foo': 42}}) }}",
    "format_map: a safe text": (
        "{{ ('a{x.foo}b{y}'|safe).format_map({'x': {'foo': 42}, 'y': '<foo>'}) }}"
    ),
    "format_map: an indirect call": (
        "{% set ns = namespace(run='{0.__call__.__builtins__[__import__]}'.format) %}"
        "{{ ns|run(not_here) }}"
    ),
    "format_map: by the attr filter": (
        "{{ '{0.__call__.__builtins__[__import__]}'|attr('format')(not_here) }}"
    ),
}


@pytest.mark.parametrize("body", OF_JINJA.values(), ids=OF_JINJA)
def test_what_the_tests_of_jinja_try_is_refused(body: str) -> None:
    with pytest.raises(RefusedTemplate):
        render(body, {"foo": "text", "cls": "int", "seq": ["a"]})


def test_the_operators_of_the_tests_of_jinja_work_up_to_a_limit() -> None:
    rendered = render("{{ 1 + 2 }} {{ a + 2 }} {{ -1 }} {{ -a }}", {"a": 2})
    assert rendered == (None, "3 4 -1 -2")
    # Jinja's tests replace its operators. Here the operators check the size of the result.
    with pytest.raises(RefusedTemplate, match="too large"):
        render("{{ a + a }}", {"a": 2**256})


LIMITLESS = {
    "10**9 letters": ("{{ 'a'*10**9 }}", None),
    "loops in loops": (
        "{% for a in range(9999) %}{% for b in range(9999) %}{% endfor %}{% endfor %}",
        SLOW,
    ),
    "deep recursion": ("{% if 1 %}" * 3_000 + "{% endif %}" * 3_000, None),
    "a wide indent": ("{{ x|indent(4000000000) }}", ENDED),
    "a text that grows": (
        "{% set y = x|replace('a', x)|replace('a', x)|replace('a', x) %}{{ y }}",
        ENDED,
    ),
}


@pytest.mark.parametrize(("body", "problem"), LIMITLESS.values(), ids=LIMITLESS)
def test_a_template_that_takes_too_much_ends_with_a_sentence(
    body: str, problem: TemplateProblem | None
) -> None:
    # In the host it would have taken gigabytes, or hours.
    before = resource.getrusage(resource.RUSAGE_SELF)
    result = fill_in(body, {"x": "a" * 2_000})
    after = resource.getrusage(resource.RUSAGE_SELF)
    assert isinstance(result, TemplateProblem)
    assert result.message.endswith(".")
    assert problem is None or result == problem
    assert after.ru_maxrss - before.ru_maxrss < 100_000  # KB


def test_a_template_takes_half_a_second_of_the_processor_at_most() -> None:
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    find_variables(["x"])
    between = resource.getrusage(resource.RUSAGE_CHILDREN)
    fill_in(LIMITLESS["loops in loops"][0], {})
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    start_s = between.ru_utime + between.ru_stime - before.ru_utime - before.ru_stime
    filling_s = after.ru_utime + after.ru_stime - between.ru_utime - between.ru_stime
    assert filling_s - start_s < 0.5


def test_the_templates_after_one_that_ends_the_process_are_checked() -> None:
    slow = "{% for a in range(9999) %}" + "x" * 200 + "{% endfor %}"
    bodies = ["{{ a }}", "{{ " + "b." * 60_000 + "c }}", "{{ d }}", slow]
    results = find_variables(bodies)
    assert results[0] == ["a"]
    assert isinstance(results[1], TemplateProblem)
    assert results[2:] == [["d"], []]


@pytest.mark.parametrize(
    ("body", "line", "column"),
    [
        ("one\n  {{ x. }}", 2, 9),
        ("{{ a }}\n{% for %}", 2, 8),
        ("one\ntwo {{ x|attr('y') }}", 2, 10),
        ("one\r\n\r\n{% include 'x' %}", 3, 4),
        ("one\n{{ x.nothing }}", 2, None),
    ],
)
def test_an_error_says_where_it_is(body: str, line: int, column: int | None) -> None:
    with pytest.raises(RefusedTemplate) as refused:
        render(body, {"x": "text"})
    assert (refused.value.line, refused.value.column) == (line, column)


@pytest.mark.parametrize(
    ("body", "values", "system", "user"),
    [
        ("Hi {{ name }}", {"name": "you"}, None, "Hi you"),
        ("{% system %}Be {{ a }}{% endsystem %}\nGo", {"a": "kind"}, "Be kind", "Go"),
        ("{% if a %}{% system %}S{% endsystem %}{% endif %}U", {"a": None}, None, "U"),
        ("{% user %}U{% enduser %}", {}, None, "U"),
        ("{% for x in a %}{{ loop.index }}{{ x }} {% endfor %}", {"a": ["p", "q"]}, None, "1p 2q"),
        ("{{ a|default('none') }}", {"a": None}, None, "none"),
        ("{{ a }}", {"a": "{{ b }}"}, None, "{{ b }}"),
        ("{{ a + 1 }} {{ a * 2 }}", {"a": 3}, None, "4 6"),
    ],
)
def test_templates_are_filled_in(
    body: str, values: Mapping[str, Any], system: str | None, user: str
) -> None:
    assert render(body, values) == (system, user)


def test_a_value_that_is_not_plain_is_refused() -> None:
    with pytest.raises(RefusedTemplate):
        render("{{ a }}", {"a": object()})


@settings(deadline=None)
@given(st.text(max_size=200))
def test_any_text_is_checked_or_refused_with_a_sentence(body: str) -> None:
    outcome: object
    try:
        outcome = variables(body)
    except RefusedTemplate as refused:
        outcome = refused.message
    assert isinstance(outcome, list) or str(outcome).endswith(".")


WATCHED = """
import time
from shell.conversations.templates import child

def work(seconds):
    end = time.process_time() + seconds
    while time.process_time() < end:
        pass

for _ in range(3):
    child._start_cpu_watch()
    work(child.CPU_S * 0.6)
print("three requests", flush=True)
work(child.CPU_S * 10)
"""


def test_without_a_timer_each_request_has_its_own_time() -> None:
    command = [sys.executable, "-c", WATCHED]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert (done.stdout, done.returncode) == ("three requests\n", child.CPU_TIME_EXCEEDED)
