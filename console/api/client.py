"""One method for each route of the moderators' API."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import datetime
from enum import Enum
from typing import Any, Literal, TypeVar

import aiohttp

from .errors import ApiError
from .fields import Fields
from .http import Http
from .messages import Direct, Held, Message, Note
from .models import Block, Found, Side, Status, Ticket, TicketDetail
from .people import AuditEntry, Canned, Moderator, Stranger, Token
from .records import Me, NewToken, Page, Role, Stats

T = TypeVar("T")
Sort = Literal["activity", "waiting", "number"]
PAGE = 100

# maubot garbles what is encoded in a path or a query, so that nothing else may stand there.
_URL_SAFE = re.compile(r"[A-Za-z0-9._-]+")


class Unset(Enum):
    """The kind of `UNSET`."""

    UNSET = 0


UNSET = Unset.UNSET
"""Stands for a member that is left out, where null means something else."""


class Client(Http):
    """The moderators' API of one desk, as one moderator.

    Raises:
        Unreachable, Unauthorized, ApiError: by every method.
    """

    # Who

    async def me(self) -> Me:
        """Return who one is, and what holds at this desk."""
        return Me.from_json(await self.call("GET", "v1/mod/me"))

    async def stats(self) -> Stats:
        """Return the desk in numbers."""
        return Stats.from_json(await self.call("GET", "v1/mod/stats"))

    # Tickets

    async def tickets(
        self,
        *,
        status: Status | None = None,
        waiting: Side | None = None,
        assignee: str | None = None,
        blocked: bool = False,
        sort: Sort = "activity",
        after: str | None = None,
        limit: int = PAGE,
    ) -> Page[Ticket]:
        """Return a part of the list; `assignee` is an id, `me` or `none`."""
        return await self._page(
            "v1/mod/tickets",
            Ticket.from_json,
            status=status,
            waiting=waiting,
            assignee=assignee,
            blocked="true" if blocked else None,
            sort=sort,
            after=after,
            limit=limit,
        )

    async def search(
        self,
        q: str,
        *,
        status: Status | None = None,
        waiting: Side | None = None,
        assignee: str | None = None,
        blocked: bool = False,
        after: str | None = None,
        limit: int = PAGE,
    ) -> Page[Found]:
        """Return a part of what is found, newest first."""
        wishes = {"status": status, "waiting": waiting, "assignee": assignee, "after": after}
        body = {"q": q, "limit": limit, **{key: value for key, value in wishes.items() if value is not None}}
        if blocked:
            body["blocked"] = True
        return Page.from_json(await self.call("POST", "v1/mod/tickets/search", body), Found.from_json)

    async def ticket(self, number: int) -> TicketDetail:
        """Return a ticket with its customer."""
        return TicketDetail.from_json(await self.call("GET", f"v1/mod/tickets/{number}"))

    async def change_ticket(
        self,
        number: int,
        *,
        status: Status | Unset = UNSET,
        assignee: str | Unset | None = UNSET,
        tags: list[str] | Unset = UNSET,
    ) -> Ticket:
        """Close, open again, assign (`me`, an id, None for nobody) or tag."""
        body = _set(status=status, assignee=assignee, tags=tags)
        return Ticket.from_json(await self.call("PATCH", f"v1/mod/tickets/{number}", body))

    async def messages(
        self, number: int, *, before: str | None = None, after: str | None = None, limit: int = PAGE
    ) -> Page[Message]:
        """Return a part of a ticket's messages, oldest first; without a cursor the newest part."""
        path = f"v1/mod/tickets/{number}/messages"
        return await self._page(path, Message.from_json, before=before, after=after, limit=limit)

    async def answer(self, number: int, *, client_id: str, text: str) -> Message | Held:
        """Answer the customer; what asks for a secret is held instead."""
        return await self._write(f"v1/mod/tickets/{number}/messages", client_id, text)

    async def notes(self, number: int, *, after: str | None = None, limit: int = PAGE) -> Page[Note]:
        """Return a part of a ticket's notes, oldest first."""
        return await self._page(f"v1/mod/tickets/{number}/notes", Note.from_json, after=after, limit=limit)

    async def add_note(self, number: int, *, client_id: str, text: str) -> Note:
        """Write a note for the team."""
        body = {"client_id": client_id, "text": text}
        return Note.from_json(await self.call("POST", f"v1/mod/tickets/{number}/notes", body))

    async def resend(self, message_id: str) -> Message:
        """Send a failed message again."""
        return Message.from_json(
            await self.call("POST", f"v1/mod/messages/{_segment('message', message_id)}/resend")
        )

    # Held

    async def held(self, *, after: str | None = None, limit: int = PAGE) -> Page[Held]:
        """Return a part of what waits to be released or dropped."""
        return await self._page("v1/mod/held", Held.from_json, after=after, limit=limit)

    async def release(self, held_id: str, *, confirmed: bool = False) -> Held:
        """Let what is held go on its way; one's own private words have to be `confirmed`."""
        body = {"confirmed": True} if confirmed else None
        path = f"v1/mod/held/{_segment('held', held_id)}/release"
        return Held.from_json(await self.call("POST", path, body))

    async def drop(self, held_id: str) -> Held:
        """Let what is held never be sent."""
        return Held.from_json(await self.call("POST", f"v1/mod/held/{_segment('held', held_id)}/drop"))

    # Direct

    async def direct(self, *, after: str | None = None, limit: int = PAGE) -> Page[Direct]:
        """Return a part of one's own private conversations, newest first."""
        return await self._page("v1/mod/direct", Direct.from_json, after=after, limit=limit)

    async def direct_messages(
        self, customer_id: str, *, before: str | None = None, after: str | None = None, limit: int = PAGE
    ) -> Page[Message]:
        """Return a part of a private conversation, oldest first; without a cursor the newest part."""
        path = f"v1/mod/direct/{_segment('customer', customer_id)}/messages"
        return await self._page(path, Message.from_json, before=before, after=after, limit=limit)

    async def answer_direct(self, customer_id: str, *, client_id: str, text: str) -> Message | Held:
        """Answer a customer in private; what asks for a secret is held instead."""
        path = f"v1/mod/direct/{_segment('customer', customer_id)}/messages"
        return await self._write(path, client_id, text)

    async def direct_notes(
        self, customer_id: str, *, after: str | None = None, limit: int = PAGE
    ) -> Page[Note]:
        """Return a part of one's notes on a private conversation, oldest first."""
        path = f"v1/mod/direct/{_segment('customer', customer_id)}/notes"
        return await self._page(path, Note.from_json, after=after, limit=limit)

    async def add_direct_note(self, customer_id: str, *, client_id: str, text: str) -> Note:
        """Write a note that only oneself sees."""
        path = f"v1/mod/direct/{_segment('customer', customer_id)}/notes"
        return Note.from_json(await self.call("POST", path, {"client_id": client_id, "text": text}))

    # Blocks

    async def blocks(
        self, *, active: bool | None = None, after: str | None = None, limit: int = PAGE
    ) -> Page[Block]:
        """Return a part of the blocks, newest first."""
        wished = None if active is None else str(active).lower()
        return await self._page("v1/mod/blocks", Block.from_json, active=wished, after=after, limit=limit)

    async def block(
        self,
        customer_id: str,
        *,
        duration: str | Unset | None = UNSET,
        reason: str | None = None,
        kind: Literal["block", "timeout"] = "block",
        private: bool = False,
    ) -> Block:
        """Block a customer; without a `duration` for the desk's usual length, with None for good.

        `private`: in one's own conversation with them, so that nobody else learns the reason.
        """
        body = {"customer": customer_id, "kind": kind, **_set(duration=duration)}
        if private:
            body["private"] = True
        if reason is not None:
            body["reason"] = reason
        return Block.from_json(await self.call("POST", "v1/mod/blocks", body))

    async def change_block(
        self,
        block_id: str,
        *,
        expires_at: datetime | Unset | None = UNSET,
        reason: str | Unset | None = UNSET,
    ) -> Block:
        """Set when a block ends (None: never), or why it is there."""
        ends = expires_at.isoformat() if isinstance(expires_at, datetime) else expires_at
        body = _set(expires_at=ends, reason=reason)
        return Block.from_json(await self.call("PATCH", f"v1/mod/blocks/{_segment('block', block_id)}", body))

    async def lift_block(self, block_id: str) -> Block:
        """End a block now."""
        return Block.from_json(await self.call("DELETE", f"v1/mod/blocks/{_segment('block', block_id)}"))

    # The team

    async def moderators(self) -> tuple[Moderator, ...]:
        """Return the allow-list."""
        return await self._items("v1/mod/moderators", Moderator.from_json)

    async def put_moderator(
        self,
        moderator_id: str,
        *,
        name: str,
        role: Role = "moderator",
        telegram_id: int | None = None,
        mxid: str | None = None,
    ) -> Moderator:
        """Put somebody on the allow-list, or change their place on it; at least one id is needed."""
        ids = {"telegram_id": telegram_id, "mxid": mxid}
        body = {"name": name, "role": role, **{key: value for key, value in ids.items() if value is not None}}
        path = f"v1/mod/moderators/{_segment('id', moderator_id)}"
        return Moderator.from_json(await self.call("PUT", path, body))

    async def remove_moderator(self, moderator_id: str) -> None:
        """Take somebody off the allow-list."""
        await self.call("DELETE", f"v1/mod/moderators/{_segment('id', moderator_id)}")

    async def strangers(self, *, after: str | None = None, limit: int = PAGE) -> Page[Stranger]:
        """Return a part of the replies that were not delivered, newest first."""
        return await self._page("v1/mod/strangers", Stranger.from_json, after=after, limit=limit)

    async def audit(self, *, after: str | None = None, limit: int = PAGE) -> Page[AuditEntry]:
        """Return a part of the audit log, newest first."""
        return await self._page("v1/mod/audit", AuditEntry.from_json, after=after, limit=limit)

    async def canned(self) -> tuple[Canned, ...]:
        """Return the canned replies."""
        return await self._items("v1/mod/canned", Canned.from_json)

    async def put_canned(self, name: str, text: str) -> Canned:
        """Keep a canned reply, new or changed."""
        return Canned.from_json(
            await self.call("PUT", f"v1/mod/canned/{_segment('name', name)}", {"text": text})
        )

    async def remove_canned(self, name: str) -> None:
        """Forget a canned reply."""
        await self.call("DELETE", f"v1/mod/canned/{_segment('name', name)}")

    # Tokens

    async def tokens(self) -> tuple[Token, ...]:
        """Return one's own logins, and everybody's for an admin."""
        return await self._items("v1/mod/tokens", Token.from_json)

    async def revoke_token(self, token_id: str) -> None:
        """End a login."""
        await self.call("DELETE", f"v1/mod/tokens/{_segment('id', token_id)}")

    # How

    async def _page(self, path: str, make: Callable[[Any], T], **query: Any) -> Page[T]:
        wished = {key: _segment(key, str(value)) for key, value in query.items() if value is not None}
        return Page.from_json(await self.call("GET", path, query=wished), make)

    async def _items(self, path: str, make: Callable[[Any], T]) -> tuple[T, ...]:
        return Fields(await self.call("GET", path), "list").many("items", make)

    async def _write(self, path: str, client_id: str, text: str) -> Message | Held:
        body = {"client_id": client_id, "text": text}
        answer = Fields(await self.call("POST", path, body), "answer")
        held = answer.object_or_none("held", Held.from_json)
        return Message.from_json(answer.data) if held is None else held


async def exchange_code(url: str, code: str, *, session: aiohttp.ClientSession | None = None) -> NewToken:
    """Exchange a code of `!headset token` for a token."""
    http = Http(url, session=session)
    try:
        return NewToken.from_json(await http.call("POST", "v1/mod/token", {"code": code}))
    finally:
        await http.close()


def _set(**members: object | Unset) -> dict[str, Any]:
    """Return the members that are not left out."""
    return {key: value for key, value in members.items() if value is not UNSET}


def _segment(name: str, value: str) -> str:
    """Return a value that may stand in an address."""
    if not _URL_SAFE.fullmatch(value) or set(value) == {"."}:
        raise ApiError(
            f"The {name} may have only letters, digits, dots, dashes and underscores.",
            code="invalid",
            status=422,
            field=name,
        )
    return value
