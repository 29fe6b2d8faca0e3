"""`./build.sh bench`: measures every row beside its aim, and exits with 1 where one is missed."""

from __future__ import annotations

import argparse
import asyncio
import json
import sys
import time
import traceback
from pathlib import Path

from . import console, memory, pacing, posts, relay, replies, report, rows, streams, widget
from .figures import Figure, Plan, Row, Series

ROWS: tuple[Row, ...] = (
    relay.ROW,
    pacing.ROW,
    posts.ROW,
    replies.ROW,
    streams.ROW_MEMORY,
    streams.ROW_DELIVERIES,
    rows.ROW,
    memory.ROW,
    console.ROW,
    widget.ROW,
)
"""In the order in which they are measured."""

_OUT = Path(__file__).parent.parent / ".build" / "figures"


def _say(text: str) -> None:
    sys.stderr.write(f"[{time.strftime('%H:%M:%S')}] {text}\n")
    sys.stderr.flush()


async def _measure(row: Row, plan: Plan) -> tuple[list[Figure | Series], bool]:
    """Return what was measured, and whether the row came to its end."""
    found: list[Figure | Series] = []
    try:
        async for one in row.measure(plan):
            found.append(one)  # noqa: PERF401 (what was found before a failure is kept)
    except Exception:
        traceback.print_exc()
        return found, False
    return found, True


async def run(wanted: list[Row], plan: Plan, *, out: Path, as_json: bool) -> int:
    """Measure these rows; return the exit status."""
    found: dict[str, list[Figure | Series]] = {}
    broken: list[str] = []
    for row in wanted:
        plan.say(row.title)
        found[row.name], whole = await _measure(row, plan)
        broken += [] if whole else [row.name]
    document = report.as_json(found, quick=plan.quick)
    if as_json:
        sys.stdout.write(json.dumps(document, indent=1, ensure_ascii=False) + "\n")
    else:
        sys.stdout.write(report.table({row.name: row.title for row in wanted}, found) + "\n\n")
    for path in report.write(document, out):
        plan.say(f"written: {path}")
    figures = [(name, one) for name, ones in found.items() for one in ones if isinstance(one, Figure)]
    missed = [f"{name}: {figure.name}" for name, figure in figures if not figure.holds]
    for name in broken:
        plan.say(f"could not be measured: {name}")
    for text in missed:
        plan.say(f"missed: {text}")
    return 1 if broken or missed else 0


def main() -> int:
    """Read the arguments and measure."""
    names = [row.name for row in ROWS]
    parser = argparse.ArgumentParser(
        prog="./build.sh bench", description="Measure, and compare with the aims."
    )
    parser.add_argument("--quick", action="store_true", help="few repeats and small stores, under 3 minutes")
    parser.add_argument("--json", action="store_true", help="print JSON in the place of the table")
    parser.add_argument("--only", action="append", choices=names, metavar="ROW", help=", ".join(names))
    parser.add_argument("--seed", type=int, default=0, help="of what is drawn at random")
    parser.add_argument("--out", type=Path, default=_OUT, metavar="DIR", help="where JSON and charts go")
    arguments = parser.parse_args()
    wanted = [row for row in ROWS if not arguments.only or row.name in arguments.only]
    plan = Plan(quick=arguments.quick, seed=arguments.seed, say=_say)
    return asyncio.run(run(wanted, plan, out=arguments.out, as_json=arguments.json))


if __name__ == "__main__":
    sys.exit(main())
