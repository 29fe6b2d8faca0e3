"""Lists of tickets as moderators see them: first which, by an index, then all about those at once."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from typing import Literal

from mautrix.util.async_db import Connection

from ..domain.desk import (
    CustomerLine,
    CustomerParticulars,
    Delivery,
    DeliveryState,
    LastWords,
    Person,
    Sort,
    TicketFilter,
    TicketItem,
    TicketLine,
    TicketPlace,
)
from .arguments import Arguments
from .columns import Row, from_ms, from_ms_or_none
from .filters import conditions, is_blocked
from .waiting import LONGEST

_KEYS: dict[Sort, str] = {
    "activity": "t.active_at",
    "waiting": LONGEST.replace("waiting_since", "t.waiting_since"),
    "number": "t.number",
}
# Each index of a list begins with the status: a list of both kinds is made of a page of either.
_STATUSES: tuple[Literal["open", "closed"], ...] = ("open", "closed")
_ASCENDING: frozenset[Sort] = frozenset({"waiting"})

_CUSTOMER = """
    c.id AS customer_id, c.name AS customer_name, c.identity, c.account,
    CASE WHEN {blocked} THEN 1 ELSE 0 END AS blocked
"""
_CUSTOMERS = f"SELECT {_CUSTOMER} FROM customer c WHERE c.id IN ({{ids}})"
# A message counts until it is known to be in the group.
_ITEMS = f"""
    SELECT t.number, t.status, t.waiting, t.waiting_since, t.opened_at, t.active_at, t.closed_at, t.assignee,
        t.tags, t.score, t.comment, o.name AS assignee_name,
        {_CUSTOMER},
        m.seq, m.author_kind, m.author_name, m.text, m.created_at AS said_at,
        (SELECT COUNT(*) FROM batch b JOIN outbox r ON r.batch_id = b.id
         WHERE b.ticket = t.number AND b.state IN ('failed', 'unconfirmed') AND r.message_id IS NOT NULL
        ) AS undelivered
    FROM ticket t JOIN customer c ON c.id = t.customer_id LEFT JOIN moderator o ON o.id = t.assignee
    LEFT JOIN message m ON m.id = (
        SELECT n.id FROM message n WHERE n.ticket = t.number ORDER BY n.seq DESC LIMIT 1
    )
    WHERE t.number IN ({{numbers}})
"""
_PARTICULARS = """
    SELECT c.email, c.created_at, s.page_url, s.locale FROM customer c LEFT JOIN session s ON s.id = (
        SELECT n.id FROM session n WHERE n.customer_id = c.id
        ORDER BY CASE WHEN n.page_url IS NULL THEN 1 ELSE 0 END, n.created_at DESC LIMIT 1
    )
    WHERE c.id = $1
"""
_TICKETS_OF = """
    SELECT number, status, opened_at FROM ticket WHERE customer_id = $1 ORDER BY number DESC LIMIT $2
"""
_MOST_TICKETS = 20
_DELIVERIES = """
    SELECT o.message_id, b.state, b.held, b.error FROM outbox o LEFT JOIN batch b ON b.id = o.batch_id
    WHERE o.message_id IN ({messages})
"""
_STATES: dict[str, DeliveryState] = {
    "sent": "sent",
    "unconfirmed": "sent",
    "unreported": "sent",
    "delivered": "delivered",
    "failed": "failed",
}
_UNCONFIRMED = "The bridge did not confirm it."


def _page(
    wanted: TicketFilter,
    sort: Sort,
    after: TicketPlace | None,
    limit: int,
    arguments: Arguments,
    now: datetime,
) -> str:
    """Return the query of a page of what one index has in order."""
    key, ascending = _KEYS[sort], sort in _ASCENDING
    where = conditions(wanted, arguments, now) or ["TRUE"]
    if after is not None:
        than = f"({arguments.add(after.key)}, {arguments.add(after.number)})"
        where.append(f"({key}, t.number) {'>' if ascending else '<'} {than}")
    direction = "ASC" if ascending else "DESC"
    return f"""
        SELECT {key} AS place, t.number FROM ticket t WHERE {" AND ".join(where)}
        ORDER BY {key} {direction}, t.number {direction} LIMIT {arguments.add(limit)}
    """


def _item_from_row(row: Row) -> TicketItem:
    return TicketItem(
        number=row["number"],
        status=row["status"],
        waiting=row["waiting"],
        waiting_since=from_ms_or_none(row["waiting_since"]),
        opened_at=from_ms(row["opened_at"]),
        active_at=from_ms(row["active_at"]),
        closed_at=from_ms_or_none(row["closed_at"]),
        assignee=Person(id=row["assignee"], name=row["assignee_name"]) if row["assignee"] else None,
        tags=tuple(json.loads(row["tags"])),
        score=row["score"],
        comment=row["comment"],
        last=_last_from_row(row),
        last_seq=row["seq"] or 0,
        undelivered=row["undelivered"],
        customer=_customer_from_row(row),
    )


def _customer_from_row(row: Row) -> CustomerLine:
    return CustomerLine(
        id=row["customer_id"],
        name=row["customer_name"],
        identity=row["identity"],
        account=row["account"],
        blocked=bool(row["blocked"]),
    )


def _last_from_row(row: Row) -> LastWords | None:
    if row["seq"] is None:
        return None
    return LastWords(
        author_kind=row["author_kind"],
        author_name=row["author_name"],
        text=row["text"],
        created_at=from_ms(row["said_at"]),
    )


def _delivery_from_row(row: Row) -> Delivery:
    if row["held"]:
        return Delivery(state="held")
    error = _UNCONFIRMED if row["state"] == "unconfirmed" else row["error"]
    return Delivery(state=_STATES.get(row["state"], "stored"), error=error)


class ListingRepository:
    """Reads pages; each takes as long however many tickets there are."""

    def __init__(self, conn: Connection) -> None:
        self._conn = conn

    async def list_places(
        self, wanted: TicketFilter, sort: Sort, *, after: TicketPlace | None, limit: int, now: datetime
    ) -> list[TicketPlace]:
        """Return which tickets come next in a list, from where a page of it ended."""
        arguments = Arguments()
        is_either = wanted.status is None and wanted.waiting is None and not wanted.blocked
        parts = [
            _page(replace(wanted, status=status), sort, after, limit, arguments, now)
            for status in (_STATUSES if is_either else (wanted.status,))
        ]
        query = " UNION ALL ".join(f"SELECT place, number FROM ({part}) AS part" for part in parts)
        direction = "ASC" if sort in _ASCENDING else "DESC"
        query += f" ORDER BY place {direction}, number {direction} LIMIT {arguments.add(limit)}"
        rows = await self._conn.fetch(query, *arguments.values)
        return [TicketPlace(key=row["place"], number=row["number"]) for row in rows]

    async def is_wanted(self, number: int, wanted: TicketFilter, now: datetime) -> bool:
        """Tell whether there is such a ticket, and it is one that is wanted."""
        arguments = Arguments()
        where = [f"t.number = {arguments.add(number)}", *conditions(wanted, arguments, now)]
        query = f"SELECT 1 FROM ticket t WHERE {' AND '.join(where)}"
        return await self._conn.fetchval(query, *arguments.values) is not None

    async def list_items(self, numbers: Sequence[int], now: datetime) -> list[TicketItem]:
        """Return tickets as they are now, in the order of `numbers`; what is no ticket is left out."""
        if not numbers:
            return []
        arguments = Arguments()
        query = _ITEMS.format(
            blocked=is_blocked("c.id", arguments, now),
            numbers=arguments.add_all(list(dict.fromkeys(numbers))),
        )
        rows = await self._conn.fetch(query, *arguments.values)
        items = {row["number"]: _item_from_row(row) for row in rows}
        return [items[number] for number in numbers if number in items]

    async def list_customers(self, ids: Sequence[str], now: datetime) -> dict[str, CustomerLine]:
        """Return customers as they are now, by id."""
        if not ids:
            return {}
        arguments = Arguments()
        query = _CUSTOMERS.format(
            blocked=is_blocked("c.id", arguments, now), ids=arguments.add_all(list(dict.fromkeys(ids)))
        )
        rows = await self._conn.fetch(query, *arguments.values)
        return {row["customer_id"]: _customer_from_row(row) for row in rows}

    async def get_customer(self, customer_id: str, now: datetime) -> CustomerParticulars | None:
        """Return all that a moderator is to know of a customer, but for the blocks."""
        line = (await self.list_customers([customer_id], now)).get(customer_id)
        row = await self._conn.fetchrow(_PARTICULARS, customer_id)
        if line is None or row is None:
            return None
        tickets = await self._conn.fetch(_TICKETS_OF, customer_id, _MOST_TICKETS)
        return CustomerParticulars(
            line=line,
            email=row["email"],
            created_at=from_ms(row["created_at"]),
            page_url=row["page_url"],
            locale=row["locale"],
            tickets=tuple(
                TicketLine(number=one["number"], status=one["status"], opened_at=from_ms(one["opened_at"]))
                for one in tickets
            ),
        )

    async def get_delivery(self, message_ids: Sequence[str]) -> dict[str, Delivery]:
        """Return how far messages have got; what never was to be sent is where it was to go."""
        if not message_ids:
            return {}
        arguments = Arguments()
        query = _DELIVERIES.format(messages=arguments.add_all(list(message_ids)))
        rows = await self._conn.fetch(query, *arguments.values)
        found = {row["message_id"]: _delivery_from_row(row) for row in rows}
        return {one: found.get(one, Delivery(state="delivered")) for one in message_ids}
