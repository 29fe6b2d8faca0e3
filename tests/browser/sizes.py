"""How much of the widget goes over the wire, and how soon there is something to see."""

from __future__ import annotations

import gzip

from playwright.async_api import Browser, Response, expect

from stack.system import System
from tests.browser.hosts import HostSite
from tests.browser.visitor import Visitor

LOADER_BYTES, CHAT_BYTES = 3_000, 25_000
"""At most, packed with gzip."""
FIRST_PAINT_MS = 300

_FIRST_PAINT = """() => new Promise((resolve) => new PerformanceObserver((list) => {
  const found = list.getEntries().find(({ name }) => name === "first-contentful-paint");
  if (found) resolve(performance.timeOrigin + found.startTime);
}).observe({ type: "paint", buffered: true }))"""


async def loader_bytes(system: System) -> int:
    """Return the size of `widget.js`, packed."""
    answer = await system.api.request("GET", "/widget.js", headers={"Accept-Encoding": "identity"})
    return len(gzip.compress(answer.body))


async def opened_chat_bytes(visitor: Visitor) -> dict[str, int]:
    """Return what opening the chat brings until one can write, texts included, by path, as it comes."""
    url, got = visitor.system.api_url, list[Response]()
    context = await visitor.begin()
    context.on("response", lambda response: got.append(response))
    widget = await visitor.visit()
    await expect(widget.launcher).to_be_visible()
    got.clear()
    await widget.open()
    await expect(widget.composer).to_be_focused()
    await widget.page.wait_for_load_state("networkidle")
    sizes: dict[str, int] = {}
    for response in got:
        if response.url.startswith(url):
            path = response.url.removeprefix(url)
            sizes[path] = (await response.request.sizes())["responseBodySize"]
            assert response.headers.get("content-encoding") in ("gzip", "deflate"), path
    return sizes


async def first_paint_ms(chromium: Browser, system: System, host_site: HostSite) -> float:
    """Return how long after the click a browser that was never here shows something of the chat."""
    async with Visitor(chromium, system, host_site) as stranger:
        widget = await stranger.visit()
        await expect(widget.launcher).to_be_visible()
        await widget.page.evaluate(
            "document.querySelector('headset-widget').shadowRoot.querySelector('button')"
            ".addEventListener('click', () => {"
            " window.clicked = performance.timeOrigin + performance.now(); },"
            " { capture: true, once: true })"
        )
        await widget.open()
        painted: float = await (await widget.inner()).evaluate(_FIRST_PAINT)
        clicked: float = await widget.page.evaluate("clicked")
        return painted - clicked
