"""How much goes over the wire, and how soon there is something to see."""

from __future__ import annotations

import statistics

from playwright.async_api import Browser

from stack.system import System
from tests.browser.hosts import HostSite
from tests.browser.sizes import (
    CHAT_BYTES,
    FIRST_PAINT_MS,
    LOADER_BYTES,
    first_paint_ms,
    loader_bytes,
    opened_chat_bytes,
)
from tests.browser.visitor import Visitor


async def test_the_loader(system: System) -> None:
    packed = await loader_bytes(system)
    print(f"\nwidget.js: {packed} bytes gzip")
    assert packed <= LOADER_BYTES
    async with system.session.get(
        f"{system.api_url}/widget.js", headers={"Accept-Encoding": "gzip"}
    ) as response:
        assert response.headers["Content-Encoding"] == "gzip"
        assert int(response.headers["Content-Length"]) <= LOADER_BYTES


async def test_the_opened_chat(visitor: Visitor) -> None:
    sizes = await opened_chat_bytes(visitor)
    table = "\n".join(f"{size:6} {path}" for path, size in sizes.items())
    print(f"\nthe opened chat: {sum(sizes.values())} bytes\n{table}")
    assert any("page.css" in path for path in sizes)
    assert any("v1/config" in path for path in sizes)
    assert sum(sizes.values()) <= CHAT_BYTES, table


async def test_the_first_paint(chromium: Browser, system: System, host_site: HostSite) -> None:
    took = [await first_paint_ms(chromium, system, host_site) for _ in range(5)]
    print(f"\nfrom the click to the first paint: {', '.join(f'{one:.0f}' for one in took)} ms")
    assert all(one > 0 for one in took)
    assert statistics.median(took) <= FIRST_PAINT_MS
