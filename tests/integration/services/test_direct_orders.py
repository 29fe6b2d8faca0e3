"""Commands in the room of a private conversation, and what a block holds there."""

from __future__ import annotations

from dataclasses import replace

import pytest

from tests.integration.services.direct_talk import order, say

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
