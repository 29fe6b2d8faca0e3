"""The numbers of the desk, as large as they fit."""

from __future__ import annotations

from datetime import datetime

from textual.content import Content
from textual.geometry import Size
from textual.widget import Widget

from ..api.records import Hour, Stats
from ..state.overview import Card, Check, Tone, cards, checks, first_answers, hour_axis, spark

_COLOURS: dict[Tone, str] = {
    "quiet": "$text-muted",
    "good": "bold $text-success",
    "warm": "bold $text-warning",
    "bad": "bold $text-error",
}
_CARD = 11
"""Cells of a number with its label, at least."""

_LABEL = 12


class Figures(Widget):
    """Everything in one text, laid out for the width there is."""

    DEFAULT_CSS = """
    Figures { height: auto; width: 100%; padding: 1 2; }
    """

    def __init__(self) -> None:
        super().__init__()
        self._stats: Stats | None = None
        self._now: datetime | None = None

    def show(self, stats: Stats | None, now: datetime) -> None:
        """Show other numbers."""
        self._stats, self._now = stats, now
        self.refresh(layout=True)

    def get_content_height(self, container: Size, viewport: Size, width: int) -> int:
        """Return how many lines there are."""
        return self._text(width).plain.count("\n") + 1

    def render(self) -> Content:
        """Return the text."""
        return self._text(self.content_size.width)

    def _text(self, width: int) -> Content:
        if self._stats is None or self._now is None:
            return Content.styled("Counting …", "$text-muted")
        stats, bar = self._stats, 3 if width >= 100 else 2
        parts = [
            *_cards(cards(stats), width),
            Content(),
            _title("First answer, last seven days"),
            Content(first_answers(stats)),
            Content(),
            _title("Messages an hour, last 24 hours"),
            *_hours(stats.hours, self._now, bar),
            Content(),
            _title("Health"),
            *(_check(check) for check in checks(stats)),
        ]
        return Content("\n").join(parts)


def _title(text: str) -> Content:
    return Content.styled(text, "bold $text-accent")


def _cards(numbers: list[Card], width: int) -> list[Content]:
    """Return the numbers with their labels below, in as many rows as it takes."""
    room = max(_CARD, max(len(card.label) for card in numbers) + 2)
    in_row = max(1, min(len(numbers), width // room))
    lines: list[Content] = []
    for start in range(0, len(numbers), in_row):
        row = numbers[start : start + in_row]
        cells = [Content.styled(card.number, _COLOURS[card.tone]).truncate(room, pad=True) for card in row]
        names = [Content.styled(card.label, "$text-muted").truncate(room, pad=True) for card in row]
        lines += [Content().join(cells), Content().join(names)]
    return lines


def _hours(hours: tuple[Hour, ...], now: datetime, bar: int) -> list[Content]:
    from_customers = [hour.customer for hour in hours]
    from_team = [hour.moderator for hour in hours]
    most = max([*from_customers, *from_team, 0])
    rows = [("customers", from_customers, "$text-warning"), ("team", from_team, "$text-success")]
    lines = [
        Content.assemble(
            Content.styled(name, "$text-muted").truncate(_LABEL, pad=True),
            (spark(numbers, width=bar, most=most), colour),
            (f" {sum(numbers)}", "bold"),
        )
        for name, numbers, colour in rows
    ]
    axis = hour_axis(hours, now, width=bar)
    return [*lines, Content.styled(" " * _LABEL + axis, "$text-muted")]


def _check(check: Check) -> Content:
    mark, colour = ("✓", "$text-success") if check.is_well else ("✗", "$text-error")
    name = Content(check.name).truncate(_LABEL + 2, pad=True)
    advice = ("  " + check.advice, "$text-muted") if check.advice else ""
    return Content.assemble((f"{mark} ", colour), name, (check.said, colour), advice)
