"""Accounts that somebody signs in with, as far as they must be known again after they were erased."""

from __future__ import annotations

import hashlib
import hmac

from ..db.transaction import Transaction
from .ids import new_token


async def hash_account(tx: Transaction, account: str) -> str:
    """Return the keyed hash of an account; without the key, which stays here, nobody can try accounts out."""
    key = await tx.sessions.get_secret("account", new_token())
    return hmac.new(key.encode(), account.encode(), hashlib.sha256).hexdigest()
