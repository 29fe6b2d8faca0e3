"""Users of the host site, and what is on and off."""

from __future__ import annotations

import asyncio
import json
import subprocess
import sys
from typing import Any

import pytest

from stack.conditions import PATIENCE
from stack.customer import Customer, open_session
from stack.json_api import JsonApi
from tests.integration.plugin.desk import ROOT, Desk
from tests.integration.plugin.wallet import (
    ADDRESS,
    SECRET,
    assert_anonymous,
    claims,
    from_page,
    sign_in,
)
from tests.tokens import sign_token

pytestmark = pytest.mark.usefixtures("signing_in")


async def test_a_user_signs_in_later_or_from_the_start(api: JsonApi, browser: Customer, pinned: Any) -> None:
    await browser.send("said before")
    token = sign_token(claims(pinned), SECRET)
    user = browser.go_on(await browser.identify(token, join_conversation=True))
    assert (await browser.api.request("GET", "/v1/session")).status == 401
    customer = user.session["customer"]
    assert (customer["identity"], customer["name"], customer["account"]) == ("user", "Ann", None)
    # The same token may come again until it ends.
    again = await open_session(from_page(api), identity={"token": token}, locale="de")
    assert again.session["customer"] == customer
    assert [m["text"] for m in (await again.history())["items"]] == ["said before"]


@pytest.mark.parametrize(
    ("rule", "changes"),
    [
        ("aud", {"aud": "other"}),
        ("exp", {"exp": 1}),
        ("exp", {"exp": 10**10}),
        ("jti", {"jti": ""}),
        ("sub", {"sub": ""}),
        ("nbf", {"nbf": 10**10}),
        ("name", {"name": 5}),
    ],
)
async def test_a_token_that_breaks_a_rule_is_refused_by_name(
    api: JsonApi, browser: Customer, pinned: Any, rule: str, changes: dict[str, Any]
) -> None:
    token = sign_token(claims(pinned, **changes), SECRET)
    later = await browser.identify(token)
    first = await from_page(api).request("POST", "/v1/sessions", {"identity": {"token": token}})
    for answer, field in ((later, "token"), (first, "identity")):
        problem = answer.json
        assert (answer.status, problem["code"]) == (403, "forbidden")
        assert (problem["field"], problem["rule"]) == (field, rule)
        assert problem["detail"].startswith(f"{rule}: ")
        assert token not in answer.text
    await assert_anonymous(browser)


async def test_a_token_without_a_good_signature_is_refused(browser: Customer, pinned: Any) -> None:
    none = sign_token(claims(pinned), SECRET, {"alg": "none"})
    for token, rule in (
        (sign_token(claims(pinned), SECRET + "x"), "signature"),
        (none, "alg"),
        ("x.y.z", "form"),
    ):
        answer = await browser.identify(token)
        assert (answer.status, answer.json["rule"]) == (403, rule)
    await assert_anonymous(browser)


@pytest.mark.parametrize("identity", ["x", [], 5, {}, {"token": 5}, {"token": None}])
async def test_an_identity_of_another_form_is_invalid(api: JsonApi, identity: Any) -> None:
    answer = await from_page(api).request("POST", "/v1/sessions", {"identity": identity})
    assert (answer.status, answer.json["code"]) == (422, "invalid")


async def test_a_wallet_and_a_user_stay_two(browser: Customer, pinned: Any) -> None:
    wallet = await sign_in(browser)
    await wallet.send("of the wallet")
    user = wallet.go_on(await wallet.identify(sign_token(claims(pinned), SECRET), join_conversation=True))
    assert (await user.history())["items"] == []
    assert user.session["customer"]["id"] != wallet.session["customer"]["id"]


async def test_the_page_is_told_what_is_on(desk: Desk, api: JsonApi) -> None:
    async def told() -> tuple[Any, Any]:
        config = await api.call("GET", "/v1/config")
        return config["features"]["wallet"], config["features"]["user"]

    assert await told() == (True, True)
    assert (await api.call("GET", "/v1/config"))["wallet"] == {"chains": [1, 10]}
    desk.config["identity"] = {"wallet_chains": [], "user_secret": ""}
    await desk.reload()
    assert await told() == (False, False)


async def test_what_is_off_is_refused(desk: Desk, browser: Customer, api: JsonApi, pinned: Any) -> None:
    desk.config["identity"] = {"wallet_chains": [], "user_secret": ""}
    await desk.reload()
    token = sign_token(claims(pinned), SECRET)
    answers = [
        await browser.ask_challenge(ADDRESS),
        await browser.verify("x", "0x"),
        await browser.identify(token),
        await browser.identify(sign_token(claims(pinned), "")),
        await from_page(api).request("POST", "/v1/sessions", {"identity": {"token": token}}),
    ]
    assert [(answer.status, answer.json["code"]) for answer in answers] == [(403, "forbidden")] * 5
    await assert_anonymous(browser)


WITHOUT = """
import asyncio, json, logging, sys, tempfile
from pathlib import Path
sys.modules[sys.argv[1]] = None
from plugin.matrix.gateway import MautrixGateway
from tests.integration.plugin.desk import CONFIG, opened

operators = []
MautrixGateway.on_text = lambda _, answer: operators.append(answer) or (lambda: None)
records = []
class Keep(logging.Handler):
    def emit(self, record):
        records.append(record.getMessage())
logging.getLogger("test.headset").addHandler(Keep())
async def main():
    config = {**CONFIG, "admins": ["@you:example.org"]}
    with tempfile.TemporaryDirectory() as folder:
        async with opened(Path(folder), config) as desk:
            async with desk.http.get("/v1/config") as answer:
                told = await answer.json()
            headers = await desk.open_session()
            body = {"address": "0x" + "0" * 40, "chain_id": 1, "origin": "https://app.example.org"}
            async with desk.http.post("/v1/session/wallet/challenge", json=body, headers=headers) as answer:
                refused = answer.status
            await desk.reload()
            status = await operators[0]("!any", "@you:example.org", "!headset status")
    print(json.dumps([told["features"]["wallet"], told["wallet"], refused, status, records]))
asyncio.run(main())
"""


@pytest.mark.parametrize(("module", "package"), [("coincurve", "coincurve"), ("Crypto.Hash", "pycryptodome")])
async def test_without_the_packages_wallets_can_not_sign_in_and_all_are_told(
    module: str, package: str
) -> None:
    run = await asyncio.to_thread(
        subprocess.run,
        [sys.executable, "-c", WITHOUT, module],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=PATIENCE,
    )
    assert run.returncode == 0, run.stderr
    feature, wallet, refused, status, records = json.loads(run.stdout)
    assert (feature, wallet, refused) == (False, {"chains": []}, 403)
    assert f"sign-in: wallets off ({package} is not installed), users of the site off" in status.splitlines()
    said = [record for record in records if package in record]
    assert said == [f"Wallets can't sign in: the Python package {package} is not installed"]
