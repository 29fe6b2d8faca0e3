"""A support desk without Matrix: real services and database, a homeserver that fails when it is told to."""

from __future__ import annotations

import asyncio
import logging
import uuid
from collections import deque
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from ruamel.yaml import YAML

from plugin.config import ModeratorEntry, Settings, parse_settings
from plugin.db.database import Database
from plugin.domain.model import Batch, Channel, Message, RoomEvent
from plugin.domain.replies import ReplyEvent
from plugin.services.allow_list import update_allow_list
from plugin.services.answers import AnswerService
from plugin.services.background import Worker
from plugin.services.batches import BatchMaker
from plugin.services.changes import ChangeService
from plugin.services.delivery import DeliveryService
from plugin.services.direct_orders import DirectOrderService
from plugin.services.direct_relay import DirectRelay
from plugin.services.direct_rooms import DirectRooms
from plugin.services.directs import DirectService
from plugin.services.held import HeldReplyService
from plugin.services.hub import Hub
from plugin.services.inbox import Inbox
from plugin.services.intake import Intake
from plugin.services.moderation import ModerationService
from plugin.services.orders import OrderService
from plugin.services.ports import BridgeReport, MatrixFailed, PickRooms, Post, PostMark, RoomFacts, Stretch
from plugin.services.privacy import PrivacyService
from plugin.services.quiet_room import QuietReports, QuietRoom
from plugin.services.redactions import Redactions
from plugin.services.relay import Relay
from plugin.services.replies import ReplyService
from plugin.services.room import SupportRoom
from plugin.services.sessions import SessionService
from plugin.services.stranger_names import StrangerNames
from plugin.services.ticket_acts import TicketActs
from plugin.services.tickets import TicketService
from stack.conditions import PATIENCE, until
from tests.integration.services.doors import Doors

BOT = "@headset:example.org"
BRIDGE_BOT = "@telegrambot:example.org"
ALICE, BOB, STRANGER = (f"@telegram_{number}:example.org" for number in (1, 2, 666))
ROOM_ALIAS, ROOM, QUIET = "#support:example.org", "!support", "!quiet"
CAROL, DAVE = "@carol:example.org", "@dave:example.org"
"""Two moderators who are in Matrix themselves."""


def make_settings(**changes: Any) -> Settings:
    """Return the settings of base-config.yaml, filled in, with `changes` by dotted key."""
    data = YAML(typ="safe").load(Path("base-config.yaml"))
    data["bridge"]["bot"] = BRIDGE_BOT
    settings = parse_settings({**data, "support_room": ROOM_ALIAS})
    team = [
        ModeratorEntry(name=name, role="moderator", telegram_id=number, mxid=None)
        for name, number in (("Alice", 1), ("Bob", 2))
    ]
    team += [
        ModeratorEntry(name=name, role="moderator", telegram_id=None, mxid=mxid)
        for name, mxid in (("Carol", CAROL), ("Dave", DAVE))
    ]
    return replace(settings, moderators=tuple(team), **changes)


@dataclass(kw_only=True)
class PrivateRoom:
    """A room that the bot has made."""

    id: str
    direct_id: str
    name: str
    members: dict[str, str]
    asked: list[tuple[str, str]]
    """Who was invited and put out."""


class Homeserver:
    """The room as the homeserver has it; each transaction id is one event, as far as its device is one."""

    def __init__(self, clock: Any) -> None:
        self._clock = clock
        self.events: list[RoomEvent] = []
        self.requests: list[tuple[str, Post]] = []
        """Every request to send with the device it came from, answered or not."""
        self.failures: deque[MatrixFailed | None] = deque()
        """What the next requests to send meet; None: nothing."""
        self.down: MatrixFailed | None = None
        """What every request to send meets, as long as it is set."""
        self.lost_answers = 0
        """So many of the next posts get into the room without the sender learning of it."""
        self.open = asyncio.Event()
        """Cleared: requests to send wait."""
        self.open.set()
        self.waiting = 0
        self.device = "DEVICE"
        self.unreadable: MatrixFailed | None = None
        self.is_bot_out = False
        """Whether the bot is out of the support room: what happens there is not told."""
        self.rooms: dict[str, PrivateRoom] = {}
        self.room_failures: deque[MatrixFailed | None] = deque()
        """What the next requests about private rooms meet; None: nothing."""
        self.rooms_down: MatrixFailed | None = None
        self.lost_rooms = 0
        """So many of the next rooms are made without the bot learning of it."""
        self.named_support_room = ROOM
        self.names: dict[str, str] = {}
        """What people are called in every room."""
        self.asked_names: list[str] = []
        self.redacted: list[str] = []
        """Ids of the events that were taken out, in that order."""
        self.no_redaction: MatrixFailed | None = None
        """What every request to redact meets, as long as it is set."""
        self._redacted_by: set[str] = set()
        self._transactions: dict[tuple[str, str, str, int, int], str] = {}

    @property
    def bodies(self) -> list[str]:
        """What the bot has posted, in room order."""
        return [
            str(event.content["body"])
            for event in self.events
            if event.sender == BOT
            and event.room_id == ROOM
            and "body" in event.content
            and "edits" not in event.content
        ]

    def said_in(self, room_id: str) -> list[str]:
        """Return what the bot has said in a private room, in its order."""
        said = [e for e in self.events if e.room_id == room_id and e.sender == BOT and "body" in e.content]
        return [str(event.content["body"]) for event in said]

    def meet_failure(self) -> None:
        """Fail as a request about a private room is to."""
        failure = self.room_failures.popleft() if self.room_failures else self.rooms_down
        if failure is not None:
            raise failure

    def open_room(self, direct_id: str, name: str) -> str:
        self.meet_failure()
        found = next((room.id for room in self.rooms.values() if room.direct_id == direct_id), None)
        if found is None:
            found = f"!direct{len(self.rooms)}"
            members = {BOT: "join"}
            self.rooms[found] = PrivateRoom(
                id=found, direct_id=direct_id, name=name, members=members, asked=[]
            )
        if self.lost_rooms:
            self.lost_rooms -= 1
            raise MatrixFailed("the answer was lost")
        return found

    async def send(self, device: str, post: Post) -> str:
        self.requests.append((device, post))
        self.waiting += 1
        try:
            await self.open.wait()
        finally:
            self.waiting -= 1
        failure = self.failures.popleft() if self.failures else self.down
        if failure is not None:
            raise failure
        key = (device, post.room_id, post.batch_id, post.attempt, post.part)
        if key not in self._transactions:
            mark = {"batch": post.batch_id, "part": post.part, "attempt": post.attempt}
            content = {"body": post.body, "mark": mark} | ({"edits": post.edits} if post.edits else {})
            if post.is_notice:
                content["notice"] = True
            self._transactions[key] = self.add(BOT, content, room_id=post.room_id)
        if self.lost_answers:
            self.lost_answers -= 1
            raise MatrixFailed("the answer was lost")
        return self._transactions[key]

    def add(
        self,
        sender: str,
        content: dict[str, object],
        at: datetime | None = None,
        *,
        room_id: str = ROOM,
        event_type: str = "m.room.message",
    ) -> str:
        """Let an event happen, and return its id."""
        event = RoomEvent(
            position=0,
            event_id=f"$event{len(self.events)}",
            room_id=room_id,
            sender=sender,
            type=event_type,
            content=content,
            sent_at=at or self._clock.now(),
        )
        self.events.append(event)
        return event.event_id

    def add_post(self, batch: Batch, part: int, body: str = "…", sender: str = BOT) -> str:
        """Let a part of a batch be in the room, and return the event's id."""
        mark = {"batch": batch.id, "part": part, "attempt": batch.attempt}
        return self.add(sender, {"body": body, "mark": mark})

    def reply(
        self,
        sender: str,
        to: str | None,
        text: str,
        at: datetime | None = None,
        *,
        room_id: str = ROOM,
        **more: object,
    ) -> str:
        """Let somebody reply to an event, and return the id of the reply."""
        return self.add(sender, {"body": text, "reply_to": to, **more}, at, room_id=room_id)

    def redact(self, room_id: str, event_id: str, txn_id: str) -> None:
        """Take an event out of its room."""
        if self.no_redaction is not None:
            raise self.no_redaction
        if any(event.event_id == event_id and event.room_id != room_id for event in self.events):
            raise MatrixFailed("M_NOT_FOUND (404)", permanent=True)
        if txn_id not in self._redacted_by:
            self._redacted_by.add(txn_id)
            self.redacted.append(event_id)
            self.events = [
                replace(event, content={}) if event.event_id == event_id else event for event in self.events
            ]
            self.add(BOT, {"redacts": event_id}, room_id=room_id)

    def tell(self, room_id: str, text: str, txn_id: str) -> str:
        """Let the bot say something under a transaction id of its own choice."""
        self.meet_failure()
        key = (self.device, room_id, txn_id, 0, 0)
        if key not in self._transactions:
            self._transactions[key] = self.add(BOT, {"body": text}, room_id=room_id)
        if self.lost_answers:
            self.lost_answers -= 1
            raise MatrixFailed("the answer was lost")
        return self._transactions[key]

    def forget_transactions(self) -> None:
        """As a homeserver does after 24 hours."""
        self._transactions.clear()


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


@dataclass
class Host:
    """One running plugin."""

    database: Database
    room: SupportRoom
    maker: BatchMaker
    relay: Relay
    direct_maker: BatchMaker
    direct_relay: DirectRelay
    inbox: Inbox
    replies: ReplyService
    intake: Intake
    hub: Hub
    reader: Reader
    redactions: Redactions
    privacy: PrivacyService
    held: HeldReplyService
    names: StrangerNames
    quiet_reports: QuietReports

    async def stop(self) -> None:
        await self.relay.stop()
        await self.direct_relay.stop()
        await self.inbox.worker.stop()
        await self.redactions.worker.stop()
        await self.names.worker.stop()
        await self.quiet_reports.worker.stop()


class Desk:
    """The database, the homeserver, and the hosts between them."""

    bot, bridge_bot, alice, bob, stranger, room = BOT, BRIDGE_BOT, ALICE, BOB, STRANGER, ROOM
    quiet = QUIET
    carol, dave = CAROL, DAVE

    def __init__(self, store: Any, clock: Any) -> None:
        self.store, self.clock = store, clock
        self.server = Homeserver(clock)
        self.settings = make_settings()
        self.log = logging.getLogger("headset.test")
        self._hosts: list[Host] = []
        self._customers = 0

    def configure(self, **changes: Any) -> None:
        """Change `per_minute`, `join_within` (in seconds), `default` or `longest` of blocks, or a setting."""
        relay = {key: changes.pop(key) for key in ("per_minute", "join_within") if key in changes}
        if "join_within" in relay:
            relay["join_within"] = timedelta(seconds=relay["join_within"])
        blocks = {key: changes.pop(key) for key in ("default", "longest") if key in changes}
        self.settings = replace(
            self.settings,
            relay=replace(self.settings.relay, **relay),
            blocks=replace(self.settings.blocks, **blocks),
            **changes,
        )

    async def start_host(self, database: Database | None = None, name: str = "host") -> Host:
        """Wire a host as the plugin does, in the room and with its cursor set, but with no worker running."""
        database = database or Database(self.store.inner)
        gateway, reader, hub = Gateway(self.server), Reader(), Hub()
        room = SupportRoom(database, gateway, lambda: self.settings, self.log)
        delivery = DeliveryService(self.clock, self.log)
        tickets = TicketService(database, self.clock, hub, lambda: self.settings, self.log)
        acts = TicketActs(self.clock, tickets)
        answers = AnswerService(self.clock, tickets)
        moderation = ModerationService(lambda: self.settings)
        held = HeldReplyService(self.clock, answers)
        redactions = Redactions(database, gateway, self.clock, self.log)
        names = StrangerNames(database, gateway, self.clock, self.log)
        quiet_room = QuietRoom(gateway, self.log)
        quiet_reports = QuietReports(database, gateway, quiet_room, self.clock, self.log)
        channels: list[Channel] = ["team", "direct"]
        maker, direct_maker = (
            BatchMaker(
                channel=channel,
                database=database,
                gateway=gateway,
                room=room,
                quiet_room=quiet_room,
                clock=self.clock,
                settings=lambda: self.settings,
                host=name,
                log=self.log,
            )
            for channel in channels
        )
        relay = Relay(
            database=database,
            gateway=gateway,
            clock=self.clock,
            maker=maker,
            delivery=delivery,
            catch_up=lambda: inbox.catch_up(),
            wake_redactions=redactions.worker.wake,
            wake_quiet_reports=quiet_reports.worker.wake,
            log=self.log,
        )
        direct_relay = DirectRelay(
            database=database,
            gateway=gateway,
            clock=self.clock,
            maker=direct_maker,
            delivery=delivery,
            rooms=DirectRooms(database, gateway, room, self.log),
            catch_up=lambda: inbox.catch_up(),
            wake_redactions=redactions.worker.wake,
            wake_quiet_reports=quiet_reports.worker.wake,
            log=self.log,
        )
        relays: dict[Channel, Worker] = {"team": relay.worker, "direct": direct_relay.worker}
        replies = ReplyService(
            database=database,
            reader=reader,
            answers=answers,
            orders=OrderService(
                clock=self.clock, moderation=moderation, acts=acts, answers=answers, held=held
            ),
            direct_orders=DirectOrderService(self.clock, moderation, acts),
            changes=ChangeService(self.clock, held),
            held=held,
            delivery=delivery,
            hub=hub,
            settings=lambda: self.settings,
            own_mxid=BOT,
            relays=relays,
            wake_redactions=redactions.worker.wake,
            wake_room=room.worker.wake,
            wake_names=names.worker.wake,
            quiet_room=quiet_room,
        )
        inbox = Inbox(
            database=database,
            gateway=gateway,
            room=room,
            quiet_room=quiet_room,
            replies=replies,
            log=self.log,
        )
        intake = Intake(
            database=database,
            clock=self.clock,
            hub=hub,
            relays=relays,
            wake_redactions=redactions.wake,
            tickets=tickets,
            directs=DirectService(database),
        )
        privacy = PrivacyService(
            database=database,
            clock=self.clock,
            hub=hub,
            wake_redactions=redactions.wake,
            wake_relays=lambda: [worker.wake() for worker in relays.values()],
        )
        room.open_with(inbox.begin, [])
        room.worker.start()
        await self.eventually(lambda: room.room_id == ROOM, "the bot is in the room")
        await room.worker.stop()
        await quiet_room.open()
        await update_allow_list(database, self.clock, self.settings)
        host = Host(
            database=database,
            room=room,
            maker=maker,
            relay=relay,
            direct_maker=direct_maker,
            direct_relay=direct_relay,
            inbox=inbox,
            replies=replies,
            intake=intake,
            hub=hub,
            reader=reader,
            redactions=redactions,
            privacy=privacy,
            held=held,
            names=names,
            quiet_reports=quiet_reports,
        )
        self._hosts.append(host)
        return host

    async def stop(self) -> None:
        """Stop every host; one that can't be stopped makes this fail."""
        self.server.open.set()
        for host in self._hosts:
            await asyncio.wait_for(host.stop(), PATIENCE)

    async def nothing_waits(self) -> bool:
        """Tell whether all that was to be sent is dealt with."""
        return not await self.store.look(
            "SELECT 1 FROM outbox WHERE batch_id IS NULL UNION ALL SELECT 1 FROM batch WHERE state = 'open'"
        )

    async def all_redacted(self) -> bool:
        """Tell whether nothing is left to be redacted."""
        return not await self.store.look("SELECT 1 FROM redaction WHERE done_at IS NULL")

    async def redact(self, host: Host) -> list[str]:
        """Let all redactions be carried out, and return what was taken out of the rooms so far."""

        host.redactions.worker.start()
        await self.eventually(self.all_redacted, "all is redacted")
        await host.redactions.worker.stop()
        return self.server.redacted

    async def eventually(self, holds: Callable[[], Any], what: str) -> None:
        """Wait until `holds`, which may return an awaitable."""

        async def probe() -> bool:
            found = holds()
            return bool(await found if isinstance(found, Awaitable) else found)

        await until(probe, what, every=0.005)

    async def customer(self, host: Host) -> str:
        """Open a session from an address of its own, and return its customer's id."""
        self._customers += 1
        _, visit = await SessionService(
            host.database, self.clock, host.hub, lambda: self.settings
        ).open_session(None, None, f"203.0.113.{self._customers}")
        return visit.customer.id

    async def write(self, host: Host, customer_id: str, *texts: str, every: float = 0.0) -> list[Message]:
        """Let a customer write, `every` so many seconds."""
        messages = []
        for number, text in enumerate(texts):
            if number:
                self.clock.advance(every)
            message, is_new = await host.intake.take_message(customer_id, str(uuid.uuid4()), text)
            assert is_new
            messages.append(message)
        return messages

    async def moderator(self, host: Host, name: str) -> str:
        """Return the id of somebody on the allow-list."""
        async with host.database.snapshot() as tx:
            return next(m.id for m in await tx.moderators.list_active() if m.name == name)

    async def write_to(self, host: Host, name: str, customer_id: str, *texts: str) -> list[Message]:
        """Let a customer write to one moderator in private."""
        messages = []
        for text in texts:
            message, is_new = await host.intake.take_message(
                customer_id, str(uuid.uuid4()), text, moderator_id=await self.moderator(host, name)
            )
            assert is_new
            messages.append(message)
        return messages

    async def private_room(self, host: Host, name: str, customer_id: str, text: str = "Psst") -> str:
        """Let a customer write to one moderator, who comes into the room; return its id."""
        await self.write_to(host, name, customer_id, text)
        self.clock.advance(1)
        await self.carry_direct(host)
        moderator_id = await self.moderator(host, name)
        async with host.database.snapshot() as tx:
            direct = await tx.directs.find(customer_id, moderator_id)
        assert direct is not None
        assert direct.room_id is not None
        self.server.rooms[direct.room_id].members[{"Carol": CAROL, "Dave": DAVE}[name]] = "join"
        await host.inbox.catch_up()
        return direct.room_id

    async def carry_direct(self, host: Host) -> None:
        """Let the direct relay send what is due now, and come to rest."""
        host.direct_relay.worker.start()
        await self.eventually(lambda: self._is_at_rest("direct"), "the direct relay rests")
        await host.direct_relay.stop()

    async def _is_at_rest(self, channel: str) -> bool:
        null = "NOT NULL" if channel == "direct" else "NULL"
        now = int(self.clock.now().timestamp() * 1000)
        ready = now - int(self.settings.relay.join_within.total_seconds() * 1000)
        # As of one moment: a batch that is given up may leave a row behind.
        ((waiting, due),) = await self.store.look(
            f"SELECT (SELECT COUNT(*) FROM outbox WHERE direct_id IS {null} AND batch_id IS NULL"
            f" AND (lane LIKE 'direct answers:%' OR created_at <= {ready})"
            f" AND NOT EXISTS (SELECT 1 FROM batch b WHERE b.lane = outbox.lane AND b.state = 'open')),"
            f" (SELECT COUNT(*) FROM batch WHERE direct_id IS {null} AND state = 'open' AND due_at <= {now})"
        )
        return not waiting and not due

    async def take(self, host: Host, slots: int = 8) -> tuple[list[Batch], datetime | None]:
        """Ask for what is due."""
        return await host.maker.take_batches(slots)

    async def original(self, host: Host, batch: Batch) -> Batch:
        """Return what a stand-in stands for, and any other batch as it is."""
        async with host.database.snapshot() as tx:
            return await tx.batches.get(batch.stands_for or batch.id) or batch

    async def end(self, host: Host, batch: Batch, state: str = "sent") -> bool:
        """End a batch at the time it is."""
        async with host.database.transaction() as tx:
            if state != "sent":
                return await tx.batches.end(batch, state)
            await tx.batches.set_sent(batch.id, self.clock.now())
            return True

    async def post(self, host: Host, customer_id: str, text: str = "Hello") -> str:
        """Let a customer write, bring it to the room by hand, and return the event's id."""
        await self.write(host, customer_id, text)
        self.clock.advance(1)
        (batch,), _ = await self.take(host)
        event_id = self.server.add_post(batch, 0, text)
        async with host.database.transaction() as tx:
            await tx.inbox.add_post(event_id, BOT, batch, 0, 1)
            await tx.batches.set_sent(batch.id, self.clock.now())
        await host.inbox.catch_up()
        return event_id

    async def order(self, host: Host, to: str, text: str, at: datetime | None = None) -> str:
        """Let Alice reply with a command, have it carried out, and return the answer."""
        before = await self.answers()
        self.server.reply(ALICE, to, text, at)
        await host.inbox.catch_up()
        (answer,) = (await self.answers())[len(before) :]
        return answer

    async def answers(self) -> list[str]:
        """Return the answers to commands in their order."""
        return [
            text
            for (text,) in await self.store.look(
                "SELECT text FROM outbox WHERE lane = 'answers' ORDER BY place"
            )
        ]

    async def conversation(self, host: Host, customer_id: str) -> list[tuple[str, str]]:
        """Return who wrote what, as the customer's stream has it."""
        async with host.database.snapshot() as tx:
            events = await tx.conversations.list_events_after(customer_id, 0, 1000)
            messages = await tx.conversations.list_messages_after(customer_id, 0, 1000)
        assert [event.message for event in events] == messages
        assert [event.number for event in events] == list(range(1, len(events) + 1))
        assert [message.seq for message in messages] == list(range(1, len(messages) + 1))
        return [(message.author.name or message.author.kind, message.text) for message in messages]

    async def states(self) -> list[str]:
        """Return how the batches stand, but for stand-ins, in the order they were made."""
        rows = await self.store.look(
            "SELECT state FROM batch WHERE stands_for IS NULL ORDER BY created_at, id"
        )
        return [state for (state,) in rows]

    async def outcomes(self) -> list[str | None]:
        """Return what came of the room's events, in room order."""
        return [
            outcome
            for (outcome,) in await self.store.look("SELECT outcome FROM room_event ORDER BY position")
        ]


@pytest.fixture
async def desk(store: Any, clock: Any) -> AsyncIterator[Desk]:
    """Give a desk with an empty room and no host yet."""
    desk = Desk(store, clock)
    yield desk
    await desk.stop()


@pytest.fixture
async def host(desk: Desk) -> Host:
    """Give one host of the desk."""
    return await desk.start_host()


@pytest.fixture
async def customer(desk: Desk, host: Host) -> str:
    """Give a customer's id."""
    return await desk.customer(host)


@pytest.fixture
def doors(desk: Desk, host: Host) -> Doors:
    """Give browsers of that host, whose messages go out at once."""
    desk.configure(join_within=0, per_minute=0)
    return Doors(desk, host)
