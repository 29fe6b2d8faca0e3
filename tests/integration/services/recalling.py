"""What tests of words taken back share: the halves of a phrase, and the bridge's reports."""

from __future__ import annotations

import uuid

import pytest

from plugin.domain.errors import SecretRefused

FIRST = "abandon ability able about above absent"
SECOND = "absorb abstract absurd abuse access accident"


async def complete(host, customer: str) -> None:
    """Let the customer's last message turn out to be the first half of a phrase."""
    host.intake._clock.advance(0.001)  # batches are told apart by the time they were made
    with pytest.raises(SecretRefused) as refused:
        await host.intake.take_message(customer, str(uuid.uuid4()), SECOND)
    assert refused.value.members == {"kind": "phrase", "earlier": True}


def report(desk, event_id: str, status: str = "delivered") -> None:
    said = {"event_id": event_id, "status": status, "reason": None}
    desk.server.add(desk.bridge_bot, {"report": said})
