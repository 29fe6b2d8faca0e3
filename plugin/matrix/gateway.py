"""The only calls to the homeserver."""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable, Mapping
from datetime import datetime, timedelta, timezone
from typing import Any

from maubot.matrix import MaubotMatrixClient
from mautrix.api import Method, Path
from mautrix.types import EventType, MessageEvent, PowerLevelStateEventContent, RoomID

from ..domain.model import RoomEvent
from ..services.ports import MatrixFailed, PickRooms, Post, RoomFacts, Stretch
from .asking import asked
from .direct_rooms import NOT_THERE, DirectRoomMaker
from .events import ENCRYPTED_TYPE, MARK_KEY, STATUS_TYPE, TOMBSTONE_TYPE

_PAGE = 100
_EPOCH = datetime(1970, 1, 1, tzinfo=timezone.utc)

READ_TYPES = ("m.room.message", "m.sticker", "m.room.redaction", STATUS_TYPE, TOMBSTONE_TYPE, ENCRYPTED_TYPE)
"""Types of the events that the inbox reads."""

_MEMBER_TYPE = "m.room.member"


class MautrixGateway:
    """The homeserver behind maubot's client."""

    def __init__(self, client: MaubotMatrixClient) -> None:
        self._client = client
        self.mxid = str(client.mxid)
        self._device_id = str(client.device_id or "")
        self._direct_rooms = DirectRoomMaker(client)

    def on_room_event(self, wake: Callable[[], None]) -> Callable[[], None]:
        """Call `wake` whenever an event that may be of interest syncs in; return what undoes it.

        The bot's own posts are of none before somebody else says something.
        """

        async def handler(event: Any) -> None:
            if event.sender != self.mxid or event.type != EventType.ROOM_MESSAGE:
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
            answer = await asked(self._client.api.request(Method.GET, Path.v3.account.whoami))
            self._device_id = str(answer.get("device_id") or "none")
        return self._device_id

    async def join_room(self, room: str) -> str:
        """Join a room by its id or alias and return its id."""
        answer = await asked(self._client.api.request(Method.POST, Path.v3.join[room]))
        return str(answer["room_id"])

    async def get_room_facts(self, room_id: str, bridge_bot: str) -> RoomFacts:
        """Return who is in the room and what the bot may do there."""
        room = Path.v3.rooms[room_id]
        members = await asked(self._client.api.request(Method.GET, room.joined_members))
        levels = await asked(self._client.get_state_event(RoomID(room_id), EventType.ROOM_POWER_LEVELS))
        assert isinstance(levels, PowerLevelStateEventContent)  # noqa: S101 - what this type of event holds
        return RoomFacts(
            bridge_is_there=bridge_bot in members.get("joined", {}),
            may_redact=levels.get_user_level(self._client.mxid) >= levels.redact,
        )

    async def send_notice(self, room_id: str, text: str) -> None:
        """Say something that the bridge does not relay."""
        await asked(self._client.send_notice(RoomID(room_id), text, sensitive=True))

    async def send_secret(self, room_id: str, text: str, txn_id: str) -> str:
        """Say what no log may hold and return its event id; the same transaction id is the same event."""
        path = Path.v3.rooms[room_id].send["m.room.message"][txn_id]
        content = {"msgtype": "m.notice", "body": text, "m.mentions": {}}
        answer = await asked(self._client.api.request(Method.PUT, path, content, sensitive=True))
        return str(answer["event_id"])

    def on_text(self, answer: Callable[[str, str, str], Awaitable[str | None]]) -> Callable[[], None]:
        """Answer texts by notices: `answer` gets the room, the sender, the text; return what undoes it."""

        async def handler(event: MessageEvent) -> None:
            body = getattr(event.content, "body", None)
            # Another server may send anything as one.
            text = await answer(str(event.room_id), str(event.sender), body if isinstance(body, str) else "")
            if text is not None:
                await self.send_notice(str(event.room_id), text)

        self._client.add_event_handler(EventType.ROOM_MESSAGE, handler)
        return lambda: self._client.remove_event_handler(EventType.ROOM_MESSAGE, handler)

    async def send_post(self, post: Post) -> str:
        """Send a text and return its event id; the same post again is the same event."""
        txn_id = f"headset-{post.batch_id}-{post.attempt}-{post.part}"
        content = _content(post)
        path = Path.v3.rooms[post.room_id].send["m.room.message"][txn_id]
        answer = await asked(self._client.api.request(Method.PUT, path, content, sensitive=True))
        return str(answer["event_id"])

    async def send_report(self, room_id: str, event_id: str) -> None:
        """Say of a post, as the bridge does, that it was delivered; a second time it is the same event."""
        path = Path.v3.rooms[room_id].send[STATUS_TYPE][f"headset-report-{event_id}"]
        relation = {"rel_type": "m.reference", "event_id": event_id}
        await asked(
            self._client.api.request(Method.PUT, path, {"status": "SUCCESS", "m.relates_to": relation})
        )

    async def open_direct_room(self, direct_id: str, name: str, topic: str) -> str:
        """Make a private room and return its id; the same direct id again is the same room."""
        return await self._direct_rooms.open(direct_id, name, topic)

    async def get_members(self, room_id: str) -> Mapping[str, str]:
        """Return each one's membership by Matrix id; nothing where the bot was never in the room."""
        return await self._direct_rooms.get_members(room_id)

    async def get_display_name(self, room_id: str, mxid: str) -> str:
        """Return what somebody is called in a room; empty where they have no name there."""
        path = Path.v3.rooms[room_id].state["m.room.member"][mxid]
        try:
            name = (await asked(self._client.api.request(Method.GET, path))).get("displayname")
        except MatrixFailed as error:
            if error.errcode in NOT_THERE:
                return ""
            raise
        return name if isinstance(name, str) else ""

    async def invite(self, room_id: str, mxid: str) -> None:
        """Invite somebody."""
        await self._direct_rooms.invite(room_id, mxid)

    async def remove(self, room_id: str, mxid: str, reason: str) -> None:
        """Put somebody out of a room, or take an invitation back."""
        await self._direct_rooms.remove(room_id, mxid, reason)

    async def redact(self, room_id: str, event_id: str, txn_id: str) -> None:
        """Take an event out of its room; the same transaction id again is the same act."""
        path = Path.v3.rooms[room_id].redact[event_id][txn_id]
        await asked(self._client.api.request(Method.PUT, path, {}), lasting=_NO_REDACTION)

    async def get_live_end(self) -> str:
        """Return the sync token of now."""
        nothing = {"types": [], "limit": 0}
        sync_filter = {"room": {"rooms": [], "timeline": nothing, "state": nothing}, **_NOTHING_ELSE}
        answer = await self._sync({"filter": json.dumps(sync_filter)})
        return str(answer["next_batch"])

    async def read_since(self, since: str, pick: PickRooms) -> Stretch:
        """Return all that happened since a sync token in the rooms that `pick` picks, gaps filled.

        The filter names no rooms: there may be thousands, and more every day. Paging forward from a stored
        token instead would miss events that federation brings late. What Synapse only backfills after a long
        outage of another server is not in the sync, and is missed.
        """
        # With members, as a room that the bot has left is told of only along with the event that says so.
        sync_filter = {
            "room": {
                "timeline": {"types": [*READ_TYPES, _MEMBER_TYPE], "limit": _PAGE},
                "state": {"types": []},
                "ephemeral": {"types": []},
                "account_data": {"types": []},
            },
            **_NOTHING_ELSE,
        }
        answer = await self._sync({"filter": json.dumps(sync_filter), "since": since})
        rooms: Mapping[str, Any] = answer.get("rooms", {})
        joined: Mapping[str, Any] = rooms.get("join", {})
        events: list[RoomEvent] = []
        for room_id in sorted(await pick(joined.keys())):
            timeline = joined[room_id].get("timeline", {})
            raw = list(timeline.get("events", []))
            if timeline.get("limited") and timeline.get("prev_batch"):
                raw = await self._read_gap(room_id, timeline["prev_batch"], since) + raw
            events += [_room_event(room_id, event) for event in raw if _is_genuine(event)]
        return Stretch(
            events=tuple(events),
            next_batch=str(answer["next_batch"]),
            left=frozenset(rooms.get("leave", {})),
        )

    async def _sync(self, query: dict[str, str]) -> Mapping[str, Any]:
        path, query = Path.v3.sync, {**query, "timeout": "0", "set_presence": "offline"}
        answer: Mapping[str, Any] = await asked(
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
            answer = await asked(request)
            found += answer.get("chunk", [])
            # An empty page may have an end; only a page without one is the last.
            token = answer.get("end")
        return found[::-1]


def _content(post: Post) -> dict[str, Any]:
    """m.text, because the bridge relays no notices; no mentions and no previews, whatever it says."""
    msgtype = "m.notice" if post.is_notice else "m.text"
    text = {"msgtype": msgtype, "body": post.body, "m.mentions": {}, "com.beeper.linkpreviews": []}
    mark = {MARK_KEY: {"batch": post.batch_id, "part": post.part, "attempt": post.attempt}}
    if post.edits is None:
        return {**text, **mark}
    relation = {"rel_type": "m.replace", "event_id": post.edits}
    return {**text, "body": f"* {post.body}", "m.new_content": text, "m.relates_to": relation, **mark}


_NOTHING_ELSE: dict[str, Any] = {"presence": {"types": []}, "account_data": {"types": []}}


_NO_REDACTION = frozenset({"M_FORBIDDEN", "M_NOT_FOUND"})
"""The bot has not the power for what others wrote, is not in the room, or there is no such event."""


def _is_genuine(raw: Mapping[str, Any]) -> bool:
    """Tell whether an event is one to read, and what its type says.

    Anybody may send a tombstone that is no state event.
    """
    return raw["type"] in READ_TYPES and (raw["type"] != TOMBSTONE_TYPE or raw.get("state_key") == "")


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
