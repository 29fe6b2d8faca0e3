"""Which desk a command is for."""

from __future__ import annotations

from pathlib import Path

import pytest

from console.state.profiles import NoSuchProfile, Profiles

ONE, TWO = "https://example.org/one/", "https://example.org/two/"


@pytest.fixture
def profiles(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Profiles:
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    return Profiles()


def test_folders_are_those_of_the_platform(profiles: Profiles, tmp_path: Path) -> None:
    profiles.config.put_profile("default", ONE)
    assert profiles.config.path == tmp_path / "config" / "headset" / "config.yaml"
    assert profiles.choose(None).folder.parent == tmp_path / "state" / "headset"


def test_without_any_the_login_is_named(profiles: Profiles) -> None:
    with pytest.raises(NoSuchProfile, match="headset login") as caught:
        profiles.choose(None)
    assert caught.value.is_first


def test_the_only_one_is_used(profiles: Profiles) -> None:
    profiles.config.put_profile("work", ONE)
    assert profiles.choose(None).url == ONE
    with pytest.raises(NoSuchProfile, match="no profile default; there are: work"):
        profiles.choose("default")


def test_of_several_the_one_called_default(profiles: Profiles) -> None:
    profiles.config.put_profile("work", ONE)
    profiles.config.put_profile("home", TWO)
    with pytest.raises(NoSuchProfile, match="Name one by --profile: home, work"):
        profiles.choose(None)
    profiles.config.put_profile("default", TWO)
    assert profiles.choose(None).name == "default"


def test_the_configuration_may_name_the_usual_one(profiles: Profiles) -> None:
    profiles.config.put_profile("default", ONE)
    profiles.config.put_profile("work", TWO)
    path = profiles.config.path
    path.write_text(path.read_text().replace("#profile: default", "profile: work"))
    assert profiles.choose(None).name == "work"
    assert [profile.name for profile in profiles.list()] == ["default", "work"]


def test_at_another_desk_a_profile_has_other_drafts(profiles: Profiles) -> None:
    assert profiles.name_for_login(None, ONE).folder != profiles.name_for_login(None, TWO).folder


@pytest.mark.parametrize("name", ["../x", "A", "x" * 33, "a b"])
def test_a_profiles_name_is_checked(profiles: Profiles, name: str) -> None:
    with pytest.raises(NoSuchProfile, match="name must be"):
        profiles.name_for_login(name, ONE)
