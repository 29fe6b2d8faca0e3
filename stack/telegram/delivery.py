"""Which clients are connected, and what each still has to be told."""

from __future__ import annotations

import asyncio
import contextlib
from collections import deque
from typing import Protocol

from telethon.crypto import AuthKey
from telethon.tl import types as t

from .store import Store
from .views import Views

OUTBOX_LIMIT = 500
"""Past this many waiting updates a client is told to ask for the difference, as Telegram does."""


class Client(Protocol):
    """A connection, as far as delivering updates goes."""

    @property
    def key_id(self) -> int: ...

    @property
    def wants_updates(self) -> bool: ...

    async def send_update(self, body: bytes) -> None: ...

    def take_unacknowledged(self) -> list[bytes]: ...

    def close(self) -> None: ...


class KnownKey:
    """An authorisation key that some client holds, with the updates that wait for it."""

    def __init__(self, auth_key: AuthKey, *, authorised: bool) -> None:
        self.auth_key = auth_key
        self.authorised = authorised
        self._waiting: deque[bytes] = deque()

    def keep_waiting(self, body: bytes) -> None:
        self._waiting.append(body)
        if len(self._waiting) > OUTBOX_LIMIT:
            self.ask_for_difference()

    @property
    def is_behind(self) -> bool:
        return bool(self._waiting)

    def put_back(self, bodies: list[bytes]) -> None:
        self._waiting.extendleft(reversed(bodies))

    def ask_for_difference(self) -> None:
        """Replace what waits by "too long": the client then fetches everything itself."""
        self._waiting = deque([bytes(t.UpdatesTooLong())])

    def take_waiting(self) -> list[bytes]:
        waiting, self._waiting = list(self._waiting), deque()
        return waiting


class Delivery:
    """Sends updates to every client, and again to one that lost its connection before it said it had them."""

    def __init__(self, store: Store, views: Views) -> None:
        self._store = store
        self._views = views
        self._clients: set[Client] = set()
        self._keys: dict[int, KnownKey] = {}
        for key, authorised in store.load_auth_keys():
            known = self._remember(AuthKey(key), authorised=authorised)
            # What waited in the process before this one is gone.
            known.ask_for_difference()

    # Authorisation keys.
    def get_key(self, key_id: int) -> KnownKey | None:
        return self._keys.get(key_id)

    def add_key(self, auth_key: AuthKey) -> KnownKey:
        """Remember the key of a finished handshake; nobody is logged in with it yet."""
        self._save_key(auth_key, authorised=False)
        return self._remember(auth_key, authorised=False)

    def authorise(self, key_id: int) -> None:
        known = self._keys[key_id]
        known.authorised = True
        self._save_key(known.auth_key, authorised=True)

    def _remember(self, auth_key: AuthKey, *, authorised: bool) -> KnownKey:
        known = self._keys[auth_key.key_id] = KnownKey(auth_key, authorised=authorised)
        return known

    def _save_key(self, auth_key: AuthKey, *, authorised: bool) -> None:
        self._store.save_auth_key(auth_key.key, authorised=authorised)
        self._store.commit()

    # Connections.
    @property
    def connection_count(self) -> int:
        return len(self._clients)

    @property
    def authorised_count(self) -> int:
        return sum(self._is_authorised(client) for client in self._clients)

    def attach(self, client: Client) -> None:
        self._clients.add(client)

    def detach(self, client: Client) -> None:
        """Forget a connection; what it did not acknowledge waits for the client's next one."""
        if client not in self._clients:
            return
        self._clients.discard(client)
        known = self._keys.get(client.key_id)
        if known is not None and not self._listeners(client.key_id):
            known.put_back(client.take_unacknowledged())

    def drop_all(self) -> int:
        """Cut every connection; return how many there were."""
        clients = list(self._clients)
        for client in clients:
            self.detach(client)
            client.close()
        return len(clients)

    def _is_authorised(self, client: Client) -> bool:
        known = self._keys.get(client.key_id)
        return known is not None and known.authorised

    def _listeners(self, key_id: int) -> list[Client]:
        return [client for client in self._clients if client.key_id == key_id and client.wants_updates]

    # Updates.
    async def push(self, update: t.TypeUpdate, *about: object) -> None:
        """Send an update to every client that is logged in, or keep it until it is back."""
        body = bytes(self._views.updates([update], *about))
        sends = []
        for key_id, known in self._keys.items():
            if not known.authorised:
                continue
            listeners = self._listeners(key_id)
            # One that is behind gets this after the rest, or it would see a gap.
            if listeners and not known.is_behind:
                sends += [client.send_update(body) for client in listeners]
            else:
                known.keep_waiting(body)
        await asyncio.gather(*sends)

    async def send_waiting(self, client: Client) -> None:
        """Send what the client missed; Telethon takes a new session then and does not ask by itself."""
        known = self._keys[client.key_id]
        if client.wants_updates and known.is_behind:
            await asyncio.gather(*(client.send_update(body) for body in known.take_waiting()))

    def forget_waiting(self, key_id: int) -> None:
        """Drop what waits for a client that fetches the difference: it would hear it twice."""
        with contextlib.suppress(KeyError):
            self._keys[key_id].take_waiting()
