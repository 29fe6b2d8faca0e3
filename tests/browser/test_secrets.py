"""A phrase or a key never leaves the browser and is not kept in it; else the server refuses it."""

from __future__ import annotations

import json
import uuid

import pytest
from eth_account import Account
from playwright.async_api import Page, Request, Route, expect

from stack.conditions import until
from stack.system import System
from tests.browser.texts import t
from tests.browser.visitor import Visitor
from tests.browser.widget import Widget

# Published test vectors of BIP-39, BIP-32 and of Bitcoin's wiki: nobody's money.
TWELVE = "legal winner thank year wave sausage worth useful legal winner thank yellow"
TWENTY_FOUR = (
    "void come effort suffer camp survey warrior heavy shoot primary clutch crush"
    " open amazing screen patrol group space point ten exist slush involve unfold"
)
WIF = "5HueCGU8rMjxEXxiPuD5BDku4MkFqeZyd4dZ1jvhTVqvbTLvyTJ"
XPRV = (
    "xprv9s21ZrQH143K3QTDL4LXw2F7HEK3wJUD2nW2nRk4stbPy6cq3jPPqjiChkVvvNKmPGJxWUtg6LnF5kej"
    "MRNNU3TGtRBeJgk33yuGBxrMPHi"
)
KEYSTORE = json.dumps(Account.encrypt("0x" + "4c" * 32, "password", kdf="pbkdf2", iterations=2))
KEY_ARRAY = json.dumps([(7 * n + 13) % 256 for n in range(64)])

NUMBERED = " ".join(f"{n}. {word}" for n, word in enumerate(TWENTY_FOUR.split(), 1))
REFUSED = {
    "12 words": (TWELVE, "phrase"),
    "24 words": (TWENTY_FOUR, "phrase"),
    "numbered": (NUMBERED, "phrase"),
    "with commas": (TWELVE.replace(" ", ", "), "phrase"),
    "a line each": (TWENTY_FOUR.replace(" ", "\n"), "phrase"),
    "in capitals": (TWELVE.upper(), "phrase"),
    "within a sentence": (f"Hi, my seed is: {TWELVE}. Why is my balance 0?", "phrase"),
    "WIF": (f"my key {WIF} does not work", "key"),
    "xprv": (XPRV, "key"),
    "key array": (KEY_ARRAY, "key"),
    "keystore": (KEYSTORE, "keystore"),
}


def trace(request: Request) -> str:
    """Return all that a request tells anybody."""
    return f"{request.url} {request.post_data or ''}"


def parts(secret: str) -> list[str]:
    """Return what of a secret must be nowhere: it, and each stretch of four words."""
    words = secret.split()
    return [secret, *(" ".join(words[n : n + 4]) for n in range(len(words) - 3))]


async def assert_kept_nowhere(visitor: Visitor, widget: Widget, *secrets: str) -> None:
    """Check that no part of a secret has left the browser or is stored in it."""
    told = [trace(request) for request in visitor.watch.requests]
    kept = json.dumps(await widget.stored(), ensure_ascii=False)
    for part in (part for secret in secrets for part in parts(secret)):
        assert not [one for one in told if part in one]
        assert part not in kept
    assert visitor.watch.sent("/v1/messages") == []


async def test_what_is_a_secret_is_refused_in_the_browser(visitor: Visitor) -> None:
    widget = await visitor.open()
    for name, (text, kind) in REFUSED.items():
        await widget.write(text)
        await expect(widget.view.get_by_text(t(f"secret.{kind}")), message=name).to_be_visible()
        await expect(widget.messages).to_have_count(0)
        await widget.press(t("secret.clear"))
        await expect(widget.composer).to_have_value("")
        await expect(widget.composer).to_be_focused()
    await assert_kept_nowhere(visitor, widget, *(text for text, _ in REFUSED.values()))


async def test_a_phrase_is_not_kept_as_a_draft(visitor: Visitor) -> None:
    """Typed slowly, so that drafts are stored in between; left standing, and the page is closed."""
    widget = await visitor.open()
    await widget.composer.press_sequentially(TWELVE, delay=5)
    await widget.page.reload()
    await widget.open()
    await expect(widget.composer).to_have_value("")
    await assert_kept_nowhere(visitor, widget, TWELVE)


async def test_the_send_button_is_no_way_around(visitor: Visitor) -> None:
    widget = await visitor.open()
    await widget.composer.fill(TWELVE)
    await widget.press(t("composer.send"))
    await expect(widget.view.get_by_text(t("secret.phrase"))).to_be_visible()
    await widget.composer.press("Enter")
    await expect(widget.messages).to_have_count(0)
    await assert_kept_nowhere(visitor, widget, TWELVE)


@pytest.mark.parametrize("answer", ["send", "take back"])
async def test_what_may_be_one_is_asked_about(visitor: Visitor, system: System, answer: str) -> None:
    hash_like = uuid.uuid4().hex * 2
    widget = await visitor.open()
    await widget.write(hash_like)
    await expect(widget.view.get_by_text(t("suspected.key"))).to_be_visible()
    assert visitor.watch.sent("/v1/messages") == []
    if answer == "take back":
        await widget.press(t("takeBack"))
        await expect(widget.composer).to_have_value(hash_like)
        assert visitor.watch.sent("/v1/messages") == []
        return
    await widget.press(t("sendAnyway"))
    await system.telegram.wait_for_text(hash_like)
    await expect(widget.bubble(hash_like).locator(".state")).to_have_text(t("sent"))
    assert [request.post_data_json["confirmed"] for request in visitor.watch.sent("/v1/messages")] == [True]


async def test_the_part_that_completes_a_phrase_is_refused(visitor: Visitor, system: System) -> None:
    widget = await visitor.open()
    words = TWENTY_FOUR.split()[:12]
    first, second, third = (" ".join(words[n : n + 4]) for n in (0, 4, 8))
    for text in (first, second):
        await widget.write(text)
        await expect(widget.bubble(text).locator(".state")).to_have_text(t("sent"))
    await widget.write(third)
    await expect(widget.view.get_by_text(t("secret.phrase"))).to_be_visible()
    await expect(widget.view.get_by_text(t("secret.earlier"))).to_be_visible()
    assert not [request for request in visitor.watch.requests if third in trace(request)]
    assert third not in str(await widget.stored())
    # What went out before the third part showed what it was is forgotten, here and in the group.
    await expect(widget.messages.filter(has_text=t("deleted"))).to_have_count(2)
    await expect_gone_from_telegram(system, first, second)


async def remove_the_look(page: Page) -> None:
    """Let the browser find nothing, as an altered page would."""

    async def blind(route: Route) -> None:
        await route.fulfill(content_type="text/javascript", body="export const judge = () => null;")

    await page.context.route("**/secrets.js", blind)


async def test_without_the_look_in_the_browser_the_server_refuses(visitor: Visitor, system: System) -> None:
    widget = await visitor.visit()
    await remove_the_look(widget.page)
    visitor.watch.allow("answered 422", "status of 422")
    await widget.open()
    await widget.ask(f"before {uuid.uuid4()}")
    for text in (TWELVE, WIF, KEYSTORE):
        await widget.write(text)
        refused = widget.bubble(text)
        await expect(refused.locator(".state")).to_have_text(t("failed"))
        await expect(refused).to_contain_text(t("failed.secret_refused"))
        await expect(refused.get_by_role("button", name=t("retry"))).to_have_count(0)
        assert text not in json.dumps(await widget.stored())
    await widget.page.reload()
    await widget.open()
    await expect(widget.messages).to_have_count(1)
    await widget.ask(f"after {uuid.uuid4()}")
    assert not [one for one in await system.telegram.messages() if "sausage" in one.text or WIF in one.text]


async def test_the_earlier_parts_of_a_phrase_are_taken_back_everywhere(
    visitor: Visitor, system: System
) -> None:
    widget = await visitor.visit()
    await remove_the_look(widget.page)
    visitor.watch.allow("answered 422", "status of 422")
    await widget.open()
    words = TWENTY_FOUR.split()[12:]
    first, second, third = (" ".join(words[n : n + 4]) for n in (0, 4, 8))
    for text in (first, second):
        await widget.ask(text)
    await widget.write(third)
    await expect(widget.bubble(third)).to_contain_text(t("secret.earlier"))
    for text in (first, second):
        await expect(widget.bubble(text)).to_have_count(0)
    await expect(widget.messages.filter(has_text=t("deleted"))).to_have_count(2)
    await expect_gone_from_telegram(system, first, second)
    history = (await (await widget.customer()).history())["items"]
    assert [item["text"] for item in history[:2]] == ["", ""]
    assert [item["author"]["kind"] for item in history[2:]] == ["system"]
    told = widget.view.locator("li.system .text").filter(has_text="Move your funds to a new wallet now")
    await expect(told).to_have_count(1)


async def expect_gone_from_telegram(system: System, *texts: str) -> None:
    """Return once the group shows none of these any more."""

    async def gone() -> bool:
        group = [message.text for message in await system.telegram.messages()]
        return not [one for one in group if any(text in one for text in texts)]

    await until(gone, "the parts of the phrase are gone from the group")
