"""One hierarchy of refusals; each class is one row of the table of wire codes (RFC 9457)."""

from __future__ import annotations

from typing import ClassVar


class HeadsetError(Exception):
    """Something went wrong."""

    code: ClassVar[str] = "internal"
    status: ClassVar[int] = 500

    def __init__(self, detail: str | None = None, **members: object) -> None:
        self.title = (type(self).__doc__ or "").strip()
        self.detail = detail or self.title
        self.members = members
        """More members of the problem document, such as `limit` or `field`."""
        super().__init__(self.detail)


class BadJson(HeadsetError):
    """The body is not a JSON object."""

    code, status = "bad_json", 400


class Unauthorized(HeadsetError):
    """A valid bearer token is needed."""

    code, status = "unauthorized", 401


class Forbidden(HeadsetError):
    """This is not allowed."""

    code, status = "forbidden", 403


class OriginNotAllowed(HeadsetError):
    """This site may not use this support desk."""

    code, status = "origin_not_allowed", 403


class NotFound(HeadsetError):
    """There is nothing here."""

    code, status = "not_found", 404


class MethodNotAllowed(HeadsetError):
    """This address does not take that method."""

    code, status = "method_not_allowed", 405


class Conflict(HeadsetError):
    """This contradicts what is stored."""

    code, status = "conflict", 409


class TooLarge(HeadsetError):
    """The body is too large."""

    code, status = "too_large", 413


class UnsupportedMediaType(HeadsetError):
    """The body must be application/json."""

    code, status = "unsupported_media_type", 415


class TextEmpty(HeadsetError):
    """The text is empty."""

    code, status = "text_empty", 422


class TextTooLong(HeadsetError):
    """The text is too long."""

    code, status = "text_too_long", 422


class SecretRefused(HeadsetError):
    """A seed phrase or a private key is never taken."""

    code, status = "secret_refused", 422


class SecretSuspected(HeadsetError):
    """This may be a seed phrase or a private key."""

    code, status = "secret_suspected", 422


class Invalid(HeadsetError):
    """A field has a value that is not allowed."""

    code, status = "invalid", 422


class RateLimited(HeadsetError):
    """Too many requests."""

    code, status = "rate_limited", 429


class Unavailable(HeadsetError):
    """The support desk can't take this right now."""

    code, status = "unavailable", 503


WIRE_CODES: dict[str, type[HeadsetError]] = {cls.code: cls for cls in HeadsetError.__subclasses__()}
"""Every code a client may meet."""


CLOSED_RETRY_AFTER = 60
"""Seconds a client is told to wait while the operator has not set the desk up."""


class ConfigError(ValueError):
    """The configuration holds a value that is not allowed; each problem names its key."""

    def __init__(self, problems: list[str]) -> None:
        self.problems = problems
        super().__init__("; ".join(problems))
