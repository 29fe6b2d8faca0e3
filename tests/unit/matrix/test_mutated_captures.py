"""What the bridge really sends, damaged or forged in any way: it is read, and no stranger is heard."""

from __future__ import annotations

import copy
import json
from dataclasses import replace
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from plugin.domain.commands import looks_like_command
from plugin.domain.model import Moderator, RoomEvent, Target
from plugin.domain.replies import Answer, Correction, Ignored, interpret
from plugin.domain.roster import Roster
from plugin.domain.text import normalise
from plugin.matrix.events import MARK_KEY, MatrixEventReader
from tests.unit.matrix.room import ALICE, BOT, OWN, POSTS

CAPTURES = Path(__file__).resolve().parents[2] / "captures"
AT = datetime(2026, 3, 1, tzinfo=timezone.utc)
TEAM = [
    Moderator(id="MOD-A", name="Alice", role="admin", telegram_id=5550001, mxid=None),
    Moderator(id="MOD-B", name="Bob", role="moderator", telegram_id=5550002, mxid="@bob:hs.test"),
]
MODERATORS = {ALICE: "MOD-A", "@telegram_5550002:hs.test": "MOD-B", "@bob:hs.test": "MOD-B"}
ROSTER = Roster(TEAM, bridge_bot=BOT, ghost_template="telegram_{userid}", own_mxid=OWN)
TARGET = Target(customer_id="CUST-1", ticket=1042, message_id="MSG-1")
READER = MatrixEventReader()


def _events(node: Any) -> list[dict[str, Any]]:
    """Return every event that a capture has anywhere."""
    if isinstance(node, dict):
        own = [node] if {"content", "event_id", "sender", "type"} <= node.keys() else []
        return own + [event for value in node.values() for event in _events(value)]
    return [event for value in node for event in _events(value)] if isinstance(node, list) else []


EVENTS = [
    event for path in sorted(CAPTURES.glob("*.json")) for event in _events(json.loads(path.read_text()))
]

SENDERS = st.sampled_from(
    [
        *MODERATORS, OWN, BOT, "@telegram_5550003:hs.test", "@telegram_55500011:hs.test",
        "@Telegram_5550001:hs.test", "@telegram_5550001:hs.test.evil", "@telegram_5550001:evil",
        "@telegram_5550001", "telegram_5550001:hs.test", "@telegram_05550001:hs.test",
        "@telegram_5550001 :hs.test", "@telegram_\u0665550001:hs.test", "@Bob:hs.test", "@bob:hs.test\u200b",
        "@bob:evil", "Alice", "", "@telegram_-1001234567890:hs.test",
    ]
)  # fmt: skip
SCALARS = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.floats(allow_nan=False),
    st.text(),
    st.sampled_from(
        [*POSTS, ALICE, "m.replace", "m.text", "m.notice", "/block 1d", "// note", "!headset token"]
    ),
)
NAMES = [
    "body", "msgtype", "m.relates_to", "m.in_reply_to", "event_id", "rel_type", "m.new_content", "sender",
    "displayname", "fi.mau.telegram.source", "com.beeper.per_message_profile", MARK_KEY, "m.mentions",
]  # fmt: skip
ODD = st.sampled_from("/!ab \n\x1b\x9b\u200b\u202e\U000e0041")
KEYS = st.one_of(st.text(max_size=8), st.sampled_from(NAMES))
VALUES = st.recursive(
    SCALARS,
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(KEYS, inner, max_size=3)),
    max_leaves=4,
)


def room_event(raw: dict[str, Any], **changes: str) -> RoomEvent:
    """Return an event as the inbox would have it."""
    said = {"sender": raw["sender"], "type": raw["type"], **changes}
    return RoomEvent(
        position=1, event_id="$event", room_id="!room", content=raw["content"], sent_at=AT, **said
    )


@st.composite
def mutants(draw: st.DrawFn) -> RoomEvent:
    """Make an event of a capture's, with some of its places changed, emptied or filled."""
    raw = copy.deepcopy(draw(st.sampled_from(EVENTS)))
    if draw(st.booleans()):
        raw["content"]["body"] = draw(st.text(ODD) | st.text())
    for _ in range(draw(st.integers(0, 4))):
        _change(draw, raw["content"])
    types = st.sampled_from([raw["type"], raw["type"], "m.room.message", "m.sticker", "x"])
    return room_event(raw, sender=draw(st.one_of(st.just(raw["sender"]), SENDERS)), type=draw(types))


def _change(draw: st.DrawFn, content: dict[str, Any]) -> None:
    node: Any = content
    while True:
        inner = [value for value in node.values() if isinstance(value, dict)]
        if not inner or draw(st.booleans()):
            break
        node = draw(st.sampled_from(inner))
    key = draw(st.one_of(st.sampled_from(sorted(node)), KEYS) if node else KEYS)
    if draw(st.booleans()):
        node[key] = draw(VALUES)
    else:
        node.pop(key, None)


@settings(max_examples=200)
@given(mutants(), st.booleans())
def test_nobody_but_a_moderator_speaks_whatever_an_event_says(event: RoomEvent, is_known: bool) -> None:
    reply = READER.read_reply(event)
    meaning = interpret(reply, ROSTER, TARGET if is_known else None)
    if not isinstance(meaning, Ignored):
        assert MODERATORS[event.sender] == meaning.moderator.id
    if isinstance(meaning, (Answer, Correction)):
        assert meaning.text == normalise(meaning.text) != ""
        assert not looks_like_command(reply.words)
    # What says of itself who wrote it is not believed, be it said as somebody else or as oneself.
    named = interpret(replace(reply, foreign_author=True), ROSTER, TARGET)
    assert isinstance(named, Ignored)


@given(mutants())
def test_any_of_them_can_be_read_in_every_way(event: RoomEvent) -> None:
    for read in (READER.read_mark, READER.read_report, READER.read_redacted, READER.read_replacement):
        read(event)
    assert READER.is_encrypted(event) in (True, False)


def test_the_captures_have_answers_among_them() -> None:
    meanings = [interpret(READER.read_reply(room_event(event)), ROSTER, TARGET) for event in EVENTS]
    assert sum(not isinstance(meaning, Ignored) for meaning in meanings) > 10
    assert len(EVENTS) > 30
