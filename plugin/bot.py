"""The composition root: wires the parts, starts and stops them. No rules, no SQL."""

from __future__ import annotations

import socket
from collections.abc import Callable

from maubot.plugin_base import Plugin
from maubot.plugin_server import PluginWebApp
from mautrix.util.async_db import Database as MautrixDatabase
from mautrix.util.async_db import UpgradeTable
from mautrix.util.config import BaseProxyConfig
from yarl import URL

from .config import Config, Settings
from .db.database import Database
from .db.migrations import upgrade_table
from .domain.errors import CLOSED_RETRY_AFTER, ConfigError, Unavailable
from .matrix.events import MatrixEventReader
from .matrix.gateway import MautrixGateway
from .services.allow_list import update_allow_list
from .services.answers import AnswerService
from .services.background import Worker
from .services.batches import BatchMaker
from .services.changes import ChangeService
from .services.clock import SystemClock
from .services.conversations import ConversationService
from .services.delivery import DeliveryService
from .services.health import HealthService
from .services.held import HeldReplyService
from .services.housekeeping import Housekeeping
from .services.hub import Hub
from .services.inbox import Inbox
from .services.intake import Intake
from .services.moderation import ModerationService
from .services.operators import OperatorService
from .services.orders import OrderService
from .services.ports import Clock
from .services.privacy import PrivacyService
from .services.redactions import Redactions
from .services.relay import Relay
from .services.replies import ReplyService
from .services.room import SupportRoom
from .services.sessions import SessionService
from .services.tickets import TicketService
from .web.customer_api import CustomerApi
from .web.gate import Gate, answer_closed
from .web.limits import Limits
from .web.operator_api import OperatorApi
from .web.privacy_api import PrivacyApi
from .web.streams import Streams


class Headset(Plugin):
    """The plugin as maubot sees it."""

    config: Config
    database: MautrixDatabase
    webapp: PluginWebApp
    webapp_url: URL
    clock: Clock = SystemClock()

    _settings: Settings | None = None

    @classmethod
    def get_config_class(cls) -> type[BaseProxyConfig]:
        """Return the class of the configuration."""
        return Config

    @classmethod
    def get_db_upgrade_table(cls) -> UpgradeTable:
        """Return the schema and its steps."""
        return upgrade_table

    async def start(self) -> None:
        """Open for customers, or wait for a configuration that can be used."""
        try:
            settings = self.config.reload()
        except ConfigError as error:
            # Raising would make maubot switch the instance off, as a new one has no room yet.
            self.log.error("Closed until the configuration is right. %s", error)
            self.webapp.add_middleware(answer_closed)  # type: ignore[arg-type]
            return
        await self._open(settings)

    async def on_external_config_update(self) -> None:
        """Take a new configuration over, or keep the running one and tell the operator why."""
        try:
            settings = self.config.reload()
        except ConfigError as error:
            self.log.error("The new configuration is not taken over. %s", error)
            raise
        if self._settings is None:
            self.webapp.clear()
            await self._open(settings)
            return
        await update_allow_list(self._database, self.clock, settings)
        self._settings = settings
        for worker in self._workers():
            worker.wake()

    async def pre_stop(self) -> None:
        """End the streams while their routes still stand; an open one would go on with old code."""
        if self._settings is not None:
            await self._streams.close()

    async def stop(self) -> None:
        """Stop sending and reading; what is stored goes on at the next start."""
        if self._settings is not None:
            for undo in self._undo:
                undo()
            await self._relay.stop()
            for worker in self._workers():
                await worker.stop()

    def _workers(self) -> list[Worker]:
        parts = (
            self._room,
            self._inbox,
            self._relay,
            self._redactions,
            self._tickets,
            self._housekeeping,
        )
        return [part.worker for part in parts]

    def _wake_senders(self) -> None:
        self._relay.worker.wake()
        self._redactions.worker.wake()

    def _get_settings(self) -> Settings:
        if self._settings is None:
            raise Unavailable(retry_after=CLOSED_RETRY_AFTER)
        return self._settings

    async def _open(self, settings: Settings) -> None:
        self._database = Database(self.database)
        await self._database.prepare()
        await update_allow_list(self._database, self.clock, settings)
        self._settings = settings
        self._wire_services(self._database)
        self._wire_web(self._database)
        await self._maker.take_over()
        for worker in self._workers():
            worker.start()

    def _wire_services(self, database: Database) -> None:
        clock, log = self.clock, self.log
        gateway, reader = MautrixGateway(self.client), MatrixEventReader()
        self._hub = Hub()
        self._room = SupportRoom(database, gateway, self._get_settings, log)
        self._maker = BatchMaker(
            database=database,
            gateway=gateway,
            room=self._room,
            clock=clock,
            settings=self._get_settings,
            host=socket.gethostname() if database.may_be_shared else "this host",
            log=log,
        )
        delivery = DeliveryService(clock, log)
        self._redactions = Redactions(database, gateway, clock, log)
        self._relay = Relay(
            database=database,
            gateway=gateway,
            clock=clock,
            maker=self._maker,
            delivery=delivery,
            catch_up=lambda: self._inbox.catch_up(),
            wake_redactions=self._redactions.worker.wake,
            log=log,
        )
        self._tickets = TicketService(database, clock, self._hub, self._get_settings, log)
        answers = AnswerService(clock, self._tickets)
        held = HeldReplyService(clock, answers)
        self._moderation = ModerationService(self._get_settings)
        replies = ReplyService(
            database=database,
            reader=reader,
            answers=answers,
            orders=OrderService(
                clock=clock, moderation=self._moderation, tickets=self._tickets, answers=answers, held=held
            ),
            changes=ChangeService(clock, held),
            held=held,
            delivery=delivery,
            hub=self._hub,
            settings=self._get_settings,
            own_mxid=gateway.mxid,
            wake_senders=self._wake_senders,
            wake_room=self._room.worker.wake,
        )
        self._inbox = Inbox(database=database, gateway=gateway, room=self._room, replies=replies, log=log)
        self._room.open_with(self._inbox.begin, [self._inbox.worker, self._relay.worker])
        self._housekeeping = Housekeeping(database, clock, self._get_settings, log)
        self._gateway = gateway
        self._undo: list[Callable[[], None]] = [gateway.on_room_event(self._inbox.worker.wake)]

    def _wire_web(self, database: Database) -> None:
        conversations = ConversationService(database)
        gate = Gate(self._get_settings, str(self.webapp_url.origin()), self.log)
        self._streams = Streams(conversations, self._hub, gate)
        limits = Limits(self._get_settings, self.log)
        health = HealthService(database, self.clock, self._room)
        operators = OperatorService(
            database=database,
            clock=self.clock,
            settings=self._get_settings,
            health=health,
            moderation=self._moderation,
            saw_untrusted_proxy=lambda: limits.saw_untrusted_proxy,
        )
        self._undo.append(self._gateway.on_text(operators.answer))
        OperatorApi(health, self._streams, self.clock).add_routes(self.webapp)
        sessions = SessionService(database, self.clock, self._hub, self._get_settings)
        privacy = PrivacyService(
            database=database,
            clock=self.clock,
            hub=self._hub,
            wake_redactions=self._redactions.wake,
            wake_relay=self._relay.worker.wake,
        )
        PrivacyApi(sessions=sessions, privacy=privacy, limits=limits, gate=gate).add_routes(self.webapp)
        api = CustomerApi(
            sessions=sessions,
            conversations=conversations,
            intake=Intake(
                database=database,
                clock=self.clock,
                hub=self._hub,
                relay=self._relay.worker,
                wake_redactions=self._redactions.wake,
                tickets=self._tickets,
            ),
            tickets=self._tickets,
            streams=self._streams,
            limits=limits,
            settings=self._get_settings,
        )
        api.add_routes(self.webapp)
        self.webapp.add_middleware(gate)  # type: ignore[arg-type]  # maubot's type knows no streams
