"""Which tickets are wanted, as conditions of a query over `ticket t`."""

from __future__ import annotations

from datetime import datetime

from ..domain.desk import TicketFilter
from .arguments import Arguments
from .blocks import BLOCKED_CUSTOMERS, IS_BLOCKED
from .columns import to_ms


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
