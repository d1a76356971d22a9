"""Computes with numbers, which language models do badly."""

import ast
import math
import operator
from collections.abc import Callable

from shell.tools import tool

LONGEST = 1_000
LARGEST_POWER = 10_000
Number = int | float
FUNCTIONS: dict[str, Callable[..., Number]] = {
    name: getattr(math, name)
    for name in ("sqrt", "sin", "cos", "tan", "asin", "acos", "atan", "log", "log2", "log10", "exp")
} | {"abs": abs, "round": round, "min": min, "max": max, "floor": math.floor, "ceil": math.ceil}
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
    """Compute an arithmetic expression exactly, such as 2**10 / 3 or sqrt(2) * pi.

    Args:
        expression: numbers, + - * / // % **, parentheses, pi, e, and functions such as sqrt or log
    """
    if len(expression) > LONGEST:
        raise ValueError(f"the expression is longer than {LONGEST} characters")
    return str(_value(ast.parse(expression.replace("^", "**"), mode="eval").body))


def _value(node: ast.expr) -> Number:
    match node:
        case ast.Constant(value=int() | float() as number) if not isinstance(number, bool):
            return number
        case ast.Name(id=name) if name in CONSTANTS:
            return CONSTANTS[name]
        case ast.UnaryOp(op=ast.USub(), operand=operand):
            return -_value(operand)
        case ast.UnaryOp(op=ast.UAdd(), operand=operand):
            return _value(operand)
        case ast.BinOp(op=ast.Pow(), left=left, right=right):
            base, power = _value(left), _value(right)
            if abs(power) > LARGEST_POWER or abs(base) > 1e100:
                raise ValueError("the power is too large")
            powered: Number = base**power
            return powered
        case ast.BinOp(op=op, left=left, right=right) if type(op) in BINARY:
            return BINARY[type(op)](_value(left), _value(right))
        case ast.Call(func=ast.Name(id=name), args=args, keywords=[]) if name in FUNCTIONS:
            return FUNCTIONS[name](*(_value(argument) for argument in args))
    raise ValueError(f"{ast.unparse(node)[:100]} is not arithmetic")
