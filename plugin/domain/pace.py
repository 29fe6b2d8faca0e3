"""How much may go to the group now."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

WINDOW = timedelta(minutes=1)


class Budget:
    """The batches and posts that one turn of the relay may take.

    Posts count by the minute that ends now: those sent in it, and those on their way.
    """

    def __init__(
        self,
        *,
        batches: int,
        per_minute: int,
        sent: Sequence[tuple[datetime, int]] = (),
        on_their_way: int = 0,
    ) -> None:
        """`per_minute` 0: no pacing. `sent`: times and numbers of posts within the window, oldest first."""
        self._batches, self._per_minute, self._sent = batches, per_minute, sent
        self._used = on_their_way + sum(posts for _, posts in sent)
        self.is_spent = False
        """Something did not fit into the minute."""

    def take(self, posts: int) -> bool:
        """Take one batch of so many posts, if it fits; one larger than a minute waits for an empty minute."""
        if self._batches < 1:
            return False
        if self._per_minute and self._used and self._used + posts > self._per_minute:
            self.is_spent = True
            return False
        self._batches -= 1
        self._used += posts
        return True

    @property
    def next_free_at(self) -> datetime | None:
        """When the oldest post leaves the minute; None where only posts on their way fill it."""
        return self._sent[0][0] + WINDOW if self._sent else None
