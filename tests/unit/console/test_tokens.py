"""Where a token is kept, with keyrings that answer, refuse, lie or hang."""

from __future__ import annotations

import stat
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import keyring
import pytest
from keyring.backend import KeyringBackend
from keyring.backends.fail import Keyring as NoKeyring
from keyring.errors import PasswordDeleteError

from console.state.tokens import KeyringSilent, TokenKeeper

URL = "https://example.org/desk/"


class InMemory(KeyringBackend):
    """A keyring that answers."""

    priority = 1

    def __init__(self) -> None:
        super().__init__()
        self.kept: dict[tuple[str, str], str] = {}

    def get_password(self, service: str, username: str) -> str | None:
        return self.kept.get((service, username))

    def set_password(self, service: str, username: str, password: str) -> None:
        self.kept[service, username] = password

    def delete_password(self, service: str, username: str) -> None:
        if self.kept.pop((service, username), None) is None:
            raise PasswordDeleteError(username)


class Forgetful(InMemory):
    """A keyring that takes everything and keeps nothing."""

    def set_password(self, service: str, username: str, password: str) -> None:
        pass


class Clinging(InMemory):
    """A keyring that lets nothing go."""

    def delete_password(self, service: str, username: str) -> None:
        raise PasswordDeleteError(username)


class Hanging(InMemory):
    """A keyring that asks for its password on a screen that nobody sees."""

    def __init__(self) -> None:
        super().__init__()
        self.released = threading.Event()

    def get_password(self, service: str, username: str) -> str | None:
        self.released.wait(30)
        return None

    def set_password(self, service: str, username: str, password: str) -> None:
        self.released.wait(30)

    def delete_password(self, service: str, username: str) -> None:
        self.released.wait(30)


@pytest.fixture
def use() -> Iterator[object]:
    """Give what sets the keyring of this test."""
    before = keyring.get_keyring()
    hanging: list[Hanging] = []

    def set_keyring(backend: KeyringBackend) -> KeyringBackend:
        if isinstance(backend, Hanging):
            hanging.append(backend)
        keyring.set_keyring(backend)
        return backend

    yield set_keyring
    for backend in hanging:
        backend.released.set()
    keyring.set_keyring(before)


@pytest.fixture
def keeper(tmp_path: Path) -> TokenKeeper:
    return make_keeper(tmp_path)


def make_keeper(folder: Path, *, profile: str = "default", url: str = URL) -> TokenKeeper:
    return TokenKeeper(profile=profile, url=url, folder=folder / "state" / "default", patience=0.2)


def test_a_keyring_that_answers_has_it(use, keeper: TokenKeeper, tmp_path: Path) -> None:
    use(InMemory())
    assert keeper.load() is None
    assert keeper.save("abc") == "the system's keyring"
    assert not keeper.path.exists()
    assert make_keeper(tmp_path).load() == "abc"
    keeper.forget()
    assert keeper.load() is None


@pytest.mark.parametrize("backend", [NoKeyring, Forgetful, Hanging])
def test_else_it_is_in_a_file_of_ones_own(use, keeper: TokenKeeper, backend) -> None:
    use(backend())
    assert keeper.save("abc") == f"{keeper.path}, which only you can read"
    assert stat.S_IMODE(keeper.path.stat().st_mode) == 0o600
    for folder in (keeper.path.parent, keeper.path.parent.parent):
        assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    assert keeper.load() == "abc"


def test_a_new_token_in_the_keyring_replaces_the_file(use, keeper: TokenKeeper) -> None:
    use(NoKeyring())
    keeper.save("old")
    use(InMemory())
    keeper.save("new")
    assert not keeper.path.exists()
    assert keeper.load() == "new"


def test_a_keyring_that_hangs_is_said(use, keeper: TokenKeeper) -> None:
    use(Hanging())
    begun = time.monotonic()
    with pytest.raises(KeyringSilent, match=r"did not answer within 0\.2 s"):
        keeper.load()
    assert time.monotonic() - begun < 10  # which is far from 0.2, and from the 30 that it hangs


def test_forgetting_removes_the_file_whatever_the_keyring_does(use, keeper: TokenKeeper) -> None:
    use(Hanging())
    keeper.save("abc")
    with pytest.raises(KeyringSilent):
        keeper.forget()
    assert not keeper.path.exists()


def test_a_token_is_of_one_desk_and_profile(use, keeper: TokenKeeper, tmp_path: Path) -> None:
    use(InMemory())
    keeper.save("abc")
    assert make_keeper(tmp_path, url="https://example.net/desk/").load() is None
    assert make_keeper(tmp_path, profile="other").load() is None


def test_a_keyring_that_lets_nothing_go_is_told_of(use, keeper: TokenKeeper) -> None:
    use(Clinging())
    assert keeper.save("secret") == "the system's keyring"
    with pytest.raises(KeyringSilent, match="did not let the token go"):
        keeper.forget()
