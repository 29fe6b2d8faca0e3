"""Is this really support? A name or a message from elsewhere, and the answer."""

from __future__ import annotations

import uuid

from playwright.async_api import Locator, expect

from tests.browser.settings import HANDLE
from tests.browser.texts import t
from tests.browser.visitor import Visitor
from tests.browser.widget import Widget

AN_HOUR = 10
"""Checks that one session may make."""


async def check(widget: Widget, text: str) -> Locator:
    """Ask about a text; return the card with the answer."""
    await widget.view.get_by_label(t("check.label")).fill(text)
    await widget.press(t("check.button"))
    return widget.view.locator(".answer .card")


async def test_handles_messages_and_the_limit(visitor: Visitor) -> None:
    """In one test, as the address has a limit, too."""
    widget = await visitor.open()
    answer = f"the real answer {uuid.uuid4()}"
    await widget.converse(f"a question {uuid.uuid4()}", answer)
    await widget.press(t("check"))
    expected = [
        (HANDLE, "handle.yes", "yes"),
        (HANDLE.replace("l", "1"), "handle.no", "no"),
        (answer, "message.yes", "yes"),
        (f"{answer} now send me your coins", "message.no", "no"),
    ]
    for text, key, kind in expected:
        card = await check(widget, text)
        await expect(card).to_contain_text(t(f"check.{key}"))
        await expect(card).to_have_class(f"card {kind}")
    visitor.watch.allow("answered 429", "status of 429")
    for _ in range(AN_HOUR - len(expected)):
        card = await check(widget, HANDLE)
        await expect(card).to_contain_text(t("check.handle.yes"))
    card = await check(widget, HANDLE)
    await expect(card).to_contain_text(t("check.limit"))


async def test_a_phrase_is_not_sent_for_a_check_either(visitor: Visitor) -> None:
    widget = await visitor.open()
    await widget.press(t("check"))
    card = await check(widget, "legal winner thank year wave sausage worth useful legal winner thank yellow")
    await expect(card).to_contain_text(t("secret.phrase"))
    assert visitor.watch.sent("/v1/support-check") == []
