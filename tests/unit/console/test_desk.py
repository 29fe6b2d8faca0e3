"""What the console makes of events; which tickets belong in which list; times in few characters."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from console.api.events import CustomerNews, Event, MessageNews, Reset
from console.api.models import Customer
from console.state.desk import Desk, name_of, notice_of
from console.state.filters import FILTERS, order_by
from console.state.times import day, length, moment, warmth
from tests.unit.console.values import ALICE, BOB, NOON, customer, me, message, ticket


def news(kind: str, number: int = 11, *, about: Customer | None = None, **more: object) -> Event:
    said = message(1, **more)
    place = None if said.channel == "direct" else ticket()
    about_message = MessageNews(message=said, ticket=place, customer=about or customer())
    return Event(id=number, type=kind, about=about_message)


def test_an_event_says_what_changed_and_counts_once() -> None:
    desk = Desk(me())
    event = Event(id=11, type="ticket.updated", about=ticket())
    assert desk.apply(event) == {"tickets", "counts"}
    assert desk.apply(event) == set()
    assert desk.apply(Event(id=12, type="canned.updated")) == {"canned"}
    assert desk.apply(Event(id=13, type="something.else")) == set()
    assert desk.last_event_id == 13


def test_a_reset_changes_everything_and_goes_on_from_its_number() -> None:
    desk = Desk(me())
    assert desk.apply(Reset(id=500)) == {"everything", "counts"}
    assert desk.apply(Event(id=500, type="canned.updated")) == set()
    assert desk.apply(Event(id=501, type="canned.updated")) == {"canned"}


def test_who_is_erased_or_another_one_now_has_written_nothing_that_is_unread() -> None:
    desk = Desk(me())
    said = news("message.created", channel="direct", ticket=None)
    desk.apply(said)
    gone = CustomerNews(id=said.about.customer.id)
    assert desk.apply(Event(id=12, type="customer.erased", about=gone)) == {"everything", "counts"}
    assert desk.number_of("direct") is None


def test_what_customers_write_in_private_is_unread_until_it_is_looked_at() -> None:
    desk = Desk(me())
    assert desk.apply(news("message.created", channel="direct", ticket=None)) == {"direct"}
    assert desk.number_of("direct") == 1
    desk.unread_direct.clear()
    assert desk.number_of("direct") is None


@pytest.mark.parametrize(
    ("event", "title"),
    [
        (Event(id=11, type="ticket.created", about=ticket()), "New ticket #1042 · Mallory"),
        (news("message.created", channel="direct", ticket=None), "Direct message · Mallory"),
        (news("message.delivery", delivery="failed"), "Not delivered · #1042 · Mallory"),
        (news("message.delivery", delivery="sent"), None),
        (news("message.created"), None),
        (Event(id=11, type="ticket.updated", about=ticket()), None),
    ],
)
def test_a_moderator_is_told_of_little_and_of_blocked_customers_nothing(
    event: Event, title: str | None
) -> None:
    notice = notice_of(event)
    assert (notice.title if notice else None) == title
    blocked = customer(blocked=True)
    about = event.about
    assert about is not None
    assert notice_of(replace(event, about=replace(about, customer=blocked))) is None  # type: ignore[call-arg]


def test_a_customer_has_a_name_whatever_is_known() -> None:
    assert name_of(customer()) == "Mallory"
    assert name_of(customer(name="\x1b[31mM\u202eal")) == "[31mMal"
    wallet = "eip155:1:0xAb5801a7D398351b8bE11C439e05C5B3259aeC9B"
    assert name_of(customer(name=None, account=wallet)) == "0xAb58…eC9B"
    assert name_of(customer(name=None, account="user:17")) == "17"
    assert name_of(customer(name=None)) == "anonymous"


@pytest.mark.parametrize(
    ("more", "lists"),
    [
        ({}, "open waiting unassigned"),
        ({"assignee": ALICE}, "open waiting mine"),
        ({"assignee": BOB, "waiting": "customer"}, "open"),
        ({"customer": customer(blocked=True)}, "open unassigned blocked"),
        ({"status": "closed", "waiting": None}, "closed"),
        ({"status": "closed", "assignee": ALICE, "customer": customer(blocked=True)}, "blocked closed"),
    ],
)
def test_a_ticket_stands_in_its_lists(more: dict[str, object], lists: str) -> None:
    found = [each.name for each in FILTERS if each.matches(ticket(**more), "alice")]
    assert found == lists.split()


def test_the_key_of_a_list_is_the_first_letter_of_its_title() -> None:
    assert [each.key for each in FILTERS] == [each.title[0].lower() for each in FILTERS]


def test_orders() -> None:
    old = ticket(1, active_at=NOON - timedelta(hours=1), waiting_since=NOON - timedelta(hours=1))
    new, idle = ticket(2), ticket(3, waiting=None, waiting_since=None, active_at=NOON - timedelta(days=1))
    everyone = [new, idle, old]
    assert [each.number for each in sorted(everyone, key=order_by("activity"))] == [2, 1, 3]
    assert [each.number for each in sorted(everyone, key=order_by("waiting"))] == [1, 2, 3]
    assert [each.number for each in sorted(everyone, key=order_by("number"))] == [3, 2, 1]


def test_times_take_few_characters() -> None:
    spans = [0, 59, 60, 3599, 3600, 86_399, 86_400, 40 * 86_400, -5]
    words = ["now", "now", "1 min", "59 min", "1 h", "23 h", "1 d", "40 d", "now"]
    assert [length(timedelta(seconds=each)) for each in spans] == words
    minutes = [0, 14, 15, 59, 60]
    assert [warmth(NOON - timedelta(minutes=each), NOON) for each in minutes] == [
        "fresh",
        "fresh",
        "warm",
        "warm",
        "hot",
    ]
    assert moment(NOON, NOON) == "12:00"
    assert moment(NOON - timedelta(days=1), NOON) == "28 Feb"
    assert moment(NOON - timedelta(days=400), NOON) == "Jan 2025"
    assert day(NOON - timedelta(days=1), NOON) == "Yesterday, Saturday, 28 February 2026"
