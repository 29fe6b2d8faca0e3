"""A code is told in a private room, and what told it is taken out of the room again."""

from __future__ import annotations

from datetime import timedelta
from logging import Logger

from ...db.database import Database
from ...domain.model import ModeratorCode
from ..background import Worker
from ..ports import Clock, MatrixFailed, MatrixGateway
from ..redactions import Redactions

_EVERY_SECONDS = 60.0
_LATE = timedelta(minutes=1)
"""A post that is not known by then was not answered, or the process ended in between."""

_NO_CODE = "This code was not sent. Ask for another one."


class CodePosts:
    """Tells codes; no failure and no restart lets one stand in a room for longer than it is good for."""

    def __init__(
        self, database: Database, gateway: MatrixGateway, clock: Clock, redactions: Redactions, log: Logger
    ) -> None:
        self._database, self._gateway, self._clock = database, gateway, clock
        self._redactions, self._log = redactions, log
        self.worker = Worker("codes", self._turn, log)

    async def tell(self, code: ModeratorCode, text: str) -> None:
        """Say a text with the code in its room; when the code is void, the text is redacted.

        Raises:
            MatrixFailed: it may have been said all the same, and is redacted then, too.
        """
        assert code.room_id is not None  # noqa: S101 - it was made to be told there
        try:
            event_id = await self._gateway.send_secret(
                code.room_id, text, f"headset-code-{code.code_hash[:32]}"
            )
        except MatrixFailed as error:
            if error.permanent:
                async with self._database.transaction() as tx:
                    await tx.access.forget_code(code.code_hash)
            raise
        async with self._database.transaction() as tx:
            void_at = await tx.access.note_code_post(code.code_hash, event_id)
            await tx.redactions.add(event_id, code.room_id, void_at or self._clock.now())
        self._redactions.worker.wake()

    async def _turn(self) -> float:
        async with self._database.snapshot() as tx:
            lost = await tx.access.list_codes_without_post(self._clock.now() - _LATE)
        for code in lost:
            try:
                # The same transaction id: if the code was said, this says nothing and tells where it stands.
                await self.tell(code, _NO_CODE)
            except MatrixFailed as error:
                self._log.warning("What told a code is looked for again in a minute: %s", error)
        return _EVERY_SECONDS
