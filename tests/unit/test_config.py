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
from plugin.domain.errors import ConfigError
from plugin.domain.tickets import TicketRules
from tests.unit.keys import leaves

ALICE = {"telegram_id": 5550001, "name": "Alice", "role": "admin"}
BOB = {"mxid": "@bob:example.org", "name": "Bob", "role": "moderator"}


def put(data: Any, dotted: str, value: object) -> Any:
    """Return a copy of the data in which one key has another value."""
    changed = copy.deepcopy(data)
    *path, last = dotted.split(".")
    node = changed
    for name in path:
        node = node[name]
    node[last] = value
    return changed


def problems(data: Any) -> list[str]:
    with pytest.raises(ConfigError) as caught:
        parse_settings(data)
    return caught.value.problems


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
    ("handles", "key"),
    [
        ("@bob_help", "moderators[0].handles"),
        (None, "moderators[0].handles"),
        ([5], "moderators[0].handles[0]"),
        ([""], "moderators[0].handles[0]"),
        (["@"], "moderators[0].handles[0]"),
        (["@bob_help", "bob help"], "moderators[0].handles[1]"),
        (["https://t.me/bob_help"], "moderators[0].handles[0]"),
        (["b\u043eb_help"], "moderators[0].handles[0]"),
        (["@bob_help\n"], "moderators[0].handles[0]"),
        (["x" * 65], "moderators[0].handles[0]"),
    ],
)
def test_a_handle_that_none_could_have_is_refused_by_its_place(
    base_data: Any, handles: object, key: str
) -> None:
    with pytest.raises(ConfigError) as refused:
        parse_settings(put(base_data, "moderators", [{**BOB, "handles": handles}]))
    assert refused.value.problems[0].startswith(f"{key}: ")


def test_two_people_never_share_a_handle(base_data: Any) -> None:
    team = [{**ALICE, "handles": ["@help"]}, {**BOB, "handles": ["HELP"]}]
    with pytest.raises(ConfigError) as refused:
        parse_settings(put(base_data, "moderators", team))
    assert refused.value.problems == ["moderators: the handle help stands there twice"]


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


# Wrong values

NO_LENGTHS: list[object] = ["", "0s", 0, 3, "3", "3 days", "-3d", "x", None, True, 1.5, [], "1y", "Never"]
NO_LENGTHS_BUT_NOUGHT: list[object] = ["", 1, "1", -1, "-1s", None, True, False, [], "never"]
NO_FLAGS: list[object] = ["", "yes", "true", 0, 1, None, []]
NO_COUNTS: list[object] = [-1, "20", 1.5, True, False, None, "", []]
NO_MXIDS: list[object] = [
    "",
    "you",
    "you:example.org",
    "@you",
    "@you:",
    "@:example.org",
    "@y u:example.org",
    5,
    None,
]

WRONG: list[tuple[str, object, str]] = [
    *(
        ("support_room", value, "support_room")
        for value in ["", None, 5, "room", "!", "!a b", "#support", "#:x", "#a b:x", "@a:b", [], " !abc"]
    ),
    *(("admins", value, "admins") for value in ["@you:example.org", None, {}, 5]),
    *(("admins", ["@ok:example.org", value], "admins[1]") for value in NO_MXIDS),
    *(("bridge.bot", value, "bridge.bot") for value in NO_MXIDS),
    *(
        ("bridge.ghost_template", value, "bridge.ghost_template")
        for value in [
            "", None, 5, "telegram", "{userid}{userid}", "@telegram_{userid}", "telegram_{userid}:hs",
            "telegram {userid}", "{name}_{userid}", "telegram_{}", "telegram_{userid!r}", "x}{userid}",
        ]
    ),
    *(("moderators", value, "moderators") for value in [None, {}, "Alice", 5]),
    *(("moderators", [ALICE, value], "moderators[1]") for value in ["Bob", None, 5, [], {"name": "Bob"}]),
    *(
        ("moderators", [{**ALICE, "telegram_id": value}], "moderators[0].telegram_id")
        for value in [0, -5, "5550001", 1.5, True, "", []]
    ),
    *(("moderators", [{**BOB, "mxid": v}], "moderators[0].mxid") for v in NO_MXIDS if v is not None),
    *(("moderators", [{**ALICE, "name": v}], "moderators[0].name") for v in ["", None, 5, " A", "a\nb"]),
    *(("moderators", [{**ALICE, "role": v}], "moderators[0].role") for v in ["owner", "Admin", "", 5, []]),
    ("moderators", [{**ALICE, "colour": "red"}], "moderators[0].colour"),
    ("moderators", [{**ALICE, 5: "red"}], "moderators[0].5"),
    *(("widget.allowed_origins", v, "widget.allowed_origins") for v in ["https://a.example", None, {}, 5]),
    *(
        ("widget.allowed_origins", ["https://ok.example.org", value], "widget.allowed_origins[1]")
        for value in [
            "", None, 5, "*", "null", "app.example.org", "//app.example.org", "https://", "ftp://app.example.org",
            "https://app.example.org/", "https://app.example.org/x", "https://app.example.org?x",
            "https://app.example.org#x", " https://app.example.org", "javascript:alert(1)",
        ]
    ),
    *(("widget.name", value, "widget.name") for value in ["", None, 5, " x", "a\nb", "x" * 101]),
    *(
        ("widget.color", value, "widget.color")
        for value in ["", None, 5, "red", "#fff", "4f46e5", "#4f46e5ff", "#4f46eg", "#4f46e5\n"]
    ),
    *(
        ("tickets.policy", value, "tickets.policy")
        for value in ["", None, 5, True, [], "per customer", "Per_Case", "per_case "]
    ),
    *(("tickets.close_after", value, "tickets.close_after") for value in NO_LENGTHS_BUT_NOUGHT),
    *(("tickets.reopen_within", value, "tickets.reopen_within") for value in NO_LENGTHS_BUT_NOUGHT),
    *(("blocks.default", value, "blocks.default") for value in [*NO_LENGTHS, "never"]),
    *(("blocks.longest", value, "blocks.longest") for value in NO_LENGTHS),
    *(
        ("blocks.announce", value, "blocks.announce")
        for value in ["", None, 5, True, False, [], "Room", "telegram", "room, console"]
    ),
    *(("blocks.cover_address", value, "blocks.cover_address") for value in NO_FLAGS),
    *(("blocks.keep_ended", value, "blocks.keep_ended") for value in [*NO_LENGTHS, "never"]),
    *(("relay.per_minute", value, "relay.per_minute") for value in NO_COUNTS),
    *(("relay.join_within", value, "relay.join_within") for value in NO_LENGTHS_BUT_NOUGHT),
    *(("relay.status_timeout", value, "relay.status_timeout") for value in [*NO_LENGTHS, "never"]),
    *(("limits.messages_per_minute", v, "limits.messages_per_minute") for v in [0, *NO_COUNTS]),
    *(("limits.sessions_per_hour", v, "limits.sessions_per_hour") for v in [0, *NO_COUNTS]),
    *(("identity.user_secret", v, "identity.user_secret") for v in [None, 5, [], " ", "x" * 31, "ü" * 15]),
    *(("identity.wallet_chains", v, "identity.wallet_chains") for v in ["1", None, {}, 1]),
    *(
        ("identity.wallet_chains", [1, value], "identity.wallet_chains[1]")
        for value in [0, -1, "1", 1.0, True, None, "", [], 2**53]
    ),
    *(
        ("identity.rpc_url", value, "identity.rpc_url")
        for value in [
            None, 5, [], "node.example.org", "//node.example.org", "https://", "wss://node.example.org",
            "http://[::1", "https://node.example.org:99999", "https://node.example.org/a b",
            "https://node.example.org/\n", " ",
        ]
    ),
    *(("trusted_proxies", value, "trusted_proxies") for value in ["127.0.0.1", None, {}, 5]),
    *(
        ("trusted_proxies", ["::1", value], "trusted_proxies[1]")
        for value in ["localhost", "", None, "10.0.0.1/8", "10.0.0.0/33", "127.0.0.1:80", "*", []]
    ),
]  # fmt: skip


@pytest.mark.parametrize(("key", "value", "named"), WRONG)
def test_a_wrong_value_names_its_key(base_data: Any, key: str, value: object, named: str) -> None:
    assert [problem.split(": ")[0] for problem in problems(put(base_data, key, value))] == [named]


@pytest.mark.parametrize(
    "origin",
    [
        "https://[::1",
        "http://[zz]",
        "https://*.example.org",
        "https://user@app.example.org",
        "https://app.example.org:443",
        "http://app.example.org:80",
        "https://app.example.org:99999",
        "https://app example.org",
    ],
)
def test_an_origin_that_no_browser_sends_is_wrong(base_data: Any, origin: str) -> None:
    data = put(base_data, "widget.allowed_origins", [origin])
    assert [problem.split(": ")[0] for problem in problems(data)] == ["widget.allowed_origins[0]"]


@pytest.mark.parametrize(("key", "secret"), [("user_secret", "too-short"), ("rpc_url", "node/my-key")])
def test_a_secret_is_never_repeated(base_data: Any, key: str, secret: str) -> None:
    assert secret not in str(problems(put(base_data, f"identity.{key}", secret)))


def test_the_settings_can_be_logged_without_their_secrets(base_data: Any) -> None:
    data = put(base_data, "identity.user_secret", "s3cret" * 6)
    settings = parse_settings(put(data, "identity.rpc_url", "https://node.example.org/my-key"))
    assert "s3cret" not in repr(settings)
    assert "my-key" not in repr(settings)


LENGTHS = [
    "tickets.close_after",
    "tickets.reopen_within",
    "blocks.default",
    "blocks.longest",
    "blocks.keep_ended",
    "relay.join_within",
    "relay.status_timeout",
]


@pytest.mark.parametrize("key", LENGTHS)
def test_a_length_that_reaches_beyond_the_calendar_is_wrong(base_data: Any, key: str) -> None:
    data = put(put(base_data, "blocks.longest", "never"), key, "999999w")
    assert [problem.split(": ")[0] for problem in problems(data)] == [key]


def test_the_section_that_is_no_mapping_names_its_keys(base_data: Any) -> None:
    assert [problem.split(":")[0] for problem in problems(put(base_data, "limits", 5))] == [
        "limits.messages_per_minute",
        "limits.sessions_per_hour",
    ]


def test_what_is_missing_and_what_is_wrong_is_said(base_data: Any) -> None:
    assert problems(put(base_data, "widget.color", "")) == [
        "widget.color: missing, a colour such as #4f46e5 wanted"
    ]
    assert problems(put(base_data, "widget.color", "red")) == [
        "widget.color: 'red' given, a colour such as #4f46e5 wanted"
    ]
    assert problems(put(base_data, "moderators", [{"name": "Bob"}])) == [
        "moderators[0]: missing, telegram_id or mxid wanted"
    ]


def test_all_that_is_wrong_is_said_at_once(base_data: Any) -> None:
    data = put(base_data, "support_room", "")
    data = put(data, "widget.color", "red")
    data = put(data, "moderators", [{"name": "", "role": "owner", "telegram_id": 0, "x": 1}])
    data = put(data, "trusted_proxies", ["x", "::1", "y"])
    assert [problem.split(":")[0] for problem in problems(data)] == [
        "support_room",
        "moderators[0].x",
        "moderators[0].role",
        "moderators[0].name",
        "moderators[0].telegram_id",
        "widget.color",
        "trusted_proxies[0]",
        "trusted_proxies[2]",
    ]


@pytest.mark.parametrize(
    ("twice", "problem"),
    [
        ({"telegram_id": 5550001, "name": "Al"}, "moderators: telegram_id 5550001 stands there twice"),
        ({"mxid": "@bob:example.org", "name": "B"}, "moderators: mxid @bob:example.org stands there twice"),
    ],
)
def test_a_moderator_listed_twice_is_wrong(base_data: Any, twice: object, problem: str) -> None:
    assert problems(put(base_data, "moderators", [ALICE, BOB, twice])) == [problem]


def test_two_wrong_ids_are_not_taken_for_the_same_person(base_data: Any) -> None:
    data = put(base_data, "moderators", [{**ALICE, "telegram_id": 0}, {**BOB, "telegram_id": -1}])
    assert [problem.split(":")[0] for problem in problems(data)] == [
        "moderators[0].telegram_id",
        "moderators[1].telegram_id",
    ]


def test_an_operator_listed_twice_is_wrong_or_counts_once(base_data: Any) -> None:
    data = put(base_data, "admins", ["@you:example.org", "@you:example.org"])
    try:
        named = parse_settings(data).admins
    except ConfigError as error:
        named = tuple(error.problems)
    assert len(named) == 1


def test_the_settings_do_not_change_with_the_data(base_data: Any) -> None:
    base_data["moderators"] = [dict(ALICE)]
    settings = parse_settings(base_data)
    base_data["moderators"][0]["name"] = "Mallory"
    base_data["admins"].append("@mallory:example.org")
    assert settings.moderators[0].name == "Alice"
    assert settings.admins == ()
