"""The only calls to the homeserver."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable, Mapping
from datetime import datetime, timedelta, timezone
from typing import Any, TypeVar

from maubot.matrix import MaubotMatrixClient
from mautrix.api import Method, Path
from mautrix.errors import MatrixError, MatrixRequestError
from mautrix.types import EventType, MessageEvent, PowerLevelStateEventContent, RoomID

from ..domain.model import RoomEvent
from ..domain.retry import is_permanent
from ..services.ports import MatrixFailed, Post, RoomFacts, Stretch
from .events import MARK_KEY, STATUS_TYPE, TOMBSTONE_TYPE

T = TypeVar("T")

_REQUEST_SECONDS = 15.0
_PAGE = 100
_EPOCH = datetime(1970, 1, 1, tzinfo=timezone.utc)

READ_TYPES = ("m.room.message", "m.sticker", "m.room.redaction", STATUS_TYPE, TOMBSTONE_TYPE)
"""Types of the events that the inbox reads."""


class MautrixGateway:
    """The homeserver behind maubot's client."""

    def __init__(self, client: MaubotMatrixClient) -> None:
        self._client = client
        self.mxid = str(client.mxid)
        self._device_id = str(client.device_id or "")

    def on_room_event(self, wake: Callable[[], None]) -> Callable[[], None]:
        """Call `wake` whenever an event that may be of interest syncs in; return what undoes it."""

        async def handler(_: Any) -> None:
            wake()

        types = [
            EventType.find(name, EventType.Class.STATE if name == TOMBSTONE_TYPE else EventType.Class.MESSAGE)
            for name in READ_TYPES
        ]
        for event_type in types:
            self._client.add_event_handler(event_type, handler)

        def undo() -> None:
            for event_type in types:
                self._client.remove_event_handler(event_type, handler)

        return undo

    async def get_device_id(self) -> str:
        """Return the device whose access token is in use."""
        if not self._device_id:
            answer = await _asked(self._client.api.request(Method.GET, Path.v3.account.whoami))
            self._device_id = str(answer.get("device_id") or "none")
        return self._device_id

    async def join_room(self, room: str) -> str:
        """Join a room by its id or alias and return its id."""
        answer = await _asked(self._client.api.request(Method.POST, Path.v3.join[room]))
        return str(answer["room_id"])

    async def get_room_facts(self, room_id: str, bridge_bot: str) -> RoomFacts:
        """Return who is in the room and what the bot may do there."""
        room = Path.v3.rooms[room_id]
        members = await _asked(self._client.api.request(Method.GET, room.joined_members))
        levels = await _asked(self._client.get_state_event(RoomID(room_id), EventType.ROOM_POWER_LEVELS))
        assert isinstance(levels, PowerLevelStateEventContent)  # noqa: S101 - what this type of event holds
        return RoomFacts(
            bridge_is_there=bridge_bot in members.get("joined", {}),
            may_redact=levels.get_user_level(self._client.mxid) >= levels.redact,
        )

    async def send_notice(self, room_id: str, text: str) -> None:
        """Say something that the bridge does not relay."""
        await _asked(self._client.send_notice(RoomID(room_id), text))

    def on_text(self, answer: Callable[[str, str], Awaitable[str | None]]) -> Callable[[], None]:
        """Answer texts in any room by notices: `answer` gets sender and text; return what undoes it."""

        async def handler(event: MessageEvent) -> None:
            text = await answer(str(event.sender), getattr(event.content, "body", None) or "")
            if text is not None:
                await self.send_notice(str(event.room_id), text)

        self._client.add_event_handler(EventType.ROOM_MESSAGE, handler)
        return lambda: self._client.remove_event_handler(EventType.ROOM_MESSAGE, handler)

    async def send_post(self, post: Post) -> str:
        """Send a text and return its event id; the same post again is the same event."""
        txn_id = f"headset-{post.batch_id}-{post.attempt}-{post.part}"
        content = _content(post)
        path = Path.v3.rooms[post.room_id].send["m.room.message"][txn_id]
        answer = await _asked(self._client.api.request(Method.PUT, path, content, sensitive=True))
        return str(answer["event_id"])

    async def redact(self, room_id: str, event_id: str, txn_id: str) -> None:
        """Take an event out of its room; the same transaction id again is the same act."""
        path = Path.v3.rooms[room_id].redact[event_id][txn_id]
        await _asked(self._client.api.request(Method.PUT, path, {}), lasting=_NO_REDACTION)

    async def get_live_end(self) -> str:
        """Return the sync token of now."""
        nothing = {"types": [], "limit": 0}
        sync_filter = {"room": {"rooms": [], "timeline": nothing, "state": nothing}, **_NOTHING_ELSE}
        answer = await self._sync({"filter": json.dumps(sync_filter)})
        return str(answer["next_batch"])

    async def read_since(self, since: str, room_id: str) -> Stretch:
        """Return all that happened in the room since a sync token, gaps filled.

        Paging forward from a stored token instead would miss events that federation brings late. What
        Synapse only backfills after a long outage of another server is not in the sync, and is missed.
        """
        sync_filter = {
            "room": {
                "rooms": [room_id],
                "timeline": {"types": list(READ_TYPES), "limit": _PAGE},
                "state": {"types": []},
                "ephemeral": {"types": []},
                "account_data": {"types": []},
            },
            **_NOTHING_ELSE,
        }
        answer = await self._sync({"filter": json.dumps(sync_filter), "since": since})
        joined = answer.get("rooms", {}).get("join", {}).get(room_id, {})
        timeline = joined.get("timeline", {})
        events = list(timeline.get("events", []))
        if timeline.get("limited") and timeline.get("prev_batch"):
            events = await self._read_gap(room_id, timeline["prev_batch"], since) + events
        return Stretch(
            events=tuple(_room_event(room_id, event) for event in events if _is_genuine(event)),
            next_batch=str(answer["next_batch"]),
        )

    async def _sync(self, query: dict[str, str]) -> Mapping[str, Any]:
        path, query = Path.v3.sync, {**query, "timeout": "0", "set_presence": "offline"}
        answer: Mapping[str, Any] = await _asked(
            self._client.api.request(Method.GET, path, query_params=query)
        )
        return answer

    async def _read_gap(self, room_id: str, start: str, end: str) -> list[Mapping[str, Any]]:
        """Page backwards from `start` to `end`; return the events oldest first."""
        found: list[Mapping[str, Any]] = []
        query = {
            "dir": "b",
            "to": end,
            "limit": str(_PAGE),
            "filter": json.dumps({"types": list(READ_TYPES)}),
        }
        token: str | None = start
        while token:
            request = self._client.api.request(
                Method.GET, Path.v3.rooms[room_id].messages, query_params={**query, "from": token}
            )
            answer = await _asked(request)
            found += answer.get("chunk", [])
            # An empty page may have an end; only a page without one is the last.
            token = answer.get("end")
        return found[::-1]


def _content(post: Post) -> dict[str, Any]:
    """m.text, because the bridge relays no notices; no mentions and no previews, whatever it says."""
    text = {"msgtype": "m.text", "body": post.body, "m.mentions": {}, "com.beeper.linkpreviews": []}
    mark = {MARK_KEY: {"batch": post.batch_id, "part": post.part, "attempt": post.attempt}}
    if post.edits is None:
        return {**text, **mark}
    relation = {"rel_type": "m.replace", "event_id": post.edits}
    return {**text, "body": f"* {post.body}", "m.new_content": text, "m.relates_to": relation, **mark}


_NOTHING_ELSE: dict[str, Any] = {"presence": {"types": []}, "account_data": {"types": []}}


_NO_REDACTION = frozenset({"M_FORBIDDEN", "M_NOT_FOUND"})
"""The bot has not the power for what others wrote, is not in the room, or there is no such event."""


async def _asked(request: Awaitable[T], *, lasting: frozenset[str] = frozenset()) -> T:
    """Return the answer; what the homeserver refuses with one of `lasting` is refused for good."""
    try:
        return await asyncio.wait_for(request, _REQUEST_SECONDS)
    except MatrixRequestError as error:
        errcode = getattr(error, "errcode", None)
        reason = f"{errcode or ''} ({error.http_status})".strip()
        raise MatrixFailed(reason, permanent=is_permanent(errcode) or errcode in lasting) from error
    except (MatrixError, asyncio.TimeoutError, OSError) as error:
        raise MatrixFailed(type(error).__name__) from error


def _is_genuine(raw: Mapping[str, Any]) -> bool:
    """Tell whether an event is what its type says: anybody may send a tombstone that is no state event."""
    return raw["type"] != TOMBSTONE_TYPE or raw.get("state_key") == ""


def _room_event(room_id: str, raw: Mapping[str, Any]) -> RoomEvent:
    content = raw.get("content")
    content = dict(content) if isinstance(content, Mapping) else {}
    if "redacts" in raw:
        content.setdefault("redacts", raw["redacts"])  # where it stood before room version 11
    return RoomEvent(
        position=0,
        event_id=str(raw["event_id"]),
        room_id=room_id,
        sender=str(raw["sender"]),
        type=str(raw["type"]),
        content=content,
        sent_at=_EPOCH + timedelta(milliseconds=int(raw["origin_server_ts"])),
    )
