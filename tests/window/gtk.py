"""Runs the toy host in GTK's web view with a script that attacks like a hostile page.

    python -m tests.soak gtk

starts it with the system's Python (with python3-gi and gir1.2-webkit2-4.1), which finds our
packages by PYTHONPATH. It prints SAID with a JSON object of the outcomes, and ends on SIGTERM.
"""

import sys
import threading

import webview

from tests.window.toy import main

ATTACK_SCRIPT = """
toy.greeted.then(async () => {
  const seen = {};
  const echo = () => toy.patient("toy.echo", "x");
  const other = `http://localhost:${location.port}/other`;
  const link = document.getElementById("link");
  const form = document.getElementById("form");
  for (const url of [other, "/other", "/away", "file:///etc/passwd", "data:text/html,<p>x"]) {
    location.href = url; await echo();
    link.href = url; link.click(); await echo();
    link.target = "_blank"; link.click(); link.target = ""; await echo();
    form.action = url; form.submit(); await echo();
    const frame = document.createElement("iframe");
    frame.src = url; document.body.append(frame); await echo();
    seen.popup ||= window.open(url) !== null; await echo();
  }
  seen.microphone = await Promise.resolve()
    .then(() => navigator.mediaDevices.getUserMedia({ audio: true })).then(() => true, () => false);
  seen.notifications = await Promise.resolve()
    .then(() => Notification.requestPermission()).then((is) => is === "granted", () => false);
  seen.dialogs = [alert("one"), confirm("two"), prompt("three", "four")];
  for (const name of ["os.system", "_js_api", "window.gui", "__class__", "pywebviewMoveWindow"]) {
    window.pywebview._jsApiCallback(name, "[]", "1");
  }
  window.webkit.messageHandlers.jsBridge.postMessage("no json");
  window.webkit.messageHandlers.jsBridge.postMessage("[]");
  const words = Array.from({ length: 10 }, (_, i) => ["toy.echo", `word ${i}`]);
  seen.echo = (await Promise.all(toy.batch(words))).join();
  await toy.call("toy.stream", { id: "inf-gtk", tokens: 2000 });
  const text = await toy.follow("inf-gtk");
  seen.stream = text === Array.from({ length: 2000 }, (_, i) => `${i} `).join("");
  seen.text = await toy.call("toy.echo", "\\u00e4\\ud83d\\ude42\\u2028");
  toy.call("toy.say", JSON.stringify(seen));
});
0
"""


def attack() -> None:
    """Run the script once the page is loaded."""
    while not webview.windows or not webview.windows[0].events.loaded.wait(0.05):
        pass
    webview.windows[0].run_js(ATTACK_SCRIPT)


if __name__ == "__main__":
    sys.modules["PySide6"] = None  # type: ignore[assignment]  # as if it were not installed
    threading.Thread(target=attack, daemon=True).start()
    main()
