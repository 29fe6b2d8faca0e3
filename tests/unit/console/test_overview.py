"""The desk in numbers, as words and bars."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone

from console.api.records import FirstAnswer, Health, Hour, Stats
from console.state.overview import bars, cards, checks, first_answers, hour_axis

NOW = datetime(2026, 3, 1, 12, 0, tzinfo=timezone.utc)


def stats(**changes) -> Stats:
    numbers = dict.fromkeys(("open", "waiting", "blocked", "unsent", "failed", "held", "strangers_today"), 0)
    values = {
        "first_answer": FirstAnswer(p50=None, p90=None, count=0),
        "hours": (),
        "health": Health(status="ok", checks={}),
    }
    return Stats(**{**numbers, **values, **changes})


def test_numbers_are_quiet_until_there_is_something_to_do() -> None:
    assert {card.tone for card in cards(stats())} == {"quiet"}
    shown = {card.label: (card.number, card.tone) for card in cards(stats(failed=1, waiting=12345))}
    assert shown["failed"] == ("1", "bad")
    assert shown["waiting"] == ("12 345", "warm")


def test_first_answers_are_said_in_words() -> None:
    assert first_answers(stats()) == "No first answers in the last seven days."
    one = FirstAnswer(p50=90.4, p90=7500.0, count=1)
    assert first_answers(stats(first_answer=one)) == "half within 1m 30s, nine of ten within 2h 5m (1 ticket)"


def test_bars_show_the_least_message_and_no_mountain_of_one() -> None:
    assert bars([0, 1, 2, 4], most=4) == [" ▂▄█"]
    assert bars([0, 1, 1000], most=1000) == [" ▁█"]
    assert bars([1], most=1, width=2) == ["▂▂"]
    assert bars([0, 2, 4], most=4, height=2) == ["  █", " ██"]
    assert bars([], most=0) == [""]


def test_the_axis_names_every_sixth_hour() -> None:
    hours = [Hour(at=NOW.replace(hour=0) + timedelta(hours=n), customer=0, moderator=0) for n in range(24)]
    assert hour_axis(hours, NOW).split() == ["00", "06", "12", "18"]
    assert hour_axis(hours, NOW, width=2).index("06") == 12
    assert len(hour_axis(hours, NOW, width=2)) == 48


def test_what_is_not_well_comes_with_what_it_means() -> None:
    health = Health(
        status="degraded",
        checks={"database": "ok", "bridge": "silent", "new": "\x1bbroken", "outbox": "ok"},
    )
    found = {
        check.name: (check.said, check.is_well, bool(check.advice)) for check in checks(stats(health=health))
    }
    assert found == {
        "Database": ("ok", True, False),
        "Bridge": ("silent", False, True),
        "new": ("broken", False, False),
        "Outbox": ("ok", True, False),
    }
