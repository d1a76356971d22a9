"""The bridge of a real window: everything arrives once and in order, and attacks fail."""

from pathlib import Path

import pytest
from playwright.sync_api import Page

from tests.e2e.app import until
from tests.window.conftest import Toy

pytestmark = pytest.mark.window

PUSHES = """async (count) => {
  const wrong = [];
  const before = toy.pushes.length;
  for (let i = 0; i < count; i += 1) {
    if ((await toy.patient("toy.echo", `word ${i}`)) !== `word ${i}`) wrong.push(i);
  }
  const inOrder = toy.pushes.every((number, index) => number === index + 1);
  return { wrong, pushes: toy.pushes.length - before, inOrder };
}"""


def test_five_thousand_pushes_in_one_process(page: Page) -> None:
    """PySide6 6.12 drops a reference at every push, and Python aborts after some 1,400."""
    outcome = page.evaluate(PUSHES, 5_000)
    assert outcome.pop("pushes") >= 5_000
    assert outcome == {"wrong": [], "inOrder": True}


def test_a_stream_arrives_whole_and_in_order(page: Page) -> None:
    text = page.evaluate(
        """async () => {
          await toy.call("toy.stream", { id: "inf-stream", tokens: 2000 });
          return await toy.follow("inf-stream");
        }"""
    )
    assert text == "".join(f"{number} " for number in range(2_000))


def test_a_flood_of_calls_is_answered_in_order_on_few_threads(page: Page, toy: Toy) -> None:
    outcome = page.evaluate(
        """async () => {
          const numbers = Array.from({ length: 10000 }, (_, number) => number);
          const order = [];
          const wrong = [];
          const refused = [];
          const calls = numbers.map((number) => ["toy.echo", `${number}`]);
          const answers = numbers.flatMap((number) =>
            number % 1000 === 0 ? toy.batch(calls.slice(number, number + 1000)) : []);
          await Promise.all(answers.map(async (answer, number) => {
            try {
              if (await answer !== `${number}`) wrong.push(number);
            } catch ({ code, message, retryable, retryAfterMs }) {
              const typed = code === "LIMIT" && retryable && retryAfterMs > 0;
              if (!typed || message !== "Too many calls in a short time") wrong.push(message);
              refused.push(number);
            }
            order.push(number);
          }));
          const inOrder = order.every((number, index) => number === index);
          const after = await toy.patient("toy.echo", "still here");
          return { wrong, refused: refused.length, inOrder, after };
        }"""
    )
    assert outcome["wrong"] == []
    assert outcome["inOrder"]
    assert outcome["after"] == "still here"
    # The rate limit refills meanwhile, and other tests have used a part of it.
    assert 1_000 < outcome["refused"] < 10_000
    assert page.evaluate("toy.patient('toy.threads')") <= 32
    assert not [line for line in toy.program.stderr_lines if "Traceback" in line]


def test_text_of_every_kind_survives_both_ways(page: Page) -> None:
    text = "ä漢字🙂\u2028\u2029</script>\\\"'`${}\x00\x7f\ud83d" + "x" * 300_000
    is_same = page.evaluate(
        "async (words) => (await toy.call('toy.echo', words)) === words",
        text.encode("utf-16", "surrogatepass").decode("utf-16", "replace"),
    )
    assert is_same


GADGETS = [
    *("_js_api", "__class__", "__init__.__globals__", "window", "gui", "native", "events"),
    *("_js_api.__class__", "_js_api.__init__.__globals__", "self._window.gui", "_window.gui.os"),
    *("os.system", "__import__", "eval", "exec", "open", "print", "exit", "__builtins__.eval"),
    *("pywebviewMoveWindow", "pywebviewEventHandler", "pywebviewAsyncCallback"),
    *("pywebviewStateUpdate", "pywebviewStateDelete", "_pywebviewAlert", "console", "print"),
    *("llm.inference", "shell.hello", "toy.echo", "toy", "shell", "door", "_door._methods"),
    *("post.__self__", "post.__func__", "post.", ".post", " post", "post ", "POST", "Post"),
    *("post\\u0000", "", ".", "..", "constructor", "__proto__", "toString", "deleteLater"),
    *("destroyed", "objectNameChanged", "objectName", "parent", "setParent", "metaObject"),
    *("destroy", "load_url", "load_html", "run_js", "evaluate_js", "expose", "create_file_dialog"),
]
ARGUMENTS = ["[]", "{}", "null", '["id > /tmp/gadget"]', '{"key": "a", "value": 1}', "not json", ""]


@pytest.mark.shows("B51")
def test_no_gadget_reaches_anything(page: Page, toy: Toy) -> None:
    assert len(set(GADGETS)) >= 60
    line_count = len(toy.program.stderr_lines)
    outcome = page.evaluate(
        """async ([names, texts]) => {
          const settled = [];
          const keep = (value) => { if (value != null) settled.push(value); };
          const raw = window.pywebview._QWebChannel.objects.external.call;
          for (const name of names) {
            for (const text of texts) {
              keep(window.pywebview._jsApiCallback(name, text, "1"));
              raw(name, text, "1", keep);
            }
          }
          // The host answers nothing to any of it, but goes on answering what is allowed.
          return { answer: await toy.call("toy.echo", "still here"), settled };
        }""",
        [GADGETS, ARGUMENTS],
    )
    assert outcome == {"answer": "still here", "settled": []}
    assert not [line for line in toy.program.stderr_lines[line_count:] if "Traceback" in line]


def test_a_file_is_chosen_in_a_dialog_over_the_window(page: Page, tmp_path: Path) -> None:
    file = tmp_path / "small.gguf"
    file.write_bytes(b"GGUF")
    choose_script = """async (path) => {
      const chosen = toy.call("shell.choose_model_file");
      await toy.call("toy.choose", path);
      return await chosen;
    }"""
    assert page.evaluate(choose_script, str(file)) == str(file)
    assert page.evaluate(choose_script, "") is None


def test_a_question_shows_plain_text_and_only_its_button_agrees(page: Page) -> None:
    ask_script = """async ([text, answer]) => {
      const agreed = toy.call("toy.confirm", text);
      await toy.call("toy.answer", answer);
      return [await agreed, await toy.call("toy.last_question")];
    }"""
    text = "node <b>server.js</b> &amp; \\u202e"
    for answer in (True, False, None):
        agreed, question = page.evaluate(ask_script, [text, answer])
        assert agreed is (answer is True)
        assert question[0] == f"Run this?\n\n{text}"
        assert question[1:3] == ["Cancel", "OK"]
        assert question[3] == "Cancel", "Enter alone agrees to nothing"


def test_the_web_channel_shows_one_object_with_one_method(page: Page) -> None:
    channel = page.evaluate(
        """() => {
          const { objects } = window.pywebview._QWebChannel;
          const names = Object.keys(objects.external);
          return { objects: Object.keys(objects), names: names.filter((n) => !n.startsWith("_")) };
        }"""
    )
    assert channel["objects"] == ["external"]
    # Every QObject has `destroyed`, `objectName` and `deleteLater`; the rest is the script's.
    library = {"unwrapQObject", "unwrapProperties", "propertyUpdate", "signalEmitted"}
    qobject_names = {"destroyed", "objectName", "objectNameChanged", "deleteLater"}
    assert {name.partition("(")[0] for name in channel["names"]} - library - qobject_names == {
        "call"
    }


def test_raw_messages_on_the_web_channel_harm_nothing(page: Page) -> None:
    """Without the channel's script: method numbers, properties, signals, broken messages."""
    answer = page.evaluate(
        """async () => {
          const send = (message) => qt.webChannelTransport.send(
            typeof message === "string" ? message : JSON.stringify(message));
          let id = 900000;
          for (let type = -1; type <= 12; type += 1) {
            for (let number = -2; number < 12; number += 1) {
              for (const args of [[], ["post"], ["post", 1, {}], [null, null, null], "x"]) {
                id += 1;
                send({ type, id, object: "external", method: number, args });
                send({ type, id, object: "external", property: number, value: args });
                send({ type, id, object: "external", signal: number });
              }
            }
          }
          for (const name of ["deleteLater", "deleteLater()", "call", "destroyed", "setParent"]) {
            id += 1;
            send({ type: 6, id, object: "external", method: name, args: [] });
          }
          send({ type: 6, id: 1, object: "nobody", method: 1, args: [] });
          send("not json"); send("[]"); send("null"); send("{}"); send("9".repeat(100000));
          return toy.call("toy.echo", "still here");
        }"""
    )
    assert answer == "still here"
    page.reload()
    page.evaluate("toy.greeted")
    assert page.evaluate("toy.call('toy.echo', 'after a reload')") == "after a reload"


@pytest.mark.shows("B51")
def test_overwritten_globals_do_not_harm_the_host(page: Page, toy: Toy) -> None:
    page.evaluate(
        """async () => {
          await toy.call("toy.stream", { id: "inf-spoilt", tokens: 200, milliseconds: 1 });
          JSON.stringify = () => { throw new Error("spoilt"); };
          Object.prototype.toJSON = () => "spoilt";
          Array.prototype.push = () => { throw new Error("spoilt"); };
          window.pywebview = null;
          try { window.__shell = null; } catch {}
        }"""
    )
    # The host sends an unanswered push again to the next load.
    page.reload()
    page.evaluate("toy.greeted")
    assert page.evaluate("toy.call('toy.echo', 'still here')") == "still here"
    assert not [line for line in toy.program.stderr_lines if "Traceback" in line]


def test_a_click_on_a_script_s_link_runs_nothing(page: Page) -> None:
    page.evaluate("document.querySelector('#link').href = 'javascript:window.hit = 1'")
    page.click("#link")
    assert page.evaluate("toy.call('toy.echo', 'still here').then(() => window.hit)") is None
    until(page, "toy.violations.length === 1")  # it is reported after the click was handled
    page.evaluate("toy.violations.splice(0)")


def test_nothing_of_the_page_breaks_its_policy(page: Page) -> None:
    assert page.evaluate("toy.violations") == []


WAIT_FOR_VALUE = """async ([method, wanted]) => {
  const late = performance.now() + 20000;
  for (;;) {
    const found = JSON.stringify(await toy.call(method));
    if (found === JSON.stringify(wanted)) return;
    if (performance.now() > late) throw new Error(`${found} in the place of ${wanted}`);
    await new Promise(requestAnimationFrame);
  }
}"""


def test_a_window_has_the_title_and_the_icon_of_its_page(page: Page) -> None:
    page.evaluate(WAIT_FOR_VALUE, ["toy.identity", ["Toy", "toy", "toy"]])
    page.evaluate("document.title = 'Whales'")
    page.evaluate(WAIT_FOR_VALUE, ["toy.identity", ["Whales", "toy", "toy"]])
    page.evaluate(WAIT_FOR_VALUE, ["toy.has_icon", True])
