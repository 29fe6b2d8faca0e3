"""Listens to what a browser complains about, so that no test passes over it."""

from __future__ import annotations

import re

from playwright.async_api import BrowserContext, ConsoleMessage, Request, Response, WebError

from stack.conditions import until

_GONE = "net::ERR_ABORTED"
"""What a request gets when its page leaves or takes it back: an open stream at every reload."""


class Watch:
    """All complaints of one browser context."""

    def __init__(self, context: BrowserContext) -> None:
        self.complaints: list[str] = []
        self.requests: list[Request] = []
        """All requests that left the pages, in order."""
        # A token ends with every sign-in, and a stream may just be on its way with the old one.
        self._allowed = ["answered 401: GET .*/v1/events$", r"status of 401 .*/v1/events\)$"]
        context.on("console", self._on_console)
        context.on("weberror", self._on_error)
        context.on("requestfailed", self._on_failure)
        context.on("request", lambda request: self.requests.append(request))
        context.on("response", self._on_response)

    def allow(self, *patterns: str) -> None:
        """Take complaints that match one of these as what the test is about."""
        self._allowed += patterns

    async def wait_for(self, pattern: str) -> str:
        """Return the first complaint that matches, once there is one; it was expected, then."""
        self.allow(pattern)

        async def find() -> str | None:
            return next((one for one in self.complaints if re.search(pattern, one)), None)

        return await until(find, f"a complaint of the browser about {pattern!r}")

    def check(self) -> None:
        """Fail if there was a complaint that nobody expected."""
        found = [one for one in self.complaints if not any(re.search(p, one) for p in self._allowed)]
        assert not found, "the browser complained:\n" + "\n".join(found)

    def sent(self, path: str, method: str = "POST") -> list[Request]:
        """Return the requests of a method whose address ends in this path."""
        return [one for one in self.requests if one.method == method and one.url.split("?")[0].endswith(path)]

    def _on_console(self, message: ConsoleMessage) -> None:
        if message.type in ("error", "warning"):
            self.complaints.append(f"console: {message.text} ({message.location.get('url', '')})")

    def _on_error(self, error: WebError) -> None:
        self.complaints.append(f"uncaught: {error.error}")

    def _on_failure(self, request: Request) -> None:
        if request.failure != _GONE:
            self.complaints.append(f"failed: {request.method} {request.url}: {request.failure}")

    def _on_response(self, response: Response) -> None:
        if response.status >= 400:
            self.complaints.append(f"answered {response.status}: {response.request.method} {response.url}")
