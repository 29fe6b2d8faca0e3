"""What a row of the benchmark says, what it has to reach, and the arithmetic behind both."""

from __future__ import annotations

import random
import statistics
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any, Literal, TypeVar

T = TypeVar("T")

_RESAMPLES = 2000
_COMPARED = {"more": "{} more", "times": "{} ×", "itself": "{}"}


@dataclass(frozen=True, kw_only=True)
class Aim:
    """What a figure has to reach."""

    compared: Literal["more", "times", "itself"]
    """Ours less the baseline, ours by the baseline, or ours alone."""
    bound: float
    is_least: bool = False
    """The bound is the least that will do, not the most."""

    def value_of(self, ours: float, baseline: float | None) -> float:
        """Return what is held against the bound."""
        if self.compared == "itself":
            return ours
        if baseline is None:
            raise ValueError("this aim needs a baseline")
        return ours - baseline if self.compared == "more" else ours / baseline

    def holds(self, value: float, interval: tuple[float, float] | None) -> bool:
        """Tell whether it is reached; with an interval it is missed only where all of that lies beyond."""
        low, high = interval or (value, value)
        return high >= self.bound if self.is_least else low <= self.bound

    def describe(self, unit: str) -> str:
        """Return the aim as the table has it."""
        shown = f"{self.bound:g}" + ("" if self.compared == "times" else f" {unit}")
        return ("≥ " if self.is_least else "≤ ") + _COMPARED[self.compared].format(shown)


@dataclass(frozen=True, kw_only=True)
class Figure:
    """One measured figure beside its aim."""

    name: str
    unit: str
    ours: float
    baseline: float | None
    value: float
    """What is compared with the aim; without one, ours."""
    compared: str
    aim: str
    """Empty where the figure is only printed."""
    holds: bool
    interval: tuple[float, float] | None
    """Of the value, 95 %."""
    notes: str

    @classmethod
    def of(
        cls,
        name: str,
        ours: float,
        *,
        unit: str,
        aim: Aim | None = None,
        baseline: float | None = None,
        value: float | None = None,
        interval: tuple[float, float] | None = None,
        notes: str = "",
    ) -> Figure:
        """Hold a figure against its aim; `value` is given where it is more than ours and the baseline say.

        That is so where the median of the pairs' differences is not the difference of the medians.
        """
        if value is None:
            value = ours if aim is None else aim.value_of(ours, baseline)
        return cls(
            name=name,
            unit=unit,
            ours=ours,
            baseline=baseline,
            value=value,
            compared="itself" if aim is None else aim.compared,
            aim="" if aim is None else aim.describe(unit),
            holds=aim is None or aim.holds(value, interval),
            interval=interval,
            notes=notes,
        )


@dataclass(frozen=True, kw_only=True)
class Series:
    """A line of a chart."""

    chart: str
    """The chart's title; lines of one title are drawn together."""
    label: str
    x_label: str
    y_label: str
    points: tuple[tuple[float, float], ...]
    logarithmic: str = ""
    """Which of the axes `x` and `y` are."""


@dataclass(frozen=True, kw_only=True)
class Plan:
    """How thoroughly to measure."""

    quick: bool = False
    seed: int = 0
    say: Callable[[str], None] = field(default=lambda _text: None)
    """Tells whoever waits what is going on."""

    @property
    def runs(self) -> int:
        """How many alternating runs a median is taken of."""
        return 3 if self.quick else 5

    def scaled(self, full: int, quick: int) -> int:
        """Return one of the two, as the plan is."""
        return quick if self.quick else full


Measured = AsyncIterator["Figure | Series"]


@dataclass(frozen=True, kw_only=True)
class Row:
    """One row of the benchmark."""

    name: str
    """By which `--only` names it."""
    title: str
    measure: Callable[[Plan], Measured]


def percentile(values: Sequence[float], percent: float) -> float:
    """Return the percentile of the values, between the two nearest where it lies between them."""
    if not values:
        raise ValueError("there is no percentile of nothing")
    ranked = sorted(values)
    place = (len(ranked) - 1) * percent / 100
    below = int(place)
    above = min(below + 1, len(ranked) - 1)
    return ranked[below] + (ranked[above] - ranked[below]) * (place - below)


def median_interval(values: Sequence[float], seed: int = 0) -> tuple[float, float]:
    """Return the 95 % interval of the median of the values, by bootstrap; the same for the same seed."""
    source = random.Random(seed)  # noqa: S311 (nothing is kept secret by it)
    medians = [statistics.median(source.choices(values, k=len(values))) for _ in range(_RESAMPLES)]
    return percentile(medians, 2.5), percentile(medians, 97.5)


async def alternate(
    runs: int, ours: Callable[[], Awaitable[T]], baseline: Callable[[], Awaitable[T]]
) -> list[tuple[T, T]]:
    """Run both sides so many times, each first in its turn, and return the pairs."""
    pairs: list[tuple[T, T]] = []
    for number in range(runs):
        if number % 2 == 0:
            mine = await ours()
            other = await baseline()
        else:
            other = await baseline()
            mine = await ours()
        pairs.append((mine, other))
    return pairs


def to_json(measured: Figure | Series) -> dict[str, Any]:
    """Return it as JSON has it."""
    return asdict(measured)
