"""How commands print: stable JSON for machines, aligned text without a control character for people."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import fields, is_dataclass
from datetime import datetime, timezone
from typing import Any

import click
from rich.cells import cell_len

from ..state.plain import plain


def print_json(value: object) -> None:
    """Print a value of the API's models as JSON, in ASCII, so that no text in it can do harm."""
    click.echo(json.dumps(_jsonable(value), indent=2))


def _jsonable(value: Any) -> Any:
    if is_dataclass(value):
        return {field.name: _jsonable(getattr(value, field.name)) for field in fields(value)}
    if isinstance(value, datetime):
        return value.astimezone(timezone.utc).isoformat(timespec="milliseconds").replace("+00:00", "Z")
    if isinstance(value, Mapping):
        return {key: _jsonable(item) for key, item in value.items()}
    if isinstance(value, (tuple, list)):
        return [_jsonable(item) for item in value]
    return value


def print_table(rows: Sequence[Sequence[str]]) -> None:
    """Print rows with their columns below each other; each cell on one line and without controls."""
    cells = [[plain(cell) for cell in row] for row in rows]
    widths = [max(cell_len(cell) for cell in column) for column in zip(*cells, strict=True)]
    for row in cells:
        padded = [cell + " " * (width - cell_len(cell)) for cell, width in zip(row, widths, strict=True)]
        click.echo("  ".join(padded).rstrip())


def say(sentence: str) -> None:
    """Print one line."""
    click.echo(plain(sentence))


def indented(text: str) -> str:
    """Return somebody's words, each line set in, as they may be printed."""
    return "\n".join(f"  {line}".rstrip() for line in plain(text, lines=True).split("\n"))


def local(at: datetime) -> str:
    """Return a time as the clock on the wall here shows it."""
    return at.astimezone().strftime("%Y-%m-%d %H:%M")
