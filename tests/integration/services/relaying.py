"""What tests of the relay share: failures, and looks at what became of it all."""

from __future__ import annotations

from plugin.services.ports import MatrixFailed

GONE = MatrixFailed("(502)")
REFUSED = MatrixFailed("M_TOO_LARGE (413)", permanent=True)


async def all_ended(desk) -> bool:
    """Nothing waits and nothing is open."""
    ((waiting, still_open),) = await desk.store.look(
        "SELECT (SELECT COUNT(*) FROM outbox WHERE batch_id IS NULL),"
        " (SELECT COUNT(*) FROM batch WHERE state = 'open')"
    )
    return waiting == still_open == 0


async def run_until_all_ended(desk, *hosts, advance: float = 1.0) -> None:
    """Let time pass, a little at each look, until all is sent, held or failed."""

    async def look() -> bool:
        desk.clock.advance(advance)
        for host in hosts:
            host.relay.worker.wake()
        return await all_ended(desk)

    await desk.eventually(look, "all is sent, held or failed")


def texts(desk) -> list[str]:
    """What was posted, without the headings, one line a message."""
    return [line for body in desk.server.bodies for line in body.split("\n")[1:] if line]


async def tries_are(desk, number: int) -> bool:
    return await desk.store.look("SELECT SUM(tries) FROM batch") == [(number,)]


async def crash(host) -> None:
    """End the process where it stands: what is under way is not told, and nothing is let go."""
    await host.relay.stop()
