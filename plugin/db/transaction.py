"""The repositories of one transaction."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from functools import cached_property

from mautrix.util.async_db import Connection

from .access import AccessRepository
from .batches import BatchRepository
from .blocks import BlockRepository
from .canned import CannedRepository
from .console_acts import ConsoleActRepository
from .conversations import ConversationRepository
from .directs import DirectRepository
from .erasure import ErasureRepository
from .held import HeldReplyRepository
from .held_entries import HeldEntryRepository
from .identities import IdentityRepository
from .inbox import InboxRepository
from .joining import JoinRepository
from .listing import ListingRepository
from .moderators import ModeratorRepository
from .notes import NoteRepository
from .outbox import OutboxRepository
from .overview import OverviewRepository
from .pace import PaceRepository
from .records import RecordRepository
from .redactions import RedactionRepository
from .schedule import ScheduleRepository
from .search import SearchRepository
from .search_index import SearchIndex
from .sessions import SessionRepository
from .stand_ins import StandInRepository
from .team_events import TeamEventRepository
from .tickets import TicketRepository


class Transaction:
    """One open transaction; each repository speaks through its connection."""

    def __init__(self, conn: Connection, now: Callable[[], datetime]) -> None:
        self._conn = conn
        self.team_events = TeamEventRepository(conn, now)

    @cached_property
    def sessions(self) -> SessionRepository:
        return SessionRepository(self._conn)

    @cached_property
    def conversations(self) -> ConversationRepository:
        return ConversationRepository(self._conn, self.team_events)

    @cached_property
    def tickets(self) -> TicketRepository:
        return TicketRepository(self._conn, self.team_events)

    @cached_property
    def outbox(self) -> OutboxRepository:
        return OutboxRepository(self._conn)

    @cached_property
    def batches(self) -> BatchRepository:
        return BatchRepository(self._conn, self.team_events)

    @cached_property
    def stand_ins(self) -> StandInRepository:
        return StandInRepository(self._conn)

    @cached_property
    def directs(self) -> DirectRepository:
        return DirectRepository(self._conn)

    @cached_property
    def inbox(self) -> InboxRepository:
        return InboxRepository(self._conn)

    @cached_property
    def moderators(self) -> ModeratorRepository:
        return ModeratorRepository(self._conn, self.team_events)

    @cached_property
    def access(self) -> AccessRepository:
        return AccessRepository(self._conn, self.team_events)

    @cached_property
    def blocks(self) -> BlockRepository:
        return BlockRepository(self._conn, self.team_events)

    @cached_property
    def canned(self) -> CannedRepository:
        return CannedRepository(self._conn, self.team_events)

    @cached_property
    def records(self) -> RecordRepository:
        return RecordRepository(self._conn, self.team_events)

    @cached_property
    def identities(self) -> IdentityRepository:
        return IdentityRepository(self._conn, self.team_events)

    @cached_property
    def joining(self) -> JoinRepository:
        return JoinRepository(self._conn, self.team_events)

    @cached_property
    def redactions(self) -> RedactionRepository:
        return RedactionRepository(self._conn)

    @cached_property
    def pace(self) -> PaceRepository:
        return PaceRepository(self._conn)

    @cached_property
    def schedule(self) -> ScheduleRepository:
        return ScheduleRepository(self._conn)

    @cached_property
    def held(self) -> HeldReplyRepository:
        return HeldReplyRepository(self._conn, self.team_events)

    @cached_property
    def held_entries(self) -> HeldEntryRepository:
        return HeldEntryRepository(self._conn)

    @cached_property
    def erasure(self) -> ErasureRepository:
        return ErasureRepository(self._conn, self.team_events)

    @cached_property
    def listing(self) -> ListingRepository:
        return ListingRepository(self._conn)

    @cached_property
    def notes(self) -> NoteRepository:
        return NoteRepository(self._conn, self.team_events)

    @cached_property
    def console_acts(self) -> ConsoleActRepository:
        return ConsoleActRepository(self._conn)

    @cached_property
    def overview(self) -> OverviewRepository:
        return OverviewRepository(self._conn)

    @cached_property
    def search(self) -> SearchRepository:
        return SearchRepository(self._conn)

    @cached_property
    def search_index(self) -> SearchIndex:
        return SearchIndex(self._conn)
