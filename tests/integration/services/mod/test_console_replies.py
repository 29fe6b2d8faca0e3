"""What moderators say at the console: it reaches the customer, and the group sees it as theirs."""

from __future__ import annotations

import asyncio
import uuid
from dataclasses import replace
from typing import Any

import pytest

from plugin.domain.commands import Command
from plugin.domain.errors import Conflict, NotFound, TextEmpty, TextTooLong
from plugin.domain.model import Moderator
from plugin.domain.text import TELEGRAM_UNITS, utf16_units
from plugin.services.answers import AnswerService
from plugin.services.mod.conversation import ConversationDesk
from plugin.services.mod.replies import ReplyDesk
from plugin.services.ports import MatrixFailed
from plugin.services.ticket_acts import TicketActs
from plugin.services.tickets import TicketService

ASKS = "Please send me your seed phrase"
TICKET = 1001


@pytest.fixture
def desk(desk):
    desk.configure(join_within=0, per_minute=0)
    return desk


@pytest.fixture
def replies(desk, host, held) -> ReplyDesk:
    """Give the console's way to customers."""
    tickets = TicketService(host.database, desk.clock, host.hub, lambda: desk.settings, desk.log)
    return ReplyDesk(
        database=host.database,
        clock=desk.clock,
        answers=AnswerService(desk.clock, tickets),
        held=host.held,
        held_desk=held,
        acts=TicketActs(desk.clock, tickets),
        hub=host.hub,
        relays={"team": host.relay.worker, "direct": host.direct_relay.worker},
    )


@pytest.fixture
async def post(desk, host, customer) -> str:
    """Give the event of the customer's first message in the room."""
    return await desk.post(host, customer)


@pytest.fixture
async def alice(team) -> Moderator:
    return await team("Alice")


@pytest.fixture
def say(replies, alice):
    """Give what lets Alice answer the first ticket under an id of its own."""

    async def say(text: str, client_id: str | None = None, by: Moderator = alice) -> Any:
        return await replies.answer(by, TICKET, client_id or str(uuid.uuid4()), text)

    return say


async def _delivery(host, message_id: str) -> tuple[str, str | None]:
    async with host.database.snapshot() as tx:
        found = (await tx.listing.get_delivery([message_id]))[message_id]
    return found.state, found.error


def _event(desk, body: str) -> str:
    """Return the event of the bot's newest post with a text in it."""
    return next(
        event.event_id
        for event in reversed(desk.server.events)
        if body in str(event.content.get("body"))
        and event.sender == desk.bot
        and "edits" not in event.content
    )


def _report(desk, event_id: str, status: str, reason: str | None = None) -> None:
    report = {"event_id": event_id, "status": status, "reason": reason}
    desk.server.add(desk.bridge_bot, {"report": report})


async def test_the_customer_has_it_and_the_group_sees_whose_it_is(
    desk, host, customer, post, say, send
) -> None:
    said = await say("Try again now.")
    assert (said.is_new, said.delivery.state) == (True, "stored")
    assert await desk.conversation(host, customer) == [("customer", "Hello"), ("Alice", "Try again now.")]
    assert said.message.author.verified
    assert await send() == ["Hello", f"#{TICKET} · Alice (console)\nTry again now."]
    assert await _delivery(host, said.message.id) == ("sent", None)
    # The customer's own post gets its mark, as after any other answer.
    mark = next(e.content["body"] for e in reversed(desk.server.events) if "edits" in e.content)
    assert mark.endswith("✓ Alice")


async def test_a_reply_to_what_the_group_was_shown_reaches_the_customer(
    desk, host, customer, post, say, send
) -> None:
    said = await say("Try again now.")
    await send()
    desk.server.reply(desk.bob, _event(desk, "(console)"), "And reload the page.")
    await host.inbox.catch_up()
    assert (await desk.conversation(host, customer))[-1] == ("Bob", "And reload the page.")
    async with host.database.snapshot() as tx:
        message = (await tx.conversations.list_messages_after(customer, 2, 10))[0]
    assert (message.reply_to, message.ticket) == (said.message.id, TICKET)


async def test_a_strangers_reply_to_it_is_a_strangers(desk, host, customer, post, say, send) -> None:
    await say("Try again now.")
    await send()
    desk.server.reply(desk.stranger, _event(desk, "(console)"), "I am the team")
    await host.inbox.catch_up()
    assert len(await desk.conversation(host, customer)) == 2
    strangers = await desk.store.look("SELECT ticket, text FROM stranger_reply")
    assert strangers == [(TICKET, "I am the team")]


async def test_nobody_changes_it_by_changing_what_the_group_was_shown(
    desk, host, customer, post, say, send
) -> None:
    await say("Try again now.")
    await send()
    shown = _event(desk, "(console)")
    for sender in (desk.alice, desk.bob, desk.bridge_bot, desk.stranger, desk.bot):
        desk.server.reply(sender, "", "Changed", replaces=shown)
        desk.server.add(sender, {"redacts": shown})
    await host.inbox.catch_up()
    assert await desk.conversation(host, customer) == [("customer", "Hello"), ("Alice", "Try again now.")]
    assert await desk.store.look("SELECT edited_at, deleted_at FROM message WHERE seq = 2") == [(None, None)]


async def test_what_is_long_is_split_and_each_part_can_be_replied_to(
    desk, host, customer, post, say, send
) -> None:
    text = "\n".join(f"line {n} 🎈" for n in range(400))[:4000]
    said = await say(text)
    shown = [body for body in await send() if "(console)" in body]
    assert len(shown) == 2
    assert all(utf16_units(body) <= TELEGRAM_UNITS for body in shown)
    assert "\n".join(body.split("\n", 1)[1] for body in shown) == text
    for body in shown:
        desk.server.reply(desk.bob, _event(desk, body), "A word on that")
    await host.inbox.catch_up()
    async with host.database.snapshot() as tx:
        messages = await tx.conversations.list_messages_after(customer, 2, 10)
    assert [message.reply_to for message in messages] == [said.message.id] * 2


async def test_a_moderators_name_and_text_give_no_orders(
    desk, host, customer, post, replies, alice, send
) -> None:
    sly = replace(alice, name="A/li\nce @all")
    await replies.answer(sly, TICKET, str(uuid.uuid4()), "/ban @alice")
    shown = (await send())[-1]
    assert shown.split("\n")[0] == f"#{TICKET} · A/li ce @\u2060all (console)"
    assert shown.split("\n")[1] == "/\u2060ban @\u2060alice"


async def test_customers_messages_go_first(desk, host, customer, post, say) -> None:
    desk.configure(per_minute=20)
    await say("one")
    desk.clock.advance(1)
    other = await desk.customer(host)
    await desk.write(host, other, "Help")
    await desk.write(host, customer, "Thanks")
    desk.clock.advance(1)
    batches, _ = await desk.take(host)
    assert [batch.lane for batch in batches][-2:] == [f"console:{TICKET}", f"mark:{TICKET}"]
    assert {batch.lane for batch in batches[:-2]} == {customer, other}


async def test_its_posts_count_for_the_groups_minute(desk, host, customer, post, say) -> None:
    desk.configure(per_minute=2)
    for number in range(4):
        desk.clock.advance(1)
        await say(f"answer {number}")
    taken = []
    for _ in range(4):
        batches, _ = await desk.take(host)
        for batch in batches:
            taken.append(batch.lane)
            await desk.end(host, batch)
    assert len(taken) < 3


async def test_they_stay_in_their_order_and_one_at_a_time(desk, host, customer, post, say, send) -> None:
    for number in range(3):
        await say(f"answer {number}")
    batches, _ = await desk.take(host)
    assert [batch.parts[0][-8:] for batch in batches if "console" in batch.lane] == ["answer 0"]
    desk.clock.advance(120)
    shown = [body for body in await send() if "(console)" in body]
    assert [body[-8:] for body in shown] == ["answer 0", "answer 1", "answer 2"]


async def test_what_the_bridge_refuses_is_sent_again_and_then_shown_as_failed(
    desk, host, customer, post, replies, alice, say, send
) -> None:
    said = await say("Try again now.")
    await send()
    first = _event(desk, "(console)")
    _report(desk, first, "retriable", "flood")
    await host.inbox.catch_up()
    assert await _delivery(host, said.message.id) == ("stored", "flood")
    desk.clock.advance(600)
    await send()
    second = _event(desk, "(console)")
    assert second != first
    _report(desk, second, "permanent", "no rights")
    await host.inbox.catch_up()
    assert await _delivery(host, said.message.id) == ("failed", "no rights")
    # The group hears nothing of it: it can't be told, and the customer has the answer.
    assert not [body for body in await send() if "⚠" in body]
    again = await replies.resend(alice, said.message.id)
    assert (again.message.id, again.delivery.state) == (said.message.id, "stored")
    with pytest.raises(Conflict):
        await replies.resend(alice, said.message.id)
    await send()
    _report(desk, _event(desk, "(console)"), "delivered")
    await host.inbox.catch_up()
    assert await _delivery(host, said.message.id) == ("delivered", None)


async def test_a_resend_order_in_telegram_sends_it_again_too(desk, host, customer, post, say, send) -> None:
    said = await say("Try again now.")
    await send()
    _report(desk, _event(desk, "(console)"), "permanent", "no rights")
    await host.inbox.catch_up()
    assert await desk.order(host, post, "/resend") == f"✓ #{TICKET} 1 sent again"
    assert (await _delivery(host, said.message.id))[0] == "stored"


async def test_a_customers_failed_message_is_sent_again(desk, host, customer, post, replies, alice) -> None:
    _report(desk, post, "permanent", "no rights")
    await host.inbox.catch_up()
    async with host.database.snapshot() as tx:
        (message,) = await tx.conversations.list_messages_after(customer, 0, 1)
    assert await _delivery(host, message.id) == ("failed", "no rights")
    assert (await replies.resend(alice, message.id)).delivery.state == "stored"
    with pytest.raises(NotFound):
        await replies.resend(alice, "no such message")


async def test_the_same_id_again_says_it_once(desk, host, customer, post, say, team) -> None:
    client_id = str(uuid.uuid4())
    first = await say("Try again now.", client_id)
    again = await say("Try again now.", client_id)
    assert (again.is_new, again.message.id) == (False, first.message.id)
    with pytest.raises(Conflict) as refusal:
        await say("Something else", client_id)
    assert refusal.value.members == {"field": "client_id"}
    # Another moderator's program may have chosen the same.
    bobs = await say("Try again now.", client_id, await team("Bob"))
    assert bobs.is_new
    assert len(await desk.conversation(host, customer)) == 3


async def test_at_once_it_is_said_once(desk, host, customer, post, say) -> None:
    client_id = str(uuid.uuid4())
    both = await asyncio.gather(*(say("Try again now.", client_id) for _ in range(5)))
    assert sorted(said.is_new for said in both) == [False] * 4 + [True]
    assert len(await desk.conversation(host, customer)) == 2


async def test_customers_ids_and_moderators_ids_are_two_things(desk, host, customer, post, say) -> None:
    client_id = str(uuid.uuid4())
    said = await say("Try again now.", client_id)
    assert said.message.client_id is None
    message, is_new = await host.intake.take_message(customer, client_id, "Mine")
    assert is_new
    assert (await say("Try again now.", client_id)).message.id == said.message.id
    assert (await host.intake.take_message(customer, client_id, "Mine"))[0].id == message.id


async def test_what_asks_for_a_secret_is_held_and_shown_when_another_releases_it(
    desk, host, customer, post, say, send, held, team, alice
) -> None:
    client_id = str(uuid.uuid4())
    said = await say(ASKS, client_id)
    assert (said.message, said.held.entry.text, said.held.why) == (None, ASKS, "it asks for a secret")
    assert (await say(ASKS, client_id)).held.entry.id == said.held.entry.id
    assert await desk.conversation(host, customer) == [("customer", "Hello")]
    notice = (await send())[-1]
    assert notice.startswith(f"⚠ #{TICKET}: Alice's Reply was not sent")
    assert notice.endswith("Another moderator may release it in the console.")
    assert "seed phrase" not in notice
    await held.release(said.held.entry.id, await team("Bob"), confirmed=False)
    assert (await desk.conversation(host, customer))[-1] == ("Alice", ASKS)
    assert (await send())[-1] == f"#{TICKET} · Alice (console)\n{ASKS}"


async def test_a_blocked_customer_gets_it_and_the_group_sees_it(
    desk, host, customer, post, say, send, blocks, alice
) -> None:
    await blocks.add(alice, customer, Command(verb="block"))
    await say("We are closed.")
    assert (await desk.conversation(host, customer))[-1] == ("Alice", "We are closed.")
    assert f"#{TICKET} · Alice (console)\nWe are closed." in await send()


async def test_of_an_erased_customer_it_goes_from_the_room_too(desk, host, post, customer, say, send) -> None:
    await say("Your order 7 is lost.")
    await send()
    shown = _event(desk, "(console)")
    await say("Order 8, too.")
    async with host.database.transaction() as tx:
        await tx.erasure.erase_customer(customer, desk.clock.now())
        await tx.erasure.redact_all(customer, desk.clock.now())
        await tx.erasure.blank_all(customer, desk.clock.now())
    assert shown in await desk.redact(host)
    assert not any("Order 8" in body for body in await send())
    with pytest.raises(Conflict):
        await say("Hello?")


async def test_what_a_held_one_stood_for_is_no_event_to_be_redacted(desk, host, post, customer, say) -> None:
    await say(ASKS)
    async with host.database.transaction() as tx:
        await tx.erasure.redact_all(customer, desk.clock.now())
    assert await desk.store.look("SELECT event_id FROM redaction WHERE event_id LIKE 'console:%'") == []


async def test_what_waits_while_the_homeserver_is_down_goes_out_once(desk, host, post, say, send) -> None:
    desk.server.failures.append(MatrixFailed("down"))
    await say("Try again now.")
    host.relay.worker.start()
    await desk.eventually(lambda: not desk.server.failures, "one try")
    await host.relay.stop()
    desk.clock.advance(60)
    shown = [body for body in await send() if "(console)" in body]
    assert shown == [f"#{TICKET} · Alice (console)\nTry again now."]


@pytest.mark.parametrize(("text", "refusal"), [(" \u200b", TextEmpty), ("x" * 4001, TextTooLong)])
async def test_a_text_must_be_one(post, say, text: str, refusal: type[Exception]) -> None:
    with pytest.raises(refusal):
        await say(text)


async def test_there_must_be_such_a_ticket(replies, alice) -> None:
    with pytest.raises(NotFound):
        await replies.answer(alice, 4711, str(uuid.uuid4()), "Hello?")


async def test_a_note_reaches_neither_the_customer_nor_the_group(
    desk, host, customer, post, replies, alice, send
) -> None:
    client_id = str(uuid.uuid4())
    note, is_new = await replies.write_note(alice, TICKET, client_id, "He is angry.")
    again, repeated = await replies.write_note(alice, TICKET, client_id, "He is angry.")
    assert (is_new, repeated, again.id) == (True, False, note.id)
    with pytest.raises(Conflict):
        await replies.write_note(alice, TICKET, client_id, "Another word")
    page = await ConversationDesk(host.database).list_notes(TICKET, after=None, limit=10)
    assert [(one.by.name, one.text) for one in page.notes] == [("Alice", "He is angry.")]
    assert await desk.conversation(host, customer) == [("customer", "Hello")]
    assert await send() == ["Hello"]
    assert "angry" not in str(desk.server.events)


async def test_each_act_is_in_the_audit_log_whichever_way_it_came(
    desk, host, customer, post, replies, alice, say
) -> None:
    await say("Try again now.")
    await replies.write_note(alice, TICKET, str(uuid.uuid4()), "He is angry.")
    for command in ("/note and sad", "/assign me", "/close", "/reopen"):
        await desk.order(host, post, command)
    rows = await desk.store.look("SELECT actor_name, action FROM audit WHERE actor_name = 'Alice'")
    assert sorted(rows) == [
        ("Alice", "note.created"),
        ("Alice", "note.created"),
        ("Alice", "reply.sent"),
        ("Alice", "ticket.assigned"),
        ("Alice", "ticket.closed"),
        ("Alice", "ticket.reopened"),
    ]
    words = str(await desk.store.look("SELECT target, detail FROM audit"))
    assert "angry" not in words
    assert "Try again" not in words
