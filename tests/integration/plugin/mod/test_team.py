"""The allow-list and the tokens over HTTP."""

from __future__ import annotations

import pytest

from plugin.services.ids import new_ulid
from tests.integration.plugin.mod.team import BOB, CAROL, sign_in

LIST = "/v1/mod/moderators"
DAVE = {"name": "Dave", "role": "moderator", "telegram_id": 5550009, "mxid": "@dave:example.org"}


@pytest.fixture
def fresh_id(desk) -> str:
    """Give an id that is nobody's."""
    return new_ulid(desk.plugin.clock.now())


async def listed(console) -> dict:
    """Return those on the allow-list by name."""
    return {one["name"]: one for one in (await console.get(LIST))["items"]}


async def last_act(carol) -> tuple:
    """Return who did what last, with its detail."""
    entry = (await carol.get("/v1/mod/audit?limit=1"))["items"][0]
    return entry["actor"]["name"], entry["action"], entry["target"], entry["detail"]


async def test_all_moderators_see_the_allow_list(alice) -> None:
    team = await listed(alice)
    assert set(team) == {"Alice", "Bob", "Carol"}
    assert team["Carol"] == {
        "id": team["Carol"]["id"],
        "name": "Carol",
        "role": "admin",
        "telegram_id": None,
        "mxid": CAROL["mxid"],
        "source": "config",
        "handles": [],
        "tokens": 0,
    }
    assert (team["Alice"]["id"], team["Alice"]["tokens"]) == (alice.id, 1)


async def test_an_admin_puts_somebody_on_the_list_changes_and_takes_them_off(carol, desk, fresh_id) -> None:
    path = f"{LIST}/{fresh_id}"
    made = await carol.api.request("PUT", path, DAVE)
    assert made.status == 201
    assert made.json == DAVE | {"id": fresh_id, "source": "runtime", "handles": [], "tokens": 0}
    assert await last_act(carol) == (
        "Carol", "moderator.allowed", {"moderator": fresh_id}, {"name": "Dave"},
    )  # fmt: skip
    dave = await sign_in(desk, "Dave")
    changed = await carol.api.request("PUT", path, {"name": "David", "role": "admin", "telegram_id": 5550009})
    assert changed.status == 200
    assert (await listed(carol))["David"] == changed.json
    assert (changed.json["mxid"], changed.json["tokens"]) == (None, 1)
    assert await last_act(carol) == (
        "Carol", "moderator.changed", {"moderator": fresh_id}, {"name": "David", "role": "admin"},
    )  # fmt: skip
    # The token of before has the role of now.
    assert (await dave.api.request("DELETE", f"{LIST}/{carol.id}")).status == 409

    assert (await carol.api.request("DELETE", path)).status == 204
    assert "David" not in await listed(carol)
    assert (await dave.api.request("GET", LIST)).status == 401
    assert await last_act(carol) == ("Carol", "moderator.denied", {"moderator": fresh_id}, {"name": "David"})
    assert (await carol.api.request("DELETE", path)).status == 404
    # Back on the list, and the old token is as void as before.
    assert (await carol.api.request("PUT", path, DAVE)).status == 201
    assert (await dave.api.request("GET", LIST)).status == 401


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"name": " "}, "name"),
        ({"name": None}, "name"),
        ({"role": "root"}, "role"),
        ({"role": None}, "role"),
        ({"telegram_id": None, "mxid": None}, "telegram_id"),
        ({"telegram_id": "5"}, "telegram_id"),
        ({"telegram_id": True}, "telegram_id"),
        ({"telegram_id": 0}, "telegram_id"),
        ({"telegram_id": 10**15}, "telegram_id"),
        ({"mxid": "dave"}, "mxid"),
        ({"mxid": 5}, "mxid"),
    ],
)
async def test_what_is_no_moderator_is_refused_by_its_field(carol, fresh_id, change, field) -> None:
    refused = await carol.api.request("PUT", f"{LIST}/{fresh_id}", DAVE | change)
    assert (refused.status, refused.json["field"]) == (422, field)
    assert "Dave" not in await listed(carol)


@pytest.mark.parametrize(
    ("change", "field"),
    [({"telegram_id": BOB["telegram_id"]}, "telegram_id"), ({"mxid": CAROL["mxid"]}, "mxid")],
)
async def test_nobody_gets_an_id_that_somebody_has(carol, fresh_id, change, field) -> None:
    for body in (DAVE | change, DAVE):
        answer = await carol.api.request("PUT", f"{LIST}/{fresh_id}", body)
        assert answer.status == (201 if body == DAVE else 409)
    refused = await carol.api.request("PUT", f"{LIST}/{fresh_id}", DAVE | change)
    assert (refused.status, refused.json["field"]) == (409, field)
    assert (await listed(carol))["Dave"]["telegram_id"] == DAVE["telegram_id"]


async def test_the_configuration_s_are_not_changed_here(carol, bob) -> None:
    path = f"{LIST}/{bob.id}"
    assert (await carol.api.request("PUT", path, BOB | {"role": "admin"})).status == 409
    assert (await carol.api.request("DELETE", path)).status == 409
    assert (await listed(carol))["Bob"]["role"] == "moderator"


async def test_whoever_was_put_there_again_outlasts_a_reload(carol, desk, config, fresh_id) -> None:
    """An id that two rows have had is that of the one on the list."""
    second = new_ulid(desk.plugin.clock.now())
    for moderator_id in (fresh_id, second):
        assert (await carol.api.request("PUT", f"{LIST}/{moderator_id}", DAVE)).status == 201
        if moderator_id == fresh_id:
            await carol.api.request("DELETE", f"{LIST}/{moderator_id}")
    config["moderators"].append(dict(DAVE))
    await desk.reload()
    assert ((await listed(carol))["Dave"]["id"], (await listed(carol))["Dave"]["source"]) == (
        second,
        "config",
    )


async def test_one_sees_and_revokes_ones_own_tokens_and_an_admin_all(desk, alice, bob, carol) -> None:
    other = await sign_in(desk, "Alice")
    items = (await alice.get("/v1/mod/tokens"))["items"]
    assert [(item["id"], item["current"]) for item in items] == [
        (other.token_id, False),
        (alice.token_id, True),
    ]
    assert items[0]["moderator"] == {"id": alice.id, "name": "Alice"}
    assert (items[0]["used_at"], items[1]["used_at"] is None) == (None, False)
    assert [item["moderator"]["name"] for item in (await carol.get("/v1/mod/tokens"))["items"]] == [
        "Alice", "Carol", "Bob", "Alice",
    ]  # fmt: skip

    def revoke(console, token_id):
        return console.api.request("DELETE", f"/v1/mod/tokens/{token_id}")

    assert (await revoke(bob, alice.token_id)).status == 404
    assert (await revoke(alice, other.token_id)).status == 204
    assert (await other.api.request("GET", LIST)).status == 401
    assert await last_act(carol) == (
        "Alice", "token.revoked", {"token": other.token_id, "moderator": alice.id}, {},
    )  # fmt: skip
    assert (await revoke(carol, bob.token_id)).status == 204
    assert (await bob.api.request("GET", LIST)).status == 401
    assert (await revoke(alice, other.token_id)).status == 404
    assert (await revoke(alice, alice.token_id)).status == 204
    assert (await alice.api.request("GET", LIST)).status == 401


async def test_when_a_token_was_used_last_is_known_to_the_minute(pinned, desk) -> None:
    alice = await sign_in(desk, "Alice")

    async def used_at():
        return (await alice.get("/v1/mod/tokens"))["items"][0]["used_at"]

    assert await used_at() == "2026-03-01T12:00:00.000Z"
    pinned.advance(59)
    assert await used_at() == "2026-03-01T12:00:00.000Z"
    pinned.advance(1)
    assert await used_at() == "2026-03-01T12:01:00.000Z"
