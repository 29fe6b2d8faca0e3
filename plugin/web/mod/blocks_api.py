"""The moderators' API: blocks."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timezone
from typing import Any

from aiohttp import web

from ...domain.commands import Command
from ...domain.durations import EXAMPLES, parse_duration
from ...domain.errors import Invalid
from ...services.block_acts import BlockChange
from ...services.mod.access import Caller
from ...services.mod.blocks import BlockDesk, BlockView
from .. import schemas
from .lists import ID, get_after, is_id, list_json
from .routes import ModRoutes
from .shapes import block_json

LONGEST_REASON = 500
"""Characters; a room's command may say more."""


class BlocksApi:
    """Handlers of `v1/mod/blocks`."""

    def __init__(self, blocks: BlockDesk) -> None:
        self._blocks = blocks

    def add_routes(self, routes: ModRoutes) -> None:
        """Put the handlers on their paths."""
        routes.add("GET", "/v1/mod/blocks", self.get_blocks)
        routes.add("POST", "/v1/mod/blocks", self.post_block)
        routes.add("PATCH", f"/v1/mod/blocks/{{id:{ID}}}", self.patch_block)
        routes.add("DELETE", f"/v1/mod/blocks/{{id:{ID}}}", self.delete_block)

    async def get_blocks(self, request: web.Request, caller: Caller) -> web.Response:
        """Answer blocks, newest first: all, or with `active` those that run, or that are over."""
        active = _get_active(request)
        after, limit = get_after(request), schemas.get_limit(request)
        page = await self._blocks.list_page(caller.moderator, active=active, before=after, limit=limit)
        items = [block_json(view.entry, caller.moderator.id, blocked=view.is_blocked) for view in page.items]
        return web.json_response(list_json(items, page.next))

    async def post_block(self, request: web.Request, caller: Caller) -> web.Response:
        """Block a customer, for the usual length where none is given."""
        data = await schemas.read_json(request)
        view = await self._blocks.add(
            caller.moderator,
            _get_customer(data),
            _get_wish(data),
            is_private=schemas.get_flag(data, "private"),
        )
        return _answer(view, caller, status=201)

    async def patch_block(self, request: web.Request, caller: Caller) -> web.Response:
        """Let a block end at another time, or give it another reason."""
        change = _get_change(await schemas.read_json(request))
        return _answer(await self._blocks.change(caller.moderator, request.match_info["id"], change), caller)

    async def delete_block(self, request: web.Request, caller: Caller) -> web.Response:
        """Lift a block."""
        return _answer(await self._blocks.lift(caller.moderator, request.match_info["id"]), caller)


def _answer(view: BlockView, caller: Caller, *, status: int = 200) -> web.Response:
    return web.json_response(
        block_json(view.entry, caller.moderator.id, blocked=view.is_blocked), status=status
    )


def _get_active(request: web.Request) -> bool | None:
    text = request.query.get("active")
    if text not in (None, "true", "false"):
        raise Invalid("active must be true or false.", field="active")
    return None if text is None else text == "true"


def _get_customer(data: Mapping[str, Any]) -> str:
    customer = schemas.get_text(data, "customer")
    if not is_id(customer):
        raise Invalid("customer must be a customer's id.", field="customer")
    return customer


def _get_wish(data: Mapping[str, Any]) -> Command:
    kind = data.get("kind", "block")
    if kind not in ("block", "timeout"):
        raise Invalid("kind must be block or timeout.", field="kind")
    reason = schemas.get_optional_text(data, "reason", LONGEST_REASON) or None
    if data.get("duration", "") is None:
        return Command(verb=kind, forever=True, text=reason)
    if "duration" not in data:
        return Command(verb=kind, text=reason)
    length = parse_duration(schemas.get_text(data, "duration"))
    if not length:
        raise Invalid(f"duration must be a length of time, such as {EXAMPLES}, or null.", field="duration")
    return Command(verb=kind, length=length, text=reason)


def _get_change(data: Mapping[str, Any]) -> BlockChange:
    has_end, has_reason = "expires_at" in data, "reason" in data
    if not (has_end or has_reason):
        raise Invalid("expires_at or reason must be given.", field="expires_at")
    return BlockChange(
        expires_at=_get_time(data, "expires_at"),
        reason=schemas.get_optional_text(data, "reason", LONGEST_REASON) or None,
        has_end=has_end,
        has_reason=has_reason,
    )


def _get_time(data: Mapping[str, Any], field: str) -> datetime | None:
    if data.get(field) is None:
        return None
    try:
        at = datetime.fromisoformat(schemas.get_text(data, field).replace("Z", "+00:00"))
        if at.tzinfo is None:
            raise ValueError
        return at.astimezone(timezone.utc)
    except (ValueError, OverflowError):
        raise Invalid(
            f"{field} must be a time such as 2026-03-01T12:00:00.000Z, or null.", field=field
        ) from None
