"""What can go wrong between the console and the desk."""

from __future__ import annotations


class DeskError(Exception):
    """Something between here and the desk went wrong; `detail` is one sentence for a person."""

    def __init__(self, detail: str) -> None:
        self.detail = detail
        super().__init__(detail)


class Unreachable(DeskError):
    """The desk does not answer now: no network, a server's fault, or the plugin is just being reloaded."""

    def __init__(self, detail: str, *, retry_after: float | None = None) -> None:
        self.retry_after = retry_after
        """Seconds that the desk asks to wait."""
        super().__init__(detail)


class ApiError(DeskError):
    """The desk refused; the members are those of its problem document."""

    def __init__(
        self,
        detail: str,
        *,
        code: str,
        status: int,
        field: str | None = None,
        limit: int | None = None,
        retry_after: float | None = None,
    ) -> None:
        self.code, self.status = code, status
        self.field, self.limit, self.retry_after = field, limit, retry_after
        super().__init__(detail)


class Unauthorized(ApiError):
    """The token is not valid (any more): log in again."""

    def __init__(self, detail: str = "The desk does not know this login any more.") -> None:
        super().__init__(detail, code="unauthorized", status=401)


class NotUnderstood(ApiError):
    """An answer is not what this console expects: another version, or no desk at all."""

    def __init__(self, detail: str, *, status: int = 200) -> None:
        super().__init__(detail, code="not_understood", status=status)
