"""The command `headset`: opens the console, logs in, and does single acts for scripts."""

from __future__ import annotations

import click

from .. import __version__
from .acts import block, close, note, reopen, reply, unblock
from .console import open_console
from .login import login, logout, profiles
from .reading import show, tickets
from .running import Session


@click.group(
    invoke_without_command=True,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
    epilog=(
        "Exit codes: 0 done, 1 refused by the desk, 2 wrong use, 3 the desk can't be reached, "
        "4 log in first. Errors are one sentence on the standard error."
    ),
)
@click.option(
    "--profile",
    metavar="NAME",
    envvar="HEADSET_PROFILE",
    show_envvar=True,
    help="Which login to use, where you have several.",
)
@click.version_option(__version__, "-V", "--version", prog_name="headset")
@click.pass_context
def main(context: click.Context, profile: str | None) -> None:
    """The moderators' console of a Headset desk.

    Without a command it opens the console; press ? there for every key.
    """
    context.obj = Session(profile)
    if context.invoked_subcommand is None:
        open_console(context.obj)


for command in (login, logout, profiles, tickets, show, reply, note, close, reopen, block, unblock):
    main.add_command(command)
