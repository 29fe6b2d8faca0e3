"""What the desk says, read into values; what can't be read is named."""

from __future__ import annotations

import json
from datetime import datetime, timezone
from typing import Any

import pytest

from console.api.errors import NotUnderstood
from console.api.events import Event, MessageNews, Reset, read_event, read_reset
from console.api.fields import Fields
from console.api.models import Customer, CustomerDetail, Ticket, TicketDetail

AT = "2026-03-01T12:00:00.123Z"
CUSTOMER: dict[str, Any] = {
    "id": "01C",
    "name": None,
    "identity": "wallet",
    "account": "eip155:1:0xAb",
    "blocked": False,
    "more": "that a later desk may add",
}
TICKET: dict[str, Any] = {
    "number": 1042,
    "status": "open",
    "waiting": "team",
    "waiting_since": AT,
    "opened_at": AT,
    "active_at": AT,
    "closed_at": None,
    "assignee": {"id": "01M", "name": "Alice"},
    "tags": ["refund"],
    "score": None,
    "comment": None,
    "last": {"author": {"kind": "customer", "name": None}, "text": "Hello", "created_at": AT},
    "last_seq": 3,
    "undelivered": 0,
    "customer": CUSTOMER,
}
MESSAGE: dict[str, Any] = {
    "id": "01A",
    "seq": 3,
    "ticket": 1042,
    "channel": "team",
    "author": {"kind": "customer", "id": "01C", "name": None, "verified": False},
    "text": "Hello",
    "reply_to": None,
    "created_at": AT,
    "edited_at": None,
    "deleted_at": None,
    "delivery": "sent",
    "delivery_error": None,
}


def test_a_ticket() -> None:
    ticket = Ticket.from_json(TICKET)
    assert ticket.opened_at == datetime(2026, 3, 1, 12, 0, 0, 123000, tzinfo=timezone.utc)
    assert ticket.assignee is not None
    assert ticket.last is not None
    assert (ticket.number, ticket.assignee.name, ticket.tags, ticket.last.text) == (
        1042,
        "Alice",
        ("refund",),
        "Hello",
    )
    assert isinstance(ticket.customer, Customer)


def test_a_ticket_with_all_of_its_customer() -> None:
    more = {"email": None, "created_at": AT, "page_url": None, "origin": None, "locale": "en"}
    earlier = {"number": 7, "status": "closed", "opened_at": AT}
    customer = {**CUSTOMER, **more, "tickets": [earlier], "blocks": []}
    detail = TicketDetail.from_json({**TICKET, "customer": customer})
    assert isinstance(detail.customer, CustomerDetail)
    assert detail.customer.tickets[0].number == 7


@pytest.mark.parametrize(
    ("member", "value"),
    [
        ("number", "1042"),
        ("number", True),
        ("number", None),
        ("opened_at", "yesterday"),
        ("opened_at", "2026-03-01T12:00:00"),
        ("tags", "refund"),
        ("tags", [1]),
        ("customer", None),
        ("customer", []),
    ],
)
def test_a_member_of_another_kind_is_named(member: str, value: object) -> None:
    with pytest.raises(NotUnderstood, match=f"no usable {member}") as caught:
        Ticket.from_json({**TICKET, member: value})
    assert caught.value.code == "not_understood"


def test_what_is_no_object_is_refused() -> None:
    with pytest.raises(NotUnderstood, match="not a JSON object"):
        Ticket.from_json([])  # type: ignore[arg-type]


def test_a_number_may_be_whole() -> None:
    fields = Fields({"a": 3, "b": 2.5, "c": None}, "test")
    assert [fields.number_or_none(name) for name in "abcd"] == [3.0, 2.5, None, None]


def test_an_event_is_read_with_what_it_is_about() -> None:
    data = {"message": MESSAGE, "ticket": TICKET, "customer": CUSTOMER}
    event = read_event(7, "message.created", json.dumps(data))
    assert isinstance(event, Event)
    assert (event.id, event.type) == (7, "message.created")
    assert isinstance(event.about, MessageNews)
    assert event.about.message.seq == 3


def test_a_type_of_a_later_desk_is_told_without_more() -> None:
    assert read_event(7, "weather.changed", "rain") == Event(id=7, type="weather.changed")


@pytest.mark.parametrize("data", ["", "{", "[]", '{"message":{}}'])
def test_an_event_that_cant_be_read_makes_all_be_loaded(data: str) -> None:
    assert read_event(7, "message.created", data) == Reset(id=7)


def test_a_reset_says_where_it_goes_on() -> None:
    assert read_reset('{"last_event_id":12}') == Reset(id=12)
    for data in ("", "{}", '{"last_event_id":"12"}'):
        with pytest.raises(NotUnderstood):
            read_reset(data)
