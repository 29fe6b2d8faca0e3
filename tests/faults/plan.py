"""What a fault is, and what a run of it has shown."""

from __future__ import annotations

import random
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field
from typing import TypeVar

T = TypeVar("T")


@dataclass(frozen=True, kw_only=True)
class Counts:
    """How many messages and replies did not arrive as they must; all zero is well."""

    lost: int = 0
    double: int = 0
    out_of_order: int = 0
    misdelivered: int = 0

    def __add__(self, other: Counts) -> Counts:
        return Counts(
            lost=self.lost + other.lost,
            double=self.double + other.double,
            out_of_order=self.out_of_order + other.out_of_order,
            misdelivered=self.misdelivered + other.misdelivered,
        )


@dataclass(frozen=True, kw_only=True)
class Row:
    """One line of the table: a case of a fault."""

    case: str
    load: str
    """What was under way, such as `1000 messages of 20 customers`."""
    counts: Counts
    heal: float | None = None
    """Seconds from the fault's end until all was well again."""
    notes: tuple[str, ...] = ()
    """Other figures."""
    failures: tuple[str, ...] = ()
    """What else must hold and did not."""

    @property
    def holds(self) -> bool:
        """Tell whether nothing is wrong."""
        return self.counts == Counts() and not self.failures


@dataclass(frozen=True, kw_only=True)
class Plan:
    """How a fault is to be run."""

    seed: int
    short: bool
    """A few seconds for `./build.sh test`; bounds of time are then noted and not checked."""
    random: random.Random = field(repr=False)
    """All that is left to chance comes from here."""

    def of(self, long: T, short: T) -> T:
        """Return what the run's form takes."""
        return short if self.short else long

    def bound(self, what: str, measured: float, most: float, unit: str) -> tuple[str, ...]:
        """Return a failure where the long form exceeds a bound, else nothing."""
        if self.short or measured <= most:
            return ()
        return (f"{what}: {measured:.3g} {unit}, at most {most:g} {unit}",)


@dataclass(frozen=True, kw_only=True)
class Fault:
    """A fault of the matrix: what is done to the system while it works."""

    name: str
    """Its number there."""
    title: str
    run: Callable[[Plan], AsyncIterator[Row]]
