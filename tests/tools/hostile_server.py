"""An MCP server that does one thing wrong. It needs only Python's own library.

Its arguments are the fault, and a file where it writes its process ids.
"""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

WRONG = sys.argv[1]
HINTS = {"readOnlyHint": True, "openWorldHint": False, "destructiveHint": False}
TOOLS = [
    {"name": "go", "description": "Go", "inputSchema": {"type": "object"}},
    {"name": "slow", "inputSchema": {"type": "object"}},
    {"name": "fine", "inputSchema": {"type": "object"}, "annotations": HINTS},
    {"name": "environment", "inputSchema": {"type": "object"}},
]


LISTED: list[int] = []
"""One entry for each request about resources and prompts."""


def send(message: dict[str, Any]) -> None:
    sys.stdout.write(json.dumps({"jsonrpc": "2.0", **message}) + "\n")
    sys.stdout.flush()


def text(words: str) -> dict[str, Any]:
    return {"content": [{"type": "text", "text": words}]}


def go(request: dict[str, Any]) -> None:
    token = request["params"].get("_meta", {}).get("progressToken")
    match WRONG:
        case "never answers":
            Path(sys.argv[2]).with_name("called").write_text("yes")
        case "writes 100 MB":
            for _ in range(1_000):
                sys.stdout.write("x" * 99_999 + "\n")
        case "writes 100 MB of messages":
            for _ in range(1_000):
                send({"method": "notifications/message", "params": {"data": "x" * 99_999}})
        case "writes a line of 10 MB":
            sys.stdout.write("x" * 10_000_000 + "\n")
        case "answers with 10 MB":
            send({"id": request["id"], "result": text("x" * 10_000_000)})
        case "writes garbage":
            os.write(1, os.urandom(3_000_000))
        case "closes":
            print("no more", file=sys.stderr, flush=True)
            os._exit(7)
        case "closes its output":
            os.close(1)
            time.sleep(1_000)
        case "answers sloppily":
            send({"id": request["id"], "result": {"content": [{"type": "tex"}]}})
        case "answers with an error":
            send({"id": request["id"], "error": {"code": -32_000, "message": "It is Monday."}})
        case "reports an error":
            send({"id": request["id"], "result": {**text("It is Monday."), "isError": True}})
        case "tells its key":
            key = f"It does not take {os.environ['CHOSEN']}."
            params = {"progressToken": token, "progress": 1, "message": key}
            send({"method": "notifications/progress", "params": params})
            send({"id": request["id"], "result": {**text(key), "isError": True}})
        case "describes results by a slow pattern":
            word = {"word": "a" * 20 + "!"}
            send({"id": request["id"], "result": {**text("gone"), "structuredContent": word}})
        case "changes its tools":
            TOOLS[0]["description"] = "Go away"
            TOOLS.append({"name": "more", "inputSchema": {"type": "object"}})
            send({"method": "notifications/tools/list_changed"})
            send({"id": request["id"], "result": text("changed")})
        case "tells its progress":
            params = {"progressToken": token, "progress": 1, "total": 2, "message": "half"}
            send({"method": "notifications/progress", "params": params})
            send({"id": request["id"], "result": text("done")})
        case _:
            send({"id": request["id"], "result": text("gone")})


def offer(request: dict[str, Any]) -> dict[str, Any]:
    """Answer a request about resources or prompts."""
    LISTED.append(1)
    params = request.get("params", {})
    name = params.get("name") or params.get("uri")
    match request["method"], name:
        case "prompts/list", _:
            return {"prompts": [{"name": f"prompt {len(LISTED)}"}]}
        case "prompts/get", "long":
            content = {"type": "text", "text": "x" * 100_001}
            return {"messages": [{"role": "user", "content": content}]}
        case "prompts/get", _:
            return {"message": "sloppy"}
        case _, "large":
            return {"contents": [{"uri": "a://b", "text": "x"}] * 21}
        case _:
            return {"contents": [{"uri": "a://b/..\\..\\evil", "text": "<script>"}]}


def main() -> None:
    with Path(sys.argv[2]).open("a") as file:
        file.write(f"{os.getpid()}\n")
        if WRONG == "leaves processes":
            signal.signal(signal.SIGTERM, signal.SIG_IGN)
            for own_session in (False, True):
                sleeping = ["sleep", "1000"]
                file.write(f"{subprocess.Popen(sleeping, start_new_session=own_session).pid}\n")
    if WRONG == "describes arguments with NaN":
        number = {"type": "number", "default": float("nan")}
        TOOLS[0]["inputSchema"] = {"type": "object", "properties": {"n": number}}
    if WRONG == "describes results by a slow pattern":
        pattern = {"type": "string", "pattern": "^(a+)+$"}
        TOOLS[0]["outputSchema"] = {"type": "object", "properties": {"word": pattern}}
    if WRONG == "prints a greeting":
        print("Welcome to the server!", flush=True)
    if WRONG == "does not start":
        sys.exit("There is no database.")
    for line in sys.stdin:
        request = json.loads(line)
        if WRONG == "never says hello" or "id" not in request:
            if request.get("method") == "notifications/cancelled":
                Path(sys.argv[2]).with_name("cancelled").write_text("yes")
            continue
        match request.get("method"):
            case "initialize":
                kinds = ["tools", *["prompts", "resources"] * (WRONG == "changes its prompts")]
                result = {
                    "protocolVersion": request["params"]["protocolVersion"],
                    "capabilities": {kind: {"listChanged": True} for kind in kinds},
                    "serverInfo": {"name": "hostile", "version": "1"},
                }
                send({"id": request["id"], "result": result})
            case "tools/list":
                send({"id": request["id"], "result": {"tools": TOOLS}})
            case "tools/call":
                name = request["params"]["name"]
                if name == "go":
                    go(request)
                elif name == "fine":
                    send({"id": request["id"], "result": text("fine")})
                elif name == "environment":
                    send({"id": request["id"], "result": text(json.dumps(dict(os.environ)))})
            case "prompts/list" | "prompts/get" | "resources/read":
                send({"id": request["id"], "result": offer(request)})
            case _:
                send({"id": request["id"], "error": {"code": -32_601, "message": "unknown"}})
    if WRONG == "leaves processes":
        time.sleep(1_000)


main()
