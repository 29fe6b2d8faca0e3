"""The table, the JSON and the charts of a run."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from .figures import Figure, Series, to_json
from .machine import describe_machine

_CHART = Path(__file__).with_name("chart.py")
_CHART_PYTHON = _CHART.parent.parent / ".build" / "bench" / "bin" / "python"
_HEADER = ("", "ours", "baseline", "compared", "95 %", "aim", "")
Rows = Mapping[str, Sequence["Figure | Series"]]


def _shown(value: float | None) -> str:
    if value is None:
        return "–"
    return f"{value:,.0f}" if abs(value) >= 1000 else f"{value:.3g}" if abs(value) < 100 else f"{value:.0f}"


def _cells(figure: Figure) -> tuple[str, ...]:
    compared = {"more": "+ {}", "times": "{} ×", "itself": ""}[figure.compared]
    interval = "" if figure.interval is None else " – ".join(map(_shown, figure.interval))
    return (
        f"{figure.name}, {figure.unit}",
        _shown(figure.ours),
        _shown(figure.baseline),
        compared.format(_shown(figure.value)).replace("+ -", "− "),
        interval,
        figure.aim,
        "" if not figure.aim else "ok" if figure.holds else "MISSED",
    )


def table(titles: Mapping[str, str], rows: Rows) -> str:
    """Return what was measured as a table, a part for each row."""
    cells = {name: [_cells(one) for one in found if isinstance(one, Figure)] for name, found in rows.items()}
    everything = [_HEADER, *(line for lines in cells.values() for line in lines)]
    widths = [max(map(len, column)) for column in zip(*everything, strict=True)]

    def line(parts: Sequence[str]) -> str:
        first, *others = parts
        shown = [f"{part:>{width}}" for part, width in zip(others, widths[1:], strict=True)]
        return "  ".join([f"{first:<{widths[0]}}", *shown]).rstrip()

    out = [line(_HEADER)]
    for name, found in rows.items():
        out += ["", f"{titles[name]} ({name})", *map(line, cells[name])]
        out += [f"  {one.notes}" for one in found if isinstance(one, Figure) and one.notes]
    return "\n".join(out)


def as_json(rows: Rows, *, quick: bool) -> dict[str, Any]:
    """Return everything as one document."""
    return {
        "machine": describe_machine(),
        "quick": quick,
        "rows": {
            name: [to_json(one) for one in found if isinstance(one, Figure)] for name, found in rows.items()
        },
        "series": [to_json(one) for found in rows.values() for one in found if isinstance(one, Series)],
    }


def write(document: Mapping[str, Any], folder: Path) -> list[Path]:
    """Write the JSON and, where there is something to draw, the charts; return what was written."""
    folder.mkdir(parents=True, exist_ok=True)
    target = folder / "bench.json"
    target.write_text(json.dumps(document, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    if not document["series"]:
        return [target]
    python = str(_CHART_PYTHON) if _CHART_PYTHON.exists() else sys.executable
    drawn = subprocess.run([python, str(_CHART), str(target)], check=True, capture_output=True, text=True)  # noqa: S603
    return [target, *map(Path, drawn.stdout.splitlines())]
