"""What a host site does: sign who its users are."""

from __future__ import annotations

import base64
import hmac
import json


def _part(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def sign_token(claims: dict[str, object], secret: str, header: dict[str, object] | None = None) -> str:
    """Return a JSON Web Token, HS256 unless the header says something else."""
    parts = (header or {"alg": "HS256", "typ": "JWT"}, claims)
    signed = ".".join(_part(json.dumps(part).encode()) for part in parts)
    return f"{signed}.{_part(hmac.digest(secret.encode(), signed.encode(), 'sha256'))}"
