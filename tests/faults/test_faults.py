"""Each fault of the matrix in its short form; `./build.sh faults` runs the long ones."""

from __future__ import annotations

import random

import pytest

from tests.faults.catalogue import FAULTS
from tests.faults.plan import Fault, Plan


@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: fault.name)
async def test_nothing_is_lost_double_out_of_order_or_misdelivered(fault: Fault) -> None:
    seed = random.randrange(2**32)
    print(f"seed {seed}")
    plan = Plan(seed=seed, short=True, random=random.Random(f"{seed} {fault.name}"))
    rows = [row async for row in fault.run(plan)]
    assert rows
    assert [row for row in rows if not row.holds] == []
