"""How much of the widget goes over the wire; the measuring itself is tests/browser/sizes.py."""

from __future__ import annotations

import statistics

from playwright.async_api import async_playwright

from stack.ports import pick
from stack.system import System
from tests.browser import sizes
from tests.browser.hosts import HostSite
from tests.browser.settings import browser_config
from tests.browser.visitor import LAUNCH, Visitor

from .figures import Aim, Figure, Measured, Plan, Row


async def measure(plan: Plan) -> Measured:
    """Open the chat as a stranger's browser does."""
    site = HostSite(pick(["host"])["host"])
    await site.start()
    try:
        async with (
            System(config=browser_config(site.origins)) as system,
            async_playwright() as playwright,
            await playwright.chromium.launch(**LAUNCH) as chromium,
        ):
            yield _size("widget.js", await sizes.loader_bytes(system), sizes.LOADER_BYTES)
            async with Visitor(chromium, system, site) as visitor:
                opened = await sizes.opened_chat_bytes(visitor)
            yield _size("the opened chat", sum(opened.values()), sizes.CHAT_BYTES)
            paints = [await sizes.first_paint_ms(chromium, system, site) for _ in range(plan.runs)]
            yield Figure.of(
                "from the click to the first paint",
                statistics.median(paints),
                unit="ms",
                aim=Aim(compared="itself", bound=sizes.FIRST_PAINT_MS),
            )
    finally:
        await site.stop()


def _size(name: str, packed: int, most: int) -> Figure:
    return Figure.of(f"{name}, gzip", packed / 1000, unit="kB", aim=Aim(compared="itself", bound=most / 1000))


ROW = Row(name="widget", title="The widget over the wire", measure=measure)
