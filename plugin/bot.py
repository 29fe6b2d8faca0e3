"""The composition root: wires the parts, starts and stops them. No rules, no SQL."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Callable
from contextlib import suppress

from aiohttp import ClientSession
from maubot.plugin_base import Plugin
from maubot.plugin_server import PluginWebApp
from mautrix.util.async_db import Database as MautrixDatabase
from mautrix.util.async_db import UpgradeTable
from mautrix.util.config import BaseProxyConfig
from yarl import URL

from .chain.ethereum import MISSING, open_ethereum
from .config import Config, Settings
from .db.cancelling import to_the_end
from .db.database import Database
from .db.migrations import upgrade_table
from .domain.errors import CLOSED_RETRY_AFTER, ConfigError, Unavailable
from .domain.model import Channel
from .logs import keep_clean
from .matrix.events import MatrixEventReader
from .matrix.gateway import MautrixGateway
from .services.allow_list import update_allow_list
from .services.answers import AnswerService
from .services.background import Worker
from .services.batches import BatchMaker
from .services.changes import ChangeService
from .services.clock import SystemClock
from .services.clock_watch import ClockWatch
from .services.conversations import ConversationService
from .services.delivery import DeliveryService
from .services.direct_orders import DirectOrderService
from .services.direct_relay import DirectRelay
from .services.direct_rooms import DirectRooms
from .services.directs import DirectService
from .services.health import HealthService
from .services.held import HeldReplyService
from .services.housekeeping import Housekeeping
from .services.hub import Hub
from .services.identity import IdentityService
from .services.inbox import Inbox
from .services.intake import Intake
from .services.matrix_commands import MatrixCommands
from .services.mod.access import AccessService
from .services.mod.code_posts import CodePosts
from .services.mod.health_watch import HealthWatch
from .services.mod.team import TeamService
from .services.moderation import ModerationService
from .services.operators import OperatorService
from .services.orders import OrderService
from .services.ports import Clock
from .services.privacy import PrivacyService
from .services.private_rooms import PrivateRooms
from .services.quiet_room import QuietReports, QuietRoom
from .services.redactions import Redactions
from .services.relay import Relay
from .services.replies import ReplyService
from .services.room import SupportRoom
from .services.sessions import SessionService
from .services.sign_out import SignOutOrders
from .services.stranger_names import StrangerNames
from .services.support_check import SupportCheck
from .services.ticket_acts import TicketActs
from .services.tickets import TicketService
from .services.token_orders import TokenOrders
from .services.users import UserService
from .services.wallets import WalletService
from .web.customer_api import CustomerApi
from .web.document import DocumentApi
from .web.gate import Gate, answer_closed
from .web.identity_api import IdentityApi
from .web.languages import Languages
from .web.limits import Limits
from .web.mod.wiring import Parts, add_moderator_api
from .web.operator_api import OperatorApi
from .web.privacy_api import PrivacyApi
from .web.streams import Streams
from .web.widget_files import WidgetFiles, read_widget_files

_CHANNELS: tuple[Channel, ...] = ("team", "direct")


class Headset(Plugin):
    """The plugin as maubot sees it."""

    config: Config
    database: MautrixDatabase
    webapp: PluginWebApp
    webapp_url: URL
    http: ClientSession
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
        self._let_log_as_before = keep_clean(self.log, self.client.log)
        try:
            await self._start()
        except BaseException:
            self._let_log_as_before()
            raise

    async def _start(self) -> None:
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
        self._wake_all()

    async def pre_stop(self) -> None:
        """Stop sending and reading; what is stored goes on at the next start.

        Here and not in `stop`: streams have to end while their routes still stand, as an open one would go on
        with old code. Where this is cancelled, maubot would do nothing more, and leave routes and commands of
        a plugin that is no more; so it is told that all is done, and all is.
        """
        with suppress(asyncio.CancelledError):
            await to_the_end(self._stop())

    async def _stop(self) -> None:
        try:
            if self._settings is not None:
                await self._streams.close()
                await self._stop_workers()
        finally:
            self._let_log_as_before()

    async def _stop_workers(self) -> None:
        for undo in self._undo:
            undo()
        for relay in self._relays.values():
            await relay.stop()
        for worker in self._workers():
            await worker.stop()

    def _wake_all(self) -> None:
        for worker in self._workers():
            worker.wake()

    def _workers(self) -> list[Worker]:
        return [
            self._room.worker,
            self._inbox.worker,
            *self._relay_workers.values(),
            self._redactions.worker,
            self._quiet_reports.worker,
            self._code_posts.worker,
            self._stranger_names.worker,
            self._tickets.worker,
            self._housekeeping.worker,
            self._clock_watch.worker,
            self._health_watch.worker,
        ]

    def _get_settings(self) -> Settings:
        if self._settings is None:
            raise Unavailable(retry_after=CLOSED_RETRY_AFTER)
        return self._settings

    async def _open(self, settings: Settings) -> None:
        self._hub = Hub()
        self._database = Database(self.database, now=self.clock.now, on_team_event=self._hub.wake_team)
        await self._database.prepare()
        await update_allow_list(self._database, self.clock, settings)
        self._settings = settings
        if MISSING and settings.identity.wallet_chains:
            self.log.warning("Wallets can't sign in: the Python package %s is not installed", MISSING)
        self._wire_services(self._database)
        self._wire_web(self._database)
        await self._makers["team"].take_over()
        for worker in self._workers():
            worker.start()

    def _wire_services(self, database: Database) -> None:
        clock, log = self.clock, self.log
        gateway, reader = MautrixGateway(self.client), MatrixEventReader()
        self._room = SupportRoom(database, gateway, self._get_settings, log)
        self._quiet_room = QuietRoom(gateway, log)
        self._quiet_reports = QuietReports(database, gateway, self._quiet_room, clock, log)
        delivery = DeliveryService(clock, log)
        self._redactions = Redactions(database, gateway, clock, log)
        self._stranger_names = StrangerNames(database, gateway, clock, log)
        self._code_posts = CodePosts(database, gateway, clock, self._redactions, log)
        self._wire_relays(database, gateway, delivery)
        self._tickets = TicketService(database, clock, self._hub, self._get_settings, log)
        self._acts = TicketActs(clock, self._tickets)
        self._answers = answers = AnswerService(clock, self._tickets)
        self._held = held = HeldReplyService(clock, answers)
        self._moderation = ModerationService(self._get_settings)
        replies = ReplyService(
            database=database,
            reader=reader,
            answers=answers,
            orders=OrderService(
                clock=clock, moderation=self._moderation, acts=self._acts, answers=answers, held=held
            ),
            direct_orders=DirectOrderService(clock, self._moderation, self._acts),
            changes=ChangeService(clock, held),
            held=held,
            delivery=delivery,
            hub=self._hub,
            settings=self._get_settings,
            own_mxid=gateway.mxid,
            relays=self._relay_workers,
            wake_redactions=self._redactions.worker.wake,
            wake_room=self._room.worker.wake,
            wake_names=self._stranger_names.worker.wake,
            quiet_room=self._quiet_room,
        )
        self._inbox = Inbox(
            database=database,
            gateway=gateway,
            room=self._room,
            quiet_room=self._quiet_room,
            replies=replies,
            log=log,
        )
        self._room.open_with(self._prepare_rooms, [self._inbox.worker, *self._relay_workers.values()])
        self._housekeeping = Housekeeping(database, clock, self._get_settings, log)
        self._clock_watch = ClockWatch(database, clock, _host(database), self._wake_all, log)
        self._gateway = gateway
        self._undo: list[Callable[[], None]] = [gateway.on_room_event(self._inbox.worker.wake)]

    def _wire_relays(self, database: Database, gateway: MautrixGateway, delivery: DeliveryService) -> None:
        clock, log = self.clock, self.log
        self._makers = {channel: self._make_maker(channel, database, gateway) for channel in _CHANNELS}
        self._relays: dict[Channel, Relay] = {
            "team": Relay(
                database=database,
                gateway=gateway,
                clock=clock,
                maker=self._makers["team"],
                delivery=delivery,
                catch_up=self._catch_up,
                wake_redactions=self._redactions.worker.wake,
                wake_quiet_reports=self._quiet_reports.worker.wake,
                log=log,
            ),
            "direct": DirectRelay(
                database=database,
                gateway=gateway,
                clock=clock,
                maker=self._makers["direct"],
                delivery=delivery,
                rooms=DirectRooms(database, gateway, self._room, log),
                catch_up=self._catch_up,
                wake_redactions=self._redactions.worker.wake,
                wake_quiet_reports=self._quiet_reports.worker.wake,
                log=log,
            ),
        }
        self._relay_workers = {channel: relay.worker for channel, relay in self._relays.items()}

    def _make_maker(self, channel: Channel, database: Database, gateway: MautrixGateway) -> BatchMaker:
        return BatchMaker(
            channel=channel,
            database=database,
            gateway=gateway,
            room=self._room,
            quiet_room=self._quiet_room,
            clock=self.clock,
            settings=self._get_settings,
            host=_host(database),
            log=self.log,
        )

    def _wake_relays(self) -> None:
        for worker in self._relay_workers.values():
            worker.wake()

    async def _prepare_rooms(self) -> None:
        await self._inbox.begin()
        await self._quiet_room.open()

    async def _catch_up(self) -> None:
        await self._inbox.catch_up()

    def _wire_web(self, database: Database) -> None:
        conversations, directs = ConversationService(database), DirectService(database)
        gate = Gate(self._get_settings, str(self.webapp_url.origin()), self.log)
        self._streams = Streams(self._hub, gate)
        limits = Limits(self._get_settings, self.log)
        health = HealthService(database, self.clock, self._room)
        sessions = SessionService(database, self.clock, self._hub, self._get_settings)
        wallets = WalletService(
            database=database,
            clock=self.clock,
            settings=self._get_settings,
            ethereum=open_ethereum(self.http),
            missing=MISSING,
            is_allowed=gate.is_allowed,
        )
        users = UserService(self.clock, self._get_settings)
        access = AccessService(database, self.clock, self._redactions.worker.wake)
        team = TeamService(database, self.clock)
        operators = OperatorService(
            database=database,
            clock=self.clock,
            settings=self._get_settings,
            health=health,
            moderation=self._moderation,
            team=team,
            wallets=wallets,
            users=users,
            saw_untrusted_proxy=lambda: limits.saw_untrusted_proxy,
        )
        self._undo.append(self._gateway.on_text(self._wire_commands(team, access, operators).answer))
        self._wire_moderators(database, limits, health, access, team)
        OperatorApi(health, self._streams, access, self.clock).add_routes(self.webapp)
        DocumentApi().add_routes(self.webapp)
        files = read_widget_files()
        languages = Languages.from_files(files)
        WidgetFiles(files, languages, self._get_settings).add_routes(self.webapp)
        identities = IdentityApi(
            sessions=sessions,
            identities=IdentityService(database, self.clock, self._hub, sessions, self._wake_relays),
            wallets=wallets,
            users=users,
            gate=gate,
            limits=limits,
        )
        identities.add_routes(self.webapp)
        privacy = PrivacyService(
            database=database,
            clock=self.clock,
            hub=self._hub,
            wake_redactions=self._redactions.wake,
            wake_relays=self._wake_relays,
        )
        PrivacyApi(sessions=sessions, privacy=privacy, limits=limits, gate=gate).add_routes(self.webapp)
        api = CustomerApi(
            sessions=sessions,
            identities=identities,
            conversations=conversations,
            intake=Intake(
                database=database,
                clock=self.clock,
                hub=self._hub,
                relays=self._relay_workers,
                wake_redactions=self._redactions.wake,
                tickets=self._tickets,
                directs=directs,
                derives=wallets.derives,
            ),
            tickets=self._tickets,
            directs=directs,
            support_check=SupportCheck(database),
            streams=self._streams,
            limits=limits,
            languages=languages,
            settings=self._get_settings,
        )
        api.add_routes(self.webapp)
        self.webapp.add_middleware(gate)  # type: ignore[arg-type]  # maubot's type knows no streams

    def _wire_commands(
        self, team: TeamService, access: AccessService, operators: OperatorService
    ) -> MatrixCommands:
        tokens = TokenOrders(
            team=team,
            access=access,
            rooms=PrivateRooms(self._database, self._gateway, self._room),
            posts=self._code_posts,
            gateway=self._gateway,
        )
        sign_out = SignOutOrders(self._database, self.clock, self._hub)
        tables = (operators.commands, tokens.commands, sign_out.commands)
        return MatrixCommands(team, self._get_settings, *tables)

    def _wire_moderators(
        self,
        database: Database,
        limits: Limits,
        health: HealthService,
        access: AccessService,
        team: TeamService,
    ) -> None:
        self._health_watch = HealthWatch(database, health, self.log)
        parts = Parts(
            database=database,
            clock=self.clock,
            settings=self._get_settings,
            log=self.log,
            hub=self._hub,
            limits=limits,
            streams=self._streams,
            access=access,
            team=team,
            room=self._room,
            health=health,
            acts=self._acts,
            answers=self._answers,
            moderation=self._moderation,
            held=self._held,
            relays=self._relay_workers,
            wake_redactions=self._redactions.wake,
        )
        self.moderator_routes = add_moderator_api(parts, self.webapp)


def _host(database: Database) -> str:
    """Return the name under which this process works on the database."""
    return socket.gethostname() if database.may_be_shared else "this host"
