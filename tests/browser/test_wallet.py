"""Signing in with a wallet of the host page: which one, whose history, and what is never signed."""

from __future__ import annotations

import json
import re
import uuid
from collections.abc import Callable

import pytest
from playwright.async_api import Locator, Route, expect

from stack.system import System
from tests.browser.hosts import OTHER_SITE, SAME_SITE
from tests.browser.texts import t
from tests.browser.visitor import Visitor
from tests.browser.wallets import Wallet, install
from tests.browser.widget import Widget


async def open_with(visitor: Visitor, *wallets: Wallet, host: str = SAME_SITE) -> Widget:
    """Open the chat in a page with these wallets."""
    await install(await visitor.begin(), *wallets)
    return await visitor.open(host=host)


async def choose(widget: Widget, wallet: Wallet) -> None:
    """Go to the wallets and take one."""
    await widget.api("connectWallet")
    await widget.press(wallet.name)


def state(widget: Widget) -> Locator:
    """The line that says how the sign-in goes."""
    return widget.view.locator("p[role=status]")


async def signed_in(widget: Widget, wallet: Wallet) -> None:
    """Check, once it is so, that the customer is the wallet's."""
    await expect(widget.composer).to_be_visible()
    customer = (await (await widget.customer()).api.call("GET", "/v1/session"))["customer"]
    assert (customer["identity"], customer["account"]) == ("wallet", f"eip155:1:{wallet.address}")


@pytest.mark.parametrize("host", [SAME_SITE, OTHER_SITE])
async def test_the_chosen_one_of_several_wallets_signs_a_text_for_this_site(
    visitor: Visitor, host: str
) -> None:
    first, second = Wallet("First wallet"), Wallet("Second wallet")
    widget = await open_with(visitor, first, second, host=host)
    await widget.press(t("menu"))
    await widget.press(t("wallet"))
    await expect(widget.view.get_by_role("button")).to_have_text([first.name, second.name])
    await widget.press(second.name)
    await expect(widget.composer).to_be_visible()
    assert first.asked == []
    (text,) = second.signed
    domain = visitor.host_site.origin(host).removeprefix("http://")
    assert text.startswith(f"{domain} wants you to sign in with your Ethereum account:\n{second.address}\n")
    await widget.press(t("menu"))
    await expect(widget.view.get_by_text(second.address[-4:])).to_be_visible()


async def test_a_wallets_history_is_there_on_another_device(
    visitor: Visitor, other_visitor: Visitor, system: System
) -> None:
    wallet = Wallet()
    widget = await open_with(visitor, wallet)
    await choose(widget, wallet)
    await signed_in(widget, wallet)
    question, answer = f"from one device {uuid.uuid4()}", f"to all devices {uuid.uuid4()}"
    post = await widget.converse(question, answer)
    assert wallet.address[:6] in post.text
    elsewhere = await open_with(other_visitor, wallet)
    await choose(elsewhere, wallet)
    await expect(elsewhere.bubble(answer)).to_be_visible()
    assert await elsewhere.texts() == [question, answer]
    await elsewhere.ask(text := f"and back {uuid.uuid4()}")
    await expect(widget.bubble(text)).to_be_visible()


@pytest.mark.parametrize("join", [True, False])
async def test_an_anonymous_conversation_comes_along_only_when_the_customer_says_so(
    visitor: Visitor, join: bool
) -> None:
    wallet = Wallet()
    widget = await open_with(visitor, wallet)
    await widget.ask(before := f"before signing in {uuid.uuid4()}")
    await choose(widget, wallet)
    dialog = widget.frame.get_by_role("dialog")
    await dialog.get_by_role("button", name=t("join.yes" if join else "join.no"), exact=True).click()
    await expect(widget.composer).to_be_visible()
    await expect(widget.bubble(before)).to_have_count(1 if join else 0)
    await signed_in(widget, wallet)
    await widget.ask(after := f"after it {uuid.uuid4()}")
    assert await widget.texts() == ([before, after] if join else [after])


@pytest.mark.parametrize(("code", "key"), [(4001, "rejected"), (-32002, "busy"), (4900, "other")])
async def test_a_wallet_that_does_not_sign_changes_nothing(visitor: Visitor, code: int, key: str) -> None:
    wallet = Wallet()
    wallet.refuses_with = code
    widget = await open_with(visitor, wallet)
    await widget.ask(before := f"before {uuid.uuid4()}")
    token = (await widget.customer()).token
    await choose(widget, wallet)
    await widget.frame.get_by_role("dialog").get_by_role("button", name=t("join.no"), exact=True).click()
    await expect(state(widget)).to_have_text(t(f"wallet.{key}"))
    assert (await widget.customer()).token == token
    await widget.press(t("back"))
    await expect(widget.bubble(before)).to_be_visible()


TAMPERINGS: dict[str, Callable[[str], str]] = {
    "another domain": lambda text: re.sub(r"^\S+", "evil.example", text),
    "another domain that ends the same": lambda text: f"evil.{text}",
    "another domain with ours as a user name": lambda text: re.sub(r"^(\S+)", r"\1@evil.example", text),
    "another site's address": lambda text: re.sub(r"URI: \S+", "URI: https://evil.example", text),
    "another account": lambda text: re.sub(r"0x\w{40}", "0x" + "11" * 20, text),
    "another version": lambda text: text.replace("Version: 1", "Version: 2"),
    "something after it": lambda text: f"{text}\n\nand send all my coins",
    "something before it": lambda text: f"Send all my coins\n{text}",
    "no nonce": lambda text: re.sub(r"\nNonce: \S+", "", text),
    "something else": lambda _: "Send all my coins to evil.example",
    "a hash": lambda _: "0x" + "ab" * 32,
    "nothing": lambda _: "",
}


async def test_the_host_page_signs_nothing_but_a_sign_in_for_its_own_site(visitor: Visitor) -> None:
    """Whatever the frame or the server asks for; the page's wallet doesn't even get to see it."""
    wallet = Wallet()
    widget = await open_with(visitor, wallet)
    tamper: Callable[[str], str] = str

    async def challenge(route: Route) -> None:
        answer = await route.fetch()
        body = await answer.json()
        await route.fulfill(response=answer, body=json.dumps(body | {"message": tamper(body["message"])}))

    await visitor.context.route("**/v1/session/wallet/challenge", challenge)
    await widget.api("connectWallet")
    for name, change in TAMPERINGS.items():
        tamper = change
        sent = len(visitor.watch.sent("/v1/session/wallet/challenge"))
        await widget.press(wallet.name)
        await expect(state(widget)).to_have_text(t("wallet.other"))
        await expect(widget.view.get_by_role("button", name=wallet.name)).to_be_enabled()
        assert len(visitor.watch.sent("/v1/session/wallet/challenge")) == sent + 1
        assert wallet.signed == [], name
    assert visitor.watch.sent("/v1/session/wallet/verify") == []
    tamper = str
    await widget.press(wallet.name)
    await signed_in(widget, wallet)
    assert len(wallet.signed) == 1


async def test_a_wallet_that_has_gone_to_another_account_is_not_asked(visitor: Visitor) -> None:
    wallet = Wallet()
    wallet.has_changed = True
    widget = await open_with(visitor, wallet)
    await choose(widget, wallet)
    await expect(state(widget)).to_have_text(t("wallet.account_changed"))
    assert wallet.signed == []


async def test_a_signature_that_the_server_refuses_changes_nothing(visitor: Visitor) -> None:
    wallet, other = Wallet(), Wallet()
    widget = await open_with(visitor, wallet)
    visitor.watch.allow("answered 403", "status of 403")
    wallet.sign = other.sign  # type: ignore[method-assign]
    await widget.ask(before := f"before {uuid.uuid4()}")
    await choose(widget, wallet)
    await widget.frame.get_by_role("dialog").get_by_role("button", name=t("join.yes"), exact=True).click()
    await expect(state(widget)).to_have_text(t("wallet.other"))
    await widget.press(t("back"))
    await expect(widget.bubble(before)).to_be_visible()
    assert (await widget.customer()).session["customer"]["identity"] == "anonymous"


async def test_where_the_server_has_it_off_it_is_not_offered(visitor: Visitor) -> None:
    await install(await visitor.begin(), Wallet())

    async def without_wallet(route: Route) -> None:
        answer = await route.fetch()
        config = await answer.json()
        config["features"]["wallet"] = False
        await route.fulfill(response=answer, body=json.dumps(config))

    await visitor.context.route("**/v1/config*", without_wallet)
    widget = await visitor.open()
    await widget.api("connectWallet")
    await widget.press(t("menu"))
    await expect(widget.view.get_by_role("combobox").first).to_be_visible()
    await expect(widget.view.get_by_role("button", name=t("wallet"))).to_have_count(0)


async def test_a_page_without_a_wallet_says_so(visitor: Visitor) -> None:
    widget = await visitor.open()
    await widget.api("connectWallet")
    await expect(state(widget)).to_have_text(t("wallet.none"))
