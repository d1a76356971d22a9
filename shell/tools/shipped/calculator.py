"""Computes with numbers, which language models do badly."""

import ast
import math
import operator
from collections.abc import Callable

from shell.tools import tool

LONGEST = 1_000
LARGEST_BITS = 13_000
"""Longest whole number, about 3,900 digits: it takes no time, and Python can write it."""
Number = int | float
FUNCTIONS: dict[str, Callable[..., Number]] = {
    name: getattr(math, name)
    for name in ("sqrt", "sin", "cos", "tan", "asin", "acos", "atan", "log", "log2", "log10", "exp")
} | {"abs": abs, "min": min, "max": max, "floor": math.floor, "ceil": math.ceil}
CONSTANTS = {"pi": math.pi, "e": math.e, "tau": math.tau}
BINARY: dict[type[ast.operator], Callable[[Number, Number], Number]] = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.Div: operator.truediv,
    ast.FloorDiv: operator.floordiv,
    ast.Mod: operator.mod,
}


@tool(reads=False, brings=False, sends=False)
def calculate(expression: str) -> str:
    """Compute an arithmetic expression, such as 2**10 / 3 or sqrt(2) * pi. Whole numbers are exact.

    Args:
        expression: numbers, + - * / // % **, parentheses, pi, e, and functions such as sqrt or log
    """
    if len(expression) > LONGEST:
        raise ValueError(f"the expression is longer than {LONGEST} characters")
    try:
        return str(_value(ast.parse(expression.replace("^", "**").strip(), mode="eval").body))
    except (RecursionError, MemoryError):
        raise ValueError("the expression has too many levels") from None


def _value(node: ast.expr) -> Number:
    match node:
        case ast.Constant(value=int() | float() as number) if not isinstance(number, bool):
            return _checked(number)
        case ast.Name(id=name) if name in CONSTANTS:
            return CONSTANTS[name]
        case ast.UnaryOp(op=ast.USub(), operand=operand):
            return -_value(operand)
        case ast.UnaryOp(op=ast.UAdd(), operand=operand):
            return _value(operand)
        case ast.BinOp(op=ast.Pow(), left=left, right=right):
            return _power(_value(left), _value(right))
        case ast.BinOp(op=op, left=left, right=right) if type(op) in BINARY:
            return _checked(BINARY[type(op)](_value(left), _value(right)))
        case ast.Call(func=ast.Name(id="round"), args=[number, ast.Constant(value=int() as n)]):
            return round(_value(number), min(n, LONGEST))
        case ast.Call(func=ast.Name(id="round"), args=[number], keywords=[]):
            return round(_value(number))
        case ast.Call(func=ast.Name(id=name), args=args, keywords=[]) if name in FUNCTIONS:
            return _checked(FUNCTIONS[name](*(_value(argument) for argument in args)))
    raise ValueError(f"{ast.unparse(node)[:100]} is not arithmetic")


def _power(base: Number, power: Number) -> Number:
    """The power of a number, unless it would be too long to compute or is not a real one."""
    if isinstance(base, int) and isinstance(power, int):
        _check_bits(abs(power) * (base.bit_length() - 1))
    return _checked(base**power)


def _checked(number: object) -> Number:
    if isinstance(number, int):
        _check_bits(number.bit_length())
        return number
    if isinstance(number, float):
        return number
    raise ValueError("the result is no real number")


def _check_bits(bits: int) -> None:
    if bits > LARGEST_BITS:
        raise ValueError("the number has too many digits")
