"""Identity tokens as a host site's server signs them."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import time
import uuid
from typing import Any

from tests.browser.settings import USER_SECRET


def make_jwt(sub: str, *, secret: str = USER_SECRET, **claims: Any) -> str:
    """Return a token for one of the site's users, good for five minutes."""
    now = int(time.time())
    payload = {"sub": sub, "aud": "headset", "iat": now, "exp": now + 300, "jti": str(uuid.uuid4())} | claims
    signed = f"{_encode({'alg': 'HS256', 'typ': 'JWT'})}.{_encode(payload)}"
    signature = hmac.new(secret.encode(), signed.encode(), hashlib.sha256).digest()
    return f"{signed}.{_base64(signature)}"


def _encode(value: object) -> str:
    return _base64(json.dumps(value).encode())


def _base64(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()
