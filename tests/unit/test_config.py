"""What the operator may write into the configuration."""

from __future__ import annotations

import copy
import ipaddress
import re
from datetime import timedelta
from typing import Any

import pytest
from mautrix.util.config import yaml

from plugin.config import BlockHabits, Identity, ModeratorEntry, parse_settings
from plugin.domain.tickets import TicketRules
from tests.unit.configuring import ALICE, BOB, problems, put
from tests.unit.keys import leaves

# The file that is shipped

OTHER_VALUES: dict[str, object] = {
    "support_room": "#support:example.org",
    "admins": ["@you:example.org"],
    "bridge.bot": "@bridge:example.org",
    "bridge.ghost_template": "tg_{userid}",
    "moderators": [ALICE],
    "widget.allowed_origins": ["https://app.example.org"],
    "widget.name": "Example support",
    "widget.color": "#FF0000",
    "tickets.policy": "per_case",
    "tickets.close_after": 0,
    "tickets.reopen_within": "0s",
    "blocks.default": "2d",
    "blocks.longest": "never",
    "blocks.announce": "console",
    "blocks.cover_address": True,
    "blocks.keep_ended": "1d",
    "relay.per_minute": 0,
    "relay.join_within": "0s",
    "relay.status_timeout": "5s",
    "limits.messages_per_minute": 1,
    "limits.sessions_per_hour": 1,
    "identity.user_secret": "0123456789abcdef0123456789abcdef",
    "identity.wallet_chains": [1, 8453],
    "identity.rpc_url": "https://node.example.org/key",
    "trusted_proxies": ["10.0.0.0/8"],
}


def test_each_key_of_the_file_is_tested_here(base_data: Any) -> None:
    assert set(leaves(base_data)) == set(OTHER_VALUES)


@pytest.mark.parametrize("key", OTHER_VALUES)
def test_each_key_of_the_file_is_read(base_data: Any, key: str) -> None:
    assert parse_settings(put(base_data, key, OTHER_VALUES[key])) != parse_settings(base_data)


@pytest.mark.parametrize("key", OTHER_VALUES)
def test_each_key_of_the_file_is_needed(base_data: Any, key: str) -> None:
    data = copy.deepcopy(base_data)
    section, _, name = key.rpartition(".")
    del (data[section] if section else data)[name]
    assert [problem.split(":")[0] for problem in problems(data)] == [key]


@pytest.mark.parametrize("key", OTHER_VALUES)
def test_each_key_of_the_file_is_commented_there(base_text: str, key: str) -> None:
    section, _, name = key.rpartition(".")
    lines = base_text.splitlines()
    start = lines.index(f"{section}:") + 1 if section else 0
    indent = "  " if section else ""
    place = next(i for i in range(start, len(lines)) if re.match(rf"{indent}{name}:", lines[i]))
    assert "  # " in lines[place] or lines[place - 1].startswith(f"{indent}#")


def test_only_the_support_room_and_the_bridges_bot_must_be_set(base_text: str) -> None:
    named = [problem.split(":")[0] for problem in problems(yaml.load(base_text))]
    assert named == ["support_room", "bridge.bot"]


def test_the_values_of_the_file_are_the_documented_ones(base_data: Any) -> None:
    settings = parse_settings(base_data)
    assert settings.support_room == "!support:example.org"
    assert settings.bridge_bot == "@telegrambot:example.org"
    assert settings.ghost_template == "telegram_{userid}"
    assert settings.tickets == TicketRules(
        policy="per_customer", close_after=timedelta(days=7), reopen_within=timedelta(days=2)
    )
    assert settings.blocks.default == timedelta(days=3)
    assert settings.blocks.longest == timedelta(days=30)
    assert settings.block_habits == BlockHabits(
        announce_in_room=True, cover_address=False, keep_ended=timedelta(days=90)
    )
    assert settings.relay.per_minute == 20
    assert settings.relay.join_within == timedelta(seconds=1)
    assert settings.relay.status_timeout == timedelta(seconds=60)
    assert settings.limits.messages_per_minute == 20
    assert settings.limits.sessions_per_hour == 60
    assert settings.trusted_proxies == (
        ipaddress.ip_network("127.0.0.1/32"),
        ipaddress.ip_network("::1/128"),
    )
    assert settings.identity == Identity(user_secret="", wallet_chains=(1,), rpc_url="")
    assert settings.admins == ()
    assert settings.moderators == ()
    assert settings.widget.allowed_origins == frozenset()


def test_the_examples_in_the_file_are_right(base_text: str, base_data: Any) -> None:
    examples = re.findall(r"^#   - (\{.*\})$", base_text, re.MULTILINE)
    settings = parse_settings(put(base_data, "moderators", [yaml.load(example) for example in examples]))
    assert [entry.name for entry in settings.moderators] == ["Alice", "Bob"]


# Right values


def test_a_moderator_has_either_or_both_ids_and_is_a_moderator_unless_admin(base_data: Any) -> None:
    both = {"telegram_id": 5550003, "mxid": "@carol:example.org", "name": "Carol"}
    settings = parse_settings(put(base_data, "moderators", [ALICE, BOB, both]))
    assert settings.moderators == (
        ModeratorEntry(name="Alice", role="admin", telegram_id=5550001, mxid=None),
        ModeratorEntry(name="Bob", role="moderator", telegram_id=None, mxid="@bob:example.org"),
        ModeratorEntry(name="Carol", role="moderator", telegram_id=5550003, mxid="@carol:example.org"),
    )


def test_public_handles_are_the_same_in_every_writing(base_data: Any) -> None:
    handles = ["@Bob_Help", "bob_help", "bob.example", "@bob:example.org"]
    settings = parse_settings(put(base_data, "moderators", [ALICE, {**BOB, "handles": handles}]))
    assert [entry.handles for entry in settings.moderators] == [
        (),
        ("bob_help", "bob.example", "bob:example.org"),
    ]


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("support_room", "!abc"),
        ("support_room", "!abc:example.org"),
        ("support_room", "#support:localhost:8448"),
        ("bridge.bot", "@telegrambot:localhost:8448"),
        ("bridge.ghost_template", "{userid}"),
        ("tickets.policy", "per_customer"),
        ("tickets.policy", "per_case"),
        ("tickets.close_after", 0),
        ("tickets.close_after", "0s"),
        ("tickets.close_after", "1w"),
        ("tickets.reopen_within", 0),
        ("tickets.reopen_within", "12h"),
        ("blocks.longest", "never"),
        ("blocks.default", "1d12h"),
        ("blocks.announce", "room"),
        ("blocks.announce", "console"),
        ("blocks.cover_address", True),
        ("blocks.cover_address", False),
        ("blocks.keep_ended", "1s"),
        ("relay.join_within", 0),
        ("relay.join_within", "0s"),
        ("relay.per_minute", 0),
        ("relay.status_timeout", "1s"),
        ("widget.allowed_origins", ["http://localhost:8080", "https://app.example.org", "http://[::1]:8080"]),
        ("trusted_proxies", ["10.0.0.0/8", "fd00::/8", "192.0.2.1"]),
        ("trusted_proxies", []),
        ("identity.user_secret", ""),
        ("identity.user_secret", "x" * 32),
        ("identity.user_secret", "ü" * 16),
        ("identity.wallet_chains", []),
        ("identity.wallet_chains", [2**53 - 1]),
        ("identity.rpc_url", "http://[::1]:8545"),
        ("identity.rpc_url", "https://me:key@node.example.org:8545/v3/key?x=1"),
    ],
)
def test_these_values_are_right(base_data: Any, key: str, value: object) -> None:
    parse_settings(put(base_data, key, value))


def test_values_arrive_as_they_mean(base_data: Any) -> None:
    data = put(base_data, "blocks.longest", "never")
    assert parse_settings(data).blocks.longest is None
    data = put(base_data, "relay.join_within", 0)
    assert parse_settings(data).relay.join_within == timedelta()
    data = put(base_data, "widget.allowed_origins", ["https://App.Example.org"])
    assert parse_settings(data).widget.allowed_origins == {"https://app.example.org"}
    data = put(put(base_data, "tickets.policy", "per_case"), "tickets.close_after", 0)
    rules = parse_settings(put(data, "tickets.reopen_within", "12h")).tickets
    assert rules == TicketRules(policy="per_case", close_after=timedelta(), reopen_within=timedelta(hours=12))
    data = put(put(base_data, "blocks.announce", "console"), "blocks.cover_address", True)
    habits = parse_settings(put(data, "blocks.keep_ended", "1w")).block_habits
    assert habits == BlockHabits(announce_in_room=False, cover_address=True, keep_ended=timedelta(weeks=1))
    data = put(base_data, "identity.wallet_chains", [10, 1, 10])
    assert parse_settings(data).identity.wallet_chains == (10, 1)
    data = put(base_data, "relay.status_timeout", "90s")
    assert parse_settings(data).relay.status_timeout == timedelta(seconds=90)


def test_the_settings_can_be_logged_without_their_secrets(base_data: Any) -> None:
    data = put(base_data, "identity.user_secret", "s3cret" * 6)
    settings = parse_settings(put(data, "identity.rpc_url", "https://node.example.org/my-key"))
    assert "s3cret" not in repr(settings)
    assert "my-key" not in repr(settings)


def test_the_settings_do_not_change_with_the_data(base_data: Any) -> None:
    base_data["moderators"] = [dict(ALICE)]
    settings = parse_settings(base_data)
    base_data["moderators"][0]["name"] = "Mallory"
    base_data["admins"].append("@mallory:example.org")
    assert settings.moderators[0].name == "Alice"
    assert settings.admins == ()
