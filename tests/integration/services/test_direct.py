"""A private conversation with one moderator: there and back, and never in the group."""

from __future__ import annotations

import re
import uuid
from dataclasses import replace

import pytest

from plugin.domain.errors import Conflict, Invalid
from plugin.services.directs import DirectService
from tests.integration.services.direct_talk import DOWN, is_tried, order, say
from tests.integration.services.doors import WALLET, Doors

# There


async def test_it_goes_to_a_room_of_the_moderator_alone_and_never_to_the_group(desk, host, customer) -> None:
    room = await desk.private_room(host, "Carol", customer, "Psst")
    made = desk.server.rooms[room]
    assert made.asked == [("invite", desk.carol)]
    assert re.fullmatch("Direct: anonymous [0-9A-Z]{4}", made.name)
    assert desk.server.said_in(room) == ["anonymous\nPsst"]
    assert desk.server.bodies == []
    assert await desk.states() == ["delivered"]


async def test_the_customer_sees_with_whom_it_is(desk, host, customer) -> None:
    (team,) = await desk.write(host, customer, "to all")
    (direct,) = await desk.write_to(host, "Carol", customer, "to one")
    carol = await desk.moderator(host, "Carol")
    assert (team.channel, team.ticket, team.moderator_id) == ("team", 1001, None)
    assert (direct.channel, direct.ticket, direct.moderator_id) == ("direct", None, carol)
    assert await desk.conversation(host, customer) == [("customer", "to all"), ("customer", "to one")]


async def test_each_moderator_has_a_room_of_their_own(desk, host, customer) -> None:
    carols = await desk.private_room(host, "Carol", customer, "for Carol")
    daves = await desk.private_room(host, "Dave", customer, "for Dave")
    others = await desk.private_room(host, "Carol", await desk.customer(host), "another customer's")
    assert len({carols, daves, others}) == 3
    assert [desk.server.said_in(room) for room in (carols, daves, others)] == [
        ["anonymous\nfor Carol"],
        ["anonymous\nfor Dave"],
        ["anonymous\nanother customer's"],
    ]
    await desk.write_to(host, "Carol", customer, "more")
    desk.clock.advance(1)
    await desk.carry_direct(host)
    assert desk.server.said_in(carols)[1:] == ["anonymous\nmore"]
    assert len(desk.server.rooms) == 3


async def test_it_takes_nothing_of_the_groups_minute(desk, host, customer) -> None:
    desk.configure(per_minute=1, join_within=0)
    for number in range(3):
        await desk.private_room(host, "Carol", customer, f"message {number}")
    await desk.write(host, customer, "to all")
    batches, _ = await desk.take(host)
    assert [batch.direct_id for batch in batches] == [None]
    assert await desk.store.look("SELECT COUNT(*) FROM batch WHERE state = 'delivered'") == [(3,)]


async def test_no_word_of_a_bridge_is_waited_for(desk, host, customer, room) -> None:
    async with host.database.transaction() as tx:
        await tx.batches.note_report(desk.clock.now())
    await desk.write_to(host, "Carol", customer, "second")
    desk.clock.advance(1)
    await desk.carry_direct(host)
    assert desk.server.said_in(room)[1:] == ["anonymous\nsecond"]
    desk.clock.advance(3600)
    await desk.take(host)
    assert await desk.answers() == []
    assert await desk.states() == ["delivered", "delivered"]


@pytest.mark.parametrize("name", ["Alice", "Bob"])
async def test_who_has_no_matrix_id_is_not_offered(desk, host, customer, name) -> None:
    with pytest.raises(Invalid) as refused:
        await desk.write_to(host, name, customer, "Psst")
    assert refused.value.members == {"field": "moderator"}
    assert await desk.conversation(host, customer) == []
    assert await desk.store.look("SELECT COUNT(*) FROM direct") == [(0,)]


async def test_an_operator_who_gave_no_name_is_not_offered(desk, store, clock) -> None:
    desk.configure(admins=("@root:example.org", desk.dave))
    host = await desk.start_host()
    offered = await DirectService(host.database).list_offered()
    assert [moderator.name for moderator in offered] == ["Carol", "Dave"]
    async with host.database.snapshot() as tx:
        assert "root" in [moderator.name for moderator in await tx.moderators.list_active()]


async def test_a_client_id_stands_for_one_message_to_one_person(desk, host, customer) -> None:
    client_id, carol = str(uuid.uuid4()), await desk.moderator(host, "Carol")
    await host.intake.take_message(customer, client_id, "Psst", moderator_id=carol)
    _, is_new = await host.intake.take_message(customer, client_id, "Psst", moderator_id=carol)
    assert not is_new
    for other in (None, await desk.moderator(host, "Dave")):
        with pytest.raises(Conflict):
            await host.intake.take_message(customer, client_id, "Psst", moderator_id=other)
    await host.intake.take_message(customer, "team", "Psst")
    with pytest.raises(Conflict):
        await host.intake.take_message(customer, "team", "Psst", moderator_id=carol)
    assert len(await desk.conversation(host, customer)) == 2


# Never the group


async def test_a_direct_room_is_never_taken_for_the_support_room(desk, host, customer, room, caplog) -> None:
    desk.server.named_support_room = room
    host.room.worker.start()
    await desk.eventually(lambda: host.room.problem, "the bot has looked at the room")
    await host.room.worker.stop()
    assert host.room.problem == f"{room} is the room of a direct conversation"
    assert host.room.room_id is None
    await desk.write(host, customer, "to all")
    await desk.write_to(host, "Carol", customer, "to Carol")
    desk.clock.advance(10)
    assert await desk.take(host) == ([], None)
    assert await host.direct_maker.take_batches(8) == ([], None)
    assert desk.server.said_in(room) == ["anonymous\nPsst"]


async def test_a_tombstone_does_not_make_a_direct_room_the_groups(desk, host, room) -> None:
    desk.server.add(desk.alice, {"replacement_room": room})
    await host.inbox.catch_up()
    host.room.worker.start()
    await desk.eventually(lambda: host.room.problem, "the bot has looked at the room")
    await host.room.worker.stop()
    assert host.room.room_id is None


async def test_what_a_direct_row_names_is_not_believed_where_it_is_the_groups(
    desk, host, customer, room, caplog
) -> None:
    await desk.store.look(f"UPDATE direct SET room_id = '{desk.room}' RETURNING id")
    await desk.write_to(host, "Carol", customer, "to Carol")
    desk.clock.advance(1)
    await desk.carry_direct(host)
    assert await is_tried(desk)
    assert desk.server.bodies == []
    assert "may be the group's" in caplog.text


async def test_a_reply_in_the_group_to_an_event_of_the_direct_room_is_talk(
    desk, host, customer, room
) -> None:
    answer = await say(desk, host, desk.carol, room, "Yes?")
    post = next(e.event_id for e in desk.server.events if e.room_id == room)
    for event_id in (answer, post):
        desk.server.reply(desk.alice, event_id, "I know what you said")
    await host.inbox.catch_up()
    assert (await desk.outcomes())[-2:] == ["talk", "talk"]
    assert [text for _, text in await desk.conversation(host, customer)] == ["Psst", "Yes?"]


async def test_the_groups_lists_tell_nothing_of_it(desk, host, customer, room) -> None:
    post = await desk.post(host, customer, "to all")
    await order(desk, host, room, "/block 1h told me a secret")
    await order(desk, host, room, "/note a private note")
    info = await desk.order(host, post, "/info")
    assert "1 messages" in info
    assert "notes: 0" in info
    blocked = await desk.order(host, post, "/blocked")
    assert "· Carol" in blocked
    assert "secret" not in str(await desk.answers())


async def test_neither_relay_takes_what_is_the_others(desk, host, customer) -> None:
    desk.server.rooms_down = DOWN
    await desk.write(host, customer, "to all")
    await desk.write_to(host, "Carol", customer, "to Carol")
    desk.clock.advance(1)
    ((team,), _), ((direct,), _) = await desk.take(host), await host.direct_maker.take_batches(8)
    assert (team.direct_id, bool(team.room_id)) == (None, True)
    assert (bool(direct.direct_id), direct.room_id) == (True, None)
    desk.clock.advance(61)
    ((team_again,), _), ((direct_again,), _) = await desk.take(host), await host.direct_maker.take_batches(8)
    assert (team_again.id, direct_again.id) == (team.id, direct.id)


# Back


async def test_every_word_of_the_moderator_goes_to_the_customer(desk, host, customer, room) -> None:
    first = await say(desk, host, desk.carol, room, "Yes?")
    desk.server.reply(desk.carol, first, "As I said", room_id=room)
    await host.inbox.catch_up()
    async with host.database.snapshot() as tx:
        _, yes, said = await tx.conversations.list_messages_after(customer, 0, 10)
    carol = await desk.moderator(host, "Carol")
    assert (yes.text, yes.channel, yes.ticket, yes.moderator_id) == ("Yes?", "direct", None, carol)
    assert (yes.author.name, yes.author.verified, yes.reply_to) == ("Carol", True, None)
    assert (said.text, said.reply_to) == ("As I said", yes.id)
    assert desk.server.bodies == []
    assert await desk.store.look("SELECT COUNT(*) FROM outbox WHERE lane LIKE 'mark:%'") == [(0,)]


async def test_nobody_else_is_heard_there(desk, host, customer, room) -> None:
    said = await say(desk, host, desk.carol, room, "Yes?")
    for sender in (desk.dave, desk.alice, desk.bridge_bot, "@carol:evil.example"):
        await say(desk, host, sender, room, "Send me your seed phrase")
        await say(desk, host, sender, room, "/block")
        await say(desk, host, sender, room, "x", replaces=said)
        await say(desk, host, sender, room, "", redacts=said)
    outcomes = await desk.outcomes()
    assert outcomes[-16:] == ["stranger"] * 16
    assert [text for _, text in await desk.conversation(host, customer)] == ["Psst", "Yes?"]
    assert await desk.store.look("SELECT COUNT(*) FROM block") == [(0,)]


async def test_a_moderators_ghost_is_not_the_moderator_there(desk, host, customer, room) -> None:
    async with host.database.transaction() as tx:
        carol = next(m for m in await tx.moderators.list_active() if m.mxid == desk.carol)
        await tx.moderators.update(replace(carol, telegram_id=77))
    await say(desk, host, "@telegram_77:example.org", room, "It's me")
    assert (await desk.outcomes())[-1] == "stranger"


async def test_edits_and_deletions_follow(desk, host, customer, room) -> None:
    first = await say(desk, host, desk.carol, room, "Yse?")
    second = await say(desk, host, desk.carol, room, "Sorry")
    desk.clock.advance(5)
    await say(desk, host, desk.carol, room, "Yes?", replaces=first)
    await say(desk, host, desk.carol, room, "", redacts=second)
    async with host.database.snapshot() as tx:
        events = await tx.conversations.list_events_after(customer, 0, 10)
    assert [(event.type, event.message.text) for event in events[1:]] == [
        ("message.created", "Yes?"),
        ("message.created", "Sorry"),
        ("message.edited", "Yes?"),
        ("message.deleted", "Sorry"),
    ]
    assert events[-1].message.deleted_at is not None


async def test_what_is_said_between_the_making_of_the_room_and_the_next_look_is_read(
    desk, host, customer
) -> None:
    await desk.write_to(host, "Carol", customer, "Psst")
    desk.clock.advance(1)
    await desk.carry_direct(host)
    desk.server.reply(desk.carol, None, "I am quick", room_id="!direct0")
    await host.inbox.catch_up()
    assert [text for _, text in await desk.conversation(host, customer)] == ["Psst", "I am quick"]


async def test_what_is_said_while_the_homeserver_answers_is_read(desk, host, customer) -> None:
    """The room is made, and the moderator speaks, while a look at all rooms is under way."""
    gateway, read = host.inbox._gateway, host.inbox._gateway.read_since

    async def slowly(since, pick):
        gateway.read_since = read
        await desk.write_to(host, "Carol", customer, "Psst")
        desk.clock.advance(1)
        await desk.carry_direct(host)
        desk.server.reply(desk.carol, None, "I am quick", room_id="!direct0")
        return await read(since, pick)

    gateway.read_since = slowly
    await host.inbox.catch_up()
    assert [text for _, text in await desk.conversation(host, customer)] == ["Psst", "I am quick"]


async def test_words_that_only_devices_can_read_are_not_lost_in_silence(desk, host, room) -> None:
    for _ in range(2):
        await say(desk, host, desk.carol, room, "…", ciphertext="x")
    await desk.carry_direct(host)
    assert desk.server.said_in(room)[1:] == [
        "⚠ This room is encrypted. I can't read it, and nothing you write here is sent."
    ]


async def test_a_report_and_a_tombstone_mean_nothing_there(desk, host, room) -> None:
    post = next(e.event_id for e in desk.server.events if e.room_id == room)
    report = {"event_id": post, "status": "permanent", "reason": "x"}
    await say(desk, host, desk.carol, room, "", report=report)
    await say(desk, host, desk.carol, room, "", replacement_room="!elsewhere")
    assert await desk.states() == ["delivered"]
    assert await desk.store.look("SELECT COUNT(*) FROM room_replacement") == [(0,)]


# Conversations that become one


async def test_a_private_conversation_comes_along_and_goes_on_in_its_room(desk, host) -> None:
    doors = Doors(desk, host)
    wallet = await doors.sign_in(await doors.come(), WALLET)
    others = await desk.private_room(host, "Carol", (await doors.who(wallet)).id, "as the wallet")
    anonymous = await doors.come()
    room = await desk.private_room(host, "Carol", (await doors.who(anonymous)).id, "anonymous")
    token = await doors.sign_in(anonymous, WALLET, joins=True)
    customer = (await doors.who(token)).id
    for number, old in enumerate((others, room)):
        await say(desk, host, desk.carol, old, f"answer {number}")
    await desk.write_to(host, "Carol", customer, "as one")
    desk.clock.advance(1)
    await desk.carry_direct(host)
    assert [text for _, text in await desk.conversation(host, customer)] == [
        "as the wallet",
        "anonymous",
        "answer 0",
        "answer 1",
        "as one",
    ]
    assert len(desk.server.rooms) == 2
    assert [said.count("as one") for said in map(str, (desk.server.said_in(r) for r in (others, room)))] in (
        [0, 1],
        [1, 0],
    )
