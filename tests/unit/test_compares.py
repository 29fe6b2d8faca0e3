"""No secret is compared character by character: that would tell by its time how much of a guess is right."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

PLUGIN = Path(__file__).parents[2] / "plugin"
_SECRET = re.compile(r"(?:^|_)(?:token|secret|signature|digest|password|hash|mac)$")
_BY_CHARACTER = (ast.Eq, ast.NotEq, ast.In, ast.NotIn)


def find_compares(source: str) -> list[str]:
    """Return the comparisons whose operand is called as a secret is."""
    return [
        ast.unparse(node)
        for node in ast.walk(ast.parse(source))
        if isinstance(node, ast.Compare) and any(isinstance(one, _BY_CHARACTER) for one in node.ops)
        if any(_is_secret(operand) for operand in (node.left, *node.comparators))
    ]


def _is_secret(operand: ast.expr) -> bool:
    name = getattr(operand, "attr", None) or getattr(operand, "id", "")
    return bool(_SECRET.search(name))


def test_no_secret_is_compared_by_its_characters() -> None:
    found = [(path.name, one) for path in PLUGIN.rglob("*.py") for one in find_compares(path.read_text())]
    assert found == []


@pytest.mark.parametrize("line", ["a.token == b", "x != user_secret", "token_hash == y"])
def test_such_a_compare_would_be_found(line: str) -> None:
    assert find_compares(line)
