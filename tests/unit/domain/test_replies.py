"""What an event of the room means, and in which order it is looked at."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from plugin.domain.commands import Command, Misuse
from plugin.domain.model import Moderator, Target
from plugin.domain.replies import Answer, Ignored, Order, ReplyEvent, interpret
from plugin.domain.roster import Roster

OWN = "@supportbot:hs.test"
BOT = "@telegrambot:hs.test"
ALICE = "@telegram_5550001:hs.test"
MALLORY = "@telegram_5550003:hs.test"

REPLY = ReplyEvent(
    event_id="$reply",
    sender=ALICE,
    text="Hi Jane, fixed!",
    reply_to="$post",
    is_edit=False,
    from_telegram=True,
    foreign_author=False,
)
COMMAND = replace(REPLY, text="/block 3d")


@pytest.fixture
def roster(alice: Moderator, bob: Moderator) -> Roster:
    return Roster([alice, bob], bridge_bot=BOT, ghost_template="telegram_{userid}", own_mxid=OWN)


def test_a_moderators_reply_is_an_answer(roster: Roster, alice: Moderator, target: Target) -> None:
    assert interpret(REPLY, roster, target) == Answer(moderator=alice, target=target, text="Hi Jane, fixed!")


def test_a_moderator_may_also_write_in_matrix(roster: Roster, alice: Moderator, target: Target) -> None:
    typed = replace(REPLY, sender="@alice:hs.test", from_telegram=False)
    assert interpret(typed, roster, target) == Answer(moderator=alice, target=target, text=REPLY.text)


def test_a_moderators_command_is_an_order(roster: Roster, alice: Moderator, target: Target) -> None:
    command = Command(verb="block", length=timedelta(days=3))
    assert interpret(COMMAND, roster, target) == Order(moderator=alice, target=target, command=command)


@pytest.mark.parametrize("text", ["/blok", "!important", "/block 3x", "/1"])
def test_a_moderators_wrong_command_is_an_order_too_and_never_an_answer(
    roster: Roster, target: Target, text: str
) -> None:
    meaning = interpret(replace(REPLY, text=text), roster, target)
    assert isinstance(meaning, Order)
    assert isinstance(meaning.command, Misuse)


@pytest.mark.parametrize("text", ["//", "// she is right", "//block"])
def test_a_moderators_note_stays_in_the_team(roster: Roster, target: Target, text: str) -> None:
    assert interpret(replace(REPLY, text=text), roster, target) == Ignored(reason="note", target=target)


def test_a_reply_without_a_text_is_none(roster: Roster, target: Target) -> None:
    assert interpret(replace(REPLY, text=""), roster, target) == Ignored(reason="no_text", target=target)


@pytest.mark.parametrize("event", [REPLY, COMMAND, replace(REPLY, text="// note"), replace(REPLY, text="")])
def test_whatever_a_stranger_writes_is_a_strangers_and_never_parsed(
    roster: Roster, target: Target, event: ReplyEvent
) -> None:
    assert interpret(replace(event, sender=MALLORY), roster, target) == Ignored(
        reason="stranger", target=target
    )


def test_a_stranger_who_talks_has_no_target(roster: Roster) -> None:
    talk = replace(REPLY, sender=MALLORY, reply_to=None)
    assert interpret(talk, roster, None) == Ignored(reason="stranger")


@pytest.mark.parametrize("event", [REPLY, COMMAND])
@pytest.mark.parametrize("sender", [ALICE, "@alice:hs.test"])
def test_a_moderators_event_in_another_authors_name_is_refused(
    roster: Roster, target: Target, event: ReplyEvent, sender: str
) -> None:
    foreign = replace(event, sender=sender, foreign_author=True)
    assert interpret(foreign, roster, target) == Ignored(reason="foreign_author", target=target)


@pytest.mark.parametrize("event", [REPLY, COMMAND])
def test_the_bots_own_posts_are_never_parsed(roster: Roster, target: Target, event: ReplyEvent) -> None:
    assert interpret(replace(event, sender=OWN), roster, target) == Ignored(reason="own")


@pytest.mark.parametrize("event", [REPLY, COMMAND])
def test_a_notice_of_the_bridge_is_nobodys_reply(roster: Roster, target: Target, event: ReplyEvent) -> None:
    notice = replace(event, sender=BOT, from_telegram=False)
    assert interpret(notice, roster, target) == Ignored(reason="bridge_notice")


@pytest.mark.parametrize("event", [REPLY, COMMAND])
def test_the_bridges_bot_with_a_telegram_message_is_an_anonymous_admin_and_a_stranger(
    roster: Roster, target: Target, event: ReplyEvent
) -> None:
    assert interpret(replace(event, sender=BOT), roster, target) == Ignored(reason="stranger", target=target)


@pytest.mark.parametrize("sender", [ALICE, MALLORY, BOT])
@pytest.mark.parametrize("text", ["* better words", "* /block 3d"])
def test_an_edit_is_never_a_new_answer_nor_a_command(
    roster: Roster, target: Target, sender: str, text: str
) -> None:
    edit = replace(REPLY, sender=sender, text=text, is_edit=True)
    assert interpret(edit, roster, target) == Ignored(reason="edit")


@pytest.mark.parametrize("text", ["words", "/block 3d", "// note", ""])
def test_a_moderator_who_replies_to_nothing_of_a_ticket_talks_to_the_team(roster: Roster, text: str) -> None:
    assert interpret(replace(REPLY, text=text), roster, None) == Ignored(reason="talk")


@pytest.mark.parametrize("text", ["words", "/block 3d", "// note", ""])
def test_a_moderator_who_replies_to_nothing_at_all_is_not_listened_to(roster: Roster, text: str) -> None:
    talk = replace(REPLY, text=text, reply_to=None)
    assert interpret(talk, roster, None) == Ignored(reason="no_reply")


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"sender": OWN, "is_edit": True, "foreign_author": True}, "own"),
        ({"sender": BOT, "from_telegram": False, "is_edit": True}, "bridge_notice"),
        ({"sender": MALLORY, "foreign_author": True}, "stranger"),
        ({"sender": MALLORY, "text": "// note"}, "stranger"),
        ({"foreign_author": True, "text": "/block"}, "foreign_author"),
        ({"foreign_author": True, "text": ""}, "foreign_author"),
    ],
)
def test_of_several_reasons_the_one_about_the_sender_counts(
    roster: Roster, target: Target, changes: dict[str, object], reason: str
) -> None:
    meaning = interpret(replace(REPLY, **changes), roster, target)  # type: ignore[arg-type]
    assert isinstance(meaning, Ignored)
    assert meaning.reason == reason
