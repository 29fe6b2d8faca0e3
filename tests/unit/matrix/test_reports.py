"""What else the room says: the bridge's word on a post, our own posts, the end of a room."""

from __future__ import annotations

from datetime import timedelta

import pytest

from plugin.domain.delivery import Report, pause_after
from plugin.matrix.events import MARK_KEY, STATUS_TYPE, TOMBSTONE_TYPE, MatrixEventReader
from plugin.services.ports import BridgeReport, PostMark
from tests.unit.matrix.room import BOT, POSTS, LoadCapture, altered, event_with, without

reader = MatrixEventReader()


# The bridge's word

REJECTED = "ChatWriteForbiddenError: You can't write in this chat (caused by SendMessageRequest)"
FLOOD = "FloodWaitError: A wait of 90 seconds is required (caused by SendMessageRequest)"
LOCK = "ValueError: Required send lock for none id"


@pytest.mark.parametrize(
    ("capture", "event_id", "status", "reason"),
    [
        ("10_out_text", POSTS[0], "delivered", None),
        ("51_out_flood3", POSTS[2], "delivered", None),
        ("50_out_rejected", "$orKRQvxA8yWDp0S82BetJXPAoNoritqg-8s7GbaAV2s", "retriable", REJECTED),
        ("52_out_flood90", "$6I6Mcbqcc-Cy_WOXluFgqe5vVJjotj-1XEGfBpz-Zbo", "retriable", FLOOD),
        ("71_after_bridge_restart", "$rzZMxS2VaXx0oHken_x_pHDQIO4_kSAxRS4a2ytmgCE", "retriable", LOCK),
    ],
)
def test_the_bridge_says_of_which_post_it_speaks_and_what_became_of_it(
    load_capture: LoadCapture, capture: str, event_id: str, status: Report, reason: str | None
) -> None:
    event = load_capture(capture, STATUS_TYPE)
    assert event.sender == BOT
    assert reader.read_report(event) == BridgeReport(event_id=event_id, status=status, reason=reason)


@pytest.mark.parametrize(
    ("capture", "seconds"),
    [("50_out_rejected", 5), ("52_out_flood90", 90), ("71_after_bridge_restart", 5)],
)
def test_a_wait_that_the_bridge_was_told_is_waited(
    load_capture: LoadCapture, capture: str, seconds: int
) -> None:
    report = reader.read_report(load_capture(capture, STATUS_TYPE))
    assert report is not None
    pause = pause_after(1, report.reason)
    assert timedelta(seconds=seconds) <= pause <= timedelta(seconds=seconds + 2)


def test_a_wait_that_the_go_line_was_told_is_waited(load_capture: LoadCapture) -> None:
    # It has no `error`, and the message for people is the same where it knows no better one.
    cause = "rpc error code 420: FLOOD_WAIT (90)"
    event = without(load_capture("52_out_flood90", STATUS_TYPE), "error")
    report = reader.read_report(altered(event, internal_error=cause, message="Telegram is busy"))
    assert report is not None
    assert report.reason == cause
    assert pause_after(1, report.reason) >= timedelta(seconds=90)


@pytest.mark.parametrize(
    ("word", "status"),
    [("SUCCESS", "delivered"), ("FAIL_RETRIABLE", "retriable"), ("FAIL_PERMANENT", "permanent")],
)
def test_each_final_word_has_its_meaning(load_capture: LoadCapture, word: str, status: Report) -> None:
    report = reader.read_report(altered(load_capture("10_out_text", STATUS_TYPE), status=word))
    assert report == BridgeReport(event_id=POSTS[0], status=status, reason=None)


@pytest.mark.parametrize("word", ["PENDING", "success", "", "FAIL", None, 5, ["SUCCESS"], {}])
def test_any_other_word_is_no_report(load_capture: LoadCapture, word: object) -> None:
    assert reader.read_report(altered(load_capture("10_out_text", STATUS_TYPE), status=word)) is None
    assert reader.read_report(without(load_capture("10_out_text", STATUS_TYPE), "status")) is None


@pytest.mark.parametrize(
    "relation", [None, "x", [], {}, {"event_id": None}, {"event_id": 5}, {"rel_type": "m.reference"}]
)
def test_a_word_about_nothing_is_no_report(load_capture: LoadCapture, relation: object) -> None:
    event = load_capture("10_out_text", STATUS_TYPE)
    assert reader.read_report(altered(event, **{"m.relates_to": relation})) is None


@pytest.mark.parametrize("type_", ["m.room.message", "m.reaction", "m.room.redaction", TOMBSTONE_TYPE])
def test_only_a_status_event_is_a_report(load_capture: LoadCapture, type_: str) -> None:
    content = load_capture("10_out_text", STATUS_TYPE).content
    assert reader.read_report(event_with(content, type_)) is None
    assert reader.read_report(event_with(content, STATUS_TYPE)) is not None


@pytest.mark.parametrize("capture", ["50_out_rejected", "52_out_flood90"])
def test_the_bridges_notice_is_no_report(load_capture: LoadCapture, capture: str) -> None:
    assert reader.read_report(load_capture(capture)) is None


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        ({"error": "cause", "internal_error": "inner", "message": "words"}, "cause"),
        ({"internal_error": "inner", "message": "words"}, "inner"),
        ({"message": "words"}, "words"),
        ({"error": "", "message": "words"}, "words"),
        ({"error": 5, "message": "words"}, "words"),
        ({"error": None, "message": None}, None),
        ({"error": "\u200b"}, None),
        ({"error": "two\nlines\u202e \x1b[31m"}, "two lines [31m"),
        ({}, None),
    ],
)
def test_the_reason_is_the_cause_rather_than_the_words_for_people(
    load_capture: LoadCapture, content: dict[str, object], reason: str | None
) -> None:
    report = reader.read_report(
        altered(load_capture("10_out_text", STATUS_TYPE), status="FAIL_RETRIABLE", **content)
    )
    assert report is not None
    assert report.reason == reason


def test_a_long_reason_is_cut(load_capture: LoadCapture) -> None:
    event = altered(load_capture("50_out_rejected", STATUS_TYPE), error="x" * 5000)
    report = reader.read_report(event)
    assert report is not None
    assert report.reason == "x" * 199 + "…"


# Our own posts


def test_the_mark_of_our_own_post_says_which_part_of_which_batch_it_is_and_which_attempt() -> None:
    mark = {"batch": "BATCH-1", "part": 2, "attempt": 3}
    event = event_with({"body": "#1042 · anonymous\nHello", MARK_KEY: mark})
    assert reader.read_mark(event) == PostMark(batch_id="BATCH-1", part=2, attempt=3)


@pytest.mark.parametrize(
    "mark",
    [
        None,
        "x",
        [],
        {},
        {"batch": "B"},
        {"part": 1, "attempt": 1},
        {"batch": "B", "part": 1},
        {"batch": "B", "attempt": 1},
        {"batch": 1, "part": 1, "attempt": 1},
        {"batch": "B", "part": "1", "attempt": 1},
        {"batch": "B", "part": 1, "attempt": "1"},
        {"batch": "B", "part": 1, "attempt": None},
    ],
)
def test_anything_else_is_no_mark(mark: object) -> None:
    assert reader.read_mark(event_with({MARK_KEY: mark})) is None
    assert reader.read_mark(event_with({})) is None


# The end of a room


def test_a_tombstone_names_the_room_that_follows() -> None:
    content = {"body": "This room has been replaced", "replacement_room": "!new:hs.test"}
    assert reader.read_replacement(event_with(content, TOMBSTONE_TYPE)) == "!new:hs.test"


@pytest.mark.parametrize("replacement", [None, 5, {}, ["!new:hs.test"]])
def test_a_tombstone_may_name_none(replacement: object) -> None:
    assert reader.read_replacement(event_with({"replacement_room": replacement}, TOMBSTONE_TYPE)) is None
    assert reader.read_replacement(event_with({}, TOMBSTONE_TYPE)) is None


@pytest.mark.parametrize("type_", ["m.room.message", "m.room.redaction", STATUS_TYPE, "m.room.create"])
def test_only_a_tombstone_ends_a_room(type_: str) -> None:
    assert reader.read_replacement(event_with({"replacement_room": "!new:hs.test"}, type_)) is None
