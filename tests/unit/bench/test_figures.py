from __future__ import annotations

import pytest

from bench.figures import Aim, Figure, alternate, median_interval, percentile


def test_percentiles_lie_between_their_neighbours() -> None:
    assert percentile([4.0, 1.0, 3.0, 2.0], 50) == 2.5
    assert percentile([1.0, 2.0], 0) == 1.0
    assert percentile(list(range(101)), 99) == 99
    with pytest.raises(ValueError, match="nothing"):
        percentile([], 50)


@pytest.mark.parametrize(
    ("aim", "ours", "baseline", "value", "holds"),
    [
        (Aim(compared="more", bound=3), 5.0, 2.0, 3.0, True),
        (Aim(compared="more", bound=3), 5.5, 2.0, 3.5, False),
        (Aim(compared="times", bound=1.3), 2.6, 2.0, 1.3, True),
        (Aim(compared="times", bound=0.8, is_least=True), 1.5, 2.0, 0.75, False),
        (Aim(compared="itself", bound=50), 51.0, None, 51.0, False),
    ],
)
def test_a_figure_is_held_against_its_aim(
    aim: Aim, ours: float, baseline: float | None, value: float, holds: bool
) -> None:
    figure = Figure.of("a thing", ours, unit="ms", aim=aim, baseline=baseline)
    assert (figure.value, figure.holds) == (value, holds)


def test_with_an_interval_only_all_of_it_beyond_is_a_miss() -> None:
    aim = Aim(compared="times", bound=0.95, is_least=True)
    touching = Figure.of("a", 9, unit="", aim=aim, baseline=10, value=0.9, interval=(0.85, 0.96))
    below = Figure.of("a", 9, unit="", aim=aim, baseline=10, value=0.9, interval=(0.85, 0.94))
    assert (touching.holds, below.holds) == (True, False)


def test_the_interval_of_a_median_holds_it_and_is_repeatable() -> None:
    values = [float(one) for one in range(21)]
    low, high = median_interval(values, 7)
    assert low < 10 < high
    assert median_interval(values, 7) == (low, high)
    assert median_interval([5.0] * 15) == (5.0, 5.0)


async def test_each_side_is_first_in_its_turn() -> None:
    order: list[str] = []

    async def run(side: str) -> int:
        order.append(side)
        return len(order)

    assert await alternate(3, lambda: run("ours"), lambda: run("bare")) == [(1, 2), (4, 3), (5, 6)]
    assert order == ["ours", "bare", "bare", "ours", "ours", "bare"]
