"""Running scripts in the pages of macOS and Windows, with stubs of their web views."""

import importlib
import json
import sys
import threading
from collections.abc import Callable
from types import ModuleType, SimpleNamespace
from typing import Any

import pytest
import webview.platforms

from shell.bridge.desktop.pump import RunScript

PACKAGE = "shell.bridge.desktop.webviews"
Page = list[tuple[str, Callable[[object], None]]]
"""The scripts that were run, each with the callback for its value."""


class Generic:
    """A type of .NET, which takes type parameters in brackets or is called with a function."""

    def __getitem__(self, _: object) -> "Generic":
        return self

    def __call__(self, function: object) -> object:
        return function


def cocoa(page: Page, monkeypatch: pytest.MonkeyPatch) -> RunScript:
    def evaluate(script: str, handler: Callable[[object, object], None]) -> None:
        page.append((script, lambda value: handler(value, None)))

    web = SimpleNamespace(evaluateJavaScript_completionHandler_=evaluate)
    view = SimpleNamespace(instances={"one": SimpleNamespace(webview=web)})
    helper = SimpleNamespace(callAfter=lambda function, *arguments: function(*arguments))
    module = loaded_module("cocoa", monkeypatch, BrowserView=view, AppHelper=helper)
    run: RunScript = module.runner(SimpleNamespace(uid="one"))
    return run


def edgechromium(page: Page, monkeypatch: pytest.MonkeyPatch) -> RunScript:
    def execute(script: str) -> object:
        def continue_with(callback: Callable[[object], None], scheduler: object) -> None:
            page.append((script, lambda value: callback(SimpleNamespace(Result=json.dumps(value)))))

        return SimpleNamespace(ContinueWith=continue_with)

    web = SimpleNamespace(ExecuteScriptAsync=execute, BeginInvoke=lambda begin: begin())
    edge = SimpleNamespace(webview=web, syncContextTaskScheduler=None)
    types = {name: Generic() for name in ("Action", "Task", "String")}
    module = loaded_module("edgechromium", monkeypatch, **types)
    run: RunScript = module.runner(SimpleNamespace(native=SimpleNamespace(browser=edge)))
    return run


def loaded_module(name: str, monkeypatch: pytest.MonkeyPatch, **platform: object) -> Any:
    """Import our module with stubs of pywebview's module and of the system's libraries."""
    stub = ModuleType(f"webview.platforms.{name}")
    vars(stub).update(platform)
    monkeypatch.setattr(webview.platforms, name, stub, raising=False)
    for module in (stub, ModuleType("AppKit"), ModuleType("objc")):
        monkeypatch.setitem(sys.modules, module.__name__, module)
    monkeypatch.delitem(sys.modules, f"{PACKAGE}.{name}", raising=False)
    module = importlib.import_module(f"{PACKAGE}.{name}")
    monkeypatch.delitem(sys.modules, f"{PACKAGE}.{name}")
    return module


@pytest.mark.parametrize("view", [cocoa, edgechromium])
def test_a_page_that_answers_nothing_leaves_no_thread(
    view: Callable[[Page, pytest.MonkeyPatch], RunScript], monkeypatch: pytest.MonkeyPatch
) -> None:
    page: Page = []
    run = view(page, monkeypatch)
    answers: list[object] = []
    before = threading.active_count()
    for number in range(20):
        run(f"push({number})", answers.append)
    assert threading.active_count() == before
    assert [script for script, _ in page] == [f"push({number})" for number in range(20)]
    assert answers == []
    page[-1][1](True)
    assert answers == [True]
