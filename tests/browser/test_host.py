"""The host's view: one line in a page with a strict policy, of another site, in an SPA; with an API."""

from __future__ import annotations

import uuid
from typing import Any

import pytest
from playwright.async_api import expect

from stack.system import System
from stack.telegram_client import ALICE
from tests.browser.hosts import OTHER_SITE, SAME_SITE, HostSite, script_tag, strict_policy
from tests.browser.visitor import Visitor

LISTEN = """() => {
  window.seen = [];
  for (const type of ["ready", "open", "close", "message", "unread"])
    Headset.on(type, (event) => seen.push([type, event?.detail ?? null]));
}"""


@pytest.mark.parametrize("host", [SAME_SITE, OTHER_SITE])
async def test_works_under_a_policy_that_lets_in_our_origin_and_nothing_else(
    visitor: Visitor, system: System, host: str
) -> None:
    widget = await visitor.open(host=host, policy=strict_policy(system.maubot.url))
    question, answer = f"under policy {uuid.uuid4()}", f"understood {uuid.uuid4()}"
    await widget.converse(question, answer)
    assert await widget.page.evaluate("document.body.textContent.includes('A host page')")


async def test_what_the_strict_policy_forbids_would_be_noticed(visitor: Visitor) -> None:
    """The control of the test above: the watch sees what a policy refuses."""
    widget = await visitor.visit(policy="default-src 'none'")
    await visitor.watch.wait_for("Content Security Policy")
    await visitor.watch.wait_for(r"failed: GET .*/widget\.js: csp")
    await expect(widget.launcher).to_have_count(0)


@pytest.mark.parametrize("how", ["with the tag", "framing it"])
async def test_a_site_that_is_not_allowed_has_no_chat(
    visitor: Visitor, foreign_site: HostSite, system: System, how: str
) -> None:
    framed = f'<iframe src="{system.api_url}/widget"></iframe>'
    body = script_tag(system.api_url) if how == "with the tag" else framed
    widget = await visitor.visit(foreign_site.add(body))
    if how == "with the tag":
        await widget.launcher.click()
    await visitor.watch.wait_for("CORS policy" if how == "with the tag" else "frame-ancestors")
    visitor.watch.allow("ERR_FAILED", "ERR_BLOCKED_BY_RESPONSE", "dynamically imported")
    assert visitor.watch.sent("/v1/config", "GET") == []
    assert len(widget.page.frames) == 1 or "chrome-error" in widget.page.frames[1].url


async def test_calls_before_it_is_loaded_are_carried_out_in_order(visitor: Visitor, tag: str) -> None:
    early = """<script>
      window.seen = [];
      window.Headset = window.Headset || [];
      Headset.push(["on", "open", () => seen.push("open")], ["on", "close", () => seen.push("close")]);
      Headset.push(["open"]);
      Headset.push(["close"]);
      Headset.push(["open"]);
    </script>"""
    widget = await visitor.visit(visitor.host_site.add(early + tag))
    await expect(widget.composer).to_be_visible()
    assert await widget.page.evaluate("seen") == ["open", "close", "open"]


async def test_every_method_and_event(visitor: Visitor, system: System) -> None:
    widget = await visitor.visit()
    await expect(widget.launcher).to_be_visible()
    await widget.page.evaluate(LISTEN)

    await widget.api("toggle")
    await expect(widget.composer).to_be_visible()
    post = await widget.ask(f"by the api {uuid.uuid4()}")
    await widget.api("toggle")
    await expect(widget.panel).not_to_be_visible()
    await system.telegram.send(ALICE, "for the badge", reply_to=post.id)
    await expect(widget.badge).to_have_text("1")
    await expect(widget.launcher).to_have_accessible_name("Open the chat, unread messages: 1")
    await widget.api("open")
    await expect(widget.bubble("for the badge")).to_be_visible()
    await expect(widget.badge).to_be_empty()

    await widget.api("hide")
    await expect(widget.launcher).not_to_be_visible()
    await expect(widget.panel).not_to_be_visible()
    await widget.api("show")
    await expect(widget.launcher).to_be_visible()

    seen: list[list[Any]] = await widget.page.evaluate("seen")
    assert [kind for kind, _ in seen if kind in ("ready", "open", "close")] == [
        *("ready", "open", "close", "open", "close")
    ]
    assert [count for kind, count in seen if kind == "unread" and count] == [1]
    messages = [message for kind, message in seen if kind == "message"]
    assert [message["author"]["kind"] for message in messages] == ["customer", "moderator"]
    assert "for the badge" not in str(messages), "the words stay in the frame"


async def test_off_takes_a_listener_away(visitor: Visitor) -> None:
    widget = await visitor.visit()
    await expect(widget.launcher).to_be_visible()
    await widget.page.evaluate(
        "() => { window.seen = 0; const f = () => seen++; Headset.on('open', f); Headset.open();"
        " Headset.close(); Headset.off('open', f); Headset.open(); }"
    )
    assert await widget.page.evaluate("seen") == 1


async def test_a_page_that_throws_it_out_and_adds_it_again(visitor: Visitor, system: System) -> None:
    """As frameworks do when they draw a page anew; what was being written is still there."""
    widget = await visitor.open()
    await widget.keep_draft("half a sentence")
    for tear_down in (
        "document.querySelector('headset-widget').remove()",
        "document.body.replaceChildren(document.createElement('main'))",
        "document.body.outerHTML = '<body><p>drawn anew</p></body>'",
    ):
        await widget.page.evaluate(tear_down)
        await expect(widget.composer).to_have_value("half a sentence")
    await widget.page.evaluate(
        "(src) => { for (let n = 0; n < 2; n++) {"
        " const s = document.createElement('script'); s.src = src; document.body.append(s); } }",
        f"{system.api_url}/widget.js",
    )
    await widget.converse(f"still here {uuid.uuid4()}", f"so am I {uuid.uuid4()}")
    await expect(widget.page.locator("headset-widget")).to_have_count(1)


HOSTILE_DATA = {
    "name": "N" * 61,
    "color": "red;background:url(//evil.example)",
    "locale": "../../en",
    "theme": "javascript:alert(1)",
    "position": "top",
    "launcher": "all",
    "api": "https://evil.example",
    "onload": "alert(1)",
}


async def test_attributes_outside_of_the_allow_list_are_as_if_absent(visitor: Visitor) -> None:
    widget = await visitor.visit(**{f"data_{key}": value for key, value in HOSTILE_DATA.items()})
    plain = await visitor.visit()
    for one in (widget, plain):
        await one.open()
    look = "(button) => [button.getAttribute('style'), button.className, button.ariaLabel]"
    assert await widget.launcher.evaluate(look) == await plain.launcher.evaluate(look)
    settings = [(await one.inner()).url.split("#")[1] for one in (widget, plain)]
    assert "evil" not in settings[0]
    assert [part for part in settings[0].split("&") if not part.startswith("url=")] == [
        part for part in settings[1].split("&") if not part.startswith("url=")
    ]


async def test_attributes_of_the_allow_list_count(visitor: Visitor) -> None:
    widget = await visitor.open(
        data_name="Our own desk",
        data_color="#0a7d33",
        data_theme="dark",
        data_position="left",
        data_locale="ar",
    )
    await expect(widget.launcher).to_have_css("background-color", "rgb(10, 125, 51)")
    box = await widget.launcher.bounding_box()
    assert box is not None
    assert box["x"] < 100
    await expect(widget.frame.locator("html")).to_have_attribute("dir", "rtl")
    await expect(widget.frame.get_by_text("Our own desk").first).to_be_visible()
