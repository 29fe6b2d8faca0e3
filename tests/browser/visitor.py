"""Somebody in front of a browser: a profile of its own, pages, and what the browser complained about."""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from pathlib import Path
from types import TracebackType
from typing import Any

from playwright.async_api import Browser, BrowserContext

from stack.conditions import PATIENCE
from stack.system import System
from tests.browser.hosts import HostSite, script_tag
from tests.browser.watch import Watch
from tests.browser.widget import Widget

PHONE = {
    "viewport": {"width": 375, "height": 667},
    "has_touch": True,
    "is_mobile": True,
    "device_scale_factor": 2,
}
LAUNCH: dict[str, Any] = {
    "executable_path": shutil.which("chromium"),
    "args": ["--no-sandbox", "--disable-gpu", "--disable-background-networking"],
}
PATIENCE_MS = PATIENCE * 1000


class Visitor:
    """One browser profile that visits host pages."""

    def __init__(self, chromium: Browser, system: System, host_site: HostSite) -> None:
        self.system, self.host_site = system, host_site
        self._chromium = chromium
        self._context: BrowserContext | None = None
        self._watch: Watch | None = None

    async def __aenter__(self) -> Visitor:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._context is None:
            return
        await self._context.close()
        if kind is None:
            self.watch.check()

    @property
    def context(self) -> BrowserContext:
        """The profile."""
        if self._context is None:
            raise RuntimeError("the browser has not been opened")
        return self._context

    @property
    def watch(self) -> Watch:
        """What the browser complained about, and what it sent."""
        if self._watch is None:
            raise RuntimeError("the browser has not been opened")
        return self._watch

    async def begin(
        self, *, profile: Path | None = None, more_args: Sequence[str] = (), **options: Any
    ) -> BrowserContext:
        """Open the browser with Playwright's options (locale, color_scheme, viewport …), once.

        Without the folder of a profile it is a private window; `more_args` need one.
        """
        if self._context is None:
            options = {"locale": "en-GB"} | options
            if profile is None:
                self._context = await self._chromium.new_context(**options)
            else:
                kind = self._chromium.browser_type
                launch = LAUNCH | {"args": [*LAUNCH["args"], *more_args]}
                self._context = await kind.launch_persistent_context(profile, **launch, **options)
            self._context.set_default_timeout(PATIENCE_MS)
            self._watch = Watch(self._context)
        return self._context

    async def visit(self, url: str | None = None, **data: Any) -> Widget:
        """Open a host page in a tab; without an address one of ours, `data` being its tag's attributes."""
        context = await self.begin()
        page = await context.new_page()
        await page.goto(url or self.add_page(**data))
        return Widget(page, self.system)

    def add_page(self, *, host: str = "127.0.0.1", policy: str | None = None, **data: Any) -> str:
        """Return the address of a new host page with the widget's tag."""
        return self.host_site.add(script_tag(self.system.api_url, **data), host=host, policy=policy)

    async def open(self, **data: Any) -> Widget:
        """Open a host page and the chat in it."""
        widget = await self.visit(**data)
        await widget.open()
        return widget
