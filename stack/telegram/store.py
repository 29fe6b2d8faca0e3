"""The data centre's memory on disk: one SQLite file, one transaction for each change."""

from __future__ import annotations

import json
import sqlite3
from pathlib import Path
from typing import Any

SCHEMA = """
CREATE TABLE IF NOT EXISTS records (kind TEXT, id INTEGER, body TEXT NOT NULL, PRIMARY KEY (kind, id));
CREATE TABLE IF NOT EXISTS messages (chat INTEGER, id INTEGER, body BLOB NOT NULL, PRIMARY KEY (chat, id));
CREATE TABLE IF NOT EXISTS updates (n INTEGER PRIMARY KEY, box TEXT NOT NULL, pts INTEGER NOT NULL,
    body BLOB NOT NULL);
CREATE INDEX IF NOT EXISTS updates_by_box ON updates (box, pts);
CREATE TABLE IF NOT EXISTS files (id INTEGER PRIMARY KEY, body BLOB NOT NULL);
CREATE TABLE IF NOT EXISTS auth_keys (key BLOB PRIMARY KEY, authorised INTEGER NOT NULL);
CREATE TABLE IF NOT EXISTS journal (n INTEGER PRIMARY KEY AUTOINCREMENT, chat INTEGER NOT NULL,
    event TEXT NOT NULL, body TEXT NOT NULL);
CREATE INDEX IF NOT EXISTS journal_by_chat ON journal (chat, n);
"""


class Store:
    """Rows in, rows out; the first write after a commit opens the next transaction."""

    def __init__(self, path: Path) -> None:
        self._db = sqlite3.connect(path)
        self._db.execute("PRAGMA journal_mode = WAL")
        # Survives a killed process, which is what is tested here; a lost power supply is not.
        self._db.execute("PRAGMA synchronous = NORMAL")
        self._db.executescript(SCHEMA)

    def commit(self) -> None:
        self._db.commit()

    def close(self) -> None:
        self._db.commit()
        self._db.close()

    # Records: users, chats, the account.
    def load_records(self, kind: str) -> list[dict[str, Any]]:
        rows = self._db.execute("SELECT body FROM records WHERE kind = ? ORDER BY id", (kind,))
        return [json.loads(body) for (body,) in rows]

    def save_record(self, kind: str, record_id: int, record: dict[str, Any]) -> None:
        row = (kind, record_id, json.dumps(record))
        self._db.execute("INSERT OR REPLACE INTO records (kind, id, body) VALUES (?, ?, ?)", row)

    # Messages, as TL bytes.
    def load_messages(self) -> list[tuple[int, int, bytes]]:
        return self._db.execute("SELECT chat, id, body FROM messages ORDER BY chat, id").fetchall()

    def save_message(self, chat_id: int, message_id: int, body: bytes) -> None:
        row = (chat_id, message_id, body)
        self._db.execute("INSERT OR REPLACE INTO messages (chat, id, body) VALUES (?, ?, ?)", row)

    def delete_message(self, chat_id: int, message_id: int) -> None:
        self._db.execute("DELETE FROM messages WHERE chat = ? AND id = ?", (chat_id, message_id))

    # Update boxes, as TL bytes.
    def append_update(self, box: str, pts: int, body: bytes) -> None:
        self._db.execute("INSERT INTO updates (box, pts, body) VALUES (?, ?, ?)", (box, pts, body))

    def load_updates_after(self, box: str, pts: int) -> list[bytes]:
        query = "SELECT body FROM updates WHERE box = ? AND pts > ? ORDER BY n"
        return [body for (body,) in self._db.execute(query, (box, pts))]

    # Files.
    def save_file(self, file_id: int, body: bytes) -> None:
        self._db.execute("INSERT INTO files (id, body) VALUES (?, ?)", (file_id, body))

    def load_file(self, file_id: int) -> bytes | None:
        row = self._db.execute("SELECT body FROM files WHERE id = ?", (file_id,)).fetchone()
        return row[0] if row else None

    # Authorisation keys.
    def load_auth_keys(self) -> list[tuple[bytes, bool]]:
        rows = self._db.execute("SELECT key, authorised FROM auth_keys")
        return [(key, bool(authorised)) for key, authorised in rows]

    def save_auth_key(self, key: bytes, *, authorised: bool) -> None:
        row = (key, authorised)
        self._db.execute("INSERT OR REPLACE INTO auth_keys (key, authorised) VALUES (?, ?)", row)

    # The journal that the team's page follows.
    def append_journal(self, chat_id: int, event: str, body: str) -> None:
        self._db.execute("INSERT INTO journal (chat, event, body) VALUES (?, ?, ?)", (chat_id, event, body))

    def load_journal_after(self, chat_id: int, number: int) -> list[tuple[int, str, str]]:
        query = "SELECT n, event, body FROM journal WHERE chat = ? AND n > ? ORDER BY n"
        return self._db.execute(query, (chat_id, number)).fetchall()

    def last_journal_number(self) -> int:
        row = self._db.execute("SELECT max(n) FROM journal").fetchone()
        return row[0] or 0
