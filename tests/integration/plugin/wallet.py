"""A browser with a wallet, and a host site that signs who its users are, before the real plugin."""

from __future__ import annotations

from typing import Any

from eth_account import Account
from eth_account.messages import encode_defunct

from stack.customer import Customer
from stack.json_api import Answer, JsonApi
from tests.integration.plugin.desk import ORIGIN

OTHER_ORIGIN = "http://localhost:3000"
SECRET = "the host site and the desk know it"
KEY = "0x4c0883a69102937d6231471b5dbb6204fe5129617082792ae468d01a3f362318"
ADDRESS = "0x2c7536E3605D9C16a7a3D7b1898e529396a65c23"


def from_page(api: JsonApi, origin: str = ORIGIN) -> JsonApi:
    return JsonApi(api.session, api.base_url, headers={**api.headers, "Origin": origin})


def sign(message: str, key: str = KEY) -> str:
    return "0x" + Account.sign_message(encode_defunct(text=message), key).signature.hex()


async def challenge(browser: Customer, **more: Any) -> str:
    answer = await browser.ask_challenge(ADDRESS, **more)
    assert answer.status == 200, answer.text
    return str(answer.json["message"])


async def sign_in(browser: Customer, **more: Any) -> Customer:
    message = await challenge(browser)
    return browser.go_on(await browser.verify(message, sign(message), **more))


async def assert_anonymous(browser: Customer) -> None:
    customer = (await browser.api.call("GET", "/v1/session"))["customer"]
    assert (customer["identity"], customer["account"]) == ("anonymous", None)


def assert_refused(answer: Answer, rule: str) -> None:
    problem = answer.json
    assert (answer.status, problem["code"], problem["rule"]) == (403, "forbidden", rule), problem
    assert problem["detail"].startswith(f"{rule}: ")
    assert problem["field"] == ("signature" if rule == "signature" else "message")


def claims(clock: Any, **changes: Any) -> dict[str, Any]:
    return {
        "sub": "7", "name": "Ann", "email": "ann@example.org", "aud": "headset", "jti": "1",
        "exp": clock.now().timestamp() + 300, **changes,
    }  # fmt: skip
