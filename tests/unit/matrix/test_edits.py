"""Edits and deletions, as the bridge sends them and as somebody might forge them."""

from __future__ import annotations

import pytest

from plugin.domain.model import Moderator, Target
from plugin.domain.replies import Answer, Correction, Ignored
from plugin.matrix.events import MatrixEventReader
from tests.unit.matrix.room import (
    ALICE,
    BOT,
    FIRST_ANSWER,
    OWN,
    POSTS,
    Interpret,
    LoadCapture,
    altered,
    event_with,
    without,
)

reader = MatrixEventReader()

EDIT_OF_FIRST_ANSWER = "$m5H3_CZNGCsCNEg-trqQnvTD_A9jvshTbzY6kz_1SzI"


# Edits


def test_an_edit_is_a_correction_by_its_new_content(
    load_capture: LoadCapture, meaning_of: Interpret, alice: Moderator
) -> None:
    event = load_capture("40_edit")
    assert event.content["body"] == "* Hi Jane, fixed and deployed!"
    assert event.event_id == EDIT_OF_FIRST_ANSWER
    assert meaning_of(event) == Correction(
        moderator=alice, replaces=FIRST_ANSWER, text="Hi Jane, fixed and deployed!"
    )


def test_an_edit_by_a_double_puppet_is_a_correction(
    load_capture: LoadCapture, meaning_of: Interpret, alice: Moderator
) -> None:
    event = altered(load_capture("40_edit"), sender="@alice:hs.test")
    meaning = meaning_of(event)
    assert isinstance(meaning, Correction)
    assert meaning.moderator == alice


@pytest.mark.parametrize(
    ("sender", "reason"),
    [
        ("@telegram_5550003:hs.test", "stranger"),
        ("@telegram_5550001:evil.test", "stranger"),
        ("@alice:evil.test", "stranger"),
        (BOT, "anonymous"),
        ("@telegram_1900000001:hs.test", "anonymous"),
        ("@telegram_channel-1900000001:hs.test", "anonymous"),
        (OWN, "own"),
    ],
)
def test_anyone_elses_edit_changes_nothing(
    load_capture: LoadCapture, meaning_of: Interpret, sender: str, reason: str
) -> None:
    meaning = meaning_of(altered(load_capture("40_edit"), sender=sender))
    assert meaning == Ignored(reason=reason)  # type: ignore[arg-type]


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
    assert meaning_of(both) == meaning_of(event)


@pytest.mark.parametrize(
    "body", ["/block 3d", "!ban", "/blok", "block_user", "// for the team", "\u200b/help", " //x"]
)
def test_an_edit_into_a_command_or_a_note_changes_nothing(
    load_capture: LoadCapture, meaning_of: Interpret, body: str
) -> None:
    event = altered(load_capture("40_edit"), **{"m.new_content": {"msgtype": "m.text", "body": body}})
    assert meaning_of(event) == Ignored(reason="talk")


@pytest.mark.parametrize(
    "content",
    [
        None,
        "x",
        {},
        {"msgtype": "m.text"},
        {"msgtype": "m.text", "body": 5},
        {"msgtype": "m.text", "body": "\u200b \u3164"},
        {"msgtype": "m.notice", "body": "x"},
        {"body": "x"},
    ],
)
def test_an_edit_whose_new_content_is_no_text_changes_nothing(
    load_capture: LoadCapture, meaning_of: Interpret, content: object
) -> None:
    assert meaning_of(altered(load_capture("40_edit"), **{"m.new_content": content})) == Ignored(
        reason="no_text"
    )
    assert meaning_of(without(load_capture("40_edit"), "m.new_content")) == Ignored(reason="no_text")


@pytest.mark.parametrize("key", ["com.beeper.per_message_profile", "m.per_message_profile"])
def test_an_edit_that_names_another_author_is_refused_wherever_it_does(
    load_capture: LoadCapture, meaning_of: Interpret, key: str
) -> None:
    profile = {key: {"id": "5550003", "displayname": "Mallory"}}
    outside = altered(load_capture("40_edit"), **profile)
    assert meaning_of(outside) == Ignored(reason="foreign_author")
    new_content = {"msgtype": "m.text", "body": "in the name of another", **profile}
    inside = altered(load_capture("40_edit"), **{"m.new_content": new_content})
    assert meaning_of(inside) == Ignored(reason="foreign_author")


@pytest.mark.parametrize("capture", ["30_photo_reply", "34_document"])
def test_an_edit_of_a_caption_still_says_what_came(
    load_capture: LoadCapture, meaning_of: Interpret, alice: Moderator, capture: str
) -> None:
    original = load_capture(capture)
    edit = altered(
        original,
        body="* other words",
        **{
            "m.new_content": {**original.content, "body": "other words"},
            "m.relates_to": {"rel_type": "m.replace", "event_id": original.event_id},
        },
    )
    word = reader.read_reply(original).text.partition(" ")[0]
    assert word in ("[photo]", "[file]")
    assert meaning_of(edit) == Correction(
        moderator=alice, replaces=original.event_id, text=f"{word} other words"
    )


@pytest.mark.parametrize("event_id", [None, 5, {}, ["$x"]])
def test_an_edit_of_nothing_replaces_nothing(load_capture: LoadCapture, event_id: object) -> None:
    relation = {"rel_type": "m.replace", "event_id": event_id}
    event = altered(load_capture("40_edit"), **{"m.relates_to": relation})
    assert reader.read_reply(event).replaces is None


@pytest.mark.parametrize("rel_type", [None, "m.annotation", "m.reference", "m.thread", "M.REPLACE"])
def test_another_relation_is_no_edit(load_capture: LoadCapture, rel_type: object) -> None:
    relation = {"rel_type": rel_type, "event_id": FIRST_ANSWER}
    event = altered(load_capture("40_edit"), **{"m.relates_to": relation})
    assert reader.read_reply(event).replaces is None


def test_a_new_content_without_an_edit_is_not_looked_at(
    load_capture: LoadCapture, meaning_of: Interpret, alice: Moderator, target: Target
) -> None:
    event = altered(load_capture("20_reply_plain"), **{"m.new_content": {"msgtype": "m.text", "body": "x"}})
    assert meaning_of(event) == Answer(moderator=alice, target=target, text="Hi Jane, fixed!")


# Deletions


@pytest.mark.parametrize(
    ("capture", "place", "redacted"),
    [
        ("44_deletion", 0, FIRST_ANSWER),
        ("44_deletion", 1, EDIT_OF_FIRST_ANSWER),
        ("45_deletion_of_relayed", 0, POSTS[1]),
    ],
)
def test_a_deletion_says_what_it_takes_back(
    load_capture: LoadCapture, capture: str, place: int, redacted: str
) -> None:
    event = load_capture(capture, "m.room.redaction", place)
    assert event.sender == BOT
    assert reader.read_redacted(event) == redacted


def test_the_go_line_deletes_as_the_ghost_and_that_reads_the_same(load_capture: LoadCapture) -> None:
    event = altered(load_capture("44_deletion", "m.room.redaction"), sender=ALICE)
    assert reader.read_redacted(event) == FIRST_ANSWER


@pytest.mark.parametrize("redacts", [None, 5, {}, ["$x"]])
def test_a_deletion_of_nothing_takes_nothing_back(redacts: object) -> None:
    assert reader.read_redacted(event_with({"redacts": redacts}, "m.room.redaction")) is None
    assert reader.read_redacted(event_with({}, "m.room.redaction")) is None


@pytest.mark.parametrize(
    "type_", ["m.room.message", "m.reaction", "m.room.tombstone", "com.beeper.message_send_status"]
)
def test_only_a_deletion_takes_something_back(type_: str) -> None:
    assert reader.read_redacted(event_with({"redacts": FIRST_ANSWER}, type_)) is None
