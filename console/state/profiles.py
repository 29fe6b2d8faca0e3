"""Profiles: which desk, with which token, and where its things are kept."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

from platformdirs import PlatformDirs

from .config import PROFILE_RULE, Config, ConfigFile, is_profile_name
from .storage import Store
from .tokens import TokenKeeper

FIRST = "default"
"""The profile's name where nobody gave one."""


class NoSuchProfile(Exception):
    """The profile that is asked for is not there; the text says what to do."""

    def __init__(self, text: str, *, is_first: bool = False) -> None:
        self.is_first = is_first
        """There is none at all yet."""
        super().__init__(text)


@dataclass(frozen=True, kw_only=True)
class Profile:
    """A login at one desk."""

    name: str
    url: str
    folder: Path
    config: ConfigFile

    @property
    def tokens(self) -> TokenKeeper:
        """Where its token is kept."""
        return TokenKeeper(profile=self.name, url=self.url, folder=self.folder)

    def open_store(self, moderator_id: str) -> Store:
        """Open a moderator's drafts and marks, and the settings: whoever logs in next has their own."""
        return Store(self.folder / "moderators" / quote(moderator_id, safe=""), self.config)


class Profiles:
    """All profiles of this user.

    Raises:
        ConfigError, OSError: by every method, where the configuration can't be used.
    """

    def __init__(self) -> None:
        folders = PlatformDirs("headset", appauthor=False)
        self.config = ConfigFile(folders.user_config_path / "config.yaml")
        self._state = folders.user_state_path

    def list(self) -> list[Profile]:
        """Return them all, by name."""
        return [self._make(name, url) for name, url in sorted(self.config.read().profiles.items())]

    def choose(self, name: str | None) -> Profile:
        """Return the profile of a name, or the usual one. Raises NoSuchProfile."""
        config = self.config.read()
        chosen = name or self.usual(config)
        if chosen not in config.profiles:
            raise _missing(chosen, config, is_named=name is not None)
        return self._make(chosen, config.profiles[chosen])

    def name_for_login(self, name: str | None, url: str) -> Profile:
        """Return the profile that a login at a desk is for, which need not be there yet."""
        chosen = name or self.usual(self.config.read())
        if not is_profile_name(chosen):
            raise NoSuchProfile(f"A profile's name must be {PROFILE_RULE}.")
        return self._make(chosen, url)

    @staticmethod
    def usual(config: Config) -> str:
        """Return the profile that is used where none is named."""
        if config.profile is not None:
            return config.profile
        names = list(config.profiles)
        return names[0] if len(names) == 1 else FIRST

    def _make(self, name: str, url: str) -> Profile:
        # The address is a part of it: at another desk the same ticket number is somebody else's.
        desk = hashlib.sha256(url.encode()).hexdigest()[:12]
        return Profile(name=name, url=url, folder=self._state / f"{name}-{desk}", config=self.config)


def _missing(name: str, config: Config, *, is_named: bool) -> NoSuchProfile:
    if not config.profiles:
        return NoSuchProfile(
            "You are not logged in to any desk: headset login <address of the desk>.", is_first=True
        )
    known = ", ".join(sorted(config.profiles))
    if is_named or config.profile:
        return NoSuchProfile(f"There is no profile {name}; there are: {known}.")
    return NoSuchProfile(f"Which profile? Name one by --profile: {known}.")
