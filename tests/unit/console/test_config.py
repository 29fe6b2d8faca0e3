"""The console's configuration: comments stay, and a broken file is named and left alone."""

from __future__ import annotations

import stat
import threading
from pathlib import Path

import pytest

from console.state.config import Config, ConfigError, ConfigFile, Settings

URL = "https://example.org/desk/"


@pytest.fixture
def file(tmp_path: Path) -> ConfigFile:
    return ConfigFile(tmp_path / "headset" / "config.yaml")


def write(file: ConfigFile, text: str | bytes) -> None:
    file.path.parent.mkdir(exist_ok=True)
    file.path.write_bytes(text if isinstance(text, bytes) else text.encode())


def test_without_a_file_the_defaults_hold(file: ConfigFile) -> None:
    assert file.read() == Config()
    assert not file.path.exists()


def test_the_first_change_writes_a_file_that_explains_itself(file: ConfigFile) -> None:
    file.put_profile("default", URL)
    text = file.path.read_text()
    assert text.startswith("# Settings of the Headset console.")
    assert "bell: true      # the terminal's bell" in text
    assert file.read() == Config(profiles={"default": URL})
    assert stat.S_IMODE(file.path.stat().st_mode) == 0o600
    assert stat.S_IMODE(file.path.parent.stat().st_mode) == 0o700


def test_a_change_keeps_comments_and_the_order(file: ConfigFile) -> None:
    write(
        file,
        f"# mine\nprofiles:\n  work:   # where I work\n    url: '{URL}'\n# quiet\nnotify: {{bell: false}}\n",
    )
    file.change_settings(theme="headset-light", notify_direct=False)
    assert file.path.read_text() == (
        "# mine\n"
        "profiles:\n"
        "  work:   # where I work\n"
        f"    url: '{URL}'\n"
        "# quiet\n"
        "notify: {bell: false, direct: false}\n"
        "theme: headset-light\n"
    )
    assert file.read().settings == Settings(theme="headset-light", bell=False, notify_direct=False)


def test_a_file_of_comments_alone_keeps_them(file: ConfigFile) -> None:
    write(file, "# mine\n")
    file.put_profile("default", URL)
    assert file.path.read_text().startswith("# mine\n")
    assert file.read().profiles == {"default": URL}


def test_a_link_stays_a_link(file: ConfigFile, tmp_path: Path) -> None:
    real = tmp_path / "dotfiles.yaml"
    real.write_text("theme: headset-light\n")
    file.path.parent.mkdir()
    file.path.symlink_to(real)
    file.put_profile("default", URL)
    assert file.path.is_symlink()
    assert URL in real.read_text()


@pytest.mark.parametrize(
    ("text", "line", "what"),
    [
        ("# x\ntheme: blue\n", 2, "theme must be headset-dark or headset-light"),
        ("theme: headset-dark\nnotify:\n  tickets: 3\n", 3, "notify.tickets must be true or false"),
        ("notify: loud\n", 1, "notify must hold keys and values"),
        ("profiles:\n  A b:\n    url: x\n", 2, "profiles.A b must have a name"),
        ("profiles:\n  work: {url: ftp://x}\n", 2, "profiles.work.url must be an address"),
        ("profiles:\n  work:\n", 2, "profiles.work.url must be an address"),
        ("profiles:\n  work:\n    uri: x\n", 3, "profiles.work.uri is not known"),
        ("profile: [1]\n", 1, "profile must be 1 to 32"),
        ("teme: headset-dark\n", 1, "teme is not known"),
        ("theme: headset-dark\ntheme: headset-light\n", 2, "duplicate key"),
        ("theme: [\n", 2, "expected"),
        ("- theme\n", 1, "keys and values"),
        ("[]\n", 1, "keys and values"),
        ("a: 1\nb: \x00\n", 2, "special characters"),
        (b"a: 1\nb: \xff\n", 2, "not UTF-8"),
    ],
)
def test_a_broken_file_is_named_with_key_and_line_and_left_alone(
    file: ConfigFile, text: str | bytes, line: int, what: str
) -> None:
    write(file, text)
    before = file.path.read_bytes()
    with pytest.raises(ConfigError) as caught:
        file.read()
    assert str(caught.value).startswith(f"{file.path}, line {line}: ")
    assert what in str(caught.value)
    with pytest.raises(ConfigError):
        file.change_settings(bell=False)
    assert file.path.read_bytes() == before


def test_changes_of_two_consoles_at_once_all_hold(file: ConfigFile) -> None:
    names = [f"p{number}" for number in range(12)]
    threads = [threading.Thread(target=ConfigFile(file.path).put_profile, args=(name, URL)) for name in names]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(file.read().profiles) == sorted(names)
