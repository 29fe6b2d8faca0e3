"""The moderators' API is put together here: its services and the paths that lead to them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from logging import Logger

from maubot.plugin_server import PluginWebApp

from ...db.database import Database
from ...domain.model import Channel
from ...services.answers import AnswerService
from ...services.background import Worker
from ...services.health import HealthService
from ...services.held import HeldReplyService
from ...services.hub import Hub
from ...services.mod.access import AccessService
from ...services.mod.blocks import BlockDesk
from ...services.mod.canned import CannedService
from ...services.mod.conversation import ConversationDesk
from ...services.mod.direct import DirectDesk
from ...services.mod.events import TeamEventService
from ...services.mod.held import HeldDesk
from ...services.mod.overview import OverviewService
from ...services.mod.records import RecordService
from ...services.mod.replies import ReplyDesk
from ...services.mod.search import SearchDesk
from ...services.mod.team import TeamService
from ...services.mod.tickets import TicketDesk
from ...services.moderation import ModerationService
from ...services.ports import Clock, GetSettings
from ...services.room import SupportRoom
from ...services.ticket_acts import TicketActs
from ..limits import Limits
from ..streams import Streams
from .blocks_api import BlocksApi
from .direct_api import DirectApi
from .events_api import EventsApi
from .held_api import HeldApi
from .messages_api import MessagesApi
from .overview_api import OverviewApi
from .records_api import RecordsApi
from .routes import ModRoutes
from .team_api import TeamApi
from .tickets_api import TicketsApi


@dataclass(frozen=True, kw_only=True)
class Parts:
    """What the moderators' API has in common with the rest of the plugin."""

    database: Database
    clock: Clock
    settings: GetSettings
    log: Logger
    hub: Hub
    limits: Limits
    streams: Streams
    access: AccessService
    team: TeamService
    room: SupportRoom
    health: HealthService
    acts: TicketActs
    answers: AnswerService
    moderation: ModerationService
    held: HeldReplyService
    relays: Mapping[Channel, Worker]
    wake_redactions: Callable[[], None]


def add_moderator_api(parts: Parts, webapp: PluginWebApp) -> ModRoutes:
    """Put every path of the moderators' API in its place; return them."""
    routes = ModRoutes(parts.access, webapp, parts.limits)
    held = HeldDesk(
        database=parts.database, clock=parts.clock, held=parts.held, hub=parts.hub, relays=parts.relays
    )
    _add_overview(parts, routes, held)
    _add_conversations(parts, routes, held)
    _add_blocks(parts, routes, held)
    TeamApi(parts.team, parts.access).add_routes(routes)
    return routes


def _add_overview(parts: Parts, routes: ModRoutes, held: HeldDesk) -> None:
    """Add what shows the whole desk: who am I, numbers, records, the stream."""
    database, clock, settings = parts.database, parts.clock, parts.settings
    overview = OverviewService(
        database=database, clock=clock, settings=settings, room=parts.room, health=parts.health
    )
    records = RecordService(database, settings)
    events = TeamEventService(database=database, clock=clock, health=parts.health, held=held, records=records)
    OverviewApi(overview).add_routes(routes)
    RecordsApi(CannedService(database, clock), records).add_routes(routes)
    EventsApi(events, parts.streams).add_routes(routes)


def _add_conversations(parts: Parts, routes: ModRoutes, held: HeldDesk) -> None:
    """Add tickets, and what is said in them and in private."""
    database, clock = parts.database, parts.clock
    tickets = TicketDesk(database=database, clock=clock, acts=parts.acts, hub=parts.hub)
    replies = ReplyDesk(
        database=database,
        clock=clock,
        answers=parts.answers,
        held=parts.held,
        held_desk=held,
        acts=parts.acts,
        hub=parts.hub,
        relays=parts.relays,
    )
    TicketsApi(tickets, SearchDesk(database, clock)).add_routes(routes)
    MessagesApi(ConversationDesk(database), replies).add_routes(routes)
    DirectApi(DirectDesk(database, clock, replies)).add_routes(routes)


def _add_blocks(parts: Parts, routes: ModRoutes, held: HeldDesk) -> None:
    """Add blocks, and what is held."""
    blocks = BlockDesk(
        database=parts.database,
        clock=parts.clock,
        settings=parts.settings,
        wake_relay=parts.relays["team"].wake,
    )
    BlocksApi(blocks).add_routes(routes)
    HeldApi(held).add_routes(routes)
