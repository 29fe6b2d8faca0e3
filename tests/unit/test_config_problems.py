"""What the operator may not write into the configuration: each problem is named by its key."""

from __future__ import annotations

from typing import Any

import pytest

from plugin.config import parse_settings
from plugin.domain.errors import ConfigError
from tests.unit.configuring import ALICE, BOB, problems, put

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


def test_an_operator_listed_twice_is_wrong_or_counts_once(base_data: Any) -> None:
    data = put(base_data, "admins", ["@you:example.org", "@you:example.org"])
    try:
        named = parse_settings(data).admins
    except ConfigError as error:
        named = tuple(error.problems)
    assert len(named) == 1
