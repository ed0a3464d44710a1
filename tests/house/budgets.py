"""The budgets of the house, as checks of one syntax tree each: a list of what exceeds them."""

import ast
from collections.abc import Iterable, Iterator
from typing import TypeGuard

FILE_LINES = 400
FUNCTION_LINES = 50
PARAMETERS = 8
VAGUE = {"utils", "util", "helpers", "helper", "manager", "managers", "common", "misc"}

Function = ast.FunctionDef | ast.AsyncFunctionDef


def functions(tree: ast.AST) -> Iterator[Function]:
    return (node for node in ast.walk(tree) if isinstance(node, Function))


def body_lines(function: Function) -> int:
    """Lines of a function without its docstring."""
    lines = (function.end_lineno or 0) - function.lineno + 1
    if ast.get_docstring(function) is None:
        return lines
    first = function.body[0]
    return lines - ((first.end_lineno or 0) - first.lineno + 1)


def parameters(function: Function) -> int:
    """How many there are, however they are passed; `self` and `cls` are not counted."""
    a = function.args
    named = [*a.posonlyargs, *a.args, *a.kwonlyargs]
    bound = bool(named) and named[0].arg in ("self", "cls")
    return len(named) - bound + (a.vararg is not None) + (a.kwarg is not None)


def over_budget(tree: ast.AST) -> list[str]:
    """Functions that are too long or take too much."""
    found = []
    for f in functions(tree):
        if body_lines(f) > FUNCTION_LINES:
            found.append(f"{f.lineno}: {f.name} has {body_lines(f)} lines")
        if parameters(f) > PARAMETERS:
            found.append(f"{f.lineno}: {f.name} has {parameters(f)} parameters")
    return found


def forbidden(tree: ast.AST) -> list[str]:
    """`print`, `global`, and an `except` that says not what it expects."""
    found = []
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "print":
            found.append(f"{node.lineno}: print")
        if isinstance(node, ast.Global):
            found.append(f"{node.lineno}: global")
        if isinstance(node, ast.ExceptHandler) and node.type is None:
            found.append(f"{node.lineno}: bare except")
    return found


def said_by_protocols(trees: Iterable[ast.Module]) -> set[str]:
    """Names of methods that some protocol, or base that only documents, describes: who keeps it need not again."""
    classes = (node for tree in trees for node in tree.body if isinstance(node, ast.ClassDef))
    protocols = [node for node in classes if _only_describes(node)]
    return {m.name for node in protocols for m in node.body if isinstance(m, Function) and ast.get_docstring(m)}


def _only_describes(node: ast.ClassDef) -> bool:
    """Whether it is a protocol, or a class whose methods only say what they would do, and answer a constant."""
    if any(isinstance(b, ast.Name) and b.id == "Protocol" for b in node.bases):
        return True
    methods = [m for m in node.body if isinstance(m, Function)]
    return bool(methods) and all(ast.get_docstring(m) and all(map(_is_constant, m.body[1:])) for m in methods)


def _is_constant(line: ast.stmt) -> bool:
    return isinstance(line, ast.Return) and isinstance(line.value, ast.Constant | None)


def undocumented(tree: ast.Module, said: set[str]) -> list[str]:
    """The module, its public classes, functions and methods that have no docstring. `said` methods are excused."""
    found = [] if ast.get_docstring(tree) else ["1: the module"]
    for node in tree.body:
        if isinstance(node, ast.ClassDef) and not node.name.startswith("_"):
            if not ast.get_docstring(node):
                found.append(f"{node.lineno}: class {node.name}")
            found += [f"{m.lineno}: {node.name}.{m.name}" for m in node.body if _is_bare(m) and m.name not in said]
        elif _is_bare(node):
            found.append(f"{node.lineno}: {node.name}")
    return found


def _is_bare(node: ast.stmt) -> TypeGuard[Function]:
    """Whether a public function has no docstring; a stub (`...`) has none to have."""
    if not isinstance(node, Function) or node.name.startswith("_") or ast.get_docstring(node):
        return False
    return not (isinstance(node.body[0], ast.Expr) and isinstance(node.body[0].value, ast.Constant))
