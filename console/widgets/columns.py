"""The columns of a list: which of them fit, how wide they are, and a line made of their cells."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

from textual.content import Content

T = TypeVar("T")

_GAP = 1
"""Cells between two columns."""


@dataclass(frozen=True, kw_only=True)
class Column(Generic[T]):
    """One column; its cells are text without markup."""

    title: str
    cell: Callable[[T], Content | str]
    width: int
    """Cells; the least where it grows."""
    grow: int = 0
    """Share of what is left over."""
    keep: int = 0
    """Those with the smallest number go first when the terminal is narrow."""


@dataclass(frozen=True, kw_only=True)
class Sized(Generic[T]):
    """A column that fits, and how wide it is."""

    column: Column[T]
    width: int


def lay_out(columns: Sequence[Column[T]], room: int) -> list[Sized[T]]:
    """Return the columns that fit, the least important ones left out."""
    kept = list(columns)
    while len(kept) > 1 and sum(column.width + _GAP for column in kept) > room:
        kept.remove(min(kept, key=lambda column: column.keep))
    left = max(0, room - sum(column.width + _GAP for column in kept))
    shares = sum(column.grow for column in kept)
    return [
        Sized(column=column, width=column.width + (left * column.grow // shares if shares else 0))
        for column in kept
    ]


def join_cells(cells: Sequence[Content], sized: Sequence[Sized[T]], mark: str) -> Content:
    """Return a line: a mark, then each cell cut or filled to its width."""
    parts: list[Content | tuple[str, str]] = [(mark, "$primary")]
    for cell, each in zip(cells, sized, strict=True):
        parts += [cell.truncate(each.width, ellipsis=True, pad=True), Content(" " * _GAP)]
    return Content.assemble(*parts)
