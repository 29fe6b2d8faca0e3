"""A support desk without Matrix: real services and database, and a homeserver of the tests' own."""

from __future__ import annotations

import asyncio
import logging
import uuid
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from plugin.db.database import Database
from plugin.domain.model import Batch, Channel, Message
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
from tests.integration.services.gateway import Gateway, Reader
from tests.integration.services.homeserver import Homeserver
from tests.integration.services.settings import (
    ALICE,
    BOB,
    BOT,
    BRIDGE_BOT,
    CAROL,
    DAVE,
    QUIET,
    ROOM,
    STRANGER,
    make_settings,
)


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
