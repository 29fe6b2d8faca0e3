"""Canned replies, strangers' replies and the audit log over HTTP."""

from __future__ import annotations

from datetime import timedelta

import pytest

from plugin.db.database import Database
from plugin.services.ids import new_ulid

CANNED = "/v1/mod/canned"


async def test_the_team_shares_canned_replies(pinned, desk, alice, bob) -> None:
    for name, text in (("hello", " Hello {customer}\u202e "), ("bye", "Good bye"), ("a_1-b", "x")):
        assert (await alice.api.request("PUT", f"{CANNED}/{name}", {"text": text})).status == 200
    pinned.advance(5)
    written = (await bob.api.request("PUT", f"{CANNED}/bye", {"text": "Farewell"})).json
    assert written == {
        "name": "bye",
        "text": "Farewell",
        "by": {"id": bob.id, "name": "Bob"},
        "updated_at": "2026-03-01T12:00:05.000Z",
    }
    items = (await alice.get(CANNED))["items"]
    assert [(item["name"], item["text"]) for item in items] == [
        ("a_1-b", "x"), ("bye", "Farewell"), ("hello", "Hello {customer}"),
    ]  # fmt: skip
    assert (await bob.api.request("DELETE", f"{CANNED}/hello")).status == 204
    assert (await bob.api.request("DELETE", f"{CANNED}/hello")).status == 404
    assert len((await alice.get(CANNED))["items"]) == 2
    acts = (await alice.get("/v1/mod/audit?limit=2"))["items"]
    assert {(act["actor"]["name"], act["action"], act["target"]["canned"]) for act in acts} == {
        ("Bob", "canned.deleted", "hello"), ("Bob", "canned.written", "bye"),
    }  # fmt: skip


@pytest.mark.parametrize("name", ["Hello", "a b", "a" * 33, "ä"])
async def test_a_canned_reply_has_a_plain_name(alice, name) -> None:
    assert (await alice.api.request("PUT", f"{CANNED}/{name}", {"text": "x"})).status == 404


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ({"text": " "}, "text_empty"),
        ({"text": "x" * 4001}, "text_too_long"),
        ({"text": 5}, "invalid"),
        ({}, "invalid"),
    ],
)
async def test_a_canned_reply_is_a_message_s_text(alice, body, code) -> None:
    refused = await alice.api.request("PUT", f"{CANNED}/hello", body)
    assert (refused.status, refused.json["code"]) == (422, code)
    assert (await alice.get(CANNED))["items"] == []


async def _pages(console, path, limit):
    """Return the ids of all items, page by page."""
    pages, after = [], ""
    while True:
        page = await console.get(f"{path}?limit={limit}{after}")
        pages.append([item["id"] for item in page["items"]])
        if page["next"] is None:
            return pages
        after = f"&after={page['next']}"


async def test_strangers_replies_come_newest_first_and_page_by_page(pinned, desk, alice) -> None:
    senders = ("@telegram_5559999:example.org", "@telegram_5559999:elsewhere.org", "@mallory:example.org")
    ids = []
    async with Database(desk.database).transaction() as tx:
        for n, sender in enumerate(senders):
            at = pinned.now() + timedelta(seconds=n)
            ids.append(new_ulid(at))
            await tx.records.add_stranger_reply(
                ids[-1], event_id=f"$e{n}", sender=sender, ticket=1001, text=f"text {n}", sent_at=at
            )
    items = (await alice.get("/v1/mod/strangers"))["items"]
    assert [item["id"] for item in items] == ids[::-1]
    assert items[-1] == {
        "id": ids[0],
        "sender": senders[0],
        "telegram_id": 5559999,
        "name": None,
        "ticket": 1001,
        "text": "text 0",
        "at": "2026-03-01T12:00:00.000Z",
    }
    # A ghost is the bridge's own: any other server may own a user of that name.
    assert [item["telegram_id"] for item in items[:2]] == [None, None]
    assert await _pages(alice, "/v1/mod/strangers", 2) == [[ids[2], ids[1]], [ids[0]]]


async def test_the_audit_log_comes_page_by_page(alice, bob) -> None:
    for name in ("one", "two", "three"):
        await alice.api.call("PUT", f"{CANNED}/{name}", {"text": "x"})
    pages = await _pages(bob, "/v1/mod/audit", 3)
    assert [len(page) for page in pages] == [3, 3, 1]
    entries = (await bob.get("/v1/mod/audit"))["items"]
    assert [entry["id"] for entry in entries] == [entry_id for page in pages for entry_id in page]
    assert [entry["at"] for entry in entries] == sorted((entry["at"] for entry in entries), reverse=True)
    assert entries[-1]["action"] == "token.code_made"


async def test_what_was_done_in_private_is_read_by_whoever_did_it(pinned, desk, alice, bob) -> None:
    async with Database(desk.database).transaction() as tx:
        for action in ("reply.released", "block.created"):
            await tx.records.add_audit(
                new_ulid(pinned.advance(1)),
                at=pinned.now(),
                actor_id=alice.id,
                actor_name="Alice",
                action=action,
                target={"customer": "c1", "direct": "d1"},
                detail={},
            )

    async def read(console):
        items = (await console.get("/v1/mod/audit"))["items"]
        return [(item["action"], item["target"]) for item in items if "customer" in item["target"]]

    whole = {"customer": "c1", "direct": "d1"}
    assert await read(alice) == [("block.created", whole), ("reply.released", whole)]
    assert await read(bob) == [("block.created", {"customer": "c1"})]


@pytest.mark.parametrize("path", ["/v1/mod/strangers", "/v1/mod/audit"])
@pytest.mark.parametrize(
    ("query", "field"), [("after=a+b", "after"), ("after=", "after"), ("limit=201", "limit")]
)
async def test_a_page_is_asked_for_in_the_usual_form(alice, path, query, field) -> None:
    refused = await alice.api.request("GET", f"{path}?{query}")
    assert (refused.status, refused.json["field"]) == (422, field)
