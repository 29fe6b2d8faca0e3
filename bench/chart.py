"""Draws the lines of a run's JSON: `python bench/chart.py bench.json`. Knows nothing of ours."""

from __future__ import annotations

import json
import re
import sys
from pathlib import Path
from typing import Any

import matplotlib as mpl

mpl.use("Agg")

from matplotlib import pyplot as plt

_INCHES, _DPI = (7.0, 4.2), 130


def draw(title: str, lines: list[dict[str, Any]], target: Path) -> None:
    """Draw one chart into a file."""
    figure, axes = plt.subplots(figsize=_INCHES, layout="constrained")
    for line in lines:
        xs, ys = zip(*line["points"], strict=True)
        axes.plot(xs, ys, marker="o", markersize=3.5, linewidth=1.4, label=line["label"])
    first = lines[0]
    axes.set_xscale("log" if "x" in first["logarithmic"] else "linear")
    axes.set_yscale("log" if "y" in first["logarithmic"] else "linear")
    axes.set(title=title, xlabel=first["x_label"], ylabel=first["y_label"])
    if "y" not in first["logarithmic"]:
        axes.set_ylim(bottom=0)
    axes.grid(visible=True, linewidth=0.4, alpha=0.6)
    axes.legend(frameon=False, fontsize="small")
    figure.savefig(target, dpi=_DPI, metadata={"Software": None})
    plt.close(figure)


def main() -> None:
    """Draw a chart for each title, beside the JSON, and print the files' names."""
    source = Path(sys.argv[1])
    charts: dict[str, list[dict[str, Any]]] = {}
    for line in json.loads(source.read_text(encoding="utf-8"))["series"]:
        charts.setdefault(line["chart"], []).append(line)
    for title, lines in charts.items():
        target = source.with_name(re.sub(r"[^a-z0-9]+", "-", title.lower()).strip("-") + ".png")
        draw(title, lines, target)
        sys.stdout.write(f"{target}\n")


if __name__ == "__main__":
    main()
