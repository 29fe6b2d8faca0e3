"""What the services need from outside, declared where it is used."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from ..config import Settings
from ..domain.delivery import Report
from ..domain.model import RoomEvent
from ..domain.replies import ReplyEvent

GetSettings = Callable[[], Settings]


class Clock(Protocol):
    """The time of day."""

    def now(self) -> datetime:
        """Return the time, aware, in UTC."""


class MatrixFailed(Exception):
    """The homeserver did not do what it was asked; `permanent`: and never will for this event."""

    def __init__(self, reason: str, *, permanent: bool = False, errcode: str | None = None) -> None:
        self.permanent, self.errcode = permanent, errcode
        super().__init__(reason)


@dataclass(frozen=True, kw_only=True)
class Post:
    """A text for the support room or a direct room, with the batch it is a part of."""

    room_id: str
    body: str
    batch_id: str
    part: int
    attempt: int
    edits: str | None = None
    """Id of the event that this one replaces."""
    is_notice: bool = False
    """The bot's own words in a direct room, to be told from the customer's."""


@dataclass(frozen=True, kw_only=True)
class PostMark:
    """What the content of one of our own events says it is."""

    batch_id: str
    part: int
    attempt: int


@dataclass(frozen=True, kw_only=True)
class BridgeReport:
    """What the bridge says of one of our events."""

    event_id: str
    status: Report
    reason: str | None


@dataclass(frozen=True, kw_only=True)
class Stretch:
    """What happened in rooms since a sync token, of each in its order, and the token to go on from."""

    events: tuple[RoomEvent, ...]
    next_batch: str
    left: frozenset[str] = frozenset()
    """Rooms that the bot is not in any more, whatever happens there until it joins again."""


@dataclass(frozen=True, kw_only=True)
class RoomFacts:
    """What an operator wants to know about the support room."""

    bridge_is_there: bool
    may_redact: bool
    """Whether the bot has the power to take back what others wrote."""


PickRooms = Callable[[Collection[str]], Awaitable[Collection[str]]]
"""Gets the rooms in which something happened, and returns those that are read."""


class MatrixGateway(Protocol):
    """The homeserver, as far as the services need it; every call may raise MatrixFailed."""

    mxid: str
    """Who this bot is."""

    async def get_device_id(self) -> str:
        """Return the device whose access token is in use."""

    async def join_room(self, room: str) -> str:
        """Join a room by its id or alias and return its id."""

    async def get_room_facts(self, room_id: str, bridge_bot: str) -> RoomFacts:
        """Return who is in the room and what the bot may do there."""

    async def send_notice(self, room_id: str, text: str) -> None:
        """Say something that the bridge does not relay."""

    async def send_secret(self, room_id: str, text: str, txn_id: str) -> str:
        """Say what no log may hold and return its event id; the same transaction id is the same event."""

    async def send_post(self, post: Post) -> str:
        """Send a text and return its event id; the same post again is the same event."""

    async def send_report(self, room_id: str, event_id: str) -> None:
        """Say of a post, as the bridge does, that it was delivered; a second time it is the same event."""

    async def redact(self, room_id: str, event_id: str, txn_id: str) -> None:
        """Take an event out of its room; the same transaction id again is the same act."""

    async def get_live_end(self) -> str:
        """Return the sync token of now."""

    async def read_since(self, since: str, pick: PickRooms) -> Stretch:
        """Return all that happened since a sync token in the rooms that `pick` picks, gaps filled."""

    async def open_direct_room(self, direct_id: str, name: str, topic: str) -> str:
        """Make a private room and return its id; the same direct id again is the same room."""

    async def get_members(self, room_id: str) -> Mapping[str, str]:
        """Return each one's membership by Matrix id; nothing where the bot was never in the room."""

    async def get_display_name(self, room_id: str, mxid: str) -> str:
        """Return what somebody is called in a room; empty where they have no name there."""

    async def invite(self, room_id: str, mxid: str) -> None:
        """Invite somebody."""

    async def remove(self, room_id: str, mxid: str, reason: str) -> None:
        """Put somebody out of a room, or take an invitation back."""


class EventReader(Protocol):
    """Reads what a stored room event says."""

    def read_reply(self, event: RoomEvent) -> ReplyEvent:
        """Return the event as far as a reply is concerned."""

    def is_encrypted(self, event: RoomEvent) -> bool:
        """Tell whether the event says something that only the members' devices can read."""

    def read_redacted(self, event: RoomEvent) -> str | None:
        """Return the id of the event that this one takes back; None for any other event."""

    def read_replacement(self, event: RoomEvent) -> str | None:
        """Return the id of the room that replaces this one; None for any other event."""

    def read_report(self, event: RoomEvent) -> BridgeReport | None:
        """Return what the event says of a post; whether the bridge sent it is the caller's to check."""

    def read_mark(self, event: RoomEvent) -> PostMark | None:
        """Return which of our posts the event says it is; whether we sent it is the caller's to check."""


class SignatureRefused(Exception):
    """A signature is not the account's; its text says why."""


class Ethereum(Protocol):
    """Ethereum, as far as the services need it."""

    def checksum(self, address: str) -> str:
        """Return an address, `0x` and 40 hexadecimal digits, as EIP-55 writes it."""

    def recover(self, text: str, signature: bytes) -> str:
        """Return the address whose key signed a text (EIP-191). Raises SignatureRefused."""

    def derives_address(self, key: bytes, account: str) -> bool:
        """Tell whether a private key of 32 bytes is that of a CAIP-10 account."""

    async def check_contract(
        self, url: str, chain_id: int, address: str, text: str, signature: bytes
    ) -> None:
        """Return if the contract wallet at an address takes the signature of a text for its own.

        Raises:
            SignatureRefused: it does not.
            Unavailable: it can't be asked now.
        """
