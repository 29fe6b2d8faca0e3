"""What every request passes: origin and CORS outside, refusals turned into problem documents inside."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from logging import Logger

from aiohttp import web

from ..domain.errors import CLOSED_RETRY_AFTER, HeadsetError, Invalid, OriginNotAllowed, TooLarge, Unavailable
from ..services.ports import GetSettings
from .problems import RETRY_AFTER, from_aiohttp, problem_response

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]

_ALLOWED_HEADERS = "Authorization, Content-Type, Last-Event-ID"
_EXPOSED_HEADERS = "Retry-After"
_PREFLIGHT_SECONDS = "600"
_HANG_UP_SECONDS = 0.5


class Gate:
    """The middleware of the whole plugin. maubot wraps unknown paths and methods with it, too."""

    def __init__(self, settings: GetSettings, own_origin: str, log: Logger) -> None:
        self._settings, self._own_origin, self._log = settings, own_origin, log

    async def __call__(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        """Answer the request, whatever happens inside."""
        cors: dict[str, str] = {}
        try:
            cors = self.cors_headers(request)
            response = await (_answer_options(request) if request.method == "OPTIONS" else handler(request))
        except HeadsetError as error:
            response = problem_response(error)
        except web.HTTPException as error:
            response = problem_response(from_aiohttp(error))
            if "Allow" in error.headers:
                response.headers["Allow"] = error.headers["Allow"]
        except ConnectionError:
            raise
        except Exception:
            self._log.exception("A request could not be answered")
            response = problem_response(Unavailable(retry_after=RETRY_AFTER))
        if not response.prepared:
            response.headers.update(cors)
            response.headers.setdefault("Cache-Control", "no-store")
            response.headers["X-Content-Type-Options"] = "nosniff"
            response.headers["Vary"] = ", ".join(["Origin", *response.headers.getall("Vary", [])])
        if response.status == TooLarge.status:
            await _hang_up(request, response)
        return response

    def cors_headers(self, request: web.Request) -> dict[str, str]:
        """Return the headers that let the asking page read the answer.

        Raises:
            OriginNotAllowed: the page is on a site that may not use this desk.
        """
        origin = request.headers.get("Origin")
        if origin is None:
            return {}
        if not self.is_allowed(origin):
            raise OriginNotAllowed
        return {
            "Access-Control-Allow-Origin": origin,
            "Access-Control-Expose-Headers": _EXPOSED_HEADERS,
        }

    def get_site(self, request: web.Request) -> str | None:
        """Return the origin of the host page that asks; None where our own page does, or no browser."""
        origin = request.headers.get("Origin")
        return None if origin == self._own_origin else origin

    def is_allowed(self, origin: str) -> bool:
        """Tell whether a page of this origin may use the desk."""
        return origin == self._own_origin or origin in self._settings().widget.allowed_origins

    def get_page_origin(self, request: web.Request, named: str | None) -> str:
        """Return the origin of the page in which a wallet is to be asked, which our own page has to name.

        Raises:
            OriginNotAllowed: it may not use this desk, or names another than the one that asks.
            Invalid: there is none.
        """
        site = self.get_site(request)
        origin = named or request.headers.get("Origin")
        if origin is None:
            raise Invalid("origin must name the page's, where no Origin header does.", field="origin")
        if not self.is_allowed(origin) or site not in (None, origin):
            raise OriginNotAllowed(field="origin")
        return origin


async def _answer_options(request: web.Request) -> web.Response:
    refusal = request.match_info.http_exception
    allowed = getattr(refusal, "allowed_methods", None)
    if not allowed:
        raise refusal or web.HTTPNotFound
    methods = ", ".join(sorted({*allowed, "OPTIONS"}))
    return web.Response(
        status=204,
        headers={
            "Allow": methods,
            "Access-Control-Allow-Methods": methods,
            "Access-Control-Allow-Headers": _ALLOWED_HEADERS,
            "Access-Control-Max-Age": _PREFLIGHT_SECONDS,
        },
    )


async def _hang_up(request: web.Request, response: web.StreamResponse) -> None:
    """Answer, and close without reading on; aiohttp alone would go on reading for 10 seconds."""
    response.force_close()
    await response.prepare(request)
    await response.write_eof()
    # A close while data of the client is on its way resets the connection and can take the answer
    # with it; the client gets a moment to read it.
    await asyncio.sleep(_HANG_UP_SECONDS)
    request.protocol.force_close()


async def answer_closed(_: web.Request, handler: Handler) -> web.StreamResponse:
    """Stand in for everything while there is no configuration that can be used."""
    return problem_response(
        Unavailable("The support desk is not set up yet.", retry_after=CLOSED_RETRY_AFTER)
    )
