"""Logging in and out, and the list of logins."""

from __future__ import annotations

import asyncio
import json
from contextlib import suppress

import click

from ..api.client import Client, exchange_code
from ..api.errors import DeskError, NotUnderstood, Unauthorized, Unreachable
from ..api.fields import Fields
from ..api.http import Http
from ..api.records import NewToken
from ..state.address import BadAddress, desk_url
from ..state.plain import plain
from ..state.profiles import Profile
from ..state.tokens import KeyringSilent
from .running import OutOfReach, Refused, Session, WrongUse, desk_failure, guarded, run


@click.command()
@click.argument("url")
@click.pass_obj
def login(session: Session, url: str) -> None:
    """Log in to a desk.

    URL is its address, as it stands in front of widget.js on the pages that show the desk.

    Ask the desk's bot in Matrix for a code (!headset token), or have an admin ask for yours. The code is
    good for 15 minutes and for one login.
    """
    try:
        address = desk_url(url)
    except BadAddress as error:
        raise WrongUse(str(error)) from None
    profile = session.choose_for_login(address)
    _check_is_free(session, profile)
    name = asyncio.run(_find_desk(address))
    click.echo(f"{plain(name)}, {address}", err=True)
    code = click.prompt("Code", err=True).strip()
    new = asyncio.run(_exchange(address, code))
    with suppress(KeyringSilent):
        old = guarded(profile.tokens.load)
    place = guarded(lambda: _keep(profile, new))
    if old is not None:
        asyncio.run(_revoke(address, old))
    click.echo(f"Logged in as {plain(new.moderator.name)} ({new.moderator.role}), profile {profile.name}.")
    click.echo(f"The token is kept in {place}.")


def _check_is_free(session: Session, profile: Profile) -> None:
    """See that the name is not that of a login at another desk."""
    for other in session.profiles():
        if other.name == profile.name and other.url != profile.url and guarded(other.tokens.load):
            raise WrongUse(
                f"The profile {other.name} is a login at {other.url}: name another one"
                f" (headset --profile NAME login {profile.url}) or log out there first."
            )


async def _find_desk(url: str) -> str:
    """Return the name of the desk at an address. Raises Failure."""
    http = Http(url)
    try:
        return Fields(await http.call("GET", "v1/config"), "description").text("name")
    except Unreachable as error:
        raise OutOfReach(f"There is no desk to be reached at {url}: {error.detail}") from None
    except NotUnderstood:
        raise Refused(f"What answers at {url} is no Headset desk.") from None
    except DeskError as error:
        raise desk_failure(error) from None
    finally:
        await http.close()


async def _exchange(url: str, code: str) -> NewToken:
    try:
        return await exchange_code(url, code)
    except Unauthorized:
        raise Refused(
            "The desk does not take this code: it is mistyped, was used, or is older than 15 minutes;"
            " ask for a new one (!headset token)."
        ) from None
    except DeskError as error:
        raise desk_failure(error) from None


def _keep(profile: Profile, new: NewToken) -> str:
    place = profile.tokens.save(new.token)
    profile.config.put_profile(profile.name, profile.url)
    return place


async def _revoke(url: str, token: str) -> None:
    """End a login that a new one replaces, if it is still one."""
    client = Client(url, token)
    with suppress(DeskError):
        await client.revoke_token((await client.me()).token_id)
    await client.close()


@click.command()
@click.option("--only-here", is_flag=True, help="Forget the token without telling the desk.")
@click.pass_obj
def logout(session: Session, only_here: bool) -> None:
    """End this login.

    The desk forgets its token, and so does this machine. Drafts stay.
    """
    profile = session.choose()
    token = guarded(profile.tokens.load)
    if token is None:
        click.echo(f"You are not logged in to {profile.url}.")
        return
    if not only_here:
        run(_end_login, profile, token)
    guarded(profile.tokens.forget)
    click.echo(f"Logged out of {profile.url}.")


async def _end_login(client: Client) -> None:
    with suppress(Unauthorized):  # it was ended from elsewhere
        await client.revoke_token((await client.me()).token_id)


@click.command()
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@click.pass_obj
def profiles(session: Session, as_json: bool) -> None:
    """List your logins.

    A * marks the one that is used where none is named.
    """
    listed, usual = session.profiles(), session.usual()
    if as_json:
        items = [{"name": one.name, "url": one.url, "default": one.name == usual} for one in listed]
        click.echo(json.dumps(items, indent=2))
        return
    width = max((len(one.name) for one in listed), default=0)
    for one in listed:
        click.echo(f"{'*' if one.name == usual else ' '} {one.name:<{width}}  {plain(one.url)}")
