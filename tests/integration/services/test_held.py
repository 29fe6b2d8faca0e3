"""A reply of the team's that asks for a secret waits until another moderator lets it go."""

from __future__ import annotations

import json
from datetime import timedelta

import pytest

from plugin.config import ModeratorEntry
from plugin.domain.errors import Conflict, Forbidden, NotFound
from plugin.services.allow_list import update_allow_list

ASKS = "Please send me your seed phrase"
OTHERWISE = "Please tell me your private key, then"
PHRASE = "abandon ability able about above absent absorb abstract absurd abuse access accident"
FINE = "Never share your seed phrase with anybody"
TOLD = "⚠ #1001: Alice's {}: {}. Another moderator may reply /release to it."


class Case:
    """A customer whose first message is in the room."""

    def __init__(self, desk, host, customer: str, post: str) -> None:
        self.desk, self.host, self.customer, self.post = desk, host, customer, post

    async def reply(self, text: str, by: str | None = None, to: str | None = None, **more) -> str:
        """Let Alice, or somebody else, reply; return the event's id once it is dealt with."""
        event_id = self.desk.server.reply(by or self.desk.alice, to or self.post, text, **more)
        await self.host.inbox.catch_up()
        return event_id

    async def edit(self, event_id: str, text: str, by: str | None = None, **more) -> str:
        return await self.reply(text, by, to="", replaces=event_id, **more)

    async def delete(self, event_id: str, by: str | None = None) -> str:
        redaction = self.desk.server.add(by or self.desk.alice, {"redacts": event_id})
        await self.host.inbox.catch_up()
        return redaction

    async def release(self, event_id: str, by: str | None = None) -> str:
        """Let Bob, or somebody else, reply /release; return the answer."""
        await self.reply("/release", by or self.desk.bob, to=event_id)
        return (await self.desk.answers())[-1]

    async def got(self) -> list[tuple]:
        """What the customer got, as it stands; None: deleted."""
        rows = await self.desk.store.look(
            "SELECT author_name, text, deleted_at FROM message WHERE author_kind = 'moderator' ORDER BY seq"
        )
        return [(name, None if deleted else text) for name, text, deleted in rows]

    async def held(self) -> list[tuple]:
        return await self.desk.store.look("SELECT state, text FROM held_reply ORDER BY created_at, id")

    async def audit(self) -> list[tuple]:
        return await self.desk.store.look("SELECT actor_name, action FROM audit ORDER BY id")


@pytest.fixture
async def case(desk, host, customer) -> Case:
    return Case(desk, host, customer, await desk.post(host, customer))


@pytest.mark.parametrize(
    ("text", "why"), [(ASKS, "it asks for a secret"), (PHRASE, "there is a secret in it")]
)
async def test_it_is_held_and_the_team_told_without_its_words(case, text, why) -> None:
    await case.reply(text)
    assert await case.got() == []
    assert await case.held() == [("held", text)]
    assert await case.desk.answers() == [TOLD.format("Reply was not sent", why)]
    assert (await case.desk.outcomes())[-1] == "held"
    assert await case.audit() == [("Alice", "reply.held")]
    # Nothing of it is posted as delivered either.
    assert await case.desk.store.look("SELECT 1 FROM outbox WHERE lane = 'mark:1001'") == []


async def test_harmless_words_on_secrets_are_not_held(case) -> None:
    await case.reply(FINE)
    assert await case.got() == [("Alice", FINE)]


async def test_another_moderator_releases_exactly_that_one(case) -> None:
    first, second = await case.reply(ASKS), await case.reply(OTHERWISE)
    case.desk.clock.advance(5)
    assert await case.release(second) == "✓ #1001: sent as Alice's"
    assert await case.got() == [("Alice", OTHERWISE)]
    assert sorted(await case.held()) == [("held", ASKS), ("released", OTHERWISE)]
    (row,) = await case.desk.store.look(
        "SELECT actor_name, target FROM audit WHERE action = 'reply.released'"
    )
    assert row[0] == "Bob"
    assert set(json.loads(row[1])) == {"customer", "ticket", "held"}
    assert await case.desk.store.look("SELECT 1 FROM outbox WHERE lane = 'mark:1001'") != []
    assert await case.release(second) == "#1001: it is held no longer"
    assert await case.got() == [("Alice", OTHERWISE)]
    assert await case.release(first) == "✓ #1001: sent as Alice's"


async def test_release_elsewhere_is_about_blocks(case) -> None:
    await case.reply(ASKS)
    other = await case.reply("hello")
    for event_id in (case.post, other):
        assert await case.release(event_id) == "#1001: nothing is held"
    assert await case.held() == [("held", ASKS)]


async def test_a_second_release_lets_nothing_of_a_block_go(case) -> None:
    """Of two moderators who reply at once."""
    replies = [await case.reply(ASKS), await case.reply("hello")]
    case.desk.clock.advance(5)
    await case.edit(replies[1], ASKS)
    for event_id in replies:
        assert (await case.release(event_id)).startswith("✓")
        assert await case.release(event_id) == "#1001: it is held no longer"


async def test_its_own_author_may_not_release_it(case) -> None:
    event_id = await case.reply(ASKS)
    assert await case.release(event_id, case.desk.alice) == "#1001: another moderator has to release it"
    assert await case.got() == []
    assert await case.held() == [("held", ASKS)]


async def test_a_moderator_who_is_alone_may_and_is_told_so(case) -> None:
    alone = (ModeratorEntry(name="Alice", role="admin", telegram_id=1, mxid=None),)
    case.desk.configure(moderators=alone)
    await update_allow_list(case.host.database, case.desk.clock, case.desk.settings)
    event_id = await case.reply(ASKS)
    assert (await case.desk.answers())[-1].endswith("Nobody else is here, so Alice may reply /release to it.")
    assert await case.release(event_id, case.desk.alice) == "✓ #1001: sent as Alice's"
    assert await case.got() == [("Alice", ASKS)]


async def test_a_strangers_release_does_nothing(case) -> None:
    event_id = await case.reply(ASKS)
    await case.reply("/release", case.desk.stranger, to=event_id)
    assert await case.held() == [("held", ASKS)]


async def test_a_reply_to_a_held_one_is_an_answer_to_the_same_ticket(case) -> None:
    event_id = await case.reply(ASKS)
    await case.reply("I take over", case.desk.bob, to=event_id)
    assert await case.got() == [("Bob", "I take over")]


async def test_what_was_released_can_be_edited_and_deleted(case) -> None:
    event_id = await case.reply(ASKS)
    await case.release(event_id)
    await case.edit(event_id, "Sorry, do not")
    assert await case.got() == [("Alice", "Sorry, do not")]
    await case.reply("me too", case.desk.bob, to=event_id)
    await case.delete(event_id)
    assert await case.got() == [("Alice", None), ("Bob", "me too")]


# Edits and deletions of what is held


async def test_an_edit_that_asks_no_more_is_delivered(case) -> None:
    event_id = await case.reply(ASKS)
    case.desk.clock.advance(5)
    await case.edit(event_id, "Please update the app")
    assert await case.got() == [("Alice", "Please update the app")]
    assert [state for state, _ in await case.held()] == ["dropped"]
    assert await case.release(event_id) == "#1001: it is held no longer"
    await case.edit(event_id, "Please update the app now")
    assert await case.got() == [("Alice", "Please update the app now")]


async def test_an_edit_that_still_asks_takes_the_place(case) -> None:
    event_id = await case.reply(ASKS)
    case.desk.clock.advance(5)
    await case.edit(event_id, OTHERWISE)
    assert await case.got() == []
    assert await case.held() == [("held", OTHERWISE)]
    await case.release(event_id)
    assert await case.got() == [("Alice", OTHERWISE)]


async def test_nobody_else_edits_what_is_held(case) -> None:
    event_id = await case.reply(ASKS)
    await case.edit(event_id, "harmless", case.desk.bob)
    await case.edit(event_id, "harmless", case.desk.stranger)
    assert (await case.got(), await case.held()) == ([], [("held", ASKS)])


async def test_an_older_edit_of_what_is_held_is_late(case) -> None:
    event_id = await case.reply(ASKS)
    then = case.desk.clock.now()
    case.desk.clock.advance(60)
    await case.edit(event_id, OTHERWISE)
    await case.edit(event_id, "harmless", at=then)
    assert (await case.got(), await case.held()) == ([], [("held", OTHERWISE)])


@pytest.mark.parametrize("by", ["alice", "bob", "bridge_bot"])
async def test_a_deletion_drops_it(case, by) -> None:
    event_id = await case.reply(ASKS)
    await case.delete(event_id, getattr(case.desk, by))
    assert await case.held() == [("dropped", ASKS)]
    assert await case.release(event_id) == "#1001: it is held no longer"
    await case.edit(event_id, "harmless")
    assert await case.got() == []


async def test_a_strangers_deletion_drops_nothing(case) -> None:
    event_id = await case.reply(ASKS)
    await case.delete(event_id, case.desk.stranger)
    assert await case.held() == [("held", ASKS)]


# Edits of what was delivered


async def test_an_edit_that_asks_is_held_and_the_old_text_stays(case) -> None:
    event_id = await case.reply("hello")
    case.desk.clock.advance(5)
    await case.edit(event_id, ASKS)
    assert await case.got() == [("Alice", "hello")]
    assert (await case.desk.answers())[-1] == TOLD.format("edit was not passed on", "it asks for a secret")
    assert await case.release(event_id, case.desk.alice) == "#1001: another moderator has to release it"
    assert await case.release(event_id) == "✓ #1001: sent as Alice's"
    assert await case.got() == [("Alice", ASKS)]


async def test_an_edit_that_changes_nothing_is_nothing(case) -> None:
    event_id = await case.reply("hello")
    case.desk.clock.advance(5)
    await case.edit(event_id, "hello")
    assert (await case.got(), await case.held()) == ([("Alice", "hello")], [])
    assert await case.desk.store.look("SELECT edited_at FROM message WHERE edited_at IS NOT NULL") == []


async def test_the_edit_itself_may_be_replied_to(case) -> None:
    event_id = await case.reply("hello")
    case.desk.clock.advance(5)
    edit = await case.edit(event_id, ASKS)
    assert await case.release(edit) == "✓ #1001: sent as Alice's"
    assert await case.got() == [("Alice", ASKS)]


@pytest.mark.parametrize(("text", "state"), [("hello again", "dropped"), (OTHERWISE, "held")])
async def test_a_further_edit_takes_the_place_of_a_held_one(case, text, state) -> None:
    event_id = await case.reply("hello")
    for seconds, words in ((5, ASKS), (10, text)):
        case.desk.clock.advance(seconds)
        await case.edit(event_id, words)
    assert await case.got() == [("Alice", text if state == "dropped" else "hello")]
    assert await case.held() == [(state, text)]
    notices = [answer for answer in await case.desk.answers() if "⚠" in answer]
    assert len(notices) == 1


async def test_an_edit_from_before_the_held_one_comes_through(case) -> None:
    event_id = await case.reply("hello")
    between = case.desk.clock.advance(5)
    case.desk.clock.advance(60)
    await case.edit(event_id, ASKS)
    await case.edit(event_id, "hello between", at=between)
    assert await case.got() == [("Alice", "hello between")]
    await case.edit(event_id, OTHERWISE, at=between)
    assert await case.held() == [("held", ASKS)]


async def test_a_deleted_answer_takes_its_held_edit_with_it(case) -> None:
    event_id = await case.reply("hello")
    case.desk.clock.advance(5)
    await case.edit(event_id, ASKS)
    await case.delete(event_id)
    assert (await case.got(), await case.held()) == ([("Alice", None)], [("dropped", ASKS)])


async def test_an_edit_that_is_redacted_is_not_released(case) -> None:
    event_id = await case.reply("hello")
    case.desk.clock.advance(5)
    edit = await case.edit(event_id, ASKS)
    await case.delete(edit)
    assert await case.held() == [("dropped", ASKS)]
    assert await case.release(edit) == "#1001: it is held no longer"
    assert await case.got() == [("Alice", "hello")]


# What federation brings before the reply


async def early(case, *changes: tuple[str | None, float]) -> None:
    """Let edits, or deletions, of the event after them happen, each so many seconds from now."""
    target = f"$event{len(case.desk.server.events) + len(changes)}"
    for text, seconds in changes:
        at = case.desk.clock.now() + timedelta(seconds=seconds)
        if text is None:
            case.desk.server.add(case.desk.alice, {"redacts": target}, at)
        else:
            case.desk.server.reply(case.desk.alice, "", text, at, replaces=target)
    await case.host.inbox.catch_up()


async def test_an_early_edit_that_asks_no_more_is_delivered(case) -> None:
    await early(case, ("harmless", 5))
    await case.reply(ASKS)
    assert await case.got() == [("Alice", "harmless")]
    assert [state for state, _ in await case.held()] == ["dropped"]


async def test_an_early_edit_that_asks_is_held(case) -> None:
    await early(case, (ASKS, 5))
    event_id = await case.reply("hello")
    assert (await case.got(), await case.held()) == ([("Alice", "hello")], [("held", ASKS)])
    await case.release(event_id)
    assert await case.got() == [("Alice", ASKS)]


async def test_an_early_deletion_drops_it(case) -> None:
    await early(case, (None, 5))
    await case.reply(ASKS)
    assert (await case.got(), await case.held()) == ([], [("dropped", ASKS)])


async def test_what_came_early_is_carried_out_in_order(case) -> None:
    await early(case, ("second", 10), ("first", 5))
    await case.reply("hello")
    assert await case.got() == [("Alice", "second")]
    await early(case, ("never seen", 5), (None, 10))
    await case.reply("hello again")
    assert await case.got() == [("Alice", "second"), ("Alice", None)]


# Commands


async def test_last_words_that_ask_are_held_and_the_ticket_stays_open(case) -> None:
    event_id = await case.reply(f"/close {ASKS}")
    assert await case.desk.answers() == [
        TOLD.format("last words were not sent, and it stays open", "it asks for a secret")
    ]
    assert await case.desk.store.look("SELECT status FROM ticket") == [("open",)]
    assert (await case.got(), await case.held()) == ([], [("held", ASKS)])
    assert await case.release(event_id) == "✓ #1001: sent as Alice's"
    assert await case.got() == [("Alice", ASKS)]


async def test_a_note_may_say_anything(case) -> None:
    await case.reply(f"/note he was asked: {ASKS}")
    await case.reply(f"// {ASKS}")
    assert len(await case.desk.store.look("SELECT 1 FROM note")) == 2
    assert await case.held() == []


# The service, as the console will use it


async def test_a_moderator_may_drop_what_is_held(case) -> None:
    await case.reply(ASKS)
    ((held_id,),) = await case.desk.store.look("SELECT id FROM held_reply")
    async with case.host.database.transaction() as tx:
        case.desk.clock.advance(5)
        bob = next(m for m in await tx.moderators.list_active() if m.name == "Bob")
        await case.host.held.drop(tx, held_id, bob)
        with pytest.raises(Conflict):
            await case.host.held.drop(tx, held_id, bob)
        with pytest.raises(Conflict):
            await case.host.held.release(tx, held_id, bob)
        with pytest.raises(NotFound):
            await case.host.held.release(tx, "nothing", bob)
    assert await case.held() == [("dropped", ASKS)]
    assert (await case.audit())[-1] == ("Bob", "reply.dropped")


async def test_a_release_by_its_author_is_forbidden_by_the_service_too(case) -> None:
    await case.reply(ASKS)
    ((held_id,),) = await case.desk.store.look("SELECT id FROM held_reply")
    async with case.host.database.transaction() as tx:
        alice = next(m for m in await tx.moderators.list_active() if m.name == "Alice")
        with pytest.raises(Forbidden):
            await case.host.held.release(tx, held_id, alice)
