"""The demo: the whole system, and where to look."""

from __future__ import annotations

import time
from pathlib import Path

from .instance import ADMIN, MODERATOR, mxid
from .maubot_host import USER
from .operators import make_code
from .system import System
from .telegram_client import ALICE, BOB


async def run_demo(data: Path | None) -> int:
    """Runs until it is cancelled, or until a part of the system ends; returns the exit status."""
    began = time.monotonic()

    def progress(text: str) -> None:
        print(f"[{time.monotonic() - began:4.1f} s] {text}", flush=True)

    async with System(data, progress=progress) as system:
        progress("everything is up")
        codes = [await make_code(system, who) for who in (ALICE, BOB)]
        print(_where_to_look(system, *codes, kept=data is not None), flush=True)
        ended = await system.first_to_end()
        print(f"{ended.name} has ended:\n{ended.log_tail()}", flush=True)
    return 1


def _where_to_look(system: System, alices: str, bobs: str, *, kept: bool) -> str:
    password = system.state.password
    return f"""
  The team's Telegram group   {system.telegram.page_url}
  The customer's app          {system.page.url}
  maubot                      {system.maubot.page_url}   (user {USER}, password {password})
  Matrix homeserver           {system.synapse.url}   (user {mxid(ADMIN)}, password {password})
  Bob, for private messages   {mxid(MODERATOR)}, same password, in any Matrix client
  Support room                {system.room_id}
  Data and logs               {system.data}{"" if kept else "   (removed at the end)"}

Open the app and the group beside each other. In the app, the headset in the corner opens the chat: write as
the customer, in the group answer as Alice with Reply. The app has two test wallets to sign in with; they ask
before they sign. For the moderators' console, in another terminal:

  ./build.sh console --profile demo login {system.api.base_url}
      with the code   {alices}   which logs Alice in, once, within 15 minutes
  ./build.sh console --profile demo

What one moderator must not do alone takes a second: Bob logs in with `--profile bob` in place of `--profile
demo` and the code   {bobs}

Ctrl-C ends everything.
"""
