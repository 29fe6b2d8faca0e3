"""Users of the host site, who come with its signed word."""

from __future__ import annotations

from ..domain.errors import Forbidden
from ..domain.jwt import TokenRefused, read_token
from .identity import Proof
from .ports import Clock, GetSettings


class UserService:
    """Reads the host site's tokens. One may come again until it ends, at most 10 minutes later."""

    def __init__(self, clock: Clock, settings: GetSettings) -> None:
        self._clock, self._settings = clock, settings

    @property
    def is_on(self) -> bool:
        """Whether the host site may vouch for its users."""
        return bool(self._settings().identity.user_secret)

    def verify(self, token: str, field: str) -> Proof:
        """Return what a token, given in `field`, proves.

        Raises:
            Forbidden: it is not valid; `rule` names what it breaks.
        """
        if not self.is_on:
            raise Forbidden("Signing in as a user of the site is not switched on here.", field=field)
        try:
            user = read_token(token, self._settings().identity.user_secret, self._clock.now())
        except TokenRefused as refused:
            raise Forbidden(str(refused), field=field, rule=refused.rule) from None
        return Proof(identity="user", account=f"user:{user.subject}", name=user.name, email=user.email)
