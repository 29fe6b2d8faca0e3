"""What the events that the bridge really sent mean; an altered copy is made where nothing was recorded."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta, timezone
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from plugin.domain.commands import Command
from plugin.domain.model import Moderator, RoomEvent, Target
from plugin.domain.replies import Answer, Ignored, Meaning, Order, interpret
from plugin.domain.roster import Roster
from plugin.matrix.events import MARK_KEY, MatrixEventReader
from plugin.services.ports import PostMark

LoadCapture = Callable[..., RoomEvent]
Interpret = Callable[[RoomEvent], Meaning]

CAPTURES = Path(__file__).resolve().parents[2] / "captures"
OWN = "@supportbot:hs.test"
BOT = "@telegrambot:hs.test"

POSTS = (
    "$DxRgwPjrFaed7PmfeQqgxUYFR4hSJnDulbp5Wvb3sfI",
    "$TIOKlNC-UMFMuyJceUIxUotKw5ZD1n8bGvNk8f1bqJs",
    "$1wirVZDPs_p_Rhf4Aw7lFYARqEwnb-gSD9EBqHETVK4",
)
"""The relayed messages that people replied to in the recording."""

FIRST_ANSWER = "$4PbvP1Ta2lLNaXi2I6iScba-v8s3Ow7vajAwhoGr-Nc"
DAYS = timedelta(days=1)

reader = MatrixEventReader()


@pytest.fixture
def roster(alice: Moderator, bob: Moderator) -> Roster:
    return Roster([alice, bob], bridge_bot=BOT, ghost_template="telegram_{userid}", own_mxid=OWN)


@pytest.fixture
def meaning_of(roster: Roster, target: Target) -> Interpret:
    """Give what the plugin does with an event, where the posts of the recording are ours."""

    def meaning_of(event: RoomEvent) -> Meaning:
        reply = reader.read_reply(event)
        known = reply.reply_to in (*POSTS, FIRST_ANSWER)
        return interpret(reply, roster, target if known else None)

    return meaning_of


def altered(event: RoomEvent, *, sender: str | None = None, **content: object) -> RoomEvent:
    """Return a copy from another sender, with other or more content."""
    return replace(event, sender=sender or event.sender, content={**event.content, **content})


def without(event: RoomEvent, key: str) -> RoomEvent:
    return replace(event, content={k: v for k, v in event.content.items() if k != key})


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
        ("22_block_command_reply", Command(verb="block", length=3 * DAYS, reason="spamming")),
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


def test_a_topics_plain_message_can_not_be_told_from_a_reply_to_its_first_one(
    load_capture: LoadCapture, meaning_of: Interpret
) -> None:
    event = load_capture("3b_topic_message")
    assert event.content.keys() == load_capture("20_reply_plain").content.keys()
    assert isinstance(meaning_of(event), Answer)


# Strangers


@pytest.mark.parametrize(
    ("capture", "sender"),
    [
        ("25_anonymous_admin_noid", BOT),
        ("26_anonymous_admin_peer", "@telegram_1900000001:hs.test"),
        ("27_sent_as_channel", "@telegram_1900000009:hs.test"),
    ],
)
def test_anonymous_admins_and_channels_are_strangers(
    load_capture: LoadCapture, meaning_of: Interpret, target: Target, capture: str, sender: str
) -> None:
    event = load_capture(capture)
    assert event.sender == sender
    assert meaning_of(event) == Ignored(reason="stranger", target=target)


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


@pytest.mark.parametrize("capture", ["20_reply_plain", "22_block_command_reply", "76_double_puppet_reply"])
def test_an_event_that_names_another_author_is_refused(
    load_capture: LoadCapture, meaning_of: Interpret, target: Target, capture: str
) -> None:
    profile = {"com.beeper.per_message_profile": {"id": "5550003", "displayname": "Mallory"}}
    event = altered(load_capture(capture), **profile)
    assert meaning_of(event) == Ignored(reason="foreign_author", target=target)


def test_a_channel_with_a_moderators_number_can_not_be_told_apart(
    load_capture: LoadCapture, meaning_of: Interpret
) -> None:
    event = load_capture("72_channel_id_collides_with_user_id")
    assert event.sender == "@telegram_5550001:hs.test"
    assert event.content.keys() == load_capture("20_reply_plain").content.keys()
    assert isinstance(meaning_of(event), Answer)


# Edits, notices, our own


def test_an_edit_is_never_a_new_answer(load_capture: LoadCapture, meaning_of: Interpret) -> None:
    event = load_capture("40_edit")
    assert reader.read_reply(event).is_edit
    assert meaning_of(event) == Ignored(reason="edit")


def test_an_edit_that_carries_a_reply_too_is_still_an_edit(
    load_capture: LoadCapture, meaning_of: Interpret
) -> None:
    event = load_capture("40_edit")
    relation = {
        **event.content["m.relates_to"],  # type: ignore[dict-item]
        "m.in_reply_to": {"event_id": POSTS[0]},
    }
    both = altered(event, **{"m.relates_to": relation})
    assert reader.read_reply(both).reply_to is None
    assert meaning_of(both) == Ignored(reason="edit")


def test_a_notice_of_the_bridge_is_ignored(load_capture: LoadCapture, meaning_of: Interpret) -> None:
    assert meaning_of(load_capture("50_out_rejected")) == Ignored(reason="bridge_notice")


def test_a_notice_of_the_bridge_that_replies_is_ignored(
    load_capture: LoadCapture, meaning_of: Interpret
) -> None:
    relation = {"m.relates_to": {"m.in_reply_to": {"event_id": POSTS[0]}}}
    assert meaning_of(altered(load_capture("50_out_rejected"), **relation)) == Ignored(reason="bridge_notice")


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
@pytest.mark.parametrize("caption", ["/block 3d", "!ban", "/blok", "BLOCK_USER", "// for the team only"])
def test_a_caption_that_is_a_command_or_a_note_is_never_delivered(
    load_capture: LoadCapture, meaning_of: Interpret, capture: str, caption: str
) -> None:
    event = altered(load_capture(capture), body=caption)
    assert not isinstance(meaning_of(event), Answer)


def test_a_caption_that_is_a_command_is_carried_out(
    load_capture: LoadCapture, meaning_of: Interpret, alice: Moderator, target: Target
) -> None:
    command = Command(verb="block", length=3 * DAYS, reason="spamming")
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


# Links


def formatted(event: RoomEvent, body: str, html: str) -> RoomEvent:
    return altered(event, body=body, format="org.matrix.custom.html", formatted_body=html)


@pytest.mark.parametrize(
    ("body", "html", "text"),
    [
        pytest.param(
            "read this",
            "read <a href='https://example.com/a?x=1&amp;y=2'>this</a>",
            "read this\nhttps://example.com/a?x=1&y=2",
            id="hidden behind words",
        ),
        pytest.param(
            "https://bank.example",
            "<a href='https://evil.example/login'>https://bank.example</a>",
            "https://bank.example\nhttps://evil.example/login",
            id="hidden behind another address",
        ),
        pytest.param(
            "https://example.com/a",
            "<a href='https://example.com/a'>https://example.com/a</a>",
            "https://example.com/a",
            id="shown already",
        ),
        pytest.param(
            "example.com/a",
            "<a href='http://example.com/a'><b>example</b>.com<i>/a</i></a>",
            "example.com/a",
            id="shown in several styles",
        ),
        pytest.param(
            "one two",
            "<a href='https://example.com/a'>one</a> <a href='https://example.com/a'>two</a>",
            "one two\nhttps://example.com/a",
            id="twice the same",
        ),
        pytest.param(
            "one two",
            "<a href='https://example.com/1'>one</a> <a href='http://example.com/2'>two</a>",
            "one two\nhttps://example.com/1\nhttp://example.com/2",
            id="two",
        ),
        pytest.param(
            "@bob",
            "<a href='https://matrix.to/#/@telegram_5550002:hs.test'>@bob</a>",
            "@bob",
            id="mention",
        ),
        pytest.param(
            "me@example.org", "<a href='mailto:me@example.org'>me@example.org</a>", "me@example.org"
        ),
        pytest.param("a < b", "a &lt; b <img src='https://example.com/x'>", "a < b", id="no link"),
        pytest.param("a b", "a <q href='https://example.com/x'><a href=''>b</a>", "a b", id="another tag"),
        pytest.param("a", "<a>a</a><a href=''>b</a><a href>c</a>", "a", id="links without an address"),
    ],
)
def test_a_link_is_shown_whole(load_capture: LoadCapture, body: str, html: str, text: str) -> None:
    assert reader.read_reply(formatted(load_capture("20_reply_plain"), body, html)).text == text


def test_an_address_that_is_only_part_of_a_shown_one_is_shown_too(load_capture: LoadCapture) -> None:
    event = formatted(
        load_capture("20_reply_plain"),
        "https://bank.example.org/x",
        "<a href='https://bank.example'>https://bank.example.org/x</a>",
    )
    assert reader.read_reply(event).text == "https://bank.example.org/x\nhttps://bank.example"


def test_an_address_written_without_http_is_not_shown_twice(load_capture: LoadCapture) -> None:
    # The bridge puts http:// in front of the address of a bare domain.
    event = formatted(
        load_capture("20_reply_plain"),
        "see example.com/help",
        "see <a href='http://example.com/help'>example.com/help</a>",
    )
    assert reader.read_reply(event).text == "see example.com/help"


def test_a_link_in_the_quoted_part_is_not_in_the_answer(load_capture: LoadCapture) -> None:
    event = load_capture("28_reply_partial_quote")
    html = (
        "<blockquote data-telegram-partial-reply>see <a href='https://customer.example/x'>this</a></blockquote>"
        "about this part"
    )
    assert reader.read_reply(altered(event, formatted_body=html)).text == "about this part"


@pytest.mark.parametrize(
    "quote",
    [
        "<blockquote data-telegram-partial-reply><a href='https://quoted.example'>x</a></blockquote>",
        "<blockquote data-telegram-partial-reply><blockquote>a</blockquote>"
        "<a href='https://quoted.example'>x</a></blockquote>",
        "<mx-reply><blockquote><a href='https://quoted.example'>x</a></blockquote></mx-reply>",
        "<mx-reply><blockquote>a</blockquote><a href='https://quoted.example'>x</a></mx-reply>",
    ],
)
def test_of_a_quote_and_an_answer_only_the_answers_links_are_shown(
    load_capture: LoadCapture, quote: str
) -> None:
    html = f"{quote}<blockquote><a href='https://example.com/a'>read</a></blockquote> this"
    event = formatted(load_capture("20_reply_plain"), "read this", html)
    assert reader.read_reply(event).text == "read this\nhttps://example.com/a"


def test_html_of_another_format_is_not_looked_at(load_capture: LoadCapture) -> None:
    event = altered(
        load_capture("20_reply_plain"), format="x", formatted_body="<a href='https://example.com'>x</a>"
    )
    assert reader.read_reply(event).text == "Hi Jane, fixed!"


# Whatever anyone may send


JSON = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(), st.text()),
    lambda inner: st.one_of(st.lists(inner), st.dictionaries(st.text(), inner)),
    max_leaves=5,
)
KEYS = ["body", "msgtype", "format", "formatted_body", "filename", "m.relates_to", MARK_KEY]
RELATIONS = st.fixed_dictionaries({}, optional={"rel_type": JSON, "m.in_reply_to": JSON, "event_id": JSON})


def event_with(content: dict[str, object], type_: str = "m.room.message") -> RoomEvent:
    return RoomEvent(
        position=1,
        event_id="$event",
        room_id="!room",
        sender="@telegram_5550003:hs.test",
        type=type_,
        content=content,
        sent_at=datetime(2026, 3, 1, tzinfo=timezone.utc),
    )


@given(
    st.fixed_dictionaries({}, optional={key: st.one_of(JSON, RELATIONS) for key in KEYS}),
    st.sampled_from(["m.room.message", "m.sticker"]),
)
def test_an_event_of_any_shape_can_be_read(content: dict[str, object], type_: str) -> None:
    event = event_with(content, type_)
    reply = reader.read_reply(event)
    assert isinstance(reply.text, str)
    assert reply.reply_to is None or isinstance(reply.reply_to, str)
    reader.read_mark(event)


@pytest.mark.parametrize(
    "html", ["<a href='", "<", "<!--", "</", "<!DOCTYPE [", "<![CDATA[", "<![x[y]]>", "&#x;"]
)
def test_html_of_any_shape_can_be_read(html: str) -> None:
    event = event_with(
        {"msgtype": "m.text", "body": "x", "format": "org.matrix.custom.html", "formatted_body": html}
    )
    assert reader.read_reply(event).text == "x"


@pytest.mark.parametrize(
    "relation",
    [None, "x", [], {}, {"m.in_reply_to": None}, {"m.in_reply_to": "$x"}, {"m.in_reply_to": {"event_id": 5}}],
)
def test_a_relation_that_is_none_is_no_reply(load_capture: LoadCapture, relation: object) -> None:
    event = altered(load_capture("20_reply_plain"), **{"m.relates_to": relation})
    assert reader.read_reply(event).reply_to is None


def test_the_bridges_mark_is_what_makes_a_telegram_message(load_capture: LoadCapture) -> None:
    event = load_capture("25_anonymous_admin_noid")
    assert reader.read_reply(event).from_telegram
    assert not reader.read_reply(without(event, "fi.mau.telegram.source")).from_telegram


# Marks of our own posts


def test_the_mark_of_our_own_post_says_which_part_of_which_batch_it_is() -> None:
    event = event_with({"body": "#1042 · anonymous\nHello", MARK_KEY: {"batch": "BATCH-1", "part": 2}})
    assert reader.read_mark(event) == PostMark(batch_id="BATCH-1", part=2)


@pytest.mark.parametrize(
    "mark",
    [None, "x", [], {}, {"batch": "B"}, {"part": 1}, {"batch": 1, "part": 1}, {"batch": "B", "part": "1"}],
)
def test_anything_else_is_no_mark(mark: object) -> None:
    assert reader.read_mark(event_with({MARK_KEY: mark})) is None
    assert reader.read_mark(event_with({})) is None


def test_each_capture_is_of_use() -> None:
    text = Path(__file__).read_text()
    unused = [path.stem for path in CAPTURES.glob("*.json") if f'"{path.stem}"' not in text]
    assert unused == []
