"""What becomes of a raw event before the inbox stores it, and what a post is in the room."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import datetime, timezone
from typing import Any

import pytest
from aiohttp import ClientSession
from maubot.matrix import MaubotMatrixClient
from mautrix.api import HTTPAPI
from mautrix.client.syncer import SyncStream
from mautrix.errors import MatrixStandardRequestError, MForbidden, MNotFound
from mautrix.types import DeviceID, Event, EventType, UserID

from plugin.matrix.asking import asked
from plugin.matrix.events import MARK_KEY, MatrixEventReader
from plugin.matrix.gateway import _NO_REDACTION, MautrixGateway, _content, _is_genuine, _room_event
from plugin.services.ports import MatrixFailed, Post, PostMark
from tests.unit.matrix.room import BOT, FIRST_ANSWER, LoadCapture

reader = MatrixEventReader()


def raw(type_: str, content: object, **more: object) -> dict[str, Any]:
    return {
        "event_id": "$event",
        "sender": BOT,
        "type": type_,
        "content": content,
        "origin_server_ts": 1795394736928,
        **more,
    }


# Redactions: before room version 11 the id stood beside the content, since then in it


@pytest.mark.parametrize(
    ("content", "more"),
    [
        pytest.param({"redacts": FIRST_ANSWER}, {"redacts": FIRST_ANSWER}, id="as it was recorded"),
        pytest.param({"redacts": FIRST_ANSWER}, {}, id="room version 11"),
        pytest.param({}, {"redacts": FIRST_ANSWER}, id="room version 10"),
        pytest.param({"reason": "spam"}, {"redacts": FIRST_ANSWER}, id="room version 10, with a reason"),
        pytest.param({"redacts": FIRST_ANSWER}, {"redacts": "$another"}, id="the content counts"),
        pytest.param(None, {"redacts": FIRST_ANSWER}, id="no content"),
    ],
)
def test_a_deletion_is_understood_in_every_room_version(content: object, more: dict[str, object]) -> None:
    event = _room_event("!room", raw("m.room.redaction", content, **more))
    assert reader.read_redacted(event) == FIRST_ANSWER


def test_the_content_of_the_raw_event_is_left_alone() -> None:
    event = raw("m.room.redaction", {}, redacts=FIRST_ANSWER)
    _room_event("!room", event)
    assert event["content"] == {}


def test_an_event_keeps_what_it_says_and_when(load_capture: LoadCapture) -> None:
    recorded = load_capture("44_deletion", "m.room.redaction")
    event = _room_event("!room", raw("m.room.redaction", recorded.content))
    assert event.sent_at == recorded.sent_at == datetime(2026, 11, 23, 0, 45, 36, 928000, tzinfo=timezone.utc)
    assert (event.room_id, event.event_id, event.sender) == ("!room", "$event", BOT)
    assert event.content == recorded.content


# Tombstones


def test_a_tombstone_is_one_only_as_state_of_the_room() -> None:
    content = {"replacement_room": "!new"}
    assert _is_genuine(raw("m.room.tombstone", content, state_key=""))
    assert not _is_genuine(raw("m.room.tombstone", content))
    assert not _is_genuine(raw("m.room.tombstone", content, state_key="@mallory:hs.test"))
    assert _is_genuine(raw("m.room.message", {"body": "x"}))


def test_who_comes_and_goes_is_not_for_the_inbox() -> None:
    assert not _is_genuine(raw("m.room.member", {"membership": "leave"}, state_key=BOT))


# Posts

POST = Post(room_id="!room", body="#1042 · anonymous\n@bob hello", batch_id="BATCH-1", part=0, attempt=2)
EDIT = Post(room_id="!room", body="#1042\n✓ Alice", batch_id="BATCH-2", part=0, attempt=1, edits="$post")


@pytest.mark.parametrize("post", [POST, EDIT])
def test_a_post_is_a_text_that_the_bridge_relays_without_mentions_and_previews(post: Post) -> None:
    content = _content(post)
    assert content["msgtype"] == "m.text"
    assert content["m.mentions"] == {}
    assert content["com.beeper.linkpreviews"] == []
    assert not {"format", "formatted_body"} & content.keys()


@pytest.mark.parametrize("post", [POST, EDIT])
def test_a_post_can_be_known_again_in_the_room(post: Post) -> None:
    event = _room_event("!room", raw("m.room.message", _content(post)))
    assert reader.read_mark(event) == PostMark(batch_id=post.batch_id, part=post.part, attempt=post.attempt)


def test_the_bots_own_words_in_a_direct_room_can_be_told_from_the_customers() -> None:
    content = _content(replace(POST, is_notice=True))
    assert content["msgtype"] == "m.notice"
    assert {**content, "msgtype": "m.text"} == _content(POST)


def test_a_new_post_replaces_nothing() -> None:
    content = _content(POST)
    assert content["body"] == POST.body
    assert not {"m.relates_to", "m.new_content"} & content.keys()


def test_an_edit_carries_the_whole_new_post_and_reads_as_one() -> None:
    content = _content(EDIT)
    assert content["m.relates_to"] == {"rel_type": "m.replace", "event_id": "$post"}
    assert content["m.new_content"] == {
        key: EDIT.body if key == "body" else value
        for key, value in content.items()
        if key not in ("m.relates_to", "m.new_content", MARK_KEY)
    }
    assert content["body"] == f"* {EDIT.body}"
    reply = reader.read_reply(_room_event("!room", raw("m.room.message", content)))
    assert (reply.replaces, reply.text) == ("$post", EDIT.body)


# A redaction that is refused


@pytest.mark.parametrize("error", [MForbidden, MNotFound])
async def test_what_may_not_be_redacted_is_not_tried_for_ever(
    error: type[MatrixStandardRequestError],
) -> None:
    async def request() -> None:
        raise error(403, "no")

    with pytest.raises(MatrixFailed) as refused:
        await asked(request(), lasting=_NO_REDACTION)
    assert refused.value.permanent
    # What is sent waits for the permission instead.
    with pytest.raises(MatrixFailed) as refused:
        await asked(request())
    assert not refused.value.permanent


# What is said to the bot


@pytest.mark.parametrize("content", [{"body": 5}, {"body": [1]}, {"body": {"a": "b"}}, {"body": None}, {}])
async def test_a_text_that_is_none_is_read_as_nothing(
    content: dict[str, Any], caplog: pytest.LogCaptureFixture
) -> None:
    """Another server may send anything; each time an error in the log would let it fill that."""
    heard = []

    async def answer(_room_id: str, _sender: str, text: str) -> None:
        heard.append(text.strip())

    async with ClientSession() as session:
        api = HTTPAPI(base_url="http://127.0.0.1:1", client_session=session)
        client = MaubotMatrixClient(mxid=UserID(BOT), device_id=DeviceID("TEST"), api=api)
        MautrixGateway(client).on_text(answer)
        event = Event.deserialize(raw("m.room.message", {"msgtype": "m.text", **content}, room_id="!room"))
        await asyncio.gather(*client.dispatch_event(event, SyncStream.JOINED_ROOM | SyncStream.TIMELINE))
    assert heard == [""]
    assert "Failed to run handler" not in caplog.text


# Who wakes the inbox


@pytest.mark.parametrize(
    ("sender", "type_", "woken"),
    [
        pytest.param("@alice:hs.test", "m.room.message", True, id="somebody's words"),
        pytest.param(BOT, "m.room.message", False, id="the bot's own"),
        pytest.param("@alice:hs.test", "m.sticker", True, id="somebody's sticker"),
        pytest.param(BOT, "m.sticker", True, id="another event of the bot's"),
    ],
)
async def test_the_bots_own_posts_wake_nobody(sender: str, type_: str, woken: bool) -> None:
    """They are known already, and are read with whatever comes next."""
    async with ClientSession() as session:
        client = MaubotMatrixClient(mxid=UserID(BOT), base_url="http://hs.test", client_session=session)
        wakes: list[int] = []
        undo = MautrixGateway(client).on_room_event(lambda: wakes.append(1))
        content = {"msgtype": "m.text", "body": "Hello", "url": "mxc://hs.test/fox"}
        event = Event.deserialize({**raw(type_, content), "sender": sender, "room_id": "!room"})
        event.type = EventType.find(type_, EventType.Class.MESSAGE)
        source = SyncStream.JOINED_ROOM | SyncStream.TIMELINE
        before = asyncio.all_tasks()
        client.dispatch_event(event, source)
        await asyncio.gather(*asyncio.all_tasks() - before)
        assert bool(wakes) is woken
        undo()
        assert event.type not in client.event_handlers
