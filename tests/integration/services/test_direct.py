"""A private conversation with one moderator: there and back, and never in the group."""

from __future__ import annotations

import re
import uuid
from dataclasses import replace

import pytest

from plugin.domain.errors import Conflict, Invalid
from plugin.services.directs import DirectService
from plugin.services.ports import MatrixFailed
from tests.integration.services.doors import WALLET, Doors

DOWN = MatrixFailed("M_UNKNOWN (502)")


@pytest.fixture
async def room(desk, host, customer) -> str:
    """The room of the customer's conversation with Carol, who is in it."""
    return await desk.private_room(host, "Carol", customer)


async def say(desk, host, sender: str, room: str, text: str, **more: object) -> str:
    """Let somebody say something in a private room, have it read, and return the event's id."""
    event_id = desk.server.reply(sender, None, text, room_id=room, **more)
    await host.inbox.catch_up()
    return event_id


async def order(desk, host, room: str, text: str) -> list[str]:
    """Let Carol write a command; return what the bot says to it in the room."""
    before = len(desk.server.said_in(room))
    await say(desk, host, desk.carol, room, text)
    await desk.carry_direct(host)
    return desk.server.said_in(room)[before:]


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


# The room


async def test_while_no_room_can_be_made_the_group_gets_its_messages(desk, host, customer) -> None:
    desk.configure(join_within=0)
    desk.server.rooms_down = DOWN
    await desk.write_to(host, "Carol", customer, "Psst")
    host.direct_relay.worker.start()
    await desk.eventually(lambda: _tried(desk), "a room was asked for")
    host.relay.worker.start()
    for number in range(1, 4):
        await desk.write(host, customer, f"to all {number}")
        await desk.eventually(lambda n=number: len(desk.server.bodies) == n, "the group's message")
        desk.clock.advance(20)
        host.direct_relay.worker.wake()
    assert "Psst" not in str([post.body for _, post in desk.server.requests])
    desk.server.rooms_down = None

    def arrives() -> bool:
        desk.clock.advance(1)
        host.direct_relay.worker.wake()
        return desk.server.said_in("!direct0") == ["anonymous\nPsst"]

    await desk.eventually(arrives, "it arrives")


async def _tried(desk) -> bool:
    return bool(await desk.store.look("SELECT 1 FROM batch WHERE direct_id IS NOT NULL AND tries > 0"))


async def test_a_room_that_fails_holds_up_no_other(desk, host, customer) -> None:
    desk.configure(join_within=0)
    daves = await desk.private_room(host, "Dave", customer)
    desk.server.room_failures.append(DOWN)
    await desk.write_to(host, "Carol", customer, "first")
    await desk.carry_direct(host)
    assert await _tried(desk)
    await desk.write_to(host, "Dave", customer, "second")
    await desk.carry_direct(host)
    assert desk.server.said_in(daves)[1:] == ["anonymous\nsecond"]


async def test_a_crash_after_the_room_is_made_makes_no_second_one(desk, host, customer) -> None:
    desk.server.lost_rooms = 1
    await desk.write_to(host, "Carol", customer, "Psst")
    desk.clock.advance(1)
    await desk.carry_direct(host)
    assert len(desk.server.rooms) == 1
    assert desk.server.said_in("!direct0") == []
    await host.stop()
    later = await desk.start_host()
    desk.clock.advance(20)
    await desk.carry_direct(later)
    assert list(desk.server.rooms) == ["!direct0"]
    assert desk.server.said_in("!direct0") == ["anonymous\nPsst"]


@pytest.mark.parametrize("membership", ["leave", None])
async def test_a_moderator_who_left_is_invited_again(desk, host, customer, room, membership) -> None:
    members = desk.server.rooms[room].members
    if membership:
        members[desk.carol] = membership
    else:
        del members[desk.carol]
    await desk.private_room(host, "Carol", customer, "Are you there?")
    assert desk.server.rooms[room].asked == [("invite", desk.carol)] * 2
    assert desk.server.said_in(room)[1:] == ["anonymous\nAre you there?"]


async def test_nobody_else_stays_in_the_room(desk, host, customer, room) -> None:
    members = desk.server.rooms[room].members
    members.update({desk.dave: "join", desk.bridge_bot: "invite", "@gone:example.org": "leave"})
    await desk.private_room(host, "Carol", customer, "only for Carol")
    removed = [who for what, who in desk.server.rooms[room].asked if what == "remove"]
    assert sorted(removed) == sorted([desk.dave, desk.bridge_bot])


async def test_while_somebody_else_stays_nothing_is_sent(desk, host, customer, room) -> None:
    desk.server.rooms[room].members[desk.dave] = "join"
    desk.server.room_failures.extend([None, MatrixFailed("M_FORBIDDEN (403)")])
    await desk.write_to(host, "Carol", customer, "only for Carol")
    desk.clock.advance(1)
    await desk.carry_direct(host)
    assert await _tried(desk)
    assert desk.server.said_in(room) == ["anonymous\nPsst"]


async def test_another_matrix_id_of_the_moderator_takes_the_place_of_the_former(desk, host, customer, room):
    team = [replace(m, mxid="@carol:new.example") if m.mxid == desk.carol else m for m in _team(desk)]
    async with host.database.transaction() as tx:
        carol = next(m for m in await tx.moderators.list_active() if m.mxid == desk.carol)
        await tx.moderators.update(replace(carol, mxid="@carol:new.example"))
    desk.configure(moderators=tuple(team))
    await desk.write_to(host, "Carol", customer, "for the new one")
    desk.clock.advance(1)
    await desk.carry_direct(host)
    assert desk.server.rooms[room].asked[1:] == [("remove", desk.carol), ("invite", "@carol:new.example")]


def _team(desk):
    return desk.settings.moderators


async def test_a_room_that_the_bot_was_put_out_of_is_given_up_for_another(desk, host, customer, room) -> None:
    desk.server.rooms[room].members[desk.bot] = "leave"
    desk.server.rooms[room].direct_id = "gone"
    await desk.write_to(host, "Carol", customer, "Are you there?")
    desk.clock.advance(1)
    await desk.carry_direct(host)
    desk.clock.advance(20)
    await desk.carry_direct(host)
    assert desk.server.said_in(room) == ["anonymous\nPsst"]
    assert desk.server.said_in("!direct1") == ["anonymous\nAre you there?"]


async def test_for_who_is_off_the_allow_list_nothing_is_sent_and_the_group_hears_nothing(
    desk, host, customer, room
) -> None:
    await desk.write_to(host, "Carol", customer, "too late")
    async with host.database.transaction() as tx:
        await tx.moderators.retire_configured()
    desk.clock.advance(1)
    await desk.carry_direct(host)
    assert desk.server.said_in(room) == ["anonymous\nPsst"]
    assert await desk.answers() == []
    assert set(await desk.states()) == {"delivered", "failed"}
    await say(desk, host, desk.carol, room, "still me?")
    assert (await desk.outcomes())[-1] == "stranger"


async def test_what_the_homeserver_refuses_for_good_is_said_in_the_room_alone(
    desk, host, customer, room
) -> None:
    desk.server.failures.append(MatrixFailed("M_TOO_LARGE (413)", permanent=True))
    await desk.write_to(host, "Carol", customer, "too large")
    desk.clock.advance(1)
    await desk.carry_direct(host)
    assert desk.server.said_in(room)[1:] == [
        "⚠ A message of this customer did not get through (M_TOO_LARGE (413))."
    ]
    assert await desk.answers() == []


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
    assert await _tried(desk)
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


# Commands


@pytest.mark.parametrize(
    ("text", "answer"),
    [
        ("/block 2h", "✓ blocked until 01 Mar 14:00 UTC"),
        ("!timeout 2h rude", "✓ blocked until 01 Mar 14:00 UTC"),
        ("/unblock", "This customer is not blocked"),
        ("/note call back", "✓ noted"),
        ("/close", "/close does not apply here, and was not sent. See /help"),
        ("/release", "/release does not apply here, and was not sent. See /help"),
        ("/blocked", "/blocked does not apply here, and was not sent. See /help"),
        ("/frobnicate", "/frobnicate is not a command, and was not sent. See /help"),
        ("/note", "Write /note text"),
    ],
)
async def test_a_command_is_answered_in_the_room_alone(desk, host, customer, room, text, answer) -> None:
    assert await order(desk, host, room, text) == [answer]
    (said,) = [e for e in desk.server.events if e.content.get("body") == answer]
    assert said.content["notice"]
    assert await desk.answers() == []
    assert desk.server.bodies == []
    assert [words for _, words in await desk.conversation(host, customer)] == ["Psst"]


async def test_a_block_is_answered_there_even_where_the_group_is_to_see_none(desk, host, room) -> None:
    desk.configure(block_habits=replace(desk.settings.block_habits, announce_in_room=False))
    assert await order(desk, host, room, "/block 2h") == ["✓ blocked until 01 Mar 14:00 UTC"]
    assert await order(desk, host, room, "/unblock") == ["✓ unblocked"]


async def test_help_and_info_say_what_applies_there(desk, host, customer, room) -> None:
    await desk.post(host, customer, "to all")
    (text,) = await order(desk, host, room, "/help")
    assert "/note" in text
    assert "/close" not in text
    await order(desk, host, room, "/note one")
    (info,) = await order(desk, host, room, "/info")
    assert info.startswith("#1001 · anonymous\nfirst seen 01 Mar 2026 12:00 UTC, 1 direct messages")
    assert "private notes: 1" in info


@pytest.mark.parametrize("text", ["/note call back", "// call back"])
async def test_a_note_is_kept_with_the_customer_and_no_ticket(desk, host, customer, room, text) -> None:
    await say(desk, host, desk.carol, room, text)
    assert await desk.store.look("SELECT customer_id, ticket, by_name, text FROM note") == [
        (customer, None, "Carol", "call back")
    ]
    assert [words for _, words in await desk.conversation(host, customer)] == ["Psst"]


# Blocks


async def test_a_block_holds_direct_messages_like_the_others(desk, host, customer, room) -> None:
    await order(desk, host, room, "/block 2h")
    await desk.write_to(host, "Carol", customer, "while blocked")
    await desk.write_to(host, "Dave", customer, "while blocked")
    desk.clock.advance(1)
    await desk.carry_direct(host)
    assert desk.server.said_in(room)[2:] == []
    # The other room is made as it would be without a block, but nobody is asked in.
    made = [other for other in desk.server.rooms.values() if other.id != room]
    assert [(other.members, other.asked) for other in made] == [({desk.bot: "join"}, [])]
    assert desk.server.said_in(made[0].id) == []
    assert [set(words) for words in desk.server.said_in(desk.quiet)] == [{"."}] * 2
    assert (await desk.states()).count("held") == 2
    assert [words for _, words in await desk.conversation(host, customer)] == ["Psst"] + ["while blocked"] * 2


async def test_what_was_held_stays_so_and_what_comes_after_goes_on(desk, host, customer, room) -> None:
    await order(desk, host, room, "/block 2h")
    await desk.write_to(host, "Carol", customer, "while blocked")
    desk.clock.advance(1)
    await desk.carry_direct(host)
    assert await order(desk, host, room, "/unblock") == ["✓ unblocked"]
    await desk.write_to(host, "Carol", customer, "after it")
    desk.clock.advance(1)
    await desk.carry_direct(host)
    assert desk.server.said_in(room)[3:] == ["anonymous\nafter it"]


async def test_the_groups_release_lets_no_private_word_go(desk, host, customer, room) -> None:
    post = await desk.post(host, customer, "to all")
    await desk.order(host, post, "/block 2h")
    await desk.write_to(host, "Carol", customer, "while blocked")
    desk.clock.advance(1)
    await desk.carry_direct(host)
    await desk.order(host, post, "/unblock")
    assert await desk.order(host, post, "/release") == "#1001: nothing is held"
    await desk.carry_direct(host)
    assert desk.server.said_in(room) == ["anonymous\nPsst"]


async def test_a_moderators_words_reach_a_blocked_customer(desk, host, customer, room) -> None:
    await order(desk, host, room, "/block 2h")
    await say(desk, host, desk.carol, room, "You may still read me")
    assert [words for _, words in await desk.conversation(host, customer)] == [
        "Psst",
        "You may still read me",
    ]


async def test_nobody_is_invited_to_a_room_that_is_not_known_yet(desk, host, customer) -> None:
    """What is said in a room before it is stored would be passed over for good."""
    gateway, known = host.inbox._gateway, []
    invite = gateway.invite

    async def look_first(room_id: str, mxid: str) -> None:
        async with host.database.snapshot() as tx:
            known.append(await tx.directs.get_by_room(room_id))
        await invite(room_id, mxid)

    gateway.invite = look_first
    await desk.private_room(host, "Carol", customer)
    assert [direct.room_id for direct in known] == ["!direct0"]


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
