"""Opening the console."""

from __future__ import annotations

import asyncio
import sys

from ..api.client import Client
from ..api.errors import DeskError
from ..api.records import NewToken
from ..state.profiles import Profile
from .running import Session, WrongUse, failure_of, guarded


def open_console(session: Session) -> None:
    """Show the console until it is left. Raises Failure."""
    if not (sys.stdin.isatty() and sys.stdout.isatty()):
        raise WrongUse("The console needs a terminal; see headset --help for commands.")
    profile, token = session.log_in()
    code = asyncio.run(_run(profile, token))
    if code:
        sys.exit(code)


async def _run(profile: Profile, token: str) -> int:
    client = Client(profile.url, token)
    try:
        while True:
            code, other = await _show(profile, client)
            if other is None:
                return code
            # Somebody else has logged in: nothing of what the first one saw or wrote is for them.
            client.token = other.token
    except DeskError as error:
        raise failure_of(error, profile) from error
    finally:
        await client.close()


async def _show(profile: Profile, client: Client) -> tuple[int, NewToken | None]:
    """Show one moderator's console; return how it ended, and who has logged in in their place."""
    # Here and not above: Textual takes a while to load, and the other commands have no use for it.
    from ..app import HeadsetConsole

    me = await client.me()
    store = guarded(lambda: profile.open_store(me.moderator.id))

    def keep(new: NewToken) -> None:
        store.submit("token", lambda: profile.tokens.save(new.token))

    app = HeadsetConsole(client, me, store, keep_token=keep)
    try:
        other = await app.run_async()
    finally:
        if not store.close():
            sys.stderr.write(f"headset: {store.problem or 'Not all could be written in time.'}\n")
    return app.return_code or 0, other
