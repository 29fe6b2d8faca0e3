"""What the runs have shown, as a table for people and as JSON for programs."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from tests.faults.plan import Fault, Row

_HEAD = ("fault", "case", "load", "lost", "double", "out of order", "misdelivered", "healed in")


@dataclass(frozen=True, kw_only=True)
class Line:
    """A row and the fault that it belongs to."""

    fault: Fault
    row: Row


def as_table(lines: Sequence[Line]) -> str:
    """Return a line a row; below it what else was measured, and what did not hold."""
    cells = [_HEAD, *(_cells(line) for line in lines)]
    widths = [max(map(len, column)) for column in zip(*cells, strict=True)]
    texts = []
    for at, row in enumerate(cells):
        texts.append("  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip())
        if at:
            texts += [f"      {note}" for note in lines[at - 1].row.notes]
            texts += [f"    ✗ {failure}" for failure in lines[at - 1].row.failures]
    return "\n".join(texts)


def _cells(line: Line) -> tuple[str, ...]:
    row, counts = line.row, line.row.counts
    numbers = (counts.lost, counts.double, counts.out_of_order, counts.misdelivered)
    healed = "–" if row.heal is None else f"{row.heal:.1f} s"
    return (line.fault.name, row.case, row.load, *map(str, numbers), healed)


def as_json(lines: Sequence[Line], seed: int) -> str:
    """Return `{"seed", "holds", "rows"}`; `heal` is in seconds or null."""
    rows: list[dict[str, Any]] = [
        {"fault": line.fault.name, "title": line.fault.title, **dataclasses.asdict(line.row)}
        for line in lines
    ]
    holds = all(line.row.holds for line in lines)
    return json.dumps({"seed": seed, "holds": holds, "rows": rows}, indent=2, ensure_ascii=False)
