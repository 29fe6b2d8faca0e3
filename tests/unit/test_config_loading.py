"""How a new configuration takes the place of the old one, or does not."""

from __future__ import annotations

import copy
from typing import Any

import pytest
from mautrix.util.config import RecursiveDict, yaml
from ruamel.yaml.comments import CommentedMap

from plugin.config import Config, parse_settings
from plugin.domain.errors import ConfigError
from tests.unit.keys import leaves

BRIDGE = "bridge: {bot: '@telegrambot:example.org'}\n"
GOOD = f"support_room: '!new'\n{BRIDGE}"


class Host:
    """maubot's side: the text that the operator wrote, and what the plugin saved in its place."""

    def __init__(self, base: str) -> None:
        self._base = base
        self.text = ""
        self.saved: list[Any] = []
        self.config = Config(
            lambda: yaml.load(self.text),
            lambda: RecursiveDict(yaml.load(self._base), CommentedMap),
            lambda data: self.saved.append(copy.deepcopy(data)),
        )

    def write(self, text: str) -> None:
        """Let the operator write a new configuration."""
        self.text = text


@pytest.fixture
def host(base_text: str) -> Host:
    return Host(base_text)


@pytest.fixture
def running(host: Host) -> Host:
    """Give a host whose configuration is in force."""
    host.write(f"support_room: '!old'\n{BRIDGE}widget: {{name: Old}}\n")
    host.config.reload()
    host.saved.clear()
    return host


def test_what_the_operator_leaves_out_is_as_in_the_file_that_is_shipped(host: Host, base_data: Any) -> None:
    host.write(GOOD + "widget: {color: '#000000'}\nmoderators:\n- {telegram_id: 1, name: A}\n")
    settings = host.config.reload()
    base_data["support_room"] = "!new"
    base_data["widget"]["color"] = "#000000"
    base_data["moderators"] = [{"telegram_id": 1, "name": "A"}]
    assert settings == parse_settings(base_data)


def test_what_is_in_force_is_saved_with_every_key(host: Host, base_data: Any) -> None:
    host.write(GOOD)
    host.config.reload()
    assert len(host.saved) == 1
    assert set(leaves(host.saved[0])) == set(leaves(base_data))
    assert host.saved[0]["support_room"] == "!new"
    assert host.config["support_room"] == "!new"


def test_a_list_that_is_left_empty_is_empty(host: Host) -> None:
    host.write(GOOD + "moderators:\nadmins:\n")
    settings = host.config.reload()
    assert settings.moderators == ()
    assert settings.admins == ()


def test_what_was_saved_can_be_loaded_again(host: Host) -> None:
    host.write(GOOD + "blocks: {longest: never}\n")
    settings = host.config.reload()
    host.config._load_proxy = lambda: host.saved[0]
    assert host.config.reload() == settings


@pytest.mark.parametrize(
    ("text", "named"),
    [
        (f"support_room: ''\n{BRIDGE}", "support_room"),
        (GOOD + "widget: {color: red}\n", "widget.color"),
        ("support_room: '!new'\n", "bridge.bot"),
        ("support_room: '!new'\nbridge: hello\n", "bridge.bot"),
        (GOOD + "tickets: {policy: per_person}\n", "tickets.policy"),
        (GOOD + "tickets: {close_after: soon}\n", "tickets.close_after"),
        (GOOD + "blocks: {announce: nowhere}\n", "blocks.announce"),
        (GOOD + "blocks: {cover_address: 'yes'}\n", "blocks.cover_address"),
        (GOOD + "relay: {status_timeout: 0s}\n", "relay.status_timeout"),
        (GOOD + "colour: red\n", "colour"),
        (GOOD + "widget: {colour: red}\n", "widget.colour"),
        (GOOD + "widget: {5: red}\n", "widget.5"),
        (GOOD + "relay: {per_minut: 5}\n", "relay.per_minut"),
        (GOOD + "moderators: [{telegram_id: 1, name: A, handle: '@a'}]\n", "moderators[0].handle"),
        ("", "support_room"),
    ],
)
def test_when_a_new_one_is_wrong_it_says_so_and_the_old_one_stays_and_is_saved(
    running: Host, text: str, named: str
) -> None:
    before = copy.deepcopy(running.config._data)
    running.write(text)
    with pytest.raises(ConfigError) as caught:
        running.config.reload()
    assert caught.value.problems[0].split(":")[0] == named
    assert running.config._data == before
    assert running.config["support_room"] == "!old"
    assert running.config["widget.name"] == "Old"
    assert running.saved == [before]


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("- support_room\n", id="a list"),
        pytest.param("support_room\n", id="a word"),
        pytest.param(GOOD + "5: x\n", id="a number as key"),
        pytest.param(GOOD + "~: x\n", id="nothing as key"),
        pytest.param(GOOD + "widget.name: Mine\n", id="a dotted key"),
        pytest.param(GOOD + "widget: {allowed_origins: ['https://[::1']}\n", id="half an address"),
        pytest.param(GOOD + "moderators: [{name: A, mxid: []}, {name: B, mxid: []}]\n", id="lists as ids"),
    ],
)
def test_no_configuration_is_too_odd_to_be_refused_with_the_old_one_kept(running: Host, text: str) -> None:
    before = copy.deepcopy(running.config._data)
    running.write(text)
    with pytest.raises(ConfigError):
        running.config.reload()
    assert running.config._data == before


def test_unknown_keys_are_all_named_at_once(running: Host) -> None:
    running.write(GOOD + "colour: red\nticket: x\n")
    with pytest.raises(ConfigError) as caught:
        running.config.reload()
    assert caught.value.problems == ["colour: there is no such key", "ticket: there is no such key"]


def test_unknown_keys_of_several_sections_and_wrong_values_are_named_at_once(running: Host) -> None:
    running.write(f"support_room: 5\n{BRIDGE}colour: red\nwidget: {{colour: red}}\nrelay: {{x: 1}}\n")
    with pytest.raises(ConfigError) as caught:
        running.config.reload()
    named = {problem.split(":")[0] for problem in caught.value.problems}
    assert named == {"colour", "widget.colour", "relay.x", "support_room"}


def test_after_a_wrong_one_a_right_one_is_taken(running: Host) -> None:
    running.write("support_room: 5\n")
    with pytest.raises(ConfigError):
        running.config.reload()
    running.write(GOOD)
    assert running.config.reload().support_room == "!new"
    assert running.saved[-1]["support_room"] == "!new"


def test_a_first_one_that_is_wrong_is_left_as_the_operator_wrote_it(host: Host) -> None:
    host.write("support_room: 5\n")
    with pytest.raises(ConfigError):
        host.config.reload()
    assert host.saved == []
