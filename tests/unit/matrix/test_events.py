"""What the events that the bridge really sent mean; an altered copy is made where nothing was recorded."""

from __future__ import annotations

from datetime import timedelta

import pytest

from plugin.domain.commands import Command
from plugin.domain.model import Moderator, Target
from plugin.domain.replies import Answer, Ignored, Note, Order, Reason
from plugin.matrix.events import MatrixEventReader
from tests.unit.matrix.room import (
    BOT,
    FIRST_ANSWER,
    OWN,
    POSTS,
    Interpret,
    LoadCapture,
    altered,
    without,
)

DAYS = timedelta(days=1)

reader = MatrixEventReader()


# Moderators


@pytest.mark.parametrize(
    ("capture", "text"),
    [
        ("20_reply_plain", "Hi Jane, fixed!"),
        ("28_reply_partial_quote", "about this part"),
        ("3a_reply_formatted", "See https://example.com/help and @bob_team\nsecond line"),
        ("36_contact", "Shared contact info for Ann Example: ++15550100"),
        ("37_forwarded", "Forwarded from Bob Example (Telegram):\n> forwarded words"),
        ("30_photo_reply", "[photo] see this picture"),
        ("31_photo_nocaption", "[photo]"),
        ("33_voice", "[audio]"),
        ("34_document", "[file] the file"),
        ("76_double_puppet_reply", "double puppeted reply"),
        ("71_after_bridge_restart", "sent while the bridge was down"),
    ],
)
def test_a_moderators_reply_is_delivered_as_its_text_or_says_what_came(
    load_capture: LoadCapture,
    meaning_of: Interpret,
    alice: Moderator,
    target: Target,
    capture: str,
    text: str,
) -> None:
    assert meaning_of(load_capture(capture)) == Answer(moderator=alice, target=target, text=text)


def test_a_sticker_says_that_it_is_one_and_which(
    load_capture: LoadCapture, meaning_of: Interpret, alice: Moderator, target: Target
) -> None:
    event = load_capture("32_sticker", "m.sticker")
    assert meaning_of(event) == Answer(moderator=alice, target=target, text="[sticker] 👍 (thumbs up sign)")


def test_a_location_says_that_it_is_one(load_capture: LoadCapture, meaning_of: Interpret) -> None:
    meaning = meaning_of(load_capture("35_location"))
    assert isinstance(meaning, Answer)
    assert meaning.text.startswith("[location]")


def test_a_location_can_be_found_by_the_customer(load_capture: LoadCapture, meaning_of: Interpret) -> None:
    meaning = meaning_of(load_capture("35_location"))
    assert isinstance(meaning, Answer)
    assert meaning.text.count("https://maps.google.com/?q=48.85,2.35") == 1


def test_a_second_moderator_answers_the_firsts_reply(
    load_capture: LoadCapture, meaning_of: Interpret, bob: Moderator, target: Target
) -> None:
    event = load_capture("21_reply_to_reply")
    assert reader.read_reply(event).reply_to == load_capture("20_reply_plain").event_id == FIRST_ANSWER
    assert meaning_of(event) == Answer(moderator=bob, target=target, text="Indeed, see Alice's answer")


@pytest.mark.parametrize(
    ("capture", "command"),
    [
        ("22_block_command_reply", Command(verb="block", length=3 * DAYS, text="spamming")),
        ("23_block_at_bot_reply", Command(verb="block", length=3 * DAYS)),
    ],
)
def test_a_moderators_command_is_carried_out(
    load_capture: LoadCapture,
    meaning_of: Interpret,
    alice: Moderator,
    target: Target,
    capture: str,
    command: Command,
) -> None:
    meaning = meaning_of(load_capture(capture))
    assert meaning == Order(moderator=alice, target=target, command=command)


def test_a_reply_that_is_a_note_stays_in_the_team(
    load_capture: LoadCapture, meaning_of: Interpret, alice: Moderator, target: Target
) -> None:
    event = altered(load_capture("20_reply_plain"), body="// she is right")
    assert meaning_of(event) == Note(moderator=alice, target=target, text="she is right")


def test_a_moderators_reply_over_the_go_line_has_no_mark_of_telegram_and_is_an_answer(
    load_capture: LoadCapture, meaning_of: Interpret, alice: Moderator, target: Target
) -> None:
    event = without(load_capture("20_reply_plain"), "fi.mau.telegram.source")
    assert meaning_of(event) == Answer(moderator=alice, target=target, text="Hi Jane, fixed!")


def test_a_double_puppet_counts_by_its_full_matrix_id_alone(
    load_capture: LoadCapture, meaning_of: Interpret, target: Target
) -> None:
    event = load_capture("76_double_puppet_reply")
    assert "fi.mau.double_puppet_source" in event.content
    elsewhere = altered(event, sender="@alice:evil.test")
    assert meaning_of(elsewhere) == Ignored(reason="stranger", target=target)


# Talk in the team


@pytest.mark.parametrize("capture", ["24_plain_no_reply", "29_reply_to_unknown"])
def test_what_points_at_nothing_is_talk(
    load_capture: LoadCapture, meaning_of: Interpret, capture: str
) -> None:
    assert meaning_of(load_capture(capture)) == Ignored(reason="no_reply")


def test_a_reply_to_what_belongs_to_no_ticket_is_talk(
    load_capture: LoadCapture, meaning_of: Interpret
) -> None:
    event = altered(
        load_capture("20_reply_plain"), **{"m.relates_to": {"m.in_reply_to": {"event_id": "$team-talk"}}}
    )
    assert meaning_of(event) == Ignored(reason="talk")


def in_thread(**more: object) -> dict[str, object]:
    relation = {"rel_type": "m.thread", "event_id": POSTS[0], "m.in_reply_to": {"event_id": POSTS[1]}, **more}
    return {"m.relates_to": relation}


def test_a_message_in_a_thread_is_no_reply_though_older_clients_show_it_as_one(
    load_capture: LoadCapture, meaning_of: Interpret
) -> None:
    event = altered(load_capture("20_reply_plain"), **in_thread(is_falling_back=True))
    assert reader.read_reply(event).reply_to is None
    assert meaning_of(event) == Ignored(reason="no_reply")


@pytest.mark.parametrize("more", [{}, {"is_falling_back": False}, {"is_falling_back": None}])
def test_a_reply_that_somebody_made_within_a_thread_is_one(
    load_capture: LoadCapture, meaning_of: Interpret, more: dict[str, object]
) -> None:
    event = altered(load_capture("20_reply_plain"), **in_thread(**more))
    assert reader.read_reply(event).reply_to == POSTS[1]
    assert isinstance(meaning_of(event), Answer)


def test_a_topics_plain_message_can_not_be_told_from_a_reply_to_its_first_one(
    load_capture: LoadCapture, meaning_of: Interpret
) -> None:
    event = load_capture("3b_topic_message")
    assert event.content.keys() == load_capture("20_reply_plain").content.keys()
    assert isinstance(meaning_of(event), Answer)


# Strangers


@pytest.mark.parametrize(
    ("capture", "sender", "reason"),
    [
        ("25_anonymous_admin_noid", BOT, "anonymous"),
        ("26_anonymous_admin_peer", "@telegram_1900000001:hs.test", "anonymous"),
        ("27_sent_as_channel", "@telegram_1900000009:hs.test", "stranger"),
    ],
)
def test_anonymous_admins_and_channels_are_strangers_and_told_apart(
    load_capture: LoadCapture,
    meaning_of: Interpret,
    target: Target,
    capture: str,
    sender: str,
    reason: Reason,
) -> None:
    event = load_capture(capture)
    assert event.sender == sender
    assert reader.read_reply(event).chat_id == 1900000001
    assert meaning_of(event) == Ignored(reason=reason, target=target)


@pytest.mark.parametrize(
    ("sender", "reason"),
    [
        ("@telegram_channel-1900000001:hs.test", "anonymous"),
        ("@telegram_channel-1900000009:hs.test", "stranger"),
        ("@telegram_channel-1900000001:evil.test", "stranger"),
    ],
)
@pytest.mark.parametrize(
    "url", ["https://t.me/c/1900000001/115", "https://t.me/c/1900000001/7/115"], ids=["group", "topic"]
)
def test_over_the_go_line_the_link_tells_who_writes_as_the_group(
    load_capture: LoadCapture, meaning_of: Interpret, target: Target, sender: str, reason: Reason, url: str
) -> None:
    event = without(load_capture("26_anonymous_admin_peer"), "fi.mau.telegram.source")
    event = altered(event, sender=sender, external_url=url)
    assert meaning_of(event) == Ignored(reason=reason, target=target)


@pytest.mark.parametrize(
    "url",
    [
        None,
        5,
        "",
        "https://t.me/group/115",
        "https://t.me/c/",
        "https://t.me/c/x/1",
        "https://t.me/c/1900000001",
    ],
)
def test_a_link_that_names_no_group_tells_nothing(load_capture: LoadCapture, url: object) -> None:
    event = without(load_capture("26_anonymous_admin_peer"), "fi.mau.telegram.source")
    assert reader.read_reply(altered(event, external_url=url)).chat_id is None


@pytest.mark.parametrize("capture", ["20_reply_plain", "22_block_command_reply"])
@pytest.mark.parametrize(
    "sender",
    [
        pytest.param("@telegram_5550001:evil.test", id="ghost of another server"),
        pytest.param("@telegram_5550001:hs.test.evil.test", id="longer server"),
        pytest.param("@telegram_5550003:hs.test", id="another person"),
        pytest.param("@telegram_channel-5550001:hs.test", id="channel with the moderator's number"),
    ],
)
def test_a_moderators_words_from_anyone_else_are_a_strangers(
    load_capture: LoadCapture, meaning_of: Interpret, target: Target, capture: str, sender: str
) -> None:
    event = altered(load_capture(capture), sender=sender)
    assert meaning_of(event) == Ignored(reason="stranger", target=target)


@pytest.mark.parametrize(
    "capture", ["20_reply_plain", "22_block_command_reply", "30_photo_reply", "76_double_puppet_reply"]
)
@pytest.mark.parametrize("key", ["com.beeper.per_message_profile", "m.per_message_profile"])
@pytest.mark.parametrize("profile", [{"id": "5550003", "displayname": "Mallory"}, {}, None])
def test_an_event_that_names_another_author_is_refused(
    load_capture: LoadCapture,
    meaning_of: Interpret,
    target: Target,
    capture: str,
    key: str,
    profile: object,
) -> None:
    event = altered(load_capture(capture), **{key: profile})
    assert meaning_of(event) == Ignored(reason="foreign_author", target=target)


def test_a_channel_with_a_moderators_number_can_not_be_told_apart(
    load_capture: LoadCapture, meaning_of: Interpret
) -> None:
    event = load_capture("72_channel_id_collides_with_user_id")
    assert event.sender == "@telegram_5550001:hs.test"
    assert event.content.keys() == load_capture("20_reply_plain").content.keys()
    assert isinstance(meaning_of(event), Answer)


# Notices, our own


@pytest.mark.parametrize("capture", ["50_out_rejected", "52_out_flood90"])
def test_a_notice_of_the_bridge_is_ignored(
    load_capture: LoadCapture, meaning_of: Interpret, capture: str
) -> None:
    notice = load_capture(capture)
    assert meaning_of(notice) == Ignored(reason="bridge_notice")
    relation = {"m.relates_to": {"m.in_reply_to": {"event_id": POSTS[0]}}}
    assert meaning_of(altered(notice, **relation)) == Ignored(reason="bridge_notice")


@pytest.mark.parametrize("place", [0, 1])
def test_a_deletion_is_nothing_for_the_customer(
    load_capture: LoadCapture, meaning_of: Interpret, place: int
) -> None:
    assert meaning_of(load_capture("44_deletion", "m.room.redaction", place)) == Ignored(
        reason="bridge_notice"
    )


def test_a_reaction_is_nothing_for_the_customer(load_capture: LoadCapture, meaning_of: Interpret) -> None:
    assert meaning_of(load_capture("41_reaction_on_relayed", "m.reaction")) == Ignored(reason="no_reply")


@pytest.mark.parametrize("capture", ["20_reply_plain", "22_block_command_reply", "40_edit"])
def test_our_own_posts_are_never_parsed(
    load_capture: LoadCapture, meaning_of: Interpret, capture: str
) -> None:
    assert meaning_of(altered(load_capture(capture), sender=OWN)) == Ignored(reason="own")


def test_a_notice_of_a_moderators_client_is_no_answer(
    load_capture: LoadCapture, meaning_of: Interpret, target: Target
) -> None:
    event = altered(load_capture("20_reply_plain"), msgtype="m.notice")
    assert meaning_of(event) == Ignored(reason="no_text", target=target)


# Commands, notes and nothing at all, in disguise


@pytest.mark.parametrize("body", ["\u200b/block 3d", "\u2060!ban", "\ufeff// she is right", "\u202e/block"])
def test_a_hidden_character_in_front_makes_no_answer_of_a_command_or_a_note(
    load_capture: LoadCapture, meaning_of: Interpret, body: str
) -> None:
    assert not isinstance(meaning_of(altered(load_capture("20_reply_plain"), body=body)), Answer)


@pytest.mark.parametrize("body", ["", " \n", "\u200b", "\u2060 \ufeff", "\U000e0041"])
def test_a_reply_without_anything_to_see_is_no_answer(
    load_capture: LoadCapture, meaning_of: Interpret, body: str
) -> None:
    assert not isinstance(meaning_of(altered(load_capture("20_reply_plain"), body=body)), Answer)


@pytest.mark.parametrize("body", [" /block 3d", "\n!ban", "  // she is right"])
def test_space_in_front_makes_no_answer_of_a_command_or_a_note(
    load_capture: LoadCapture, meaning_of: Interpret, body: str
) -> None:
    assert not isinstance(meaning_of(altered(load_capture("20_reply_plain"), body=body)), Answer)


@pytest.mark.parametrize("capture", ["30_photo_reply", "34_document"])
@pytest.mark.parametrize("caption", ["/block 3d", "!ban", "/blok", "block_user", "// for the team only"])
def test_a_caption_that_is_a_command_or_a_note_is_never_delivered(
    load_capture: LoadCapture, meaning_of: Interpret, capture: str, caption: str
) -> None:
    event = altered(load_capture(capture), body=caption)
    assert not isinstance(meaning_of(event), Answer)


def test_a_caption_that_is_a_command_is_carried_out(
    load_capture: LoadCapture, meaning_of: Interpret, alice: Moderator, target: Target
) -> None:
    command = Command(verb="block", length=3 * DAYS, text="spamming")
    event = altered(load_capture("30_photo_reply"), body="/block 3d spamming")
    assert meaning_of(event) == Order(moderator=alice, target=target, command=command)


def test_a_file_name_is_no_caption_whether_or_not_it_stands_twice(
    load_capture: LoadCapture, meaning_of: Interpret
) -> None:
    event = altered(load_capture("31_photo_nocaption"), filename="image.jpeg")
    meaning = meaning_of(event)
    assert isinstance(meaning, Answer)
    assert meaning.text == "[photo]"


@pytest.mark.parametrize(
    ("msgtype", "word"),
    [
        ("m.image", "photo"),
        ("m.video", "video"),
        ("m.audio", "audio"),
        ("m.file", "file"),
        ("m.location", "location"),
    ],
)
def test_each_kind_of_medium_is_named(load_capture: LoadCapture, msgtype: str, word: str) -> None:
    event = altered(load_capture("30_photo_reply"), msgtype=msgtype)
    assert reader.read_reply(event).text == f"[{word}] see this picture"


def test_an_emote_is_text(load_capture: LoadCapture) -> None:
    event = altered(load_capture("20_reply_plain"), msgtype="m.emote")
    assert reader.read_reply(event).text == "Hi Jane, fixed!"
