"""What an event of the room means, and in which order it is looked at."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from plugin.domain.commands import NEED_NO_TICKET, VOCABULARY, Command, Misuse, Verb
from plugin.domain.model import Moderator, Target
from plugin.domain.replies import Answer, Correction, Ignored, Note, Order, ReplyEvent, interpret
from plugin.domain.roster import Roster

OWN = "@supportbot:hs.test"
BOT = "@telegrambot:hs.test"
ALICE = "@telegram_5550001:hs.test"
BOB = "@telegram_5550002:hs.test"
MALLORY = "@telegram_5550003:hs.test"
GROUP = 1900000001
GROUP_GHOSTS = ["@telegram_1900000001:hs.test", "@telegram_channel-1900000001:hs.test"]
"""Of the Python line and of the Go line of the bridge."""

REPLY = ReplyEvent(
    event_id="$reply",
    sender=ALICE,
    text="Hi Jane, fixed!",
    reply_to="$post",
    from_telegram=True,
    chat_id=GROUP,
    foreign_author=False,
)
COMMAND = replace(REPLY, text="/block 3d")
NOTE = replace(REPLY, text="// she is right")
EDIT = replace(REPLY, text="Hi Jane, fixed and deployed!", reply_to=None, replaces="$reply")
ANYTHING = [
    pytest.param(REPLY, id="answer"),
    pytest.param(COMMAND, id="command"),
    pytest.param(replace(REPLY, text="/blok"), id="unknown command"),
    pytest.param(replace(REPLY, text="/help"), id="command that needs no reply"),
    pytest.param(NOTE, id="note"),
    pytest.param(replace(REPLY, text=""), id="nothing"),
    pytest.param(EDIT, id="edit"),
    pytest.param(replace(EDIT, text="/block 3d"), id="edit into a command"),
    pytest.param(replace(REPLY, text="[photo] /block", caption="/block"), id="photo with a command"),
]

ANYWHERE = sorted(NEED_NO_TICKET)
NEED_REPLY = sorted(set(VOCABULARY.values()) - NEED_NO_TICKET)
UNKNOWN = ["/blok", "!important", "/start@other_bot", "/1", "/block, please", "BLOCK_USER!"]
WRONG = ["/block 3x", "/timeout -3d", "!ban 0s", "/note", "/assign", "BLOCK_USER 5"]


@pytest.fixture
def roster(alice: Moderator, bob: Moderator) -> Roster:
    return Roster([alice, bob], bridge_bot=BOT, ghost_template="telegram_{userid}", own_mxid=OWN)


def words(verb: str) -> str:
    return f"/{verb} me" if verb in ("note", "assign") else f"/{verb}"


# Answers


def test_a_moderators_reply_is_an_answer(roster: Roster, alice: Moderator, target: Target) -> None:
    assert interpret(REPLY, roster, target) == Answer(moderator=alice, target=target, text="Hi Jane, fixed!")


def test_a_moderator_may_also_write_in_matrix(roster: Roster, alice: Moderator, target: Target) -> None:
    typed = replace(REPLY, sender="@alice:hs.test", from_telegram=False, chat_id=None)
    assert interpret(typed, roster, target) == Answer(moderator=alice, target=target, text=REPLY.text)


def test_a_reply_without_a_text_is_none(roster: Roster, target: Target) -> None:
    assert interpret(replace(REPLY, text=""), roster, target) == Ignored(reason="no_text", target=target)


@pytest.mark.parametrize("caption", ["", "see this picture"])
def test_a_photo_is_an_answer_with_or_without_a_caption(
    roster: Roster, alice: Moderator, target: Target, caption: str
) -> None:
    photo = replace(REPLY, text=f"[photo] {caption}".strip(), caption=caption)
    assert interpret(photo, roster, target) == Answer(moderator=alice, target=target, text=photo.text)


@pytest.mark.parametrize("text", ["words", "a // b", "http://example.com", "words /block", ""])
def test_a_moderator_who_replies_to_nothing_of_a_ticket_talks_to_the_team(roster: Roster, text: str) -> None:
    assert interpret(replace(REPLY, text=text), roster, None) == Ignored(reason="talk")


@pytest.mark.parametrize("text", ["words", "// note", "//", ""])
def test_a_moderator_who_replies_to_nothing_at_all_is_not_listened_to(roster: Roster, text: str) -> None:
    talk = replace(REPLY, text=text, reply_to=None)
    assert interpret(talk, roster, None) == Ignored(reason="no_reply")


# Commands


def test_a_moderators_command_is_an_order(roster: Roster, alice: Moderator, target: Target) -> None:
    command = Command(verb="block", length=timedelta(days=3))
    assert interpret(COMMAND, roster, target) == Order(moderator=alice, target=target, command=command)


@pytest.mark.parametrize("text", ["!headset", "!headset token", "!headset\ttoken Alice", "!headset\nhelp"])
def test_what_is_said_to_the_bot_itself_is_for_no_customer_and_is_answered_elsewhere(
    roster: Roster, target: Target, text: str
) -> None:
    assert interpret(replace(REPLY, text=text), roster, target) == Ignored(reason="talk")
    assert interpret(replace(REPLY, text=text, reply_to=None), roster, None) == Ignored(reason="talk")


@pytest.mark.parametrize("verb", [*ANYWHERE, *NEED_REPLY])
@pytest.mark.parametrize("sign", ["/", "!"])
def test_each_command_in_a_reply_is_about_the_ticket(
    roster: Roster, alice: Moderator, target: Target, verb: Verb, sign: str
) -> None:
    meaning = interpret(replace(REPLY, text=sign + words(verb)[1:]), roster, target)
    text = "me" if verb in ("note", "assign") else None
    assert meaning == Order(moderator=alice, target=target, command=Command(verb=verb, text=text))


@pytest.mark.parametrize("verb", ANYWHERE)
@pytest.mark.parametrize("reply_to", [None, "$team-talk"])
def test_these_commands_need_no_reply(
    roster: Roster, alice: Moderator, verb: Verb, reply_to: str | None
) -> None:
    event = replace(REPLY, text=words(verb), reply_to=reply_to)
    assert interpret(event, roster, None) == Order(moderator=alice, target=None, command=Command(verb=verb))


@pytest.mark.parametrize("verb", NEED_REPLY)
@pytest.mark.parametrize("reply_to", [None, "$team-talk"])
def test_the_others_without_a_reply_get_a_hint(
    roster: Roster, alice: Moderator, verb: Verb, reply_to: str | None
) -> None:
    event = replace(REPLY, text=words(verb), reply_to=reply_to)
    hint = Misuse(hint=f"Send /{verb} as a Reply to a message of its ticket.")
    assert interpret(event, roster, None) == Order(moderator=alice, target=None, command=hint)
    assert hint.is_known


@pytest.mark.parametrize(("alias", "verb"), [("ban", "block"), ("tmute", "timeout"), ("unban", "unblock")])
def test_the_hint_to_an_alias_names_the_command(roster: Roster, alias: str, verb: str) -> None:
    meaning = interpret(replace(REPLY, text=f"!{alias}@bot", reply_to=None), roster, None)
    assert isinstance(meaning, Order)
    assert isinstance(meaning.command, Misuse)
    assert f"/{verb} " in meaning.command.hint


@pytest.mark.parametrize("text", UNKNOWN)
@pytest.mark.parametrize("reply_to", [None, "$team-talk"])
def test_an_unknown_command_without_a_reply_may_be_another_bots(
    roster: Roster, text: str, reply_to: str | None
) -> None:
    event = replace(REPLY, text=text, reply_to=reply_to)
    assert interpret(event, roster, None) == Ignored(reason="talk")


@pytest.mark.parametrize("text", UNKNOWN)
def test_an_unknown_command_in_a_reply_is_misuse_and_never_an_answer(
    roster: Roster, alice: Moderator, target: Target, text: str
) -> None:
    meaning = interpret(replace(REPLY, text=text), roster, target)
    assert isinstance(meaning, Order)
    assert (meaning.moderator, meaning.target) == (alice, target)
    assert isinstance(meaning.command, Misuse)
    assert not meaning.command.is_known


@pytest.mark.parametrize("text", WRONG)
@pytest.mark.parametrize("in_reply", [True, False])
def test_a_wrong_command_is_misuse_of_a_known_one_with_and_without_a_reply(
    roster: Roster, target: Target, text: str, in_reply: bool
) -> None:
    event = replace(REPLY, text=text, reply_to="$post" if in_reply else None)
    meaning = interpret(event, roster, target if in_reply else None)
    assert isinstance(meaning, Order)
    assert isinstance(meaning.command, Misuse)
    assert meaning.command.is_known


def test_a_caption_is_a_command_as_a_text_is(roster: Roster, alice: Moderator, target: Target) -> None:
    photo = replace(REPLY, text="[photo] /block 3d", caption="/block 3d")
    assert interpret(photo, roster, target) == interpret(COMMAND, roster, target)


# Notes


@pytest.mark.parametrize(
    ("text", "note"),
    [
        ("// she is right", "she is right"),
        ("//block", "block"),
        ("// /block 3d", "/block 3d"),
        ("//a\nb", "a\nb"),
    ],
)
def test_a_moderators_reply_of_two_slashes_is_a_note_for_the_team(
    roster: Roster, alice: Moderator, target: Target, text: str, note: str
) -> None:
    meant = Note(moderator=alice, target=target, text=note)
    assert interpret(replace(REPLY, text=text), roster, target) == meant
    photo = replace(REPLY, text=f"[photo] {text}", caption=text)
    assert interpret(photo, roster, target) == meant


@pytest.mark.parametrize("text", ["//", "//  ", "//\n"])
def test_a_note_of_nothing_is_none(roster: Roster, target: Target, text: str) -> None:
    meaning = interpret(replace(REPLY, text=text), roster, target)
    assert isinstance(meaning, Ignored)
    assert meaning.reason == "no_text"


@pytest.mark.parametrize(("reply_to", "reason"), [(None, "no_reply"), ("$team-talk", "talk")])
def test_a_note_about_no_ticket_is_talk_in_the_team(
    roster: Roster, reply_to: str | None, reason: str
) -> None:
    meaning = interpret(replace(NOTE, reply_to=reply_to), roster, None)
    assert meaning == Ignored(reason=reason)  # type: ignore[arg-type]


# Edits


@pytest.mark.parametrize("sender", [ALICE, "@alice:hs.test"])
def test_a_moderators_edit_is_a_correction(roster: Roster, alice: Moderator, sender: str) -> None:
    meant = Correction(moderator=alice, replaces="$reply", text="Hi Jane, fixed and deployed!")
    assert interpret(replace(EDIT, sender=sender), roster, None) == meant


def test_an_edit_of_a_photos_caption_is_a_correction(roster: Roster, alice: Moderator) -> None:
    photo = replace(EDIT, text="[photo] this one", caption="this one")
    meant = Correction(moderator=alice, replaces="$reply", text="[photo] this one")
    assert interpret(photo, roster, None) == meant


@pytest.mark.parametrize("sender", [MALLORY, "@mallory:hs.test", "@telegram_5550001:evil.test"])
@pytest.mark.parametrize("text", ["better words", "/block 3d", "// note", ""])
def test_a_strangers_edit_is_a_strangers(roster: Roster, sender: str, text: str) -> None:
    edit = replace(EDIT, sender=sender, text=text)
    assert interpret(edit, roster, None) == Ignored(reason="stranger")


@pytest.mark.parametrize("sender", [BOT, *GROUP_GHOSTS])
def test_an_anonymous_admins_edit_changes_nothing(roster: Roster, sender: str) -> None:
    assert interpret(replace(EDIT, sender=sender), roster, None) == Ignored(reason="anonymous")


@pytest.mark.parametrize(
    "text",
    ["/block 3d", "!ban", "/help", "/close", "BLOCK_USER", *UNKNOWN, *WRONG, "//", "// note", "//block"],
)
def test_an_edit_into_a_command_or_a_note_changes_nothing(roster: Roster, text: str) -> None:
    assert interpret(replace(EDIT, text=text), roster, None) == Ignored(reason="talk")
    photo = replace(EDIT, text=f"[photo] {text}", caption=text)
    assert interpret(photo, roster, None) == Ignored(reason="talk")


def test_an_edit_into_nothing_changes_nothing(roster: Roster) -> None:
    assert interpret(replace(EDIT, text=""), roster, None) == Ignored(reason="no_text")


@pytest.mark.parametrize("text", ["better words", "/block 3d", "/help", "// note"])
def test_an_edit_is_never_a_new_answer_nor_a_command_nor_a_note(
    roster: Roster, target: Target, text: str
) -> None:
    # An edit may carry the relation of a Reply beside its own.
    meaning = interpret(replace(EDIT, text=text, reply_to="$post"), roster, target)
    assert isinstance(meaning, (Correction, Ignored))


# Anyone else


@pytest.mark.parametrize("event", ANYTHING)
@pytest.mark.parametrize("sender", [MALLORY, "@mallory:hs.test"])
def test_whatever_a_stranger_writes_is_a_strangers_and_never_parsed(
    roster: Roster, target: Target, event: ReplyEvent, sender: str
) -> None:
    meaning = interpret(replace(event, sender=sender), roster, target)
    assert meaning == Ignored(reason="stranger", target=target)


@pytest.mark.parametrize("text", ["words", "/help", "/block 3d", "/blok", "// note"])
def test_a_stranger_who_talks_has_no_target(roster: Roster, text: str) -> None:
    talk = replace(REPLY, sender=MALLORY, text=text, reply_to=None)
    assert interpret(talk, roster, None) == Ignored(reason="stranger")


@pytest.mark.parametrize("event", ANYTHING)
@pytest.mark.parametrize("sender", [ALICE, "@alice:hs.test"])
def test_a_moderators_event_in_another_authors_name_is_refused(
    roster: Roster, target: Target, event: ReplyEvent, sender: str
) -> None:
    foreign = replace(event, sender=sender, foreign_author=True)
    assert interpret(foreign, roster, target) == Ignored(reason="foreign_author", target=target)


@pytest.mark.parametrize("event", ANYTHING)
@pytest.mark.parametrize("from_telegram", [True, False])
def test_the_bots_own_posts_are_never_parsed(
    roster: Roster, target: Target, event: ReplyEvent, from_telegram: bool
) -> None:
    own = replace(event, sender=OWN, from_telegram=from_telegram)
    assert interpret(own, roster, target) == Ignored(reason="own")


@pytest.mark.parametrize("event", ANYTHING)
def test_a_notice_of_the_bridge_is_nobodys_reply(roster: Roster, target: Target, event: ReplyEvent) -> None:
    notice = replace(event, sender=BOT, from_telegram=False)
    assert interpret(notice, roster, target) == Ignored(reason="bridge_notice")


@pytest.mark.parametrize("event", ANYTHING)
@pytest.mark.parametrize("sender", [BOT, *GROUP_GHOSTS])
def test_whatever_an_anonymous_admin_writes_is_never_parsed(
    roster: Roster, target: Target, event: ReplyEvent, sender: str
) -> None:
    meaning = interpret(replace(event, sender=sender), roster, target)
    assert meaning == Ignored(reason="anonymous", target=target)


@pytest.mark.parametrize("sender", [BOT, *GROUP_GHOSTS])
def test_an_anonymous_admin_who_talks_has_no_target(roster: Roster, sender: str) -> None:
    talk = replace(REPLY, sender=sender, reply_to=None)
    assert interpret(talk, roster, None) == Ignored(reason="anonymous")


@pytest.mark.parametrize("chat_id", [None, 1900000009])
@pytest.mark.parametrize("sender", GROUP_GHOSTS)
def test_the_ghost_of_another_chat_is_a_plain_stranger(
    roster: Roster, target: Target, sender: str, chat_id: int | None
) -> None:
    event = replace(REPLY, sender=sender, chat_id=chat_id)
    assert interpret(event, roster, target) == Ignored(reason="stranger", target=target)


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"sender": OWN, "replaces": "$x", "foreign_author": True}, "own"),
        ({"sender": BOT, "from_telegram": False, "replaces": "$x"}, "bridge_notice"),
        ({"sender": BOT, "from_telegram": False, "foreign_author": True}, "bridge_notice"),
        ({"sender": MALLORY, "foreign_author": True}, "stranger"),
        ({"sender": MALLORY, "text": "// note"}, "stranger"),
        ({"sender": BOT, "foreign_author": True}, "anonymous"),
        ({"foreign_author": True, "text": "/block"}, "foreign_author"),
        ({"foreign_author": True, "text": ""}, "foreign_author"),
        ({"foreign_author": True, "replaces": "$x"}, "foreign_author"),
    ],
)
def test_of_several_reasons_the_one_about_the_sender_counts(
    roster: Roster, target: Target, changes: dict[str, object], reason: str
) -> None:
    meaning = interpret(replace(REPLY, **changes), roster, target)  # type: ignore[arg-type]
    assert isinstance(meaning, Ignored)
    assert meaning.reason == reason


SENDERS = [ALICE, BOB, "@alice:hs.test", MALLORY, BOT, OWN, *GROUP_GHOSTS]
TEXTS = st.one_of(
    st.text(), st.sampled_from(["", "words", "//", "// x", "/help", "/block 3d", *UNKNOWN, *WRONG])
)
EVENTS = st.builds(
    ReplyEvent,
    event_id=st.just("$event"),
    sender=st.sampled_from(SENDERS),
    text=TEXTS,
    reply_to=st.sampled_from([None, "$post"]),
    replaces=st.sampled_from([None, "$reply"]),
    from_telegram=st.booleans(),
    chat_id=st.sampled_from([None, GROUP]),
    foreign_author=st.booleans(),
    caption=st.one_of(st.none(), TEXTS),
)
A = Moderator(id="MOD-A", name="Alice", role="admin", telegram_id=5550001, mxid="@alice:hs.test")
B = Moderator(id="MOD-B", name="Bob", role="moderator", telegram_id=5550002, mxid=None)
TEAM = Roster([A, B], bridge_bot=BOT, ghost_template="telegram_{userid}", own_mxid=OWN)
TARGET = Target(customer_id="CUST-1", ticket=1042, message_id=None)


@given(EVENTS, st.booleans())
def test_only_what_a_moderator_wrote_as_words_reaches_a_customer(event: ReplyEvent, is_known: bool) -> None:
    target = TARGET if event.reply_to and is_known else None
    meaning = interpret(event, TEAM, target)
    if isinstance(meaning, Ignored):
        return
    assert event.sender in (ALICE, BOB, "@alice:hs.test")
    assert meaning.moderator == TEAM.find(event.sender)
    assert not event.foreign_author
    assert isinstance(meaning, Correction) is (event.replaces is not None)
    if isinstance(meaning, (Answer, Note)):
        assert meaning.target == target
    if isinstance(meaning, (Answer, Correction)):
        assert meaning.text == event.text != ""
        assert not event.words.startswith("//")
        assert interpret(replace(event, replaces=None), TEAM, TARGET) == Answer(
            moderator=meaning.moderator, target=TARGET, text=event.text
        )
