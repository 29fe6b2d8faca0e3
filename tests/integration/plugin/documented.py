"""What the document says of answers and of streams, held against what is answered and told."""

from __future__ import annotations

import copy
from collections.abc import Iterable, Mapping
from functools import cache
from typing import Any

import jsonschema
from jsonschema import Draft202012Validator

from plugin.web.document import list_operations, load_document
from stack.customer import StreamEvent

OPERATIONS = [(path, method) for path, method, _ in list_operations(load_document())]
"""All that there is, as path and method."""

STREAMS = [("/v1/events", "get"), ("/v1/mod/events", "get")]
"""An answer of theirs has no end."""

_COMPONENTS = "#/components/schemas/"


@cache
def closed_document() -> dict[str, Any]:
    """Return the document with no room in answers for what it does not name."""
    document = copy.deepcopy(load_document())
    schemas = document["components"]["schemas"]
    answered: set[str] = set()
    waiting = [response for item in document["paths"].values() for response in _responses(item)]
    while waiting:
        for node in _walk(waiting.pop()):
            name = str(node.get("$ref", "")).removeprefix(_COMPONENTS)
            if name in schemas and name not in answered:
                answered.add(name)
                waiting.append(schemas[name])
    for name in answered:
        for node in _walk(schemas[name]):
            if node.get("type") == "object" and "properties" in node:
                node.setdefault("additionalProperties", False)
    return document


def check_event(path: str, event: StreamEvent) -> None:
    """Fail unless the stream at `path` may have this event."""
    document = closed_document()
    wanted = document["paths"][path]["get"]["x-events"][event.type]
    jsonschema.validate(event.data, {**wanted, "components": document["components"]}, Draft202012Validator)


def _responses(item: Mapping[str, Any]) -> Iterable[Any]:
    for operation in item.values():
        if isinstance(operation, dict):
            yield operation["responses"]
            yield operation.get("x-events", {})


def _walk(node: Any) -> Iterable[dict[str, Any]]:
    if isinstance(node, dict):
        yield node
    for child in node.values() if isinstance(node, dict) else node if isinstance(node, list) else ():
        yield from _walk(child)
