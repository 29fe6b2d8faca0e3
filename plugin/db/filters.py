"""Which tickets are wanted, as conditions of a query over `ticket t`."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from ..domain.desk import TicketFilter
from .blocks import BLOCKED_CUSTOMERS, IS_BLOCKED
from .columns import to_ms


class Arguments:
    """The arguments of a query that is put together."""

    def __init__(self) -> None:
        self.values: list[Any] = []

    def add(self, value: Any) -> str:
        """Take one more, and return what stands for it in the query."""
        self.values.append(value)
        return f"${len(self.values)}"

    def add_all(self, values: Sequence[Any]) -> str:
        """Take several, and return what stands for them in `IN (…)`."""
        return ", ".join(self.add(value) for value in values)


def is_blocked(who: str, arguments: Arguments, now: datetime) -> str:
    """Return the condition that a customer is blocked now."""
    return IS_BLOCKED.format(who=who).replace("$1", arguments.add(to_ms(now)))


def conditions(wanted: TicketFilter, arguments: Arguments, now: datetime) -> list[str]:
    """Return what must hold of a ticket."""
    found = []
    if wanted.status is not None:
        found.append(f"t.status = {arguments.add(wanted.status)}")
    if wanted.waiting is not None:
        # Nobody waits in a closed one, which the database does not know; its index has the open ones.
        found.append(f"t.status = 'open' AND t.waiting = {arguments.add(wanted.waiting)}")
    if wanted.blocked:
        # As a set: they are few, and may be the oldest.
        blocked = BLOCKED_CUSTOMERS.replace("$1", arguments.add(to_ms(now)))
        found.append(f"t.customer_id IN ({blocked})")
    elif wanted.waiting == "team":
        found.append(f"NOT {is_blocked('t.customer_id', arguments, now)}")
    if wanted.assignee is not None:
        found.append(f"t.assignee = {arguments.add(wanted.assignee)}")
    if wanted.unassigned:
        found.append("t.assignee IS NULL")
    return found
