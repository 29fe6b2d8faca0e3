"""The tables of keys in docs/moderators.md, from the bindings: `python -m tests.unit.console.key_tables`."""

from __future__ import annotations

import importlib
import pkgutil
import re
from pathlib import Path

from textual.dom import DOMNode

import console
from console.widgets.keybar import commands_of, title_of

GUIDE = Path(__file__).parents[3] / "docs" / "moderators.md"

_TABLE = re.compile(r"<!-- keys: (?P<title>[^>]+) -->\n(?P<table>.*?)<!-- end -->\n", re.S)


def owners() -> dict[str, type[DOMNode]]:
    """Return every class of the console that adds keys under a title, by its title."""
    found: dict[str, type[DOMNode]] = {}
    for module in pkgutil.walk_packages(console.__path__, "console."):
        if module.name.endswith("__main__"):
            continue
        for value in vars(importlib.import_module(module.name)).values():
            if isinstance(value, type) and issubclass(value, DOMNode) and "KEYS_TITLE" in vars(value):
                found[title_of(value)] = value
    return found


def table_of(owner: type[DOMNode]) -> str:
    """Return the keys of a class as a table."""
    lines = ["| key | does |", "| --- | --- |"]
    for command in commands_of(owner):
        keys = " ".join(f"`{key}`" for key in command.keys)
        lines.append(f"| {keys} | **{command.name}**: {command.help} |")
    return "\n".join(lines) + "\n"


def tables_in(guide: str) -> dict[str, str]:
    """Return the tables that stand in the guide, by their titles."""
    return {match["title"]: match["table"] for match in _TABLE.finditer(guide)}


def renew(guide: str) -> str:
    """Return the guide with its tables made anew."""
    known = owners()
    return _TABLE.sub(
        lambda match: f"<!-- keys: {match['title']} -->\n{table_of(known[match['title']])}<!-- end -->\n",
        guide,
    )


if __name__ == "__main__":
    GUIDE.write_text(renew(GUIDE.read_text(encoding="utf-8")), encoding="utf-8")
