"""The places of a request where somebody may put a value, as the document names them."""

from __future__ import annotations

from typing import Any

from tests.integration.plugin.documented import closed_document


def resolve(node: dict[str, Any]) -> dict[str, Any]:
    """Return what a reference of the document stands for."""
    while "$ref" in node:
        _, _, kind, name = node["$ref"].split("/")
        node = closed_document()["components"][kind][name]
    return node


def fields_of(operation: dict[str, Any]) -> list[str]:
    """Return the names of the body's fields."""
    if "requestBody" not in operation:
        return []
    return list(resolve(operation["requestBody"]["content"]["application/json"]["schema"])["properties"])


def queries_of(operation: dict[str, Any]) -> list[str]:
    """Return the names of what may stand in the query."""
    parameters = map(resolve, operation.get("parameters", []))
    return [one["name"] for one in parameters if one["in"] == "query"]
