"""What people write and are called is text, wherever it comes from; the mark comes from the server alone."""

from __future__ import annotations

import json
import uuid
from typing import Any

from playwright.async_api import Dialog, Page, Route, expect

from stack.operators import operators_room
from stack.system import System
from stack.telegram_client import ALICE
from tests.browser.texts import t
from tests.browser.tokens import make_jwt
from tests.browser.visitor import Visitor
from tests.browser.widget import Widget
from tests.e2e.acts import allow

MARKUP = "<img src=x onerror=alert(1)><b>bold</b>"
ATTACKS = [
    MARKUP,
    "<script>alert(1)</script>",
    "<svg onload=alert(1)>",
    "<a href=javascript:alert(1)>click</a>",
    "javascript:alert(1)",
    'https://example.org/"onmouseover="alert(1)',
    "https://example.org/<img/src=x/onerror=alert(1)>",
    "{{constructor.constructor('alert(1)')()}}",
    "</p></li></ol><iframe src=//evil.example></iframe>",
]
FOREIGN = "script:not([src]), img:not([src^='data:']), b, iframe, object, embed, base, [onerror], [onload]"
"""Elements that the page itself never makes."""


class Alarm:
    """Whether a script of somebody else's has run anywhere in the tab."""

    def __init__(self, page: Page) -> None:
        self.rang: list[str] = []
        page.on("dialog", self._ring)

    async def _ring(self, dialog: Dialog) -> None:
        self.rang.append(dialog.message)
        await dialog.dismiss()

    async def assert_silent(self, widget: Widget) -> None:
        """Check that nothing has become markup or a script, in the frame and in the host page."""
        await expect(widget.frame.locator(FOREIGN)).to_have_count(0)
        await expect(
            widget.page.locator("headset-widget").locator("script, img, b, [onerror]")
        ).to_have_count(0)
        assert self.rang == []


async def test_hostile_messages_are_text(visitor: Visitor, system: System) -> None:
    widget = await visitor.open()
    alarm = Alarm(widget.page)
    post = await widget.ask(f"first {uuid.uuid4()}")
    for attack in ATTACKS:
        await widget.write(attack)
        await system.telegram.send(ALICE, f"re: {attack}", reply_to=post.id)
    await expect(widget.bubble(f"re: {ATTACKS[-1]}")).to_be_visible()
    await expect(widget.view.locator(".state")).to_have_text(t("sent"))
    texts = await widget.texts()
    for attack in ATTACKS:
        assert attack in texts
        assert f"re: {attack}" in texts
    await alarm.assert_silent(widget)
    await widget.page.reload()
    await widget.open()
    await expect(widget.bubble(f"re: {ATTACKS[-1]}")).to_be_visible()
    assert await widget.texts() == texts
    await alarm.assert_silent(widget)


async def test_a_hostile_moderators_name_is_text(visitor: Visitor, system: System) -> None:
    name = f"<img src=x onerror=alert(1)> {uuid.uuid4().hex[:6]}"
    async with operators_room(system) as room:
        eve = await allow(system, name, room)
    widget = await visitor.open()
    alarm = Alarm(widget.page)
    post = await widget.ask(f"who are you {uuid.uuid4()}")
    await system.telegram.send(eve, "it is me", reply_to=post.id)
    await expect(widget.bubble("it is me").locator(".author")).to_contain_text(name)
    await alarm.assert_silent(widget)


async def test_a_hostile_customers_name_is_text(visitor: Visitor) -> None:
    widget = await visitor.visit()
    alarm = Alarm(widget.page)
    await widget.api("identify", {"jwt": make_jwt(str(uuid.uuid4()), name=MARKUP)})
    await widget.open()
    await widget.write("hello")
    await expect(widget.bubble("hello").locator(".state")).to_have_text(t("sent"))
    await widget.press(t("menu"))
    await expect(widget.view.get_by_text(MARKUP)).to_be_visible()
    await alarm.assert_silent(widget)


async def test_a_hostile_page_title_and_hostile_attributes_are_text(visitor: Visitor, system: System) -> None:
    widget = await visitor.visit(
        data_name=MARKUP, data_color='"><img src=x onerror=alert(1)>', data_locale=MARKUP
    )
    alarm = Alarm(widget.page)
    await widget.page.evaluate("(title) => { document.title = title; location.hash = title; }", MARKUP)
    await widget.open()
    await expect(widget.frame.get_by_text(MARKUP).first).to_be_visible()
    await widget.ask(f"with a title {uuid.uuid4()}")
    await alarm.assert_silent(widget)


async def test_no_markup_of_a_hostile_server_answer_becomes_elements(
    visitor: Visitor, system: System
) -> None:
    """Should something get past the server, the page still makes text of it."""
    widget = await visitor.visit()
    alarm = Alarm(widget.page)

    async def poison(route: Route) -> None:
        answer = await route.fetch()
        config: dict[str, Any] = await answer.json()
        config["name"] = MARKUP
        config["texts"] = {key: f"{text}{MARKUP}" for key, text in config["texts"].items()}
        await route.fulfill(response=answer, body=json.dumps(config))

    await visitor.context.route("**/v1/config*", poison)
    await widget.open()
    await expect(widget.frame.get_by_text(MARKUP).first).to_be_visible()
    await widget.ask(f"poisoned {uuid.uuid4()}")
    await alarm.assert_silent(widget)


async def test_only_the_server_gives_the_mark(visitor: Visitor, system: System) -> None:
    """Names that imitate it get none, and neither does an author that the server does not call verified."""
    verified = t("verified")
    widget = await visitor.visit()
    await widget.api("identify", {"jwt": make_jwt(str(uuid.uuid4()), name=f"✓ Alice ({verified})")})
    await widget.open()
    text = f"I am verified {uuid.uuid4()}"
    post = await widget.converse(text, "so am I")
    assert post.text.count("✓") <= 1
    await expect(widget.bubble("so am I").get_by_role("img", name=verified)).to_have_count(1)
    await expect(widget.bubble(text).get_by_role("img", name=verified)).to_have_count(0)

    async def forge(route: Route) -> None:
        answer = await route.fetch()
        page = await answer.json()
        for item in page["items"]:
            item["author"] |= {
                "kind": "moderator",
                "id": item["id"],
                "name": f"✓ {verified} Support",
                "verified": "false",
            }
        await route.fulfill(response=answer, body=json.dumps(page))

    await visitor.context.route("**/v1/messages*", forge)
    await widget.page.reload()
    await widget.open()
    await expect(widget.bubble("so am I").locator(".author")).to_contain_text("Support")
    await expect(widget.messages.get_by_role("img", name=verified)).to_have_count(0)


async def test_a_strangers_reply_is_not_shown(visitor: Visitor, system: System) -> None:
    widget = await visitor.open()
    post = await widget.ask(f"who answers {uuid.uuid4()}")
    await system.telegram.send("anonymous", "send me your seed phrase", reply_to=post.id)
    await system.telegram.send(ALICE, "don't", reply_to=post.id)
    await expect(widget.bubble("don't")).to_be_visible()
    await expect(widget.messages).to_have_count(2)
