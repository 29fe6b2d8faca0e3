"""Whatever anyone may send can be read, and each capture is."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from plugin.matrix.events import MARK_KEY, MatrixEventReader
from tests.unit.matrix.room import LoadCapture, altered, event_with, without

CAPTURES = Path(__file__).resolve().parents[2] / "captures"

reader = MatrixEventReader()

JSON = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(), st.text()),
    lambda inner: st.one_of(st.lists(inner), st.dictionaries(st.text(), inner)),
    max_leaves=5,
)
KEYS = [
    "body", "msgtype", "format", "formatted_body", "filename", "m.relates_to", "m.new_content", MARK_KEY,
    "fi.mau.telegram.source", "external_url", "redacts", "replacement_room", "error", "message",
]  # fmt: skip
RELATION_KEYS = {
    "rel_type": st.one_of(JSON, st.sampled_from(["m.replace", "m.thread", "m.reference"])),
    "event_id": st.one_of(JSON, st.just("$event")),
    "m.in_reply_to": st.one_of(JSON, st.just({"event_id": "$event"})),
    "is_falling_back": JSON,
    "chat_id": JSON,
    "batch": JSON,
    "part": JSON,
    "attempt": JSON,
    "body": JSON,
    "msgtype": st.just("m.text"),
}
PARTS = st.fixed_dictionaries({}, optional=RELATION_KEYS)
STATUSES = st.one_of(JSON, st.sampled_from(["SUCCESS", "FAIL_RETRIABLE", "FAIL_PERMANENT", "PENDING"]))
TYPES = [
    "m.room.message", "m.sticker", "m.reaction", "m.room.redaction", "m.room.tombstone",
    "com.beeper.message_send_status",
]  # fmt: skip


@given(
    st.fixed_dictionaries({}, optional={"status": STATUSES, **{key: st.one_of(JSON, PARTS) for key in KEYS}}),
    st.sampled_from(TYPES),
)
def test_an_event_of_any_shape_can_be_read(content: dict[str, object], type_: str) -> None:
    event = event_with(content, type_)
    reply = reader.read_reply(event)
    assert isinstance(reply.text, str)
    assert isinstance(reply.words, str)
    assert reply.reply_to is None or isinstance(reply.reply_to, str)
    assert reply.replaces is None or isinstance(reply.replaces, str)
    assert reply.reply_to is None or reply.replaces is None
    assert reply.chat_id is None or isinstance(reply.chat_id, int)
    for read in (reader.read_redacted, reader.read_replacement):
        event_id = read(event)
        assert event_id is None or isinstance(event_id, str)
    report, mark = reader.read_report(event), reader.read_mark(event)
    assert report is None or isinstance(report.event_id, str)
    assert mark is None or isinstance(mark.batch_id, str)


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


def test_each_capture_is_of_use() -> None:
    tests = "".join(path.read_text() for path in Path(__file__).parent.glob("test_*.py"))
    unused = [path.stem for path in CAPTURES.glob("*.json") if f'"{path.stem}"' not in tests]
    assert unused == []
