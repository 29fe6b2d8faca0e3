"""No secret of a customer's is stored, be it in one message or over several."""

from __future__ import annotations

import asyncio
import logging
import uuid
from urllib.parse import quote

import pytest

from plugin.domain.errors import Conflict, SecretRefused, SecretSuspected
from plugin.services.firewall import MOVE_FUNDS
from plugin.services.intake import TAKEN_BACK, Intake
from plugin.services.sessions import SessionService
from plugin.services.tickets import TicketService

PHRASE = "abandon ability able about above absent absorb abstract absurd abuse access accident"
WORDS = PHRASE.split()
THIRDS = [" ".join(WORDS[at : at + 4]) for at in (0, 4, 8)]
HALVES = [" ".join(WORDS[:6]), " ".join(WORDS[6:])]
WIF = "5HueCGU8rMjxEXxiPuD5BDku4MkFqeZyd4dZ1jvhTVqvbTLvyTJ"
XPRV = (
    "xprv9s21ZrQH143K3QTDL4LXw2F7HEK3wJUD2nW2nRk4stbPy6cq3jPPqjiChkVvvNKmPGJxWUtg6LnF5kejMRNNU3TGtRBeJgk33yu"
    "GBxrMPHi"
)
KEYSTORE = (
    '{"version":3,"id":"3198bc9c-6672-5ab3-d995-4942343ae5b6","crypto":{"cipher":"aes-128-ctr",'
    '"ciphertext":"5318b4d5bcd28de64ee5559e671353e16f075ecae9f99c7a79a38af5f869aa46",'
    '"cipherparams":{"iv":"6087dab2f9fdbbfaddc31a909735c1e6"},"kdf":"pbkdf2","kdfparams":{"c":262144,"dklen":32,'
    '"prf":"hmac-sha256","salt":"ae3cd4e7013836a3df6bd7241b12db061dbe2c6785853cce422d148a624ce0bd"},'
    '"mac":"517ead924a9d0dc3124507e3393d175ce3ff7c1e96529c6c555ce9e51205e9b2"}}'
)
HEX = "0x" + "1f" * 32


async def refused(host, customer: str, text: str, **more) -> SecretRefused:
    with pytest.raises(SecretRefused) as caught:
        await host.intake.take_message(customer, str(uuid.uuid4()), text, **more)
    assert not any(word in str(caught.value) for word in text.split() if len(word) > 5)
    return caught.value


async def everything(desk) -> str:
    tables = ["message", "outbox", "batch", "conversation_event", "ticket", "session"]
    return str([await desk.store.look(f"SELECT * FROM {table}") for table in tables])


@pytest.mark.parametrize("confirmed", [False, True])
@pytest.mark.parametrize(
    ("text", "kind"), [(PHRASE, "phrase"), (WIF, "key"), (XPRV, "key"), (KEYSTORE, "keystore")]
)
async def test_a_secret_is_refused_and_nothing_of_it_stored(
    desk, host, customer, caplog, text, kind, confirmed
) -> None:
    caplog.set_level(logging.DEBUG)
    before = await everything(desk)
    error = await refused(host, customer, text, confirmed=confirmed)
    assert error.members == {"kind": kind, "earlier": False}
    assert await everything(desk) == before
    assert text[:20] not in caplog.text
    # No number was taken.
    (message,) = await desk.write(host, customer, "hello")
    assert (message.seq, message.ticket) == (1, 1001)


@pytest.mark.parametrize(("text", "kind"), [(" ".join(WORDS[:9]), "phrase"), (HEX, "key")])
async def test_what_may_be_a_secret_passes_when_it_is_confirmed(desk, host, customer, text, kind) -> None:
    client_id = str(uuid.uuid4())
    with pytest.raises(SecretSuspected) as caught:
        await host.intake.take_message(customer, client_id, text)
    assert caught.value.members == {"kind": kind}
    assert await desk.store.look("SELECT 1 FROM message") == []
    message, is_new = await host.intake.take_message(customer, client_id, text, confirmed=True)
    assert (message.text, message.seq, is_new) == (text, 1, True)


async def test_the_client_id_of_a_refused_message_is_free(desk, host, customer) -> None:
    client_id = str(uuid.uuid4())
    with pytest.raises(SecretRefused):
        await host.intake.take_message(customer, client_id, PHRASE)
    message, is_new = await host.intake.take_message(customer, client_id, "where is my money?")
    assert (message.text, is_new) == ("where is my money?", True)


@pytest.mark.parametrize("parts", [HALVES, THIRDS])
async def test_a_phrase_over_several_messages_takes_the_former_ones_with_it(
    desk, host, customer, parts
) -> None:
    await desk.write(host, customer, "Servus!", *parts[:-1])
    error = await refused(host, customer, parts[-1])
    assert error.members == {"kind": "phrase", "earlier": True}
    assert "move your funds" in error.detail
    rows = await desk.store.look("SELECT seq, text, author_kind, author_id FROM message ORDER BY seq")
    last = len(parts) + 1
    assert rows == [
        (1, "Servus!", "customer", customer),
        *((seq, "", "customer", customer) for seq in range(2, last)),
        (last, MOVE_FUNDS, "system", TAKEN_BACK),
    ]
    kept = await everything(desk)
    assert not any(word in kept for word in WORDS)
    async with host.database.snapshot() as tx:
        events = await tx.conversations.list_events_after(customer, len(parts), 100)
    assert [(event.type, event.message.seq) for event in events] == [
        ("message.created", last),
        *(("message.deleted", seq) for seq in range(2, last)),
    ]
    assert [event.number for event in events] == list(range(last, last + len(events)))
    assert all(event.message.deleted_at for event in events[1:])
    # The conversation goes on, with the next number.
    (message,) = await desk.write(host, customer, "oh no")
    assert message.seq == last + 1


async def test_the_notice_is_not_posted_to_the_team(desk, host, customer) -> None:
    desk.configure(join_within=0)
    await desk.write(host, customer, HALVES[0])
    await refused(host, customer, HALVES[1])
    assert await desk.take(host) == ([], None)


async def test_the_team_is_told_of_what_it_may_have_seen(desk, host, customer) -> None:
    await desk.post(host, customer, HALVES[0])
    await refused(host, customer, HALVES[1])
    assert await desk.answers() == ["#1001: parts of messages were taken back, as they belonged to a secret"]


async def test_of_two_parts_that_come_at_once_one_is_refused(desk, host, customer) -> None:
    outcomes = await asyncio.gather(
        *(host.intake.take_message(customer, str(uuid.uuid4()), half) for half in HALVES),
        return_exceptions=True,
    )
    assert [type(outcome) for outcome in outcomes].count(SecretRefused) == 1
    kept = await everything(desk)
    assert not any(word in kept for word in WORDS)


async def test_a_repeat_is_no_part_of_a_phrase(desk, host, customer) -> None:
    """The page sends again what it got no answer for."""
    client_id, text = str(uuid.uuid4()), " ".join(WORDS[:8])
    first, _ = await host.intake.take_message(customer, client_id, text)
    assert await host.intake.take_message(customer, client_id, text) == (first, False)


async def test_a_repeat_of_what_was_taken_back_is_the_deleted_message(desk, host, customer) -> None:
    client_id = str(uuid.uuid4())
    first, _ = await host.intake.take_message(customer, client_id, HALVES[0])
    await refused(host, customer, HALVES[1])
    again, is_new = await host.intake.take_message(customer, client_id, HALVES[0])
    assert (again.id, again.text, is_new) == (first.id, "", False)
    assert again.deleted_at is not None
    await host.intake.take_message(customer, other := str(uuid.uuid4()), "hello")
    with pytest.raises(Conflict):
        await host.intake.take_message(customer, other, "hello you")


async def test_what_was_taken_back_is_not_read_with_the_next(desk, host, customer) -> None:
    await desk.write(host, customer, HALVES[0])
    await refused(host, customer, HALVES[1])
    await desk.write(host, customer, " ".join(WORDS[6:10]))


async def test_what_somebody_else_wrote_is_not_read_with_it(desk, host, customer) -> None:
    other = await desk.customer(host)
    await desk.write(host, other, HALVES[0])
    await desk.write(host, customer, HALVES[1])


async def test_a_key_of_the_customers_own_account_is_refused(desk, host, customer) -> None:
    asked: list[tuple[str, bytes]] = []

    def derives(who, key: bytes) -> bool:
        asked.append((who.id, key))
        return key == b"\x1f" * 32

    intake = Intake(
        database=host.database,
        clock=desk.clock,
        hub=host.hub,
        relays={"team": host.relay.worker, "direct": host.direct_relay.worker},
        wake_redactions=host.redactions.wake,
        tickets=host.intake._tickets,
        directs=host.intake._directs,
        derives=derives,
    )
    with pytest.raises(SecretRefused) as caught:
        await intake.take_message(customer, str(uuid.uuid4()), f"is {HEX} mine?", confirmed=True)
    assert caught.value.members == {"kind": "key", "earlier": False}
    assert (customer, b"\x1f" * 32) in asked
    await intake.take_message(customer, str(uuid.uuid4()), "0x" + "2f" * 32, confirmed=True)


async def test_a_comment_on_a_ticket_is_no_way_in(desk, host) -> None:
    sessions = SessionService(host.database, desk.clock, host.hub, lambda: desk.settings)
    tickets = TicketService(host.database, desk.clock, host.hub, lambda: desk.settings, desk.log)
    _, visit = await sessions.open_session(None, None, "")
    await desk.write(host, visit.customer.id, "hello")
    await tickets.close_by_customer(visit.session, 1001)
    with pytest.raises(SecretRefused):
        await tickets.rate(visit.session, 1001, 5, f"thanks, {PHRASE}")
    assert await desk.store.look("SELECT score, comment FROM ticket") == [(None, None)]
    await tickets.rate(visit.session, 1001, 5, "thanks")


@pytest.mark.parametrize(
    ("url", "kept"),
    [
        ("https://app.example.org/swap?a=1", True),
        (f"https://app.example.org/tx/{HEX}", True),
        (f"https://app.example.org/#{'%20'.join(WORDS)}", False),
        (f"https://app.example.org/?seed={'+'.join(WORDS)}", False),
        (f"https://app.example.org/?key={WIF}", False),
        (f"https://app.example.org/?file={quote(KEYSTORE)}", False),
        (None, False),
    ],
)
async def test_the_address_of_the_page_is_kept_without_a_secret(desk, host, url, kept) -> None:
    sessions = SessionService(host.database, desk.clock, host.hub, lambda: desk.settings)
    await sessions.open_session("en", url, "")
    assert await desk.store.look("SELECT page_url, locale FROM session") == [(url if kept else None, "en")]


async def test_the_file_forgets_what_was_taken_back(desk, host, customer) -> None:
    """In the journal and in free pages, too; on PostgreSQL that is for VACUUM."""
    if desk.store.engine != "sqlite":
        return
    await desk.write(host, customer, HALVES[0])
    await refused(host, customer, HALVES[1])
    assert b"above absent" in in_files(desk)
    await host.redactions._turn()
    assert b"above absent" not in in_files(desk)
    assert b"move your funds" in in_files(desk)


def in_files(desk) -> bytes:
    paths = desk.store.path.parent.glob(f"{desk.store.path.name}*")
    return b"".join(path.read_bytes() for path in paths)
