"""The API's own description, OpenAPI 3.1: put together from its parts, completed, and served.

A part is a file of the folder `openapi`; an entry of `paths` or `components` stands in one part only. What
would stand there a hundred times over is filled in:

- `x-codes` of an operation names the refusals that are its own. Those that every operation may meet, or every
  one with a body or a token, are added, and all become responses, by the table of wire codes.
- An object without `required` has all its properties.
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterator
from functools import cache
from importlib import resources
from typing import Any

from aiohttp import hdrs, web
from maubot.plugin_server import PluginWebApp
from ruamel.yaml import YAML

from ..domain.errors import WIRE_CODES

_PARTS, _SUFFIX = "openapi", ".yaml"
_METHODS = ("get", "put", "post", "patch", "delete")
_CACHE = "public, max-age=60"

_CODES_OF_ALL = ("origin_not_allowed", "unavailable")
_CODES_OF_BODIES = ("bad_json", "too_large", "unsupported_media_type")
_CODES_OF_TOKENS = ("unauthorized",)
_TELLS_WHEN = ("rate_limited", "unavailable")
"""These come with Retry-After."""


class DocumentApi:
    """The handler of `v1/openapi.json`."""

    def __init__(self) -> None:
        self._body = json.dumps(load_document(), ensure_ascii=False, separators=(",", ":")).encode()

    def add_routes(self, webapp: PluginWebApp) -> None:
        """Put the handler on its path."""
        webapp.add_get("/v1/openapi.json", self.get_document, allow_head=True)

    async def get_document(self, _: web.Request) -> web.Response:
        """Answer the document."""
        response = web.Response(body=self._body, content_type="application/json", charset="utf-8")
        response.headers["Cache-Control"] = _CACHE
        response.headers["Vary"] = hdrs.ACCEPT_ENCODING
        response.enable_compression()
        return response


@cache
def load_document() -> dict[str, Any]:
    """Return the whole document, which nobody may change."""
    # Through JSON, so that what YAML shares between entries is nobody's to change but its own.
    document: dict[str, Any] = json.loads(json.dumps(_join(_read_parts())))
    for _, _, operation in list_operations(document):
        _add_refusals(operation)
    for schema in _walk(document["components"]["schemas"]):
        if schema.get("type") == "object" and "properties" in schema:
            schema.setdefault("required", list(schema["properties"]))
    return document


def list_operations(document: dict[str, Any]) -> Iterator[tuple[str, str, dict[str, Any]]]:
    """Yield path, method and operation."""
    for path, item in document["paths"].items():
        for method in _METHODS:
            if method in item:
                yield path, method, item[method]


def _read_parts() -> Iterator[tuple[str, dict[str, Any]]]:
    folder = resources.files(__package__).joinpath(_PARTS)
    parts = [entry for entry in folder.iterdir() if entry.name.endswith(_SUFFIX)]
    for part in sorted(parts, key=lambda entry: entry.name):
        yield part.name, YAML(typ="safe").load(part.read_text(encoding="utf-8"))


def _join(parts: Iterator[tuple[str, dict[str, Any]]]) -> dict[str, Any]:
    whole: dict[str, Any] = {"paths": {}, "components": defaultdict(dict)}
    for name, part in parts:
        _add(whole["paths"], part.pop("paths", {}), name)
        for kind, entries in part.pop("components", {}).items():
            _add(whole["components"][kind], entries, name)
        _add(whole, part, name)
    return whole


def _add(entries: dict[str, Any], more: dict[str, Any], part: str) -> None:
    twice = entries.keys() & more
    if twice:
        raise ValueError(f"{part}: {', '.join(sorted(twice))} stands in another part already")
    entries.update(more)


def _add_refusals(operation: dict[str, Any]) -> None:
    codes = [*operation.pop("x-codes", ()), *_CODES_OF_ALL]
    codes += _CODES_OF_BODIES if "requestBody" in operation else ()
    codes += _CODES_OF_TOKENS if "security" in operation else ()
    by_status: dict[str, list[str]] = defaultdict(list)
    for code in codes:
        by_status[str(WIRE_CODES[code].status)].append(code)
    for status, several in sorted(by_status.items()):
        plain = {"description": _describe(several), "content": {}}
        response = operation["responses"].setdefault(status, plain)
        response["content"]["application/problem+json"] = {"schema": _problem(several)}
        if any(code in _TELLS_WHEN for code in several):
            response["headers"] = {"Retry-After": {"$ref": "#/components/headers/RetryAfter"}}


def _describe(codes: list[str]) -> str:
    return " ".join(f"`{code}`: {WIRE_CODES[code].__doc__}" for code in codes)


def _problem(codes: list[str]) -> dict[str, Any]:
    own = {"properties": {"code": {"enum": sorted(codes)}}}
    return {"allOf": [{"$ref": "#/components/schemas/Problem"}, own]}


def _walk(node: Any) -> Iterator[dict[str, Any]]:
    if isinstance(node, dict):
        yield node
    for child in node.values() if isinstance(node, dict) else node if isinstance(node, list) else ():
        yield from _walk(child)
