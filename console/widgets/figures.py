"""The numbers of the desk, as large as they fit."""

from __future__ import annotations

from datetime import datetime

from textual.content import Content
from textual.geometry import Size
from textual.widget import Widget

from ..api.records import Hour, Stats
from ..state.overview import Card, Check, Tone, bars, cards, checks, first_answers, hour_axis

_COLOURS: dict[Tone, str] = {
    "quiet": "$text-muted",
    "good": "bold $text-success",
    "warm": "bold $text-warning",
    "bad": "bold $text-error",
}
_CARD = 11
"""Cells of a number with its label, at least."""

_LABEL = 12
_TALL = 36
"""Lines from which on the bars are higher than one."""


class Figures(Widget):
    """Everything in one text, laid out for the width there is."""

    DEFAULT_CSS = """
    Figures { height: auto; width: 100%; padding: 0 2; }
    """

    def __init__(self) -> None:
        super().__init__()
        self._stats: Stats | None = None
        self._now: datetime | None = None
        self._height = 1

    def show(self, stats: Stats | None, now: datetime) -> None:
        """Show other numbers."""
        self._stats, self._now = stats, now
        self.refresh(layout=True)

    def get_content_height(self, container: Size, viewport: Size, width: int) -> int:
        """Return how many lines there are."""
        self._height = 4 if viewport.height >= _TALL else 1
        return self._text(width).plain.count("\n") + 1

    def render(self) -> Content:
        """Return the text."""
        return self._text(self.content_size.width)

    def _text(self, width: int) -> Content:
        if self._stats is None or self._now is None:
            return Content.styled("Counting …", "$text-muted")
        stats, bar = self._stats, 3 if width >= 100 else 2
        parts = [
            Content(),
            *_cards(cards(stats), width),
            Content(),
            _title("First answer, last seven days"),
            Content(first_answers(stats)),
            Content(),
            _title("Messages an hour, last 24 hours"),
            *_hours(stats.hours, self._now, bar, self._height),
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


def _hours(hours: tuple[Hour, ...], now: datetime, width: int, height: int) -> list[Content]:
    from_customers = [hour.customer for hour in hours]
    from_team = [hour.moderator for hour in hours]
    most = max([*from_customers, *from_team, 0])
    lines: list[Content] = []
    for name, numbers, colour in (
        ("customers", from_customers, "$text-warning"),
        ("team", from_team, "$text-success"),
    ):
        *above, last = bars(numbers, most=most, width=width, height=height)
        lines += [Content.assemble(" " * _LABEL, (line, colour)) for line in above]
        label = Content.styled(name, "$text-muted").truncate(_LABEL, pad=True)
        lines.append(Content.assemble(label, (last, colour), (f" {sum(numbers)}", "bold")))
    axis = hour_axis(hours, now, width=width)
    return [*lines, Content.styled(" " * _LABEL + axis, "$text-muted")]


def _check(check: Check) -> Content:
    mark, colour = ("✓", "$text-success") if check.is_well else ("✗", "$text-error")
    name = Content(check.name).truncate(_LABEL + 2, pad=True)
    advice = ("  " + check.advice, "$text-muted") if check.advice else ""
    return Content.assemble((f"{mark} ", colour), name, (check.said, colour), advice)
