"""Signing in with a wallet over HTTP: each rule broken once is refused by name, and nothing changes."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from typing import Any

import pytest
from eth_account import Account
from eth_account.messages import encode_defunct
from eth_keys.constants import SECPK1_N as ORDER

from stack.customer import Customer, open_session
from stack.json_api import JsonApi
from tests.integration.plugin.desk import ORIGIN, OWN_ORIGIN, Desk
from tests.integration.plugin.wallet import (
    ADDRESS,
    OTHER_ORIGIN,
    assert_anonymous,
    assert_refused,
    challenge,
    from_page,
    sign,
    sign_in,
)

pytestmark = pytest.mark.usefixtures("signing_in")

HOUR = timedelta(hours=1)


async def test_a_wallet_signs_in_under_a_new_token(browser: Customer) -> None:
    wallet = await sign_in(browser)
    customer = wallet.session["customer"]
    assert customer == {
        "id": customer["id"], "identity": "wallet", "name": None, "account": f"eip155:1:{ADDRESS}",
    }  # fmt: skip
    assert await wallet.api.call("GET", "/v1/session") == wallet.session
    assert (await browser.api.request("GET", "/v1/session")).status == 401


async def test_the_text_is_of_the_host_page_and_lasts_five_minutes(browser: Customer) -> None:
    answer = (await browser.ask_challenge(ADDRESS.lower())).json
    assert set(answer) == {"message", "nonce", "expires_at"}
    assert answer["expires_at"] == "2026-03-01T12:05:00.000Z"
    assert answer["message"] == (
        "app.example.org wants you to sign in with your Ethereum account:\n"
        f"{ADDRESS}\n\n"
        "Sign in to the support chat and see your conversation. This costs nothing and moves nothing.\n\n"
        "URI: https://app.example.org\nVersion: 1\nChain ID: 1\n"
        f"Nonce: {answer['nonce']}\n"
        "Issued At: 2026-03-01T12:00:00.000Z\nExpiration Time: 2026-03-01T12:05:00.000Z"
    )


@pytest.mark.parametrize("v", [0, 1, 27, 28])
async def test_wallets_give_v_in_two_ways(browser: Customer, v: int) -> None:
    # A text whose signature has the parity that this v says.
    for _ in range(64):
        message = await challenge(browser)
        signature = bytes.fromhex(sign(message)[2:])
        if (signature[64] - 27) % 2 == v % 2 if v < 2 else signature[64] == v:
            break
    answer = await browser.verify(message, "0x" + (signature[:64] + bytes([v])).hex())
    assert answer.status == 200


@pytest.mark.parametrize("v", [2, 3, 26, 29, 35, 36, 37, 38, 255])
async def test_any_other_v_is_refused(browser: Customer, v: int) -> None:
    message = await challenge(browser)
    answer = await browser.verify(message, f"{sign(message)[:-2]}{v:02x}")
    assert_refused(answer, "signature")
    await assert_anonymous(browser)


async def test_the_mirror_image_of_a_signature_is_refused(browser: Customer) -> None:
    message = await challenge(browser)
    signature = bytes.fromhex(sign(message)[2:])
    s = ORDER - int.from_bytes(signature[32:64], "big")
    mirrored = signature[:32] + s.to_bytes(32, "big") + bytes([55 - signature[64]])
    assert Account.recover_message(encode_defunct(text=message), signature=mirrored) == ADDRESS
    assert_refused(await browser.verify(message, "0x" + mirrored.hex()), "signature")
    await assert_anonymous(browser)


@pytest.mark.parametrize(
    "spoil",
    [
        lambda s: "",
        lambda s: "0x",
        lambda s: s[2:],
        lambda s: s[:-1],
        lambda s: s[:-2],
        lambda s: s + "00",
        lambda s: s + " ",
        lambda s: "0x" + " ".join([s[2:4], s[4:]]),
        lambda s: s[:2] + "zz" + s[4:],
        lambda s: "0x" + "00" * 65,
        lambda s: "0x" + "ff" * 65,
        lambda s: "0x" + s[2:66] + "00" * 32 + s[-2:],
    ],
)
async def test_what_is_no_signature_is_refused(browser: Customer, spoil: Any) -> None:
    message = await challenge(browser)
    assert_refused(await browser.verify(message, spoil(sign(message))), "signature")
    await assert_anonymous(browser)


async def test_another_keys_signature_is_refused(browser: Customer) -> None:
    message = await challenge(browser)
    stranger = Account.from_key("0x" + "11" * 32)
    assert_refused(await browser.verify(message, sign(message, stranger.key.hex())), "signature")
    # Nor may the other one put its own address in.
    theirs = message.replace(ADDRESS, stranger.address)
    assert_refused(await browser.verify(theirs, sign(theirs, stranger.key.hex())), "address")
    await assert_anonymous(browser)


CHANGED = [
    ("domain", "app.example.org wants", "evil.example wants"),
    ("domain", "app.example.org wants", "localhost:3000 wants"),
    ("scheme", "app.example.org wants", "http://app.example.org wants"),
    ("text", "app.example.org wants", "https://app.example.org wants"),
    ("uri", "URI: https://app.example.org", "URI: https://evil.example"),
    ("uri", "URI: https://app.example.org", "URI: https://app.example.org/"),
    ("message", "Version: 1", "Version: 2"),
    ("chain_id", "Chain ID: 1\n", "Chain ID: 10\n"),
    ("chain_id", "Chain ID: 1\n", "Chain ID: 5\n"),
    ("text", "Chain ID: 1\n", "Chain ID: 01\n"),
    ("nonce", "Nonce: ", "Nonce: 0"),
    ("issued_at", "Issued At: 2026-03-01T12:00", "Issued At: 2026-03-01T11:00"),
    ("issued_at", "Issued At: 2026-03-01T12:00", "Issued At: 2026-03-01T13:00"),
    ("text", "Issued At: 2026-03-01T12:00:00", "Issued At: 2026-03-01T12:00:01"),
    ("expiration_time", "Expiration Time: 2026-03-01T12:05", "Expiration Time: 2026-03-01T12:00"),
    ("text", "Expiration Time: 2026-03-01T12:05", "Expiration Time: 2027-03-01T12:05"),
    ("text", "\nExpiration Time: 2026-03-01T12:05:00.000Z", ""),
    ("text", "This costs nothing", "This costs all you have"),
    ("message", "This costs nothing", "This costs\nnothing"),
    ("message", "Ethereum account", "ethereum account"),
]


@pytest.mark.parametrize(("rule", "old", "new"), CHANGED)
async def test_a_changed_text_is_refused_though_it_is_signed(
    browser: Customer, rule: str, old: str, new: str
) -> None:
    message = await challenge(browser)
    assert message.count(old) == 1
    changed = message.replace(old, new)
    assert_refused(await browser.verify(changed, sign(changed)), rule)
    assert_refused(await browser.verify(changed, sign(message)), rule)
    await assert_anonymous(browser)


@pytest.mark.parametrize(
    ("rule", "more"),
    [
        ("not_before", "\nNot Before: 2026-03-01T12:00:01Z"),
        ("text", "\nNot Before: 2026-03-01T12:00:00Z"),
        ("text", "\nRequest ID: 7"),
        ("text", "\nResources:\n- https://example.org"),
        ("message", "\n"),
        ("message", "\nRequest ID: 7\nNot Before: 2026-03-01T12:00:00Z"),
    ],
)
async def test_nothing_may_be_added_to_the_text(browser: Customer, rule: str, more: str) -> None:
    message = await challenge(browser) + more
    assert_refused(await browser.verify(message, sign(message)), rule)
    await assert_anonymous(browser)


@pytest.mark.parametrize("moved", [-24 * HOUR, -HOUR, timedelta(minutes=5), HOUR, 24 * HOUR])
async def test_a_text_is_too_late_after_five_minutes_and_after_the_clock_was_moved(
    browser: Customer, pinned: Any, moved: timedelta
) -> None:
    message = await challenge(browser)
    pinned.advance(moved)
    answer = await browser.verify(message, sign(message))
    assert_refused(answer, "issued_at" if moved < timedelta() else "expiration_time")
    await assert_anonymous(browser)


async def test_a_text_is_good_until_the_last_moment(browser: Customer, pinned: Any) -> None:
    message = await challenge(browser)
    pinned.advance(299.999)
    assert (await browser.verify(message, sign(message))).status == 200


async def test_a_nonce_is_used_once(api: JsonApi, browser: Customer) -> None:
    message = await challenge(browser)
    wallet = browser.go_on(await browser.verify(message, sign(message)))
    # By whoever tries: the one who used it, its void session, and somebody who listened.
    assert_refused(await wallet.verify(message, sign(message)), "used")
    assert (await browser.verify(message, sign(message))).status == 401
    assert_refused(await (await open_session(api)).verify(message, sign(message)), "used")


async def test_two_at_once_with_one_nonce_are_one(browser: Customer) -> None:
    message = await challenge(browser)
    answers = await asyncio.gather(*(browser.verify(message, sign(message)) for _ in range(5)))
    assert sorted({answer.status for answer in answers}) in ([200, 401], [200, 403], [200, 401, 403])
    assert [answer.status for answer in answers].count(200) == 1


async def test_a_text_is_of_one_session(api: JsonApi, browser: Customer) -> None:
    message = await challenge(browser)
    thief = await open_session(from_page(api))
    assert_refused(await thief.verify(message, sign(message)), "session")
    assert (await browser.verify(message, sign(message))).status == 200


async def test_a_text_is_of_one_site(api: JsonApi, browser: Customer) -> None:
    message = await challenge(browser)
    elsewhere = Customer(from_page(api, OTHER_ORIGIN), {"token": browser.token, "session": {}})
    assert_refused(await elsewhere.verify(message, sign(message)), "origin")
    framed = Customer(from_page(api, OWN_ORIGIN), {"token": browser.token, "session": {}})
    assert (await framed.verify(message, sign(message))).status == 200


async def test_a_refused_signature_does_not_use_the_text_up(browser: Customer) -> None:
    message = await challenge(browser)
    assert_refused(await browser.verify(message, "0x" + "00" * 65), "signature")
    assert (await browser.verify(message, sign(message))).status == 200


async def test_what_the_operator_takes_away_counts_at_once(desk: Desk, browser: Customer) -> None:
    message = await challenge(browser, chain_id=10)
    desk.config["identity"]["wallet_chains"] = [1]
    await desk.reload()
    assert_refused(await browser.verify(message, sign(message)), "chain_id")
    message = await challenge(browser)
    desk.config["widget"]["allowed_origins"] = [OTHER_ORIGIN]
    await desk.reload()
    framed = Customer(
        from_page(JsonApi(browser.api.session, browser.api.base_url), OWN_ORIGIN),
        {"token": browser.token, "session": {}},
    )
    assert_refused(await framed.verify(message, sign(message)), "origin")


@pytest.mark.parametrize(
    ("header", "named", "domain"),
    [
        (ORIGIN, None, "app.example.org"),
        (ORIGIN, ORIGIN, "app.example.org"),
        (OWN_ORIGIN, ORIGIN, "app.example.org"),
        (OWN_ORIGIN, OTHER_ORIGIN, "localhost:3000"),
        (OWN_ORIGIN, None, "desk.example.org"),
        (None, OTHER_ORIGIN, "localhost:3000"),
    ],
)
async def test_the_domain_is_that_of_the_page_where_the_wallet_is_asked(
    api: JsonApi, header: str | None, named: str | None, domain: str
) -> None:
    browser = await open_session(from_page(api, header) if header else api)
    message = await challenge(browser, **({"origin": named} if named else {}))
    assert message.startswith(f"{domain} wants you to sign in")
    assert browser.go_on(await browser.verify(message, sign(message)))


@pytest.mark.parametrize(
    ("header", "named", "status", "code"),
    [
        (ORIGIN, OTHER_ORIGIN, 403, "origin_not_allowed"),
        (ORIGIN, OWN_ORIGIN, 403, "origin_not_allowed"),
        (ORIGIN, "https://evil.example", 403, "origin_not_allowed"),
        (OWN_ORIGIN, "https://evil.example", 403, "origin_not_allowed"),
        (OWN_ORIGIN, "null", 403, "origin_not_allowed"),
        (OWN_ORIGIN, ORIGIN + "/", 403, "origin_not_allowed"),
        (OWN_ORIGIN, ORIGIN + "\nEvil", 403, "origin_not_allowed"),
        (None, "https://evil.example", 403, "origin_not_allowed"),
        (None, None, 422, "invalid"),
        (ORIGIN, 5, 422, "invalid"),
    ],
)
async def test_a_page_that_may_not_use_the_desk_is_given_no_text(
    api: JsonApi, header: str | None, named: Any, status: int, code: str
) -> None:
    browser = await open_session(from_page(api, header) if header else api)
    more = {"origin": named} if named is not None else {}
    answer = await browser.ask_challenge(ADDRESS, **more)
    assert (answer.status, answer.json["code"], answer.json["field"]) == (status, code, "origin")


@pytest.mark.parametrize(
    ("address", "chain_id", "field"),
    [
        *((address, 1, "address") for address in ("", ADDRESS[:-1], ADDRESS + "0", ADDRESS[2:])),
        ("0x" + "g" * 40, 1, "address"),
        (ADDRESS.replace("C", "c", 1), 1, "address"),
        (None, 1, "address"),
        *((ADDRESS, chain_id, "chain_id") for chain_id in (None, "1", "0x1", 1.5, True)),
    ],
)  # fmt: skip
async def test_a_wrong_challenge_is_named(browser: Customer, address: Any, chain_id: Any, field: str) -> None:
    answer = await browser.ask_challenge(address, chain_id=chain_id)
    assert (answer.status, answer.json["code"], answer.json["field"]) == (422, "invalid", field)


@pytest.mark.parametrize("chain_id", [0, -1, 5, 2**70])
async def test_a_wallet_of_another_chain_is_given_no_text(browser: Customer, chain_id: int) -> None:
    assert_refused(await browser.ask_challenge(ADDRESS, chain_id=chain_id), "chain_id")


async def test_an_address_in_one_case_is_taken(browser: Customer) -> None:
    for address in (ADDRESS.lower(), "0x" + ADDRESS[2:].upper()):
        assert f"\n{ADDRESS}\n" in (await browser.ask_challenge(address)).json["message"]


@pytest.mark.parametrize("path", ["identity", "wallet/challenge", "wallet/verify"])
async def test_without_a_session_nobody_signs_in(api: JsonApi, path: str) -> None:
    assert (await api.request("POST", f"/v1/session/{path}", {})).status == 401


@pytest.mark.parametrize("value", ["yes", 1, None])
async def test_whether_to_join_is_yes_or_no(browser: Customer, value: Any) -> None:
    message = await challenge(browser)
    answer = await browser.verify(message, sign(message), join_conversation=value)
    assert (answer.status, answer.json["field"]) == (422, "join_conversation")
    await assert_anonymous(browser)


async def test_the_conversation_joins_when_the_customer_says_so(api: JsonApi, browser: Customer) -> None:
    await browser.send("said before")
    wallet = await sign_in(browser, join_conversation=True)
    assert [m["text"] for m in (await wallet.history())["items"]] == ["said before"]
    second = await open_session(from_page(api))
    await second.send("from elsewhere")
    async with wallet.stream() as stream:
        second = await sign_in(second, join_conversation=True)
        event = await stream.wait_for_text("from elsewhere")
        assert event["seq"] == 2
    third = await open_session(from_page(api))
    await third.send("kept apart")
    third = await sign_in(third)
    assert [m["text"] for m in (await third.history())["items"]] == ["said before", "from elsewhere"]


async def test_the_old_sessions_stream_ends(browser: Customer) -> None:
    async with browser.api.session.get(
        f"{browser.api.base_url}/v1/events", headers=browser.api.headers
    ) as response:
        await sign_in(browser)
        assert (await response.content.read()).endswith(b"event: session.ended\ndata: {}\n\n")


async def test_attempts_are_limited(desk: Desk, browser: Customer, api: JsonApi) -> None:
    desk.config["limits"] = {"messages_per_minute": 3}
    await desk.reload()
    message = await challenge(browser)
    for _ in range(2):
        assert_refused(await browser.verify(message, "0x00"), "signature")
    answer = await browser.verify(message, sign(message))
    assert (answer.status, answer.json["code"]) == (429, "rate_limited")
    assert (await browser.ask_challenge(ADDRESS)).status == 429
    assert (await browser.identify("x")).status == 429
    # Of others at the same address no more than ten times as many.
    others = [await open_session(from_page(api)) for _ in range(10)]
    statuses = [(await other.ask_challenge(ADDRESS)).status for other in others for _ in range(3)]
    assert statuses == [200] * 27 + [429] * 3


async def test_one_account_can_not_sign_in_without_end(desk: Desk, api: JsonApi) -> None:
    desk.config["limits"] = {"messages_per_minute": 3}
    await desk.reload()
    browsers = [await open_session(from_page(api)) for _ in range(4)]
    statuses = []
    for browser in browsers:
        message = await challenge(browser)
        statuses.append((await browser.verify(message, sign(message))).status)
    assert statuses == [200, 200, 200, 429]
