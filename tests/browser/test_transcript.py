"""How the conversation is set: day lines, who goes on speaking, links shown whole."""

from __future__ import annotations

import json
import uuid
from datetime import datetime, timedelta, timezone

from playwright.async_api import Route, expect

from stack.system import System
from stack.telegram_client import ALICE
from tests.browser.texts import t
from tests.browser.visitor import Visitor
from tests.browser.widget import Widget

LINKS = {
    "see https://example.org/a?b=c&d=%20e#f.": "https://example.org/a?b=c&d=%20e#f",
    "(http://example.org/in-brackets)": "http://example.org/in-brackets",
    "https://example.org/wiki/Foo_(bar) is one": "https://example.org/wiki/Foo_(bar)",
    "really https://example.org@evil.example/login": "https://example.org@evil.example/login",
}
NO_LINKS = [
    "javascript:alert(1)",
    "data:text/html,<script>alert(1)</script>",
    "vbscript:x file:///etc/passwd blob:x",
    "ftp://example.org and mailto:a@example.org",
]


async def test_links_are_links_shown_whole_and_nothing_else_is(visitor: Visitor) -> None:
    widget = await visitor.open()
    for text in [*LINKS, *NO_LINKS]:
        await widget.write(text)
    await expect(widget.messages).to_have_count(len(LINKS) + len(NO_LINKS))
    links = widget.messages.locator("a")
    await expect(links).to_have_text(list(LINKS.values()))
    for link in await links.all():
        assert await link.get_attribute("rel") == "noopener noreferrer nofollow"
        assert await link.get_attribute("target") == "_blank"
        href, shown = await link.get_attribute("href"), await link.inner_text()
        assert href is not None
        assert href.startswith(("http://", "https://"))
        assert href == shown


async def test_a_link_opens_a_tab_that_knows_nothing_of_where_it_came_from(visitor: Visitor) -> None:
    target = visitor.host_site.add("<p>elsewhere</p>")
    widget = await visitor.open()
    await widget.write(f"look at {target}")
    async with visitor.context.expect_page() as opened:
        await widget.messages.locator("a").click()
    tab = await opened.value
    await tab.wait_for_load_state()
    assert tab.url == target
    assert await tab.evaluate("[opener, document.referrer]") == [None, ""]


async def test_a_line_before_each_day(visitor: Visitor, system: System) -> None:
    widget = await visitor.open()
    post = await widget.converse(f"long ago {uuid.uuid4()}", "the day before yesterday")
    for text in ("yesterday's", "and again"):
        await system.telegram.send(ALICE, text, reply_to=post.id)
        await expect(widget.bubble(text)).to_be_visible()
    await set_days_ago(widget, [9, 9, 1, 0])
    await expect(widget.view.locator("li.day")).to_have_count(3)
    lines = await widget.view.locator("li.day").all_inner_texts()
    assert [line.lower() for line in lines[1:]] == ["yesterday", "today"]
    order = await widget.view.locator("ol > li").evaluate_all(
        "(items) => items.map((one) => one.classList.contains('day') ? 'day' : 'message')"
    )
    assert order == ["day", "message", "message", "day", "message", "day", "message"]


async def set_days_ago(widget: Widget, days: list[int]) -> None:
    """Let the browser believe, from a reload on, that the messages are so many days old."""

    async def age(route: Route) -> None:
        answer = await route.fetch()
        page = await answer.json()
        for item, ago in zip(page["items"], days, strict=True):
            item["created_at"] = (datetime.now(timezone.utc) - timedelta(days=ago)).isoformat()
        await route.fulfill(response=answer, body=json.dumps(page))

    await widget.page.context.route("**/v1/messages*", age)
    await widget.page.reload()
    await widget.open()
    await expect(widget.messages).to_have_count(len(days))


async def test_only_the_first_of_some_messages_in_a_row_shows_its_author(
    visitor: Visitor, system: System
) -> None:
    widget = await visitor.open()
    post = await widget.converse(f"question {uuid.uuid4()}", "first")
    await system.telegram.send(ALICE, "second", reply_to=post.id)
    await expect(widget.bubble("second")).to_be_visible()
    await expect(widget.bubble("first").locator(".author")).to_be_visible()
    await expect(widget.bubble("second").locator(".author")).to_have_count(0)
    # Who does not see that they belong together still hears it.
    await expect(widget.bubble("second")).to_contain_text("Alice")


async def test_a_message_that_is_too_long_can_not_be_sent(visitor: Visitor) -> None:
    widget = await visitor.open()
    send = widget.view.get_by_role("button", name=t("composer.send"), exact=True)
    await widget.composer.fill("x" * 4001)
    await expect(send).to_be_disabled()
    await widget.composer.press("Enter")
    await expect(widget.composer).to_have_value("x" * 4001)
    await widget.composer.fill("x" * 4000)
    await expect(send).to_be_enabled()
    await send.click()
    await expect(widget.messages).to_have_count(1)
    await expect(widget.messages.locator(".state")).to_have_text(t("sent"))


async def test_what_the_server_refuses_can_be_tried_again_or_taken_back(visitor: Visitor) -> None:
    widget = await visitor.open()
    visitor.watch.allow("answered 422", "status of 422")
    await widget.ask(f"fine {uuid.uuid4()}")
    problem = json.dumps({"status": 422, "code": "invalid", "title": "no", "detail": "no"})

    async def refuse(route: Route) -> None:
        await route.fulfill(status=422, body=problem, content_type="application/problem+json")

    for text in ("try again", "take back"):
        await visitor.context.route("**/v1/messages", refuse)
        await widget.write(text)
        failed = widget.bubble(text)
        await expect(failed.locator(".state")).to_have_text(t("failed"))
        await widget.page.reload()
        await widget.open()
        await expect(failed.locator(".state")).to_have_text(t("failed"))
        await visitor.context.unroute("**/v1/messages")
        if text == "try again":
            await failed.get_by_role("button", name=t("retry")).click()
            await expect(failed.locator(".state")).to_have_text(t("sent"))
        else:
            await failed.get_by_role("button", name=t("takeBack")).click()
            await expect(failed).to_have_count(0)
            await expect(widget.composer).to_have_value(text)
    assert [item["text"] for item in (await (await widget.customer()).history())["items"]][1:] == [
        "try again"
    ]
