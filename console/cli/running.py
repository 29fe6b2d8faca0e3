"""What all commands share: which desk, how a request is made, and what becomes of a failure."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any, TypeVar

import click

from ..api.client import Client
from ..api.errors import DeskError, Unauthorized, Unreachable
from ..state.config import ConfigError
from ..state.plain import plain
from ..state.profiles import NoSuchProfile, Profile, Profiles
from ..state.tokens import KeyringSilent

T = TypeVar("T")


class Failure(click.ClickException):
    """Ends the command with one sentence and an exit code."""

    def __init__(self, sentence: str) -> None:
        super().__init__(plain(sentence))

    def show(self, file: Any = None) -> None:
        """Write the sentence to the standard error."""
        click.echo(f"headset: {self.message}", file=file, err=file is None)


class Refused(Failure):
    """The desk does not do it."""

    exit_code = 1


class WrongUse(Failure):
    """The command, the configuration or this machine is not as it must be."""

    exit_code = 2


class OutOfReach(Failure):
    """The desk does not answer."""

    exit_code = 3


class LoginNeeded(Failure):
    """There is no login that the desk takes."""

    exit_code = 4


class Session:
    """The profile that the command is for."""

    def __init__(self, name: str | None) -> None:
        self._name = name

    def profiles(self) -> list[Profile]:
        """Return all profiles. Raises Failure."""
        return guarded(lambda: Profiles().list())

    def usual(self) -> str:
        """Return the name of the profile that is used when none is named. Raises Failure."""
        return guarded(lambda: Profiles().usual(Profiles().config.read()))

    def choose(self) -> Profile:
        """Return the profile. Raises Failure."""
        return guarded(lambda: Profiles().choose(self._name))

    def choose_for_login(self, url: str) -> Profile:
        """Return the profile that a login is for. Raises Failure."""
        return guarded(lambda: Profiles().name_for_login(self._name, url))

    def log_in(self) -> tuple[Profile, str]:
        """Return the profile with its token. Raises Failure."""
        profile = self.choose()
        token = guarded(profile.tokens.load)
        if token is None:
            raise LoginNeeded(f"You are not logged in to {profile.url}. {how_to_log_in(profile)}")
        return profile, token

    def ask(self, make: Callable[[Client], Awaitable[T]]) -> T:
        """Return what the desk answers. Raises Failure."""
        profile, token = self.log_in()
        return run(make, profile, token)


def run(make: Callable[[Client], Awaitable[T]], profile: Profile, token: str) -> T:
    """Return what a desk answers to somebody logged in. Raises Failure."""

    async def work() -> T:
        client = Client(profile.url, token)
        try:
            return await make(client)
        finally:
            await client.close()

    try:
        return asyncio.run(work())
    except DeskError as error:
        raise failure_of(error, profile) from error


def failure_of(error: DeskError, profile: Profile) -> Failure:
    """Return how a command ends for what went wrong with the desk."""
    if isinstance(error, Unauthorized):
        return LoginNeeded(f"{error.detail} {how_to_log_in(profile)} (drafts are kept)")
    return desk_failure(error)


def desk_failure(error: DeskError) -> Failure:
    """Return how a command ends that needs no login."""
    return OutOfReach(error.detail) if isinstance(error, Unreachable) else Refused(error.detail)


def how_to_log_in(profile: Profile) -> str:
    """Return the command that makes a new login."""
    return f"Log in: headset --profile {profile.name} login {profile.url}"


def guarded(work: Callable[[], T]) -> T:
    """Return what `work` does with this machine's files and keyring. Raises Failure."""
    try:
        return work()
    except NoSuchProfile as error:
        raise (LoginNeeded if error.is_first else WrongUse)(str(error)) from None
    except ConfigError as error:
        raise WrongUse(str(error)) from None
    except KeyringSilent as error:
        raise LoginNeeded(f"{error} Unlock it and try again, or log in again.") from None
    except OSError as error:
        raise WrongUse(f"{error.filename}: {error.strerror}.") from None
