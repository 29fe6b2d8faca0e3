"""What is kept for the team to look at: the audit log and strangers' replies."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from mautrix.util.async_db import Connection

from .columns import to_ms

_ADD_AUDIT = """
    INSERT INTO audit (id, at, actor_id, actor_name, action, target, detail)
    VALUES ($1, $2, $3, $4, $5, $6, $7)
"""
_ADD_STRANGER = """
    INSERT INTO stranger_reply (id, event_id, sender, ticket, text, sent_at) VALUES ($1, $2, $3, $4, $5, $6)
    ON CONFLICT (event_id) DO NOTHING
"""


class RecordRepository:
    """Append-only."""

    def __init__(self, conn: Connection) -> None:
        self._conn = conn

    async def add_audit(
        self,
        record_id: str,
        *,
        at: datetime,
        actor_id: str,
        actor_name: str,
        action: str,
        target: Mapping[str, Any],
        detail: Mapping[str, Any],
    ) -> None:
        """Write down who did what to whom, when."""
        await self._conn.execute(
            _ADD_AUDIT,
            record_id,
            to_ms(at),
            actor_id,
            actor_name,
            action,
            json.dumps(target),
            json.dumps(detail),
        )

    async def add_stranger_reply(
        self, record_id: str, *, event_id: str, sender: str, ticket: int, text: str, sent_at: datetime
    ) -> None:
        """Keep a reply to a ticket that was not delivered."""
        await self._conn.execute(_ADD_STRANGER, record_id, event_id, sender, ticket, text, to_ms(sent_at))
