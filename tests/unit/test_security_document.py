"""docs/security.md promises; its promises are held against the tests, the tables and the memory there are."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
PAGE = (ROOT / "docs" / "security.md").read_text()
NAMED = sorted(set(re.findall(r"`([\w/]+\.py::\w+)`", PAGE)))
GROWS = PAGE.partition("## What grows")[2].partition("\n## ")[0]

_MAKERS = {"dict", "set", "list", "defaultdict", "OrderedDict", "deque"}
OF_ONE_TURN = {
    "ModRoutes.all", "_Links.links", "TeamEventRepository._noted", "Arguments.values", "Roster._by_mxid",
    "Checker.problems", "HealthWatch._known", "_Gathered._gathered",
}  # fmt: skip
"""What is filled once, or lives for one event, query or transaction, and is as long as that."""


@cache
def collected(path: str) -> dict[str, ast.FunctionDef | ast.AsyncFunctionDef]:
    """Return what pytest collects of a file, by name."""
    tree = ast.parse((ROOT / "tests" / path).read_text())
    classes = [node for node in tree.body if isinstance(node, ast.ClassDef) and node.name.startswith("Test")]
    return {
        node.name: node
        for holder in (tree, *classes)
        for node in holder.body
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)) and node.name.startswith("test_")
    }


@pytest.mark.parametrize("named", NAMED)
def test_the_test_is_there_and_runs(named: str) -> None:
    path, _, name = named.partition("::")
    assert Path(path).name.startswith("test_")
    found = collected(path)[name]
    marks = [ast.unparse(decorator) for decorator in found.decorator_list]
    assert not [mark for mark in marks if "skip" in mark or "xfail" in mark]


def test_each_rule_has_its_tests() -> None:
    rules = PAGE.partition("## The rules")[2].partition("\n## ")[0].split("\n### ")[1:]
    assert len(rules) == 11
    assert [
        rule.splitlines()[0] for rule in rules if len(re.findall(r"^- `.*::", rule, re.MULTILINE)) < 3
    ] == []
    assert len(NAMED) > 100


def test_every_table_has_an_end() -> None:
    sources = [ROOT / "plugin" / "db" / name for name in ("schema.py", "desk_tables.py", "search_schema.py")]
    made = {
        name
        for source in sources
        for name in re.findall(r"CREATE (?:VIRTUAL )?TABLE (\w+)", source.read_text())
    }
    first_cells = [line.split("|")[1] for line in GROWS.splitlines() if line.startswith("|")]
    named = {name for cell in first_cells for name in re.findall(r"`([a-z_]+)`", cell)}
    assert named == made


def find_collections(source: str) -> Iterator[str]:
    """Return the attributes that a file's classes begin with as empty collections, as `Class.attribute`."""
    for holder in [node for node in ast.walk(ast.parse(source)) if isinstance(node, ast.ClassDef)]:
        for node in ast.walk(holder):
            targets = node.targets if isinstance(node, ast.Assign) else [getattr(node, "target", None)]
            if isinstance(node, (ast.Assign, ast.AnnAssign)) and _is_empty(node.value):
                yield from (f"{holder.name}.{t.attr}" for t in targets if isinstance(t, ast.Attribute))


def _is_empty(value: ast.expr | None) -> bool:
    if isinstance(value, (ast.Dict, ast.List)):
        return not (value.keys if isinstance(value, ast.Dict) else value.elts)
    return isinstance(value, ast.Call) and getattr(value.func, "id", "") in _MAKERS


def test_what_grows_in_memory_is_named() -> None:
    found = {
        name for path in (ROOT / "plugin").rglob("*.py") for name in find_collections(path.read_text())
    } - OF_ONE_TURN
    assert found == set(re.findall(r"`([A-Z]\w+\._\w+)`", GROWS))


@pytest.mark.parametrize("line", ["self.a = {}", "self.a: dict[str, int] = {}", "self.a = defaultdict(list)"])
def test_such_a_one_would_be_found(line: str) -> None:
    assert list(find_collections(f"class A:\n    def __init__(self):\n        {line}")) == ["A.a"]
