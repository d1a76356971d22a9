"""Checks and fills in a Jinja text. Used by the child process only, whose limits bound the rest."""

import re
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from traceback import walk_tb
from typing import Any

from jinja2 import Environment, StrictUndefined, TemplateSyntaxError, Undefined, meta, nodes
from jinja2 import filters as all_filters
from jinja2.exceptions import SecurityError, TemplateError
from jinja2.ext import Extension
from jinja2.lexer import Lexer
from jinja2.parser import Parser
from jinja2.runtime import Context
from jinja2.sandbox import ImmutableSandboxedEnvironment

from shell.contract.template_problems import TemplateProblemCode as Code

MAX_BODY_CHARACTERS = 200_000
MAX_OUTPUT_CHARACTERS = 200_000
MAX_NODES = 20_000
MAX_DEPTH = 60
MAX_LOOPS = 3
"""Most loops in each other."""
MAX_RANGE = 10_000
MAX_NUMBER = 2**256
FILTERS = frozenset(
    {
        *("abs", "capitalize", "count", "d", "default", "dictsort", "first", "float", "indent"),
        *("int", "join", "last", "length", "list", "lower", "map", "max", "min", "reject"),
        *("rejectattr", "replace", "reverse", "round", "select", "selectattr", "sort", "string"),
        *("sum", "title", "tojson", "trim", "truncate", "unique", "upper", "wordcount"),
        *("wordwrap",),
    }
)
TESTS = frozenset(
    {
        *("!=", "<", "<=", "==", ">", ">=", "boolean", "defined", "divisibleby", "eq", "equalto"),
        *("even", "false", "float", "ge", "greaterthan", "gt", "in", "integer", "iterable", "le"),
        *("lessthan", "lower", "lt", "mapping", "ne", "none", "number", "odd", "sequence"),
        *("string", "true", "undefined", "upper"),
    }
)
METHODS = frozenset(
    {
        *("changed", "cycle", "endswith", "items", "keys", "lower", "split", "startswith"),
        *("strip", "upper"),
    }
)
_NODES = (
    *(nodes.Template, nodes.Output, nodes.TemplateData, nodes.Name, nodes.Const, nodes.List),
    *(nodes.Tuple, nodes.Dict, nodes.Pair, nodes.Keyword, nodes.Filter, nodes.Test, nodes.Getitem),
    *(nodes.Getattr, nodes.Slice, nodes.If, nodes.For, nodes.Assign, nodes.AssignBlock),
    *(nodes.CondExpr, nodes.And, nodes.Or, nodes.Not, nodes.Compare, nodes.Operand, nodes.Concat),
    *(nodes.Add, nodes.Sub, nodes.Mul, nodes.Div, nodes.FloorDiv, nodes.Mod, nodes.Neg, nodes.Pos),
    *(nodes.Call, nodes.CallBlock),
)
_WORDS = {"pow": "**", "fromimport": "import", "block": "block", "callblock": "call"}
_RESERVED = frozenset(
    {
        *("caller", "context", "environment", "kwargs", "namespace", "self", "super", "varargs"),
    }
)


class _Place(int):
    """A line with a column. Jinja passes on where a token was as a number, so it keeps this."""

    column: int


class Refused(Exception):
    """The text is wrong or takes too much."""

    def __init__(self, code: Code, line: int | None = None, **facts: str | int) -> None:
        self.message = code.sentence(facts)
        super().__init__(self.message)
        self.code = code
        self.line = line
        self.column = line.column if isinstance(line, _Place) else None
        self.facts = facts


class _PlacedLexer(Lexer):
    """Says of every token in which column it begins."""

    def tokeniter(self, source: str, *rest: Any) -> Iterator[tuple[int, str, str]]:
        text = "\n".join(re.split(r"\r\n|\r|\n", source))
        at = 0
        for line, kind, value in super().tokeniter(source, *rest):
            found = text.find(value, at)
            at = at if found < 0 else found
            place = _Place(line)
            place.column = at - text.rfind("\n", 0, at)
            at += len(value)
            yield place, kind, value


class _Sections(Extension):
    """The tags `{% system %}` and `{% user %}`, which say who a text is from."""

    tags = {"system", "user"}  # noqa: RUF012

    def parse(self, parser: Parser) -> nodes.Node:
        token = next(parser.stream)
        body = parser.parse_statements((f"name:end{token.value}",), drop_needle=True)
        call = self.call_method("_collect", [nodes.Const(token.value)])
        return nodes.CallBlock(call, [], [], body).set_lineno(token.lineno)

    def _collect(self, role: str, caller: Callable[[], str]) -> str:
        self.environment.sections.append((role, caller()))  # type: ignore[attr-defined]
        return ""


class _Environment(ImmutableSandboxedEnvironment):
    intercepted_binops = frozenset({"+", "*", "%", "**", "//"})

    def __init__(self) -> None:
        super().__init__(
            undefined=StrictUndefined,
            extensions=[_Sections],
            optimized=False,
            cache_size=0,
            trim_blocks=True,
            lstrip_blocks=True,
            finalize=lambda value: "" if value is None else value,
        )
        self.sections: list[tuple[str, str]] = []
        self.globals = {"range": _range}
        self.filters = {name: all_filters.FILTERS[name] for name in FILTERS}
        self.filters["default"] = self.filters["d"] = _default
        self.tests = {name: test for name, test in self.tests.items() if name in TESTS}
        self._lexer = _PlacedLexer(self)

    @property
    def lexer(self) -> Lexer:
        return self._lexer

    def call_binop(self, context: Context, operator: str, left: Any, right: Any) -> Any:
        numbers = all(isinstance(each, int | float) for each in (left, right))
        if numbers:
            result = super().call_binop(context, operator, left, right)
            if abs(result) > MAX_NUMBER:
                raise SecurityError("A number is too large")
            return result
        if operator != "+":
            raise SecurityError(f"{operator} only takes numbers")
        if not all(isinstance(each, str | list) for each in (left, right)):
            raise SecurityError("+ takes two numbers, two texts or two lists; ~ joins texts")
        if len(left) + len(right) > MAX_OUTPUT_CHARACTERS:
            raise SecurityError(f"A text is longer than {MAX_OUTPUT_CHARACTERS:,} characters")
        return super().call_binop(context, operator, left, right)


@contextmanager
def _refusing() -> Iterator[None]:
    """Turn what Jinja and Python find wrong into `Refused`."""
    try:
        yield
    except Refused:
        raise
    except TemplateSyntaxError as error:
        raise _wrong(error.message or "This is no Jinja", error.lineno) from None
    except RecursionError:
        raise Refused(Code.TOO_DEEP) from None
    except MemoryError:
        raise Refused(Code.TOO_MUCH_MEMORY) from None
    except (TemplateError, ArithmeticError, TypeError, ValueError, LookupError) as error:
        raise _wrong(str(error), _line_of(error)) from None
    except (AttributeError, SyntaxError, AssertionError) as error:
        raise _wrong(str(error) or "This cannot be filled in") from None


@_refusing()
def variables(body: str) -> list[str]:
    """Check a text; returns the variables that it uses.

    Raises:
        Refused: with the line and the column.
    """
    return sorted(meta.find_undeclared_variables(_parsed(_Environment(), body)))


@_refusing()
def render(body: str, values: Mapping[str, Any]) -> tuple[str | None, str]:
    """Fill in a text; returns what the system and the user say.

    Raises:
        Refused: with the line and, where it is known, the column.
    """
    environment = _Environment()
    tree = _parsed(environment, body)
    names = meta.find_undeclared_variables(tree)
    # Compiled from the text and not from the tree, which the check has seen but not changed.
    template = environment.from_string(body)
    given = {name: _plain(value) for name, value in values.items() if name in names}
    pieces, length = [], 0
    for piece in template.generate(given):
        length += len(piece)
        if length > MAX_OUTPUT_CHARACTERS:
            raise _too_long()
        pieces.append(piece)
    said: dict[str, list[str]] = {"system": [], "user": ["".join(pieces)]}
    for role, text in environment.sections:
        said[role].append(text)
    system, user = (_joined(said[role]) for role in ("system", "user"))
    if len(system) + len(user) > MAX_OUTPUT_CHARACTERS:
        raise _too_long()
    return system or None, user


def _parsed(environment: Environment, body: str) -> nodes.Template:
    if len(body) > MAX_BODY_CHARACTERS:
        raise Refused(Code.TEXT_TOO_LONG, limit=MAX_BODY_CHARACTERS)
    tree = environment.parse(body)
    _check(environment, tree)
    return tree


def _check(environment: Environment, tree: nodes.Template) -> None:
    """Refuse everything that is not listed above."""
    count = 0
    waiting: list[tuple[nodes.Node, int, int, bool]] = [(tree, 0, 0, True)]
    while waiting:
        node, depth, loops, outside = waiting.pop()
        count += 1
        if count > MAX_NODES:
            raise Refused(Code.TOO_MANY_PARTS, node.lineno, limit=MAX_NODES)
        if depth > MAX_DEPTH:
            raise Refused(Code.TOO_DEEP, node.lineno)
        if isinstance(node, nodes.CallBlock) and _is_section(node):
            if not outside:
                raise Refused(Code.SECTION_INSIDE, node.lineno)
            outside = False
            children = iter(node.body)
        else:
            _check_node(environment, node)
            children = node.iter_child_nodes()
            outside &= isinstance(node, nodes.Template | nodes.If)
        if isinstance(node, nodes.For):
            loops += 1
            if loops > MAX_LOOPS:
                raise Refused(Code.TOO_MANY_LOOPS, node.lineno, limit=MAX_LOOPS)
        waiting += [(child, depth + 1, loops, outside) for child in children]


def _is_section(node: nodes.CallBlock) -> bool:
    return isinstance(node.call.node, nodes.ExtensionAttribute)


def _check_node(environment: Environment, node: nodes.Node) -> None:
    kind = type(node).__name__.lower()
    if not isinstance(node, _NODES) or isinstance(node, nodes.CallBlock):
        raise Refused(Code.WORD_REFUSED, node.lineno, name=_WORDS.get(kind, kind))
    if isinstance(node, nodes.Name) and (node.name.startswith("_") or node.name in _RESERVED):
        raise Refused(Code.NAME_REFUSED, node.lineno, name=node.name)
    if isinstance(node, nodes.For) and node.recursive:
        raise Refused(Code.LOOP_RECURSIVE, node.lineno)
    name = None
    if isinstance(node, nodes.Getattr):
        name = node.attr
    elif isinstance(node, nodes.Getitem) and isinstance(node.arg, nodes.Const):
        name = node.arg.value
    if isinstance(name, str) and (name.startswith("_") or name in ("format", "format_map")):
        raise Refused(Code.ATTRIBUTE_REFUSED, node.lineno, name=name)
    if isinstance(node, nodes.Filter | nodes.Test):
        is_filter = isinstance(node, nodes.Filter)
        if node.name not in (environment.filters if is_filter else environment.tests):
            code = Code.FILTER_UNKNOWN if is_filter else Code.TEST_UNKNOWN
            raise Refused(code, node.lineno, name=node.name)
    if isinstance(node, nodes.Filter):
        # Such as `map(attribute="__class__")`.
        for each in (*node.args, *(keyword.value for keyword in node.kwargs)):
            told = each.value if isinstance(each, nodes.Const) else None
            if isinstance(told, str) and any(part[:1] == "_" for part in told.split(".")):
                raise Refused(Code.ATTRIBUTE_REFUSED, node.lineno, name=told)
    if isinstance(node, nodes.Call):
        target = node.node
        is_range = isinstance(target, nodes.Name) and target.name == "range"
        is_method = isinstance(target, nodes.Getattr) and target.attr in METHODS
        if not (is_range or is_method):
            raise Refused(Code.CALL_REFUSED, node.lineno)
    if isinstance(node, nodes.Call | nodes.Filter | nodes.Test) and (
        node.dyn_args or node.dyn_kwargs
    ):
        raise Refused(Code.ARGUMENTS_REFUSED, node.lineno)


def _too_long() -> Refused:
    return Refused(Code.RESULT_TOO_LONG, limit=MAX_OUTPUT_CHARACTERS)


def _line_of(error: BaseException) -> int | None:
    """The line of the template: Jinja rewrites the traceback so that its frames have them."""
    lines = [
        line
        for frame, line in walk_tb(error.__traceback__)
        if frame.f_code.co_filename in ("<template>", "<unknown>")
    ]
    return lines[-1] if lines else None


def _wrong(text: str, line: int | None = None) -> Refused:
    """What Jinja or Python finds wrong, as a sentence."""
    text = " ".join(text.split())[:300].rstrip(".")
    return Refused(Code.TEXT_WRONG, line, words=f"{text[:1].upper()}{text[1:]}.")


def _joined(texts: list[str]) -> str:
    return "\n\n".join(stripped for text in texts if (stripped := text.strip()))


def _plain(value: Any) -> Any:
    """A value of exactly the types of JSON, so that nothing else can be reached through it."""
    if isinstance(value, list):
        return [_plain(each) for each in value]
    if value is None or type(value) in (str, int, float, bool):
        return value
    raise Refused(Code.VALUE_REFUSED)


def _default(value: Any, default: Any = "", boolean: bool = False) -> Any:
    """A field that was left empty is None or an empty text."""
    empty = isinstance(value, Undefined) or value is None or value == ""
    return default if empty or (boolean and not value) else value


def _range(*limits: int) -> range:
    found = range(*limits)
    if len(found) > MAX_RANGE:
        raise SecurityError(f"A range has more than {MAX_RANGE:,} numbers")
    return found
