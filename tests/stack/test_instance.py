"""The plugin's configuration in the system."""

from __future__ import annotations

from stack.instance import instance_config, merge


def test_overrides_reach_any_depth_and_replace_lists() -> None:
    base = {"relay": {"per_minute": 20, "join_within": "1s"}, "moderators": [1, 2], "room": "!a"}
    overrides = {"relay": {"per_minute": 0}, "moderators": [3], "tickets": {"policy": "per_case"}}
    assert merge(base, overrides) == {
        "relay": {"per_minute": 0, "join_within": "1s"},
        "moderators": [3],
        "room": "!a",
        "tickets": {"policy": "per_case"},
    }
    assert base["moderators"] == [1, 2]


def test_knows_the_team_and_lets_the_page_in() -> None:
    config = instance_config("!room", "http://127.0.0.1:1", {})
    assert config["support_room"] == "!room"
    assert config["widget"]["allowed_origins"] == ["http://127.0.0.1:1"]
    assert [(one["name"], one["telegram_id"], one["role"]) for one in config["moderators"]] == [
        ("Alice", 5550001, "admin"),
        ("Bob", 5550002, "moderator"),
    ]
    assert [one.get("mxid") for one in config["moderators"]] == [None, "@bob:hs.test"]
