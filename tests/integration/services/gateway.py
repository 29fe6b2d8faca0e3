"""A host's way to the homeserver of the tests, and what reads the events there."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping

from plugin.domain.model import RoomEvent
from plugin.domain.replies import ReplyEvent
from plugin.services.ports import BridgeReport, PickRooms, Post, PostMark, RoomFacts, Stretch
from tests.integration.services.homeserver import Homeserver
from tests.integration.services.settings import BOT, QUIET, ROOM, ROOM_ALIAS


class Gateway:
    """One host's way to the homeserver."""

    def __init__(self, server: Homeserver) -> None:
        self._server = server
        self.mxid = BOT

    async def get_device_id(self) -> str:
        await asyncio.sleep(0)
        return self._server.device

    async def join_room(self, room: str) -> str:
        assert room == ROOM_ALIAS or room in self._server.rooms
        return self._server.named_support_room if room == ROOM_ALIAS else room

    async def get_room_facts(self, room_id: str, bridge_bot: str) -> RoomFacts:
        return RoomFacts(bridge_is_there=True, may_redact=True)

    async def send_notice(self, room_id: str, text: str) -> None:
        self._server.add(BOT, {"body": text, "notice": True})

    async def send_secret(self, room_id: str, text: str, txn_id: str) -> str:
        await asyncio.sleep(0)
        return self._server.tell(room_id, text, txn_id)

    async def send_post(self, post: Post) -> str:
        return await self._server.send(self._server.device, post)

    async def send_report(self, room_id: str, event_id: str) -> None:
        await asyncio.sleep(0)
        report = {"event_id": event_id, "status": "delivered", "reason": None}
        self._server.add(BOT, {"report": report}, room_id=room_id, event_type="a report")

    async def redact(self, room_id: str, event_id: str, txn_id: str) -> None:
        await asyncio.sleep(0)
        self._server.redact(room_id, event_id, txn_id)

    async def get_live_end(self) -> str:
        return str(len(self._server.events))

    async def open_direct_room(self, direct_id: str, name: str, topic: str) -> str:
        await asyncio.sleep(0)
        if direct_id == "quiet":
            return QUIET
        return self._server.open_room(direct_id, name)

    async def get_members(self, room_id: str) -> Mapping[str, str]:
        self._server.meet_failure()
        return {BOT: "join"} if room_id == QUIET else dict(self._server.rooms[room_id].members)

    async def get_display_name(self, room_id: str, mxid: str) -> str:
        self._server.meet_failure()
        self._server.asked_names.append(mxid)
        return self._server.names.get(mxid, "")

    async def invite(self, room_id: str, mxid: str) -> None:
        self._server.meet_failure()
        self._server.rooms[room_id].members[mxid] = "invite"
        self._server.rooms[room_id].asked.append(("invite", mxid))

    async def remove(self, room_id: str, mxid: str, reason: str) -> None:
        self._server.meet_failure()
        self._server.rooms[room_id].members[mxid] = "leave"
        self._server.rooms[room_id].asked.append(("remove", mxid))

    async def read_since(self, since: str, pick: PickRooms) -> Stretch:
        await asyncio.sleep(0)
        if self._server.unreadable is not None:
            raise self._server.unreadable
        if self._server.is_bot_out:
            return Stretch(events=(), next_batch=str(len(self._server.events)), left=frozenset({ROOM}))
        happened = self._server.events[int(since) :]
        rooms = await pick({event.room_id for event in happened})
        events = tuple(event for event in happened if event.room_id in rooms)
        return Stretch(events=events, next_batch=str(int(since) + len(happened)))


class Reader:
    """Reads the contents that `Homeserver` writes."""

    def __init__(self) -> None:
        self.broken: set[str] = set()
        """Events that can't be read."""

    def read_reply(self, event: RoomEvent) -> ReplyEvent:
        if event.event_id in self.broken:
            raise ValueError("what is this?")
        content = event.content
        reply_to = content.get("reply_to")
        return ReplyEvent(
            event_id=event.event_id,
            sender=event.sender,
            text=str(content.get("body", "")),
            reply_to=reply_to if isinstance(reply_to, str) else None,
            replaces=str(content["replaces"]) if "replaces" in content else None,
            from_telegram=bool(content.get("telegram")),
            foreign_author=bool(content.get("profile")),
        )

    def read_mark(self, event: RoomEvent) -> PostMark | None:
        mark = event.content.get("mark")
        if not isinstance(mark, dict):
            return None
        return PostMark(batch_id=mark["batch"], part=mark["part"], attempt=mark["attempt"])

    def is_encrypted(self, event: RoomEvent) -> bool:
        return "ciphertext" in event.content

    def read_redacted(self, event: RoomEvent) -> str | None:
        redacts = event.content.get("redacts")
        return redacts if isinstance(redacts, str) else None

    def read_replacement(self, event: RoomEvent) -> str | None:
        replacement = event.content.get("replacement_room")
        return replacement if isinstance(replacement, str) else None

    def read_report(self, event: RoomEvent) -> BridgeReport | None:
        report = event.content.get("report")
        return BridgeReport(**report) if isinstance(report, dict) else None
