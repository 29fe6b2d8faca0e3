"""`python -m tests.faults [--only N] [--json] [--seed S] [--short]`: the fault matrix."""

from __future__ import annotations

import argparse
import asyncio
import random
import sys
import time
from collections.abc import Sequence

from tests.faults.catalogue import FAULTS
from tests.faults.plan import Counts, Fault, Plan, Row
from tests.faults.report import Line, as_json, as_table


def main() -> int:
    """Run the faults that were asked for; 1 if a row does not hold."""
    names = [fault.name for fault in FAULTS]
    parser = argparse.ArgumentParser(prog="./build.sh faults")
    parser.add_argument("--only", action="append", choices=names, metavar="N", help=f"of {', '.join(names)}")
    parser.add_argument("--json", action="store_true", help="print JSON in place of a table")
    parser.add_argument("--seed", type=int, default=random.randrange(2**32), help="of all that is random")
    parser.add_argument("--short", action="store_true", help="the short forms, as in ./build.sh test")
    options = parser.parse_args()
    print(f"seed {options.seed}", file=sys.stderr)
    chosen = [fault for fault in FAULTS if not options.only or fault.name in options.only]
    lines = asyncio.run(_run_all(chosen, options.seed, short=options.short))
    print(as_json(lines, options.seed) if options.json else as_table(lines))
    return 0 if all(line.row.holds for line in lines) else 1


async def _run_all(faults: Sequence[Fault], seed: int, *, short: bool) -> list[Line]:
    lines = []
    for fault in faults:
        began = time.monotonic()
        print(f"fault {fault.name}: {fault.title}", file=sys.stderr, flush=True)
        # Of its own, so that one fault run alone does what it does among all.
        plan = Plan(seed=seed, short=short, random=random.Random(f"{seed} {fault.name}"))
        try:
            async for row in fault.run(plan):
                lines.append(Line(fault=fault, row=row))
                print("\n".join(as_table(lines[-1:]).splitlines()[1:]), file=sys.stderr, flush=True)
        except Exception as error:
            failed = Row(case="–", load="–", counts=Counts(), failures=(f"{type(error).__name__}: {error}",))
            lines.append(Line(fault=fault, row=failed))
            print(f"    ✗ {failed.failures[0]}", file=sys.stderr, flush=True)
        print(f"    {time.monotonic() - began:.0f} s", file=sys.stderr, flush=True)
    return lines


if __name__ == "__main__":
    sys.exit(main())
