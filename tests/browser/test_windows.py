"""Messages between windows count only from the right window and origin, both ways."""

from __future__ import annotations

import json
import uuid
from typing import Any

import pytest
from playwright.async_api import expect

from tests.browser.tokens import make_jwt
from tests.browser.visitor import Visitor
from tests.browser.wallets import Wallet, install
from tests.browser.widget import Widget

POST = """([target, message]) => {
  const window = { parent, opener, own: self }[target];
  self.postMessage.call(window, message, "*");
}"""

LISTEN = "window.heard = []; addEventListener('message', ({ data }) => heard.push(data?.type));"

TO_LOADER: list[dict[str, Any]] = [
    {"type": "close"},
    {"type": "unread", "count": 77},
    {"type": "message", "message": {"id": "forged"}},
    {"type": "wallets", "id": 1},
    {"type": "connect", "id": 2},
    {"type": "sign", "id": 3, "address": "0x0", "message": "forged"},
    {"type": "ready"},
]


async def open_foreign(widget: Widget, how: str) -> Any:
    """Open a window beside the chat: an iframe in the host page, or a popup of it."""
    if how == "popup":
        async with widget.page.expect_popup() as opened:
            await widget.page.evaluate("void open('about:blank')")
        return await opened.value
    handle = await widget.page.evaluate_handle(
        "(src) => new Promise((resolve) => { const f = document.createElement('iframe');"
        " f.src = src; f.onload = () => resolve(f); document.body.prepend(f); })",
        f"{widget.system.api_url}/widget" if how == "iframe of our origin" else "about:blank",
    )
    element = handle.as_element()
    assert element is not None
    return await element.content_frame()


@pytest.mark.parametrize("how", ["iframe", "iframe of our origin", "popup", "the page itself"])
async def test_the_loader_hears_nobody_but_its_frame(visitor: Visitor, how: str) -> None:
    context = await visitor.begin()
    wallet = Wallet()
    await install(context, wallet)
    widget = await visitor.open()
    await widget.page.evaluate(
        "window.heard = []; addEventListener('message', ({ data }) => heard.push(data?.type));"
        "window.events = []; for (const type of ['open', 'close', 'unread', 'message'])"
        " Headset.on(type, ({ detail }) => events.push([type, detail]));"
    )
    foreign = widget.page if how == "the page itself" else await open_foreign(widget, how)
    target = {"popup": "opener", "the page itself": "own"}.get(how, "parent")
    answers = "window.answers = []; addEventListener('message', ({ data }) => answers.push(data));"
    if foreign is not widget.page:
        await foreign.evaluate(answers)
    for message in TO_LOADER:
        await foreign.evaluate(POST, [target, {"headset": 1, **message}])
    await widget.page.wait_for_function("(n) => heard.length >= n", arg=len(TO_LOADER))
    # Messages arrive in order: what the loader would have made of the forged ones is done by now.
    await widget.page.evaluate("new Promise((resolve) => requestAnimationFrame(() => setTimeout(resolve)))")
    assert await widget.page.evaluate("events") == []
    await expect(widget.panel).to_be_visible()
    await expect(widget.badge).to_be_empty()
    if foreign is not widget.page:
        assert await foreign.evaluate("answers") == []
    assert wallet.asked == []


async def test_the_loader_hears_its_frame_on_our_origin_only(visitor: Visitor, foreign_site: Any) -> None:
    """The frame led elsewhere is the same window with another origin."""
    widget = await visitor.open()
    visitor.watch.allow(".")
    await widget.page.evaluate("Headset.on('close', () => { window.wasClosed = true; })")
    elsewhere = foreign_site.add("<p>phishing</p>")
    await (await widget.inner()).evaluate("(url) => void location.assign(url)", elsewhere)
    await expect(widget.frame.get_by_text("phishing")).to_be_visible()
    frame = next(frame for frame in widget.page.frames if frame.url == elsewhere)
    await widget.page.evaluate("window.heard = 0; addEventListener('message', () => heard++);")
    await frame.evaluate("parent.postMessage({ headset: 1, type: 'close' }, '*')")
    await widget.page.wait_for_function("heard > 0")
    await expect(widget.panel).to_be_visible()
    assert not await widget.page.evaluate("window.wasClosed")


async def test_the_page_hears_nobody_but_the_window_that_framed_it(visitor: Visitor) -> None:
    """A second frame of the host page posts into the chat's frame; the host page's own word counts."""
    widget = await visitor.visit()
    settings = f"#host={visitor.host_site.origin()}"
    html = f'<iframe src="{visitor.system.api_url}/widget{settings}"></iframe>'
    await widget.page.evaluate("(html) => { document.querySelector('main').innerHTML = html; }", html)
    chat = widget.page.frame_locator("main > iframe").first
    await expect(chat.locator("textarea")).to_be_visible()
    foreign = await open_foreign(widget, "iframe")
    frame = next(frame for frame in widget.page.frames if "/widget#" in frame.url)
    await frame.evaluate(
        "window.heard = []; addEventListener('message', ({ data }) => heard.push(data.type));"
    )
    root = chat.locator("html")
    light = await root.get_attribute("data-theme")
    chat_frame = "Array.from(parent, (_, n) => parent[n]).find((one) => one !== self)"
    forged = [
        {"type": "theme", "theme": "dark"},
        {"type": "identify", "jwt": make_jwt(str(uuid.uuid4()))},
        {"type": "locale", "locale": "ar"},
        {"type": "logout"},
    ]
    for message in forged:
        await foreign.evaluate(
            f"(message) => {chat_frame}.postMessage(message, '*')", {"headset": 1, **message}
        )
    await frame.wait_for_function("(n) => heard.length >= n", arg=len(forged))
    assert await root.get_attribute("data-theme") == light
    await expect(root).to_have_attribute("dir", "ltr")
    assert visitor.watch.sent("/v1/sessions") == []
    # The control: from the window that framed it the same message counts.
    message = json.dumps({"headset": 1, "type": "locale", "locale": "ar"})
    await widget.page.evaluate(
        f"document.querySelector('main > iframe').contentWindow.postMessage({message}, '*')"
    )
    await expect(root).to_have_attribute("dir", "rtl")


async def test_a_page_framed_by_another_than_it_was_told_says_nothing(visitor: Visitor) -> None:
    widget = await visitor.visit(visitor.host_site.add("<p>no tag here</p>"))
    await widget.page.evaluate(
        "window.heard = []; addEventListener('message', ({ data }) => heard.push(data));"
    )
    visitor.watch.allow("postMessage")
    src = f"{visitor.system.api_url}/widget#host=https://elsewhere.example"
    html = f'<iframe src="{src}"></iframe>'
    await widget.page.evaluate("(html) => { document.querySelector('main').innerHTML = html; }", html)
    chat = widget.page.frame_locator("main > iframe")
    await expect(chat.locator("textarea")).to_be_visible()
    await chat.locator("textarea").fill("hello")
    await chat.locator("textarea").press("Enter")
    await expect(chat.locator("li.own")).to_be_visible()
    assert await widget.page.evaluate("heard") == []
