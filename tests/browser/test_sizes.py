"""How much goes over the wire, and how soon there is something to see."""

from __future__ import annotations

import gzip
import statistics

from playwright.async_api import Browser, Response, expect

from stack.system import System
from tests.browser.hosts import HostSite
from tests.browser.visitor import Visitor

LOADER_BYTES, CHAT_BYTES = 3_000, 25_000
FIRST_PAINT_MS = 300

FIRST_PAINT = """() => new Promise((resolve) => new PerformanceObserver((list) => {
  const found = list.getEntries().find(({ name }) => name === "first-contentful-paint");
  if (found) resolve(performance.timeOrigin + found.startTime);
}).observe({ type: "paint", buffered: true }))"""


async def test_the_loader(system: System) -> None:
    answer = await system.api.request("GET", "/widget.js", headers={"Accept-Encoding": "identity"})
    packed = len(gzip.compress(answer.body))
    print(f"\nwidget.js: {packed} bytes gzip")
    assert packed <= LOADER_BYTES
    async with system.session.get(
        f"{system.api_url}/widget.js", headers={"Accept-Encoding": "gzip"}
    ) as response:
        assert response.headers["Content-Encoding"] == "gzip"
        assert int(response.headers["Content-Length"]) <= LOADER_BYTES


async def test_the_opened_chat(visitor: Visitor, system: System) -> None:
    """All that opening it brings until one can write, texts included, as it comes over the wire."""
    got: list[Response] = []
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
        if response.url.startswith(system.api_url):
            path = response.url.removeprefix(system.api_url)
            sizes[path] = (await response.request.sizes())["responseBodySize"]
            assert response.headers.get("content-encoding") in ("gzip", "deflate"), path
    table = "\n".join(f"{size:6} {path}" for path, size in sizes.items())
    print(f"\nthe opened chat: {sum(sizes.values())} bytes\n{table}")
    assert any("page.css" in path for path in sizes)
    assert any("v1/config" in path for path in sizes)
    assert sum(sizes.values()) <= CHAT_BYTES, table


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
        painted: float = await (await widget.inner()).evaluate(FIRST_PAINT)
        clicked: float = await widget.page.evaluate("clicked")
        return painted - clicked


async def test_the_first_paint(chromium: Browser, system: System, host_site: HostSite) -> None:
    took = [await first_paint_ms(chromium, system, host_site) for _ in range(5)]
    print(f"\nfrom the click to the first paint: {', '.join(f'{one:.0f}' for one in took)} ms")
    assert all(one > 0 for one in took)
    assert statistics.median(took) <= FIRST_PAINT_MS
