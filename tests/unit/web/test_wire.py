"""How the domain looks on the wire."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import datetime, timezone

import pytest

from plugin.config import Settings
from plugin.domain.model import Author, ConversationEvent, Customer, Message, Session, Ticket
from plugin.services.conversations import Page
from plugin.services.sessions import Visit
from plugin.web import schemas
from plugin.web.languages import Language

NOON = datetime(2026, 3, 1, 12, 0, 0, 7000, tzinfo=timezone.utc)


MESSAGE = Message(
    id="MSG-1",
    customer_id="CUST-1",
    seq=17,
    ticket=1042,
    channel="team",
    author=Author(kind="moderator", id="MOD-A", name="Alice", verified=True),
    text='Hi "Jane"\nfixed 😀\u2028',
    reply_to="MSG-0",
    client_id=None,
    created_at=NOON,
)


@pytest.mark.parametrize(
    ("microsecond", "text"), [(0, "000"), (7000, "007"), (7999, "007"), (120000, "120"), (999999, "999")]
)
def test_a_time_is_rfc_3339_in_utc_with_milliseconds(microsecond: int, text: str) -> None:
    assert schemas.time_json(NOON.replace(microsecond=microsecond)) == f"2026-03-01T12:00:00.{text}Z"
    assert schemas.time_json(None) is None


def test_a_message_has_these_fields_and_no_customer() -> None:
    assert schemas.message_json(MESSAGE) == {
        "id": "MSG-1",
        "seq": 17,
        "ticket": 1042,
        "channel": "team",
        "moderator": None,
        "author": {"kind": "moderator", "id": "MOD-A", "name": "Alice", "verified": True},
        "text": 'Hi "Jane"\nfixed 😀\u2028',
        "reply_to": "MSG-0",
        "client_id": None,
        "created_at": "2026-03-01T12:00:00.007Z",
        "edited_at": None,
        "deleted_at": None,
    }


def test_an_edited_and_deleted_message_says_when() -> None:
    data = schemas.message_json(
        replace(MESSAGE, edited_at=NOON.replace(hour=13), deleted_at=NOON.replace(hour=14))
    )
    assert data["edited_at"] == "2026-03-01T13:00:00.007Z"
    assert data["deleted_at"] == "2026-03-01T14:00:00.007Z"


def test_a_deleted_message_keeps_its_place_and_loses_its_text() -> None:
    data = schemas.message_json(replace(MESSAGE, deleted_at=NOON))
    assert data == {**schemas.message_json(MESSAGE), "text": "", "deleted_at": "2026-03-01T12:00:00.007Z"}


def page_of(*seqs: int, more: bool) -> Page:
    messages = tuple(replace(MESSAGE, seq=seq) for seq in seqs)
    return Page(messages=messages, more=more, last_event=99)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("seqs", "more", "forward", "cursor"),
    [
        ((3, 4, 5), True, True, "5"),
        ((3, 4, 5), True, False, "3"),
        ((3, 4, 5), False, True, None),
        ((3, 4, 5), False, False, None),
        ((), False, True, None),
    ],
)
def test_a_page_says_where_to_read_on(seqs: tuple[int, ...], more: bool, forward: bool, cursor: str) -> None:
    data = schemas.page_json(page_of(*seqs, more=more), forward=forward)
    assert [item["seq"] for item in data["items"]] == list(seqs)
    assert data["next"] == cursor
    assert data["last_event_id"] == 99


def test_an_event_of_the_stream_is_one_block_whatever_the_text_holds() -> None:
    event = ConversationEvent(number=8, type="message.created", message=MESSAGE)
    block = schemas.event_block(event).decode()
    lines = block.split("\n")
    assert lines[:2] == ["id: 8", "event: message.created"]
    assert lines[3:] == ["", ""]
    assert lines[2].startswith("data: ")
    assert json.loads(lines[2].removeprefix("data: ")) == schemas.message_json(MESSAGE)
    assert "\r" not in block
    assert "fixed 😀" in block


TICKET = Ticket(
    number=1042,
    customer_id="CUST-1",
    status="closed",
    opened_at=NOON,
    active_at=NOON,
    closed_at=NOON,
    assignee="MOD-A",
    score=4,
)


def test_a_ticket_shows_number_state_and_rating_and_nothing_of_the_team() -> None:
    assert schemas.ticket_json(TICKET) == {"number": 1042, "status": "closed", "score": 4}
    reopened = replace(TICKET, status="open", closed_at=None, score=None)
    assert schemas.ticket_json(reopened) == {"number": 1042, "status": "open", "score": None}
    assert schemas.ticket_json(None) is None


def test_an_event_about_a_ticket_carries_the_ticket() -> None:
    block = schemas.event_block(ConversationEvent(number=9, type="ticket.updated", ticket=TICKET)).decode()
    assert block.startswith("id: 9\nevent: ticket.updated\ndata: ")
    assert block.endswith("\n\n")
    data = block.split("\n")[2].removeprefix("data: ")
    assert json.loads(data) == {"number": 1042, "status": "closed", "score": 4}


def test_a_session_shows_its_customer_and_its_ticket(customer: Customer) -> None:
    session = Session(id="SESS-1", customer_id=customer.id, created_at=NOON, ended_at=None)
    ticket = replace(TICKET, status="open", closed_at=None, score=None)
    shown = {
        "id": "SESS-1",
        "created_at": "2026-03-01T12:00:00.007Z",
        "customer": {"id": "CUST-1", "identity": "anonymous", "name": None, "account": None},
        "ticket": {"number": 1042, "status": "open", "score": None},
    }
    assert schemas.visit_json(Visit(session=session, customer=customer, ticket=ticket)) == shown
    account = "eip155:1:0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed"
    wallet = replace(customer, identity="wallet", account=account)
    user = replace(customer, identity="user", account="user:7", email="ann@example.org")
    for proven, told in ((wallet, account), (user, None)):
        visit = Visit(session=session, customer=proven, ticket=None)
        assert schemas.visit_json(visit)["customer"]["account"] == told
        assert "ann@example.org" not in str(schemas.visit_json(visit))
    none_yet = schemas.visit_json(Visit(session=session, customer=customer, ticket=None))
    assert none_yet == {**shown, "ticket": None}


def test_the_public_configuration_tells_what_a_page_needs_and_nothing_of_the_team(settings: Settings) -> None:
    arabic = Language(code="ar", name="العربية", dir="rtl", texts={"hello": "مرحبا"})
    english = Language(code="en", name="English", dir="ltr", texts={"hello": "Hello"})
    data = schemas.config_json(
        settings,
        features={"wallet": True, "user": False, "direct": True},
        chains=(1, 10),
        moderators=3,
        language=arabic,
        languages=(arabic, english),
    )
    assert data == {
        "name": "Support",
        "color": "#4f46e5",
        "locale": "ar",
        "dir": "rtl",
        "languages": [
            {"code": "ar", "name": "العربية", "dir": "rtl"},
            {"code": "en", "name": "English", "dir": "ltr"},
        ],
        "texts": {"hello": "مرحبا"},
        "features": {"wallet": True, "user": False, "direct": True},
        "wallet": {"chains": [1, 10]},
        "moderators": 3,
        "limits": {"text": 4000, "body": 32768, "messages_per_minute": 20},
    }
