"""Requests that nobody thought of: made of the document by schemathesis, answered by the real plugin."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import hypothesis
import requests
import schemathesis
from hypothesis import HealthCheck, Phase
from schemathesis import GenerationMode
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from stack.conditions import PATIENCE

EXAMPLES = 12
"""Of each kind of request that is tried on one operation."""

CHECKS = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
]

# The same requests each time. Nothing is slow or odd about a test that waits for a server.
_SETTINGS = hypothesis.settings(
    derandomize=True,
    database=None,
    deadline=None,
    max_examples=EXAMPLES,
    phases=[Phase.generate],
    suppress_health_check=list(HealthCheck),
)


@dataclass(kw_only=True)
class Fuzz:
    """Tries the operations of a document on one server, each under a token of its kind."""

    document: Mapping[str, Any]
    base_url: str
    tokens: Mapping[str, str]
    """By the name of the security scheme."""
    statuses: dict[str, Counter[int]] = field(default_factory=dict)
    """What each operation answered, by its name."""

    def __post_init__(self) -> None:
        self._schema = schemathesis.openapi.from_dict(dict(self.document))
        self._session = requests.Session()
        self._session.trust_env = False

    def get_operation(self, path: str, method: str) -> schemathesis.schemas.APIOperation:
        """Return one operation."""
        return self._schema[path][method]

    def send(
        self, path: str, method: str, *, token: str | None = None, **parts: Any
    ) -> schemathesis.Response:
        """Make one request, whose answer must be as the document says."""
        return self._send(self.get_operation(path, method).Case(**parts), token)

    def try_all(self, path: str, method: str, known: Mapping[str, Any]) -> None:
        """Make requests as the document allows them and as it does not, and about what is `known`."""
        operation = self.get_operation(path, method)
        self._try(operation, GenerationMode.POSITIVE)
        if operation.body or any(operation.iter_parameters()):
            self._try(operation, GenerationMode.NEGATIVE)
        named = {part.name for part in operation.path_parameters} & known.keys()
        if named:
            self._try(operation, GenerationMode.POSITIVE, {name: known[name] for name in named})

    def _try(
        self, operation: Any, mode: GenerationMode, path_parameters: Mapping[str, Any] | None = None
    ) -> None:
        parts = {"path_parameters": dict(path_parameters)} if path_parameters else {}

        @_SETTINGS
        @hypothesis.given(case=operation.as_strategy(generation_mode=mode, **parts))
        def run(case: schemathesis.Case) -> None:
            self._send(case)

        run()

    def _send(self, case: schemathesis.Case, token: str | None = None) -> schemathesis.Response:
        definition = case.operation.definition.raw
        (scheme,) = definition["security"][0] if "security" in definition else [None]
        bearer = token or self.tokens.get(scheme or "")
        response = case.call(
            self.base_url,
            self._session,
            headers={"Authorization": f"Bearer {bearer}"} if bearer else {},
            timeout=PATIENCE,
            allow_redirects=False,
        )
        case.validate_response(response, checks=CHECKS)
        self.statuses.setdefault(definition["operationId"], Counter())[response.status_code] += 1
        return response
