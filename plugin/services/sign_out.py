"""`!headset signout`: every token at once, for the hour in which some may have leaked."""

from __future__ import annotations

from ..db.database import Database
from .audit import acting_in_matrix, write_down
from .hub import Hub
from .matrix_commands import Asked, MatrixCommand
from .ports import Clock

_USAGE = "signout consoles, or customers"


class SignOutOrders:
    """Answers the members of `admins`."""

    def __init__(self, database: Database, clock: Clock, hub: Hub) -> None:
        self._database, self._clock, self._hub = database, clock, hub
        self.commands = {
            "signout": MatrixCommand(
                usage=_USAGE,
                does="void every token: consoles need new codes; customers sign in again or begin anew",
                run=self._sign_out,
            )
        }

    async def _sign_out(self, asked: Asked) -> str:
        if asked.words == "consoles":
            return await self._sign_out_consoles(asked)
        if asked.words == "customers":
            return await self._sign_out_customers(asked)
        return f"Write {_USAGE}."

    async def _sign_out_consoles(self, asked: Asked) -> str:
        now = self._clock.now()
        async with self._database.transaction() as tx:
            count = await tx.access.revoke_all(now)
            await write_down(tx, now, acting_in_matrix(asked.mxid), "token.all_revoked", {}, {"count": count})
        self._hub.wake_team()
        return f"✓ {count} consoles are signed out, and no code is good any more"

    async def _sign_out_customers(self, asked: Asked) -> str:
        now = self._clock.now()
        async with self._database.transaction() as tx:
            count = await tx.sessions.end_all(now)
            await write_down(tx, now, acting_in_matrix(asked.mxid), "session.all_ended", {}, {"count": count})
        self._hub.wake_all()
        return f"✓ {count} sessions of customers have ended"
