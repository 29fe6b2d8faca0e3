"""The things Headset speaks of, as frozen values; times are aware and in UTC."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

Identity = Literal["anonymous", "wallet", "user"]
Channel = Literal["team", "direct"]
AuthorKind = Literal["customer", "moderator", "system"]
BlockKind = Literal["block", "timeout"]
Role = Literal["moderator", "admin"]
Source = Literal["config", "admins", "runtime"]
"""Where a place on the allow-list comes from: `moderators`, `admins` alone, or a command."""

ANSWERS = "answers"
"""The outbox's lane of answers to moderators and of notices to the team; a direct room has its own."""

UNHEARD = "unheard"
"""The lane of what would have been said to the team of a customer, were it not for a block."""

_MARKS = "mark:"
_DIRECT = "direct:"
_DIRECT_ANSWERS = "direct answers:"
_CONSOLE = "console:"


def mark_lane(ticket: int) -> str:
    """Return the lane of a ticket's delivered mark."""
    return f"{_MARKS}{ticket}"


def direct_lane(direct_id: str) -> str:
    """Return the lane of a customer's messages in a direct conversation."""
    return f"{_DIRECT}{direct_id}"


def direct_answers_lane(direct_id: str) -> str:
    """Return the lane of the bot's own words in the room of a direct conversation."""
    return f"{_DIRECT_ANSWERS}{direct_id}"


def console_lane(ticket: int) -> str:
    """Return the lane in which the group is shown what moderators answered in a ticket from the console."""
    return f"{_CONSOLE}{ticket}"


def is_console_lane(lane: str) -> bool:
    """Tell whether a lane shows the group what moderators answered from the console."""
    return lane.startswith(_CONSOLE)


def console_sender(moderator_id: str) -> str:
    """Return what stands for a moderator at the console where others have their Matrix id."""
    return f"{_CONSOLE}{moderator_id}"


def console_event(moderator_id: str, client_id: str) -> str:
    """Return what stands for something said at the console where else the id of a room's event does."""
    return f"{_CONSOLE}{moderator_id}:{client_id}"


def is_console_event(event_id: str) -> bool:
    """Tell whether something was said at the console; no room has such an event."""
    return event_id.startswith(_CONSOLE)


def is_own_lane(lane: str) -> bool:
    """Tell whether a lane carries the bot's own words."""
    return lane in (ANSWERS, UNHEARD) or lane.startswith((_MARKS, _DIRECT_ANSWERS))


@dataclass(frozen=True, kw_only=True)
class Customer:
    """Who writes through the widget."""

    id: str
    identity: Identity
    name: str | None
    ticket: int | None
    """Number of the ticket that the next message belongs to; none before the first message."""
    last_seq: int
    last_event: int
    created_at: datetime
    account: str | None = None
    """What was proven: a wallet as CAIP-10 names it, or `user:` and the host site's id; unique."""
    email: str | None = None
    """The host site's word."""


@dataclass(frozen=True, kw_only=True)
class Session:
    """One browser's bearer token for one customer; only the token's hash is stored."""

    id: str
    customer_id: str
    created_at: datetime
    ended_at: datetime | None


@dataclass(frozen=True, kw_only=True)
class Ticket:
    """A case in a conversation, with a number that people say aloud."""

    number: int
    customer_id: str
    status: Literal["open", "closed"]
    opened_at: datetime
    active_at: datetime
    """The last message of either side."""
    closed_at: datetime | None = None
    assignee: str | None = None
    """Id of the moderator who takes care of it."""
    score: int | None = None
    """The customer's rating, 1 to 5."""


@dataclass(frozen=True, kw_only=True)
class Author:
    """Who wrote a message, as the customer sees it."""

    kind: AuthorKind
    id: str
    name: str | None
    verified: bool = False


@dataclass(frozen=True, kw_only=True)
class Message:
    """One message of a conversation."""

    id: str
    customer_id: str
    seq: int
    """Place in the customer's conversation, from 1, without gaps."""
    ticket: int | None
    channel: Channel
    author: Author
    text: str
    reply_to: str | None
    client_id: str | None
    """The id that the customer's page chose, so that a repeat is recognised."""
    created_at: datetime
    edited_at: datetime | None = None
    deleted_at: datetime | None = None
    moderator_id: str | None = None
    """With whom a direct message is; None in the channel `team`."""


@dataclass(frozen=True, kw_only=True)
class ConversationEvent:
    """One entry of the stream of a conversation; it is about a message or about a ticket."""

    number: int
    type: str
    message: Message | None = None
    ticket: Ticket | None = None


@dataclass(frozen=True, kw_only=True)
class Moderator:
    """An allow-listed team member; `id` is ours, so that no customer learns a Telegram id."""

    id: str
    name: str
    role: Role
    telegram_id: int | None
    mxid: str | None
    handles: tuple[str, ...] = ()
    """Public names elsewhere, in lower case and without the @."""
    source: Source = "config"
    tokens: int = 0
    """How many consoles are signed in for them."""

    @property
    def has_console(self) -> bool:
        """Whether somebody reads, at a console, what is written to them in private."""
        return self.tokens > 0


def can_be_written_to(moderator: Moderator) -> bool:
    """Tell whether customers may write in private to somebody on the allow-list.

    They read it in Matrix or at a console. An operator who stands only in `admins` has given no name for
    customers to see.
    """
    return (moderator.mxid is not None or moderator.has_console) and moderator.source != "admins"


@dataclass(frozen=True, kw_only=True)
class ModeratorToken:
    """What lets a console speak for a moderator, as the allow-list has them now; only its hash is stored."""

    id: str
    moderator: Moderator
    created_by: str
    """The Matrix id of whoever asked for its code."""
    created_at: datetime
    used_at: datetime | None = None


@dataclass(frozen=True, kw_only=True)
class ModeratorCode:
    """What a token is made from, once and soon; only its hash is stored."""

    code_hash: str
    moderator_id: str
    created_by: str
    expires_at: datetime
    """When it is void; a used one is so at once."""
    room_id: str | None
    """The room in which it was told to a moderator."""
    event_id: str | None = None
    """The event that told it, once that is known."""


@dataclass(frozen=True, kw_only=True)
class Direct:
    """A private conversation of one customer with one moderator, in a Matrix room of its own."""

    id: str
    customer_id: str
    moderator_id: str
    room_id: str | None
    """None until the room is made."""


@dataclass(frozen=True, kw_only=True)
class Block:
    """A shadow block; a timeout is a block by another word."""

    id: str
    customer_id: str
    kind: BlockKind
    reason: str | None
    by_id: str
    by_name: str
    created_at: datetime
    expires_at: datetime | None
    """None: until it is lifted."""
    lifted_at: datetime | None = None
    direct_id: str | None = None
    """The direct conversation that it was made in: its reason is no matter of the group's."""


@dataclass(frozen=True, kw_only=True)
class OutboxRow:
    """A text that is stored and not yet known to be in the room."""

    id: str
    lane: str
    """Rows of one lane go out in order, one batch at a time: a customer's id, or one of the others above."""
    customer_id: str | None
    ticket: int | None
    """None for an answer that is about no ticket, and in a direct conversation."""
    text: str
    created_at: datetime
    direct_id: str | None = None
    """The direct conversation whose room it goes to; None: to the support room."""


@dataclass(frozen=True, kw_only=True)
class Batch:
    """Outbox rows sent together, stored with its lease before anything is sent."""

    id: str
    lane: str
    customer_id: str | None
    ticket: int | None
    room_id: str | None
    """The support room as it was then; None in a direct conversation, whose room stands there alone.

    A stand-in's is the quiet room.
    """
    parts: tuple[str, ...]
    """Bodies of the room events, in order; each fits into one Telegram message. Empty once delivered."""
    part_count: int
    held: bool
    """Held by a block: it stays where it is, and a stand-in takes the way that it would have taken."""
    stands_for: str | None = None
    """The held batch in whose place this one goes to the quiet room; its own id for an unheard answer.

    It is no less held, as far as the team is concerned.
    """
    edits: str | None = None
    """Id of the room event that this one replaces, for a delivered mark."""
    direct_id: str | None = None
    attempt: int
    """From 1; a part of the transaction id, so a new attempt is a new event."""
    tries: int
    """Failed requests of this attempt."""
    device_id: str
    """The device that this attempt began under: transaction ids hold for one device."""
    first_tried_at: datetime
    """When this attempt began: transaction ids hold for 24 hours."""
    fence: int
    """Rises with each lease; an older holder's result is refused."""
    created_at: datetime
    heading: str | None = None
    """Of its posts, which an edit must repeat: the customer may go by another name by then."""


BatchRole = Literal["post", "reply", "answer", "mark", "stand-in"]


def role_of(batch: Batch) -> BatchRole:
    """Return what a batch is for the room; a `reply` is what a moderator said from the console."""
    if batch.stands_for is not None:
        return "stand-in"
    if is_console_lane(batch.lane):
        return "reply"
    if not is_own_lane(batch.lane):
        return "post"
    return "mark" if batch.lane.startswith(_MARKS) else "answer"


@dataclass(frozen=True, kw_only=True)
class RoomEvent:
    """An event of the support room, or of a direct room, as the inbox stores it."""

    position: int
    event_id: str
    room_id: str
    sender: str
    type: str
    content: dict[str, object]
    sent_at: datetime
    """The homeserver's `origin_server_ts`: when the act took place, however late we read it."""


@dataclass(frozen=True, kw_only=True)
class Target:
    """What a moderator's words are about: a ticket in the support room, or a direct conversation."""

    customer_id: str
    ticket: int | None
    """None in a direct conversation."""
    message_id: str | None
    """The team's message, where it points at one."""
    batch_id: str | None = None
    """The relayed batch, where it points at a post."""
    held_id: str | None = None
    """The held reply, where it points at one."""
    direct_id: str | None = None


@dataclass(frozen=True, kw_only=True)
class Challenge:
    """A text that a wallet was given to sign, once and soon."""

    nonce: str
    session_id: str
    origin: str
    """Of the page in which the wallet is asked."""
    account: str
    """As CAIP-10 names it."""
    message: str
    expires_at: datetime
    is_used: bool = False


@dataclass(frozen=True, kw_only=True)
class Delivered:
    """What a moderator's event became."""

    sender: str
    message_id: str
    direct_id: str | None
    """The direct conversation that it was said in."""
    is_copy: bool
    """It was said from the console, and the event only shows it to the group."""


@dataclass(frozen=True, kw_only=True)
class HeldReply:
    """What a moderator wrote and what is not sent before another one releases it."""

    id: str
    event_id: str
    """The room event that said it; of an edit, the edit itself."""
    sender: str
    moderator_id: str
    customer_id: str
    ticket: int | None
    direct_id: str | None
    reply_to: str | None
    """The team's message that it is a Reply to."""
    edits: str | None
    """The delivered message that it is an edit of; None: it is one of its own."""
    text: str
    state: Literal["held", "released", "dropped"]
    written_at: datetime
    """When its newest text was written."""
