"""Checks and fills in a Jinja text. Only the child process uses it, within its own limits."""

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
"""Most nested loops."""
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
    {*("caller", "context", "environment", "kwargs", "namespace", "self", "super", "varargs")}
)


class _Position(int):
    """A line number with a column. Jinja passes this object on, so errors have the column, too."""

    column: int


class RefusedTemplate(Exception):
    """The template is invalid or exceeds a limit."""

    def __init__(self, code: Code, line: int | None = None, **facts: str | int) -> None:
        self.message = code.sentence(facts)
        super().__init__(self.message)
        self.code = code
        self.line = line
        self.column = line.column if isinstance(line, _Position) else None
        self.facts = facts


class _PositionLexer(Lexer):
    """Adds the column to the line number of every token."""

    def tokeniter(self, source: str, *rest: Any) -> Iterator[tuple[int, str, str]]:
        text = "\n".join(re.split(r"\r\n|\r|\n", source))
        offset = 0
        for line, kind, value in super().tokeniter(source, *rest):
            token_offset = text.find(value, offset)
            offset = offset if token_offset < 0 else token_offset
            position = _Position(line)
            position.column = offset - text.rfind("\n", 0, offset)
            offset += len(value)
            yield position, kind, value


class _Sections(Extension):
    """The tags `{% system %}` and `{% user %}`, which set the role of a text."""

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
        self._lexer = _PositionLexer(self)

    @property
    def lexer(self) -> Lexer:
        return self._lexer

    def call_binop(self, context: Context, operator: str, left: Any, right: Any) -> Any:
        are_numbers = all(isinstance(operand, int | float) for operand in (left, right))
        if are_numbers:
            result = super().call_binop(context, operator, left, right)
            if abs(result) > MAX_NUMBER:
                raise SecurityError("A number is too large")
            return result
        if operator != "+":
            raise SecurityError(f"{operator} only takes numbers")
        if not all(isinstance(operand, str | list) for operand in (left, right)):
            raise SecurityError("+ takes two numbers, two texts or two lists; ~ joins texts")
        if len(left) + len(right) > MAX_OUTPUT_CHARACTERS:
            raise SecurityError(f"A text is longer than {MAX_OUTPUT_CHARACTERS:,} characters")
        return super().call_binop(context, operator, left, right)


@contextmanager
def _convert_errors() -> Iterator[None]:
    """Convert the errors of Jinja and Python to `RefusedTemplate`."""
    try:
        yield
    except RefusedTemplate:
        raise
    except TemplateSyntaxError as error:
        raise _text_error(error.message or "This is no Jinja", error.lineno) from None
    except RecursionError:
        raise RefusedTemplate(Code.TOO_DEEP) from None
    except MemoryError:
        raise RefusedTemplate(Code.TOO_MUCH_MEMORY) from None
    except (TemplateError, ArithmeticError, TypeError, ValueError, LookupError) as error:
        raise _text_error(str(error), _line_of(error)) from None
    except (AttributeError, SyntaxError, AssertionError) as error:
        raise _text_error(str(error) or "This cannot be filled in") from None


@_convert_errors()
def variables(body: str) -> list[str]:
    """Check a text, and return the variables that it uses.

    Raises:
        RefusedTemplate: with the line and the column.
    """
    return sorted(meta.find_undeclared_variables(_parse_and_check(_Environment(), body)))


@_convert_errors()
def render(body: str, values: Mapping[str, Any]) -> tuple[str | None, str]:
    """Fill in a text, and return the texts of the system and the user.

    Raises:
        RefusedTemplate: with the line and, where it is known, the column.
    """
    environment = _Environment()
    tree = _parse_and_check(environment, body)
    names = meta.find_undeclared_variables(tree)
    # `from_string` compiles the text again. The checked tree is of the same text.
    template = environment.from_string(body)
    used_values = {name: _json_value(value) for name, value in values.items() if name in names}
    pieces, length = [], 0
    for piece in template.generate(used_values):
        length += len(piece)
        if length > MAX_OUTPUT_CHARACTERS:
            raise _length_error()
        pieces.append(piece)
    texts: dict[str, list[str]] = {"system": [], "user": ["".join(pieces)]}
    for role, text in environment.sections:
        texts[role].append(text)
    system, user = (_join(texts[role]) for role in ("system", "user"))
    if len(system) + len(user) > MAX_OUTPUT_CHARACTERS:
        raise _length_error()
    return system or None, user


def _parse_and_check(environment: Environment, body: str) -> nodes.Template:
    if len(body) > MAX_BODY_CHARACTERS:
        raise RefusedTemplate(Code.TEXT_TOO_LONG, limit=MAX_BODY_CHARACTERS)
    tree = environment.parse(body)
    _check(environment, tree)
    return tree


def _check(environment: Environment, tree: nodes.Template) -> None:
    """Refuse every node that the lists above do not allow."""
    count = 0
    pending: list[tuple[nodes.Node, int, int, bool]] = [(tree, 0, 0, True)]
    while pending:
        node, depth, loops, is_top_level = pending.pop()
        count += 1
        if count > MAX_NODES:
            raise RefusedTemplate(Code.TOO_MANY_PARTS, node.lineno, limit=MAX_NODES)
        if depth > MAX_DEPTH:
            raise RefusedTemplate(Code.TOO_DEEP, node.lineno)
        if isinstance(node, nodes.CallBlock) and _is_section(node):
            if not is_top_level:
                raise RefusedTemplate(Code.SECTION_INSIDE, node.lineno)
            is_top_level = False
            children = iter(node.body)
        else:
            _check_node(environment, node)
            children = node.iter_child_nodes()
            is_top_level &= isinstance(node, nodes.Template | nodes.If)
        if isinstance(node, nodes.For):
            loops += 1
            if loops > MAX_LOOPS:
                raise RefusedTemplate(Code.TOO_MANY_LOOPS, node.lineno, limit=MAX_LOOPS)
        pending += [(child, depth + 1, loops, is_top_level) for child in children]


def _is_section(node: nodes.CallBlock) -> bool:
    return isinstance(node.call.node, nodes.ExtensionAttribute)


def _check_node(environment: Environment, node: nodes.Node) -> None:
    kind = type(node).__name__.lower()
    if not isinstance(node, _NODES) or isinstance(node, nodes.CallBlock):
        raise RefusedTemplate(Code.WORD_REFUSED, node.lineno, name=_WORDS.get(kind, kind))
    if isinstance(node, nodes.Name) and (node.name.startswith("_") or node.name in _RESERVED):
        raise RefusedTemplate(Code.NAME_REFUSED, node.lineno, name=node.name)
    if isinstance(node, nodes.For) and node.recursive:
        raise RefusedTemplate(Code.LOOP_RECURSIVE, node.lineno)
    name = None
    if isinstance(node, nodes.Getattr):
        name = node.attr
    elif isinstance(node, nodes.Getitem) and isinstance(node.arg, nodes.Const):
        name = node.arg.value
    if isinstance(name, str) and (name.startswith("_") or name in ("format", "format_map")):
        raise RefusedTemplate(Code.ATTRIBUTE_REFUSED, node.lineno, name=name)
    if isinstance(node, nodes.Filter | nodes.Test):
        is_filter = isinstance(node, nodes.Filter)
        if node.name not in (environment.filters if is_filter else environment.tests):
            code = Code.FILTER_UNKNOWN if is_filter else Code.TEST_UNKNOWN
            raise RefusedTemplate(code, node.lineno, name=node.name)
    if isinstance(node, nodes.Filter):
        # Such as `map(attribute="__class__")`.
        for argument in (*node.args, *(keyword.value for keyword in node.kwargs)):
            text = argument.value if isinstance(argument, nodes.Const) else None
            if isinstance(text, str) and any(part[:1] == "_" for part in text.split(".")):
                raise RefusedTemplate(Code.ATTRIBUTE_REFUSED, node.lineno, name=text)
    if isinstance(node, nodes.Call):
        target = node.node
        is_range = isinstance(target, nodes.Name) and target.name == "range"
        is_method = isinstance(target, nodes.Getattr) and target.attr in METHODS
        if not (is_range or is_method):
            raise RefusedTemplate(Code.CALL_REFUSED, node.lineno)
    if isinstance(node, nodes.Call | nodes.Filter | nodes.Test) and (
        node.dyn_args or node.dyn_kwargs
    ):
        raise RefusedTemplate(Code.ARGUMENTS_REFUSED, node.lineno)


def _length_error() -> RefusedTemplate:
    return RefusedTemplate(Code.RESULT_TOO_LONG, limit=MAX_OUTPUT_CHARACTERS)


def _line_of(error: BaseException) -> int | None:
    """The line of the template. Jinja rewrites the traceback, so its frames have these lines."""
    lines = [
        line
        for frame, line in walk_tb(error.__traceback__)
        if frame.f_code.co_filename in ("<template>", "<unknown>")
    ]
    return lines[-1] if lines else None


def _text_error(text: str, line: int | None = None) -> RefusedTemplate:
    """An error of Jinja or Python, as a sentence."""
    text = " ".join(text.split())[:300].rstrip(".")
    return RefusedTemplate(Code.TEXT_WRONG, line, words=f"{text[:1].upper()}{text[1:]}.")


def _join(texts: list[str]) -> str:
    return "\n\n".join(stripped for text in texts if (stripped := text.strip()))


def _json_value(value: Any) -> Any:
    """Check that a value has only types of JSON, so that a template cannot reach other objects."""
    if isinstance(value, list):
        return [_json_value(item) for item in value]
    if value is None or type(value) in (str, int, float, bool):
        return value
    raise RefusedTemplate(Code.VALUE_REFUSED)


def _default(value: Any, default: Any = "", boolean: bool = False) -> Any:
    """The filter `default`, which also replaces empty fields: None or an empty text."""
    empty = isinstance(value, Undefined) or value is None or value == ""
    return default if empty or (boolean and not value) else value


def _range(*limits: int) -> range:
    numbers = range(*limits)
    if len(numbers) > MAX_RANGE:
        raise SecurityError(f"A range has more than {MAX_RANGE:,} numbers")
    return numbers
