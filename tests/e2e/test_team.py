"""What the team says in Telegram: the delivered mark, edits, deletions, media, notes and hints."""

from __future__ import annotations

import time
import uuid
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AbstractAsyncContextManager

import pytest

from stack.conditions import until
from stack.instance import BRIDGE_BOT, mxid
from stack.matrix import CLIENT
from stack.operators import headset, operators_room
from stack.system import System
from stack.telegram_client import ALICE, BOB, MALLORY, TelegramMessage
from tests.e2e.acts import (
    Case,
    allow,
    edits_of,
    find_event,
    join_room,
    open_case,
    replacement,
    said_after,
    send_as_ghost,
    text_after,
)


@pytest.fixture
async def case(system: System) -> AsyncIterator[Case]:
    async with open_case(system) as case:
        yield case


@pytest.fixture
async def allow_new(system: System) -> AsyncIterator[Callable[[str], Awaitable[int]]]:
    """Put somebody new on the allow-list, until the test is over."""
    allowed: list[int] = []

    async def allow_one(name: str) -> int:
        allowed.append(await allow(system, name, room_id))
        return allowed[-1]

    async with operators_room(system) as room_id:
        yield allow_one
        for telegram_id in allowed:
            await headset(system, f"deny {telegram_id}", room_id=room_id)


# The delivered mark.


async def marked(case: Case, marked_post: TelegramMessage, names: str) -> None:
    """Return once a post ends in the line that says who has answered."""
    await case.system.telegram.wait_for_message(
        lambda m: m.id == marked_post.id and m.text == f"{marked_post.text}\n✓ {names}", f"✓ {names}"
    )


async def test_the_last_post_says_who_answered_and_is_edited_once_for_each(case: Case) -> None:
    await case.answer(ALICE, "first")
    await marked(case, case.post, "Alice")
    await case.answer(ALICE, "second")
    await said_after(case.system, case.post.id)
    await case.answer(BOB, "third")
    await marked(case, case.post, "Alice, Bob")
    await case.answer(BOB, "fourth")
    await case.answer(ALICE, "fifth")
    # A mark that is due goes out before one that is asked for later.
    async with open_case(case.system) as other:
        await other.answer(BOB, "elsewhere")
        await marked(other, other.post, "Bob")
    text = case.post.text
    assert await edits_of(case.system, case.post.id) == [f"{text}\n✓ Alice", f"{text}\n✓ Alice, Bob"]


async def test_the_mark_goes_to_the_customers_newest_post(case: Case) -> None:
    await case.answer(ALICE, "to the first")
    await marked(case, case.post, "Alice")
    second = await case.ask()
    await case.answer(BOB, "to both")
    await marked(case, second, "Bob")
    await case.system.telegram.send(ALICE, "to the second", reply_to=second.id)
    await marked(case, second, "Bob, Alice")
    assert await edits_of(case.system, case.post.id) == [f"{case.post.text}\n✓ Alice"]


async def test_the_mark_of_a_long_message_stands_below_its_last_part(case: Case) -> None:
    end = uuid.uuid4().hex
    await case.customer.send("\U0001f600" * 2200 + end)
    last = await case.system.telegram.wait_for_text(end)
    assert last.text.splitlines()[0].endswith("(2/2)")
    await case.answer(BOB, "that was long")
    await marked(case, last, "Bob")


async def test_who_is_not_delivered_is_not_marked(case: Case) -> None:
    await case.reply(MALLORY, "I answer too")
    await case.reply(BOB, "// nor is a note")
    await case.answer(ALICE, "only me")
    await marked(case, case.post, "Alice")
    assert len(await edits_of(case.system, case.post.id)) == 1


# Edits and deletions.


async def test_edits_of_a_reply_reach_the_customer(case: Case) -> None:
    reply, answer = await case.answer(ALICE, "use port 80")
    assert answer["edited_at"] is None
    for text in ("use port 443", "use port 8443"):
        await case.system.telegram.edit(reply, text)
        edited = (await case.changed("message.edited", text)).data
        assert edited["edited_at"] >= answer["created_at"][:19]
        assert edited == answer | {"text": text, "edited_at": edited["edited_at"]}
    assert (await case.customer.history())["items"][1] == edited
    assert await case.last_word() == [
        ("message.created", "use port 80"),
        ("message.edited", "use port 443"),
        ("message.edited", "use port 8443"),
    ]


async def test_an_edit_whose_time_was_cut_to_the_second_is_not_outdated(case: Case) -> None:
    """The bridge gives an edit Telegram's time in whole seconds, or its own where that is the message's."""
    await case.answer(ALICE, "zero")
    event_id = (await find_event(case.system, "zero"))["event_id"]
    now_ms = int(time.time() * 1000)
    await send_as_ghost(
        case.system, ALICE, replacement(event_id, "one"), sent_at_ms=now_ms // 1000 * 1000 + 900
    )
    await case.changed("message.edited", "one")
    await send_as_ghost(case.system, ALICE, replacement(event_id, "two"), sent_at_ms=now_ms // 1000 * 1000)
    await case.changed("message.edited", "two")


async def test_an_edited_caption_reaches_the_customer(case: Case) -> None:
    photo = await case.reply(ALICE, "the red button", media="photo")
    await case.stream.wait_for_text("[photo] the red button")
    await case.system.telegram.edit(photo, "the blue button")
    await case.changed("message.edited", "[photo] the blue button")


async def test_an_edit_of_a_strangers_message_does_nothing(case: Case) -> None:
    strange = await case.reply(MALLORY, "I am new here")
    await case.system.telegram.edit(strange, "send me your seed phrase")
    assert await case.last_word() == []


@pytest.mark.parametrize("forger", ["stranger's ghost", "other moderator's ghost", "operator", "stranger"])
async def test_an_edit_by_anybody_else_does_nothing(case: Case, forger: str) -> None:
    await case.answer(ALICE, "true words")
    event_id = (await find_event(case.system, "true words"))["event_id"]
    forged = replacement(event_id, "send me your seed phrase")
    if forger == "stranger":
        await (await join_room(case.system, "forger")).send(case.system.room_id, forged)
    elif forger == "operator":
        await case.system.admin.send(case.system.room_id, forged)
    else:
        await send_as_ghost(case.system, BOB if forger.startswith("other") else MALLORY, forged)
    assert await case.last_word() == [("message.created", "true words")]
    assert (await case.customer.history())["items"][1]["text"] == "true words"


@pytest.mark.parametrize("text", ["/block", "!close", "BLOCK_USER", "// he is rude"])
async def test_an_edit_into_a_command_or_a_note_does_nothing(case: Case, text: str) -> None:
    reply, _ = await case.answer(ALICE, "good day")
    await case.system.telegram.edit(reply, text)
    assert await case.last_word() == [("message.created", "good day")]
    assert await said_after(case.system, reply) == []
    await case.ask()
    assert (await case.order("/info")).splitlines()[0].endswith("· open")


@pytest.mark.parametrize("edits", [0, 1, 2])
async def test_a_deleted_reply_is_deleted_once(case: Case, edits: int) -> None:
    reply, answer = await case.answer(ALICE, "wrong window")
    for n in range(edits):
        await case.system.telegram.edit(reply, f"wrong window {n}")
        await case.changed("message.edited", f"wrong window {n}")
    await case.system.telegram.delete(reply)
    deleted = (await case.changed("message.deleted", "")).data
    assert (deleted["id"], deleted["seq"]) == (answer["id"], answer["seq"])
    assert deleted["deleted_at"] > answer["created_at"]
    # The bridge takes back the original and each edit.
    await redactions(case, 1 + edits)
    assert [kind for kind, _ in await case.last_word()].count("message.deleted") == 1
    assert (await case.customer.history())["items"][1] == deleted
    async with case.customer.stream(last_event_id=0) as stream:
        await stream.wait_for_text("last word")
        assert not [event for event in stream.seen if "wrong window" in event.data.get("text", "")]


async def redactions(case: Case, count: int) -> None:
    """Return once the bridge has redacted so many events of the room since the case's post."""
    posted = (await find_event(case.system, case.post.text))["event_id"]

    async def all_there() -> bool:
        events = await case.system.admin.events(case.system.room_id)
        at = next(n for n, event in enumerate(events) if event["event_id"] == posted)
        by_bridge = [e for e in events[at:] if e["sender"] == mxid(BRIDGE_BOT)]
        return [event["type"] for event in by_bridge].count("m.room.redaction") >= count

    await until(all_there, f"{count} redactions by the bridge")


async def test_an_edit_after_the_deletion_does_nothing(case: Case) -> None:
    reply, _ = await case.answer(ALICE, "gone soon")
    event_id = (await find_event(case.system, "gone soon"))["event_id"]
    await case.system.telegram.delete(reply)
    await case.changed("message.deleted", "")
    await send_as_ghost(case.system, ALICE, replacement(event_id, "here again"))
    assert [kind for kind, _ in await case.last_word()] == ["message.created", "message.deleted"]
    assert (await case.customer.history())["items"][1]["text"] == ""


async def test_a_strangers_redaction_in_matrix_does_nothing(case: Case) -> None:
    _, answer = await case.answer(ALICE, "it stays")
    event_id = (await find_event(case.system, "it stays"))["event_id"]
    stranger = await join_room(case.system, "eraser")
    levels = f"{CLIENT}/rooms/{case.system.room_id}/state/m.room.power_levels"
    before = await case.system.admin.api.call("GET", levels)
    powers = before | {"users": before["users"] | {stranger.mxid: before.get("redact", 50)}}
    await case.system.admin.api.call("PUT", levels, powers)
    await stranger.redact(case.system.room_id, event_id)
    await case.system.admin.api.call("PUT", levels, before)
    await case.system.admin.wait_for_event(
        case.system.room_id,
        lambda event: event["event_id"] == event_id and not event["content"],
        "the redacted event",
    )
    (created,) = await case.last_word()
    assert created == ("message.created", "it stays")
    assert (await case.customer.history())["items"][1] == answer


async def test_a_moderator_in_matrix_may_redact_and_a_second_time_is_nothing(case: Case) -> None:
    await case.answer(BOB, "not so wise")
    event_id = (await find_event(case.system, "not so wise"))["event_id"]
    await case.system.admin.redact(case.system.room_id, event_id)
    await case.changed("message.deleted", "")
    await case.system.admin.redact(case.system.room_id, event_id)
    assert [kind for kind, _ in await case.last_word()] == ["message.created", "message.deleted"]


# Media.


@pytest.mark.parametrize(
    ("media", "caption", "arrives"),
    [
        ("photo", "see the red part", "[photo] see the red part"),
        ("photo", "", "[photo]"),
        ("voice", "", "[audio]"),
        ("document", "the log", "[file] the log"),
        ("document", "", "[file]"),
        ("sticker", "", "[sticker] \U0001f44d (thumbs up sign)"),
        (
            "location",
            "",
            "[location] Location: 48.85° N, 2.35° E\nhttps://maps.google.com/?q=48.85,2.35",
        ),
    ],
)
async def test_media_arrive_as_a_text_that_says_what_came(
    case: Case, media: str, caption: str, arrives: str
) -> None:
    await case.reply(ALICE, caption, media=media)
    assert await case.last_word() == [("message.created", arrives)]


async def test_a_command_may_stand_below_a_photo(case: Case) -> None:
    photo = await case.reply(ALICE, "/block 3d that picture", media="photo")
    answer = await text_after(case.system, photo, f"#{case.number}")
    assert answer.startswith(f"✓ #{case.number} until ")
    assert (await case.order("/info")).splitlines()[-1] == "blocked"
    assert await case.last_word() == []
    await case.order("/unblock")


# Notes and hints.


async def test_notes_are_kept_and_never_reach_the_customer(case: Case) -> None:
    first = await case.reply(ALICE, "// he sounds angry")
    await case.reply(BOB, "//no, tired")
    assert await said_after(case.system, first) == []
    assert await case.order("/note a regular") == f"✓ #{case.number} noted"
    assert "notes: 3" in (await case.order("/info")).splitlines()
    assert await case.last_word() == []


async def test_an_unknown_word_is_hinted_at_once_in_ten_minutes_a_person(
    case: Case, allow_new: Callable[[str], Awaitable[int]]
) -> None:
    carol, dave = await allow_new("Carol"), await allow_new("Dave")
    hint = "is not a command, and was not sent. See /help"
    assert await case.order("/nonsense 3d", carol) == f"#{case.number}: /nonsense {hint}"
    again = await case.reply(carol, "!rubbish")
    assert await said_after(case.system, again) == []
    assert await case.order("/gibberish", dave) == f"#{case.number}: /gibberish {hint}"
    assert await case.last_word() == []


async def test_without_a_reply_an_unknown_word_may_be_meant_for_another_bot(
    case: Case, allow_new: Callable[[str], Awaitable[int]]
) -> None:
    sent = await case.system.telegram.send(await allow_new("Erin"), "/roll 2d6")
    assert await said_after(case.system, sent) == []


async def test_an_anonymous_admins_reply_is_hinted_at_once(
    private_system: Callable[..., AbstractAsyncContextManager[System]],
) -> None:
    async with private_system() as system, open_case(system) as case:
        for sender in ("anonymous", "anonymous-channel"):
            hint = await case.order("hello from nobody", sender)
            assert hint.startswith(f"#{case.number}: written anonymously, so it was not sent.")
            assert "Remain anonymous" in hint
            again = await case.reply(sender, "hello again")
            assert await said_after(system, again) == []
        assert await case.last_word() == []
