"""The audit log: who did what to whom, when."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from ..db.transaction import Transaction
from ..domain.model import Moderator
from .ids import new_ulid


@dataclass(frozen=True, kw_only=True)
class Actor:
    """Who acts: a moderator at a console, or an operator in Matrix."""

    id: str
    name: str


def acting(moderator: Moderator) -> Actor:
    """Return a moderator as the one who acts."""
    return Actor(id=moderator.id, name=moderator.name)


def acting_in_matrix(mxid: str) -> Actor:
    """Return somebody who writes to the bot as the one who acts."""
    return Actor(id=mxid, name=mxid)


def place_of(direct_id: str | None, ticket: int | None) -> dict[str, Any]:
    """Return where something was done; who reads the log goes by `direct`, which is one moderator's own."""
    return {"direct": direct_id} if direct_id else {"ticket": ticket}


async def write_down(
    tx: Transaction,
    now: datetime,
    actor: Actor,
    action: str,
    target: Mapping[str, Any],
    detail: Mapping[str, Any] | None = None,
) -> None:
    """Put an act into the audit log, in the transaction that carries it out."""
    await tx.records.add_audit(
        new_ulid(now),
        at=now,
        actor_id=actor.id,
        actor_name=actor.name,
        action=action,
        target=target,
        detail=detail or {},
    )
