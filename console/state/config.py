"""The console's configuration: a YAML file that people edit, whose comments stay."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from io import StringIO
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML
from ruamel.yaml.comments import CommentedMap
from ruamel.yaml.error import MarkedYAMLError
from ruamel.yaml.reader import ReaderError

from .files import locked, make_folder, read_text, write_whole

THEMES = ("headset-dark", "headset-light")

TEMPLATE = """\
# Settings of the Headset console. The console changes values here and leaves your comments alone.

# Colours: headset-dark or headset-light. Ctrl+T changes them, too.
theme: headset-dark

# What the console tells you about, whatever it shows just then: true or false.
notify:
  tickets: true   # a new ticket
  direct: true    # a direct message to you
  failed: true    # a message that did not reach the group
  bell: true      # the terminal's bell with each of these

# The profile that is used without --profile, where there are several.
#profile: default

# The desks that you have logged in to, by `headset login`. Tokens are kept elsewhere.
profiles: {}
"""

_PROFILE = re.compile(r"[a-z0-9_-]{1,32}")
PROFILE_RULE = "1 to 32 of a-z, 0-9, _ and -"


class ConfigError(Exception):
    """The configuration can't be used; the text names the file, the line and the key."""


@dataclass(frozen=True, kw_only=True)
class Settings:
    """What a moderator likes."""

    theme: str = THEMES[0]
    notify_tickets: bool = True
    notify_direct: bool = True
    notify_failed: bool = True
    bell: bool = True


@dataclass(frozen=True, kw_only=True)
class Config:
    """The whole file."""

    settings: Settings = field(default_factory=Settings)
    profile: str | None = None
    """The one that is used where none is named."""
    profiles: Mapping[str, str] = field(default_factory=dict)
    """The address of the desk, by the profile's name."""


_PLACES: Mapping[str, tuple[str, ...]] = {
    "theme": ("theme",),
    "notify_tickets": ("notify", "tickets"),
    "notify_direct": ("notify", "direct"),
    "notify_failed": ("notify", "failed"),
    "bell": ("notify", "bell"),
}
"""Where each of the settings stands in the file."""


def is_profile_name(name: str) -> bool:
    """Tell whether a profile may be called so."""
    return _PROFILE.fullmatch(name) is not None


class ConfigFile:
    """The file and nothing else: read whole, changed under a lock, never overwritten when it is broken.

    Raises:
        ConfigError: by every method, when the file is broken.
        OSError: by every method, when it can't be read or written.
    """

    def __init__(self, path: Path) -> None:
        self.path = path

    def read(self) -> Config:
        """Return what the file says; without a file what holds by default."""
        return _Reader(self.path).read(self._load())

    def change_settings(self, **values: object) -> None:
        """Set some of the settings."""
        self._change({_PLACES[name]: value for name, value in values.items()})

    def put_profile(self, name: str, url: str) -> None:
        """Keep the address of a profile's desk."""
        self._change({("profiles", name, "url"): url})

    def _change(self, values: Mapping[tuple[str, ...], object]) -> None:
        with locked(self.path.with_name(f".{self.path.name}.lock")):
            make_folder(self.path.parent)
            tree = self._load()
            _Reader(self.path).read(tree)
            for place, value in values.items():
                _put(tree, place, value)
            out = StringIO()
            _yaml().dump(tree, out)
            write_whole(self.path, out.getvalue())

    def _load(self) -> CommentedMap:
        try:
            text = read_text(self.path) or ""
            # A file of comments alone keeps them, and gets the keys.
            tree = _yaml().load(text)
            if tree is None:
                tree = _yaml().load(f"{text}\n{TEMPLATE}".lstrip("\n"))
        except MarkedYAMLError as error:
            mark = error.problem_mark or error.context_mark
            raise self._broken(mark.line if mark else 0, error.problem or error.context) from None
        except ReaderError as error:
            raise self._broken(text.count("\n", 0, error.position), error.reason) from None
        except UnicodeDecodeError as error:
            raise self._broken(error.object.count(b"\n", 0, error.start), "it is not UTF-8") from None
        if not isinstance(tree, CommentedMap):
            raise self._broken(0, "the file must hold keys and values")
        return tree

    def _broken(self, line: int, why: object) -> ConfigError:
        return ConfigError(f"{self.path}, line {line + 1}: {why}.")


def _yaml() -> YAML:
    yaml = YAML(typ="rt")
    yaml.preserve_quotes = True
    yaml.width = 4096
    return yaml


def _put(tree: CommentedMap, place: tuple[str, ...], value: object) -> None:
    for name in place[:-1]:
        if not isinstance(tree.get(name), CommentedMap):
            tree[name] = CommentedMap()
        tree = tree[name]
        if not tree:
            tree.fa.set_block_style()
    tree[place[-1]] = value


class _Reader:
    """Checks each value, and names the key and the line of a wrong one."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def read(self, tree: CommentedMap) -> Config:
        self._check_keys(tree, "", ("theme", "notify", "profile", "profiles"))
        notify = self._section(tree, "notify", "notify")
        self._check_keys(notify, "notify.", ("tickets", "direct", "failed", "bell"))
        return Config(
            settings=self._settings(tree, notify),
            profile=self._profile(tree),
            profiles=self._profiles(tree),
        )

    def _settings(self, tree: CommentedMap, notify: CommentedMap) -> Settings:
        values: dict[str, Any] = {}
        if "theme" in tree:
            if tree["theme"] not in THEMES:
                raise self._wrong(tree, "theme", "theme", f"must be {' or '.join(THEMES)}")
            values["theme"] = str(tree["theme"])
        for name, place in _PLACES.items():
            if place[0] == "notify" and place[1] in notify:
                value = notify[place[1]]
                if not isinstance(value, bool):
                    raise self._wrong(notify, place[1], ".".join(place), "must be true or false")
                values[name] = value
        return Settings(**values)

    def _profile(self, tree: CommentedMap) -> str | None:
        name = tree.get("profile")
        if name is not None and not (isinstance(name, str) and is_profile_name(name)):
            raise self._wrong(tree, "profile", "profile", f"must be {PROFILE_RULE}")
        return name

    def _profiles(self, tree: CommentedMap) -> dict[str, str]:
        urls = {}
        profiles = self._section(tree, "profiles", "profiles")
        for name in profiles:
            key = f"profiles.{name}"
            if not isinstance(name, str) or not is_profile_name(name):
                raise self._wrong(profiles, name, key, f"must have a name of {PROFILE_RULE}")
            profile = self._section(profiles, name, key)
            self._check_keys(profile, f"{key}.", ("url",))
            url = profile.get("url")
            if not isinstance(url, str) or not url.startswith(("https://", "http://")):
                raise self._wrong(
                    profiles, name, f"{key}.url", "must be an address that begins with https://"
                )
            urls[name] = url
        return urls

    def _section(self, tree: CommentedMap, name: str, key: str) -> CommentedMap:
        section = tree.get(name)
        if section is None:
            return CommentedMap()
        if not isinstance(section, CommentedMap):
            raise self._wrong(tree, name, key, "must hold keys and values")
        return section

    def _check_keys(self, tree: CommentedMap, prefix: str, known: tuple[str, ...]) -> None:
        for name in tree:
            if name not in known:
                raise self._wrong(
                    tree, name, f"{prefix}{name}", f"is not known; known are {', '.join(known)}"
                )

    def _wrong(self, tree: CommentedMap, name: object, key: str, what: str) -> ConfigError:
        # A map made here rather than read has no lines.
        try:
            line = f", line {tree.lc.key(name)[0] + 1}"
        except (AttributeError, KeyError, TypeError):
            line = ""
        return ConfigError(f"{self._path}{line}: {key} {what}.")
