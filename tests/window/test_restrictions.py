"""The restricted window: its page cannot navigate, open windows or get permissions.

The toy's content policy is off here (`?loose`), so that only the window restricts the page. The
same document must stay loaded through all tests; `toy.load` identifies it.
"""

from collections.abc import Iterator

import pytest

from tests.host_process import HostProcess
from tests.window.conftest import OFFSCREEN
from tests.window.devtools import Devtools, attached, greeted

pytestmark = pytest.mark.window
FAKE_DEVICES = {"QTWEBENGINE_CHROMIUM_FLAGS": "--use-fake-device-for-media-stream"}


@pytest.fixture(scope="module")
def program() -> Iterator[HostProcess]:
    arguments = ("--debug-port", "0", "--query", "?loose")
    with HostProcess("tests.window.toy", *arguments, env={**OFFSCREEN, **FAKE_DEVICES}) as program:
        yield program


@pytest.fixture(scope="module")
def sealed_page(program: HostProcess) -> Iterator[Devtools]:
    with attached(str(program.json_line()["debugUrl"])) as devtools:
        devtools.evaluate("toy.greeted")
        yield devtools


@pytest.fixture
def page(sealed_page: Devtools, program: HostProcess) -> Iterator[Devtools]:
    """The page. Afterwards the only window must have the same document, connected to its host."""
    before = sealed_page.evaluate("[toy.load, location.href]")
    yield sealed_page
    assert sealed_page.evaluate("toy.call('toy.echo', 'still here')") == "still here"
    assert sealed_page.evaluate("[toy.load, location.href]") == before
    assert len(sealed_page.addresses()) == 1
    assert program.count("GET /other") == 0
    assert program.count("OPEN") == 0


# These two come first, since they reload the page: Chromium throttles a page that navigates often.


def test_a_blank_page_turns_back(sealed_page: Devtools, program: HostProcess) -> None:
    """Chromium navigates to about:blank without asking the window, which then goes back."""
    name = sealed_page.evaluate("toy.greeted")
    greetings = program.count("SAID hello")
    sealed_page.evaluate("location.href = 'about:blank'; 0")
    program.wait_for("SAID hello", greetings + 1)
    assert greeted(f"http://{sealed_page.host}") == name


def test_a_reload_after_a_refusal_has_its_bridge(
    sealed_page: Devtools, program: HostProcess
) -> None:
    """Qt drops a page's injected scripts when a navigation to another site is refused."""
    greetings, refusals = program.count("SAID hello"), program.count("another address was refused")
    sealed_page.evaluate("location.href = `http://localhost:${location.port}/other`; 0")
    program.wait_for("another address was refused", refusals + 1)
    sealed_page.send("Page.reload", {})
    program.wait_for("SAID hello", greetings + 1)


NAVIGATIONS = {
    "another origin": "http://localhost:${location.port}/other",
    "another path": "/other",
    "a redirect": "/away",
}
"""URLs for which Chromium asks the window, which logs the refusal."""
BLOCKED = {
    "data": "data:text/html,<p>elsewhere",
    "a file": "file:///etc/passwd",
    "chrome": "chrome://version",
    "mail": "mailto:somebody@example.org",
    "a handler": "ms-msdt:/id",
    "a share": "smb://127.0.0.1/share",
    "ftp": "ftp://127.0.0.1/",
    "source": "view-source:http://127.0.0.1:${location.port}/other",
}
WAYS = {
    "meta": """
        const meta = document.createElement("meta");
        meta.httpEquiv = "refresh";
        meta.content = `0;url=${url}`;
        document.head.append(meta);
    """,
    "href": "location.href = url;",
    "assign": "location.assign(url);",
    "replace": "location.replace(url);",
    "open": "window.open(url, '_self');",
    "link": "link.href = url; link.click();",
    "form": "form.action = url; form.submit();",
    "form get": "form.action = url; form.method = 'get'; form.submit();",
    "frame": "frame({ src: url });",
    "sandboxed frame": "frame({ src: url, sandbox: 'allow-scripts allow-top-navigation' });",
    "object": """
        const object = document.createElement("object");
        object.data = url;
        document.body.append(object);
    """,
}
SETTING = """
    const link = document.getElementById("link");
    const form = document.getElementById("form");
    const frame = (attributes) => {
      const element = document.createElement("iframe");
      for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
      document.body.append(element);
      return element;
    };
"""


@pytest.mark.parametrize("address", NAVIGATIONS)
@pytest.mark.parametrize("way", WAYS)
def test_the_window_refuses_to_go(
    page: Devtools, program: HostProcess, way: str, address: str
) -> None:
    refusals = program.count("another address was refused")
    page.evaluate(f"{{ {SETTING} const url = `{NAVIGATIONS[address]}`; {WAYS[way]} }} 0")
    program.wait_for("another address was refused", refusals + 1)


@pytest.mark.parametrize("way", WAYS)
def test_the_page_gets_nowhere_by_other_schemes(page: Devtools, way: str) -> None:
    for address in BLOCKED.values():
        page.evaluate(f"{{ {SETTING} const url = `{address}`; {WAYS[way]} }} 0")
        page.evaluate("toy.call('toy.echo', 'x')")


@pytest.mark.parametrize("button", ["left", "middle"])
@pytest.mark.parametrize("target", ["", "_blank", "_top"])
@pytest.mark.parametrize("modifiers", [0, 2, 8])
def test_a_real_click_on_a_link_opens_nothing(
    page: Devtools, button: str, target: str, modifiers: int
) -> None:
    for address in (*NAVIGATIONS.values(), *BLOCKED.values()):
        page.evaluate(f"link.href = `{address}`; link.target = {target!r}; 0")
        page.click("#link", button, modifiers)
        page.evaluate("toy.call('toy.echo', 'x')")


def test_popups_have_no_window(page: Devtools) -> None:
    for address in ("", "about:blank", *NAVIGATIONS.values(), *BLOCKED.values()):
        page.evaluate(f"void window.open(`{address}`, '_blank', 'width=300')")
        assert len(page.addresses()) == 1


def test_frames_have_no_bridge(page: Devtools) -> None:
    """Frames that Chromium loads without asking, which have the page's own origin."""
    results = page.evaluate(
        f"""(async () => {{ {SETTING}
          const blank = "about:blank";
          const frames = [frame({{}}), frame({{ srcdoc: "<p>x" }}), frame({{ src: blank }})];
          await toy.call("toy.echo", "x");
          return frames.map(({{ contentWindow }}) =>
            [typeof contentWindow.pywebview, typeof contentWindow.qt?.webChannelTransport]);
        }})()"""
    )
    assert results == [["undefined", "undefined"]] * 3


def test_a_frame_in_a_sandbox_has_no_bridge(page: Devtools) -> None:
    results = page.evaluate(
        f"""(async () => {{ {SETTING}
          const told = new Promise((resolve) =>
            addEventListener("message", ({{ data }}) => resolve(data), {{ once: true }}));
          const script = "parent.postMessage([typeof pywebview, typeof window.qt], '*')";
          frame({{ srcdoc: `<script>${{script}}</` + "script>", sandbox: "allow-scripts" }});
          return told;
        }})()"""
    )
    assert results == ["undefined", "undefined"]


def test_dialogs_hold_nothing_up(page: Devtools) -> None:
    answers = page.evaluate("[alert('one'), confirm('two'), prompt('three', 'four')]")
    assert answers in ([None, False, None], [None, False, ""])


def test_the_context_menu_only_edits(page: Devtools, program: HostProcess) -> None:
    page.evaluate("text.value = 'words'; text.select(); 0")
    for selector, offered in (("#text", {"Cut", "Copy", "Paste", "Select all"}), ("#link", set())):
        menus = program.count("MENU")
        page.click(selector, "right")
        page.evaluate("toy.call('toy.menu')")
        program.wait_for("MENU", menus + 1)
        names = program.stderr_lines[-1].replace("&", "")
        assert "Inspect" not in names
        assert "Reload" not in names
        for name in offered:
            assert name in names, names


PERMISSIONS = {
    "camera": "navigator.mediaDevices.getUserMedia({ video: true })",
    "microphone": "navigator.mediaDevices.getUserMedia({ audio: true })",
    "both": "navigator.mediaDevices.getUserMedia({ audio: true, video: true })",
    "screen": "navigator.mediaDevices.getDisplayMedia()",
    "clipboard": "navigator.clipboard.readText()",
    "clipboard items": "navigator.clipboard.read()",
    "place": "new Promise((yes, no) => navigator.geolocation.getCurrentPosition(yes, no))",
    "notifications": "Notification.requestPermission().then((s) => s === 'granted' || no)",
    "fonts": "queryLocalFonts().then((found) => found[0] ?? no)",
    "directory": "showDirectoryPicker()",
    "file": "showSaveFilePicker()",
    "bluetooth": "navigator.bluetooth.requestDevice({ acceptAllDevices: true })",
    "usb": "navigator.usb.requestDevice({ filters: [] })",
    "serial": "navigator.serial.requestPort()",
    "hid": "navigator.hid.requestDevice({ filters: [] }).then((found) => found[0] ?? no)",
    "midi": "navigator.requestMIDIAccess({ sysex: true })",
    "idle": "IdleDetector.requestPermission().then((s) => s === 'granted' || no)",
    "full screen": "document.documentElement.requestFullscreen()",
    "pointer": "document.body.requestPointerLock().then(() => document.pointerLockElement ?? no)",
}


@pytest.mark.parametrize("permission", PERMISSIONS)
def test_a_permission_is_denied(page: Devtools, permission: str) -> None:
    outcome = page.evaluate(
        f"(async () => {PERMISSIONS[permission]})().then(() => 'granted', () => 'denied')"
    )
    assert outcome == "denied"


def test_pasting_by_script_is_denied(page: Devtools) -> None:
    page.evaluate("text.focus(); text.value = ''; 0")
    assert page.evaluate("document.execCommand('paste')") is False
    assert page.evaluate("text.value") == ""


def test_a_click_may_copy(page: Devtools) -> None:
    """Copying is the only access to the clipboard that a page needs."""
    assert page.evaluate("navigator.clipboard.writeText('words').then(() => 'copied')") == "copied"


DOWNLOADS = {
    "a file": "/toy.js",
    "data": "data:text/plain,words",
    "a blob": "${URL.createObjectURL(new Blob(['words']))}",
}


@pytest.mark.parametrize("source", DOWNLOADS)
def test_a_download_is_refused(page: Devtools, program: HostProcess, source: str) -> None:
    refusals = program.count("A download was refused")
    link = f"Object.assign(document.createElement('a'), {{ href: `{DOWNLOADS[source]}` }})"
    page.evaluate(f"{{ const link = {link}; link.download = 'words.txt'; link.click(); }} 0")
    program.wait_for("A download was refused", refusals + 1)
