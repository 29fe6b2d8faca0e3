"""All faults, in the order of the matrix."""

from __future__ import annotations

from tests.faults import (
    fault_01_killed,
    fault_02_uncommitted,
    fault_03_homeserver,
    fault_04_down,
    fault_05_gap,
    fault_06_disorder,
    fault_07_cancelled,
    fault_08_database,
    fault_09_backends,
    fault_11_clock,
    fault_12_deaf,
    fault_13_reloaded,
    fault_14_rubbish,
    fault_15_bridge,
    fault_16_cut,
    fault_17_late,
    fault_18_left,
    fault_shadow,
)
from tests.faults.plan import Fault

FAULTS: tuple[Fault, ...] = (
    fault_01_killed.FAULT,
    fault_02_uncommitted.FAULT,
    fault_03_homeserver.FAULT,
    fault_04_down.FAULT,
    fault_05_gap.FAULT,
    fault_06_disorder.FAULT,
    fault_07_cancelled.FAULT,
    fault_08_database.FAULT,
    fault_09_backends.FAULT,
    fault_11_clock.FAULT,
    fault_12_deaf.FAULT,
    fault_13_reloaded.FAULT,
    fault_14_rubbish.FAULT,
    fault_15_bridge.FAULT,
    fault_16_cut.FAULT,
    fault_17_late.FAULT,
    fault_18_left.FAULT,
    fault_shadow.FAULT,
)
