"""Tables and indexes of the moderators' consoles: the newest schema and the step to it have the same."""

from __future__ import annotations

from .waiting import LONGEST

# One for each order that a list may have, so that a page is read and not sorted out of all there is.
TICKET_LIST_INDEXES = (
    "CREATE INDEX ticket_status ON ticket (status, active_at, number)",
    f"CREATE INDEX ticket_status_longest ON ticket (status, ({LONGEST}), number)",
    "CREATE INDEX ticket_status_number ON ticket (status, number)",
    "CREATE INDEX ticket_assignee ON ticket (assignee, status, active_at, number)",
    f"CREATE INDEX ticket_assignee_longest ON ticket (assignee, status, ({LONGEST}), number)",
    "CREATE INDEX ticket_assignee_number ON ticket (assignee, status, number)",
    "CREATE INDEX ticket_waiting ON ticket (waiting, active_at, number) WHERE status = 'open'",
    f"CREATE INDEX ticket_waiting_longest ON ticket (waiting, ({LONGEST}), number) WHERE status = 'open'",
    "CREATE INDEX ticket_waiting_number ON ticket (waiting, number) WHERE status = 'open'",
    "CREATE INDEX ticket_answered ON ticket (answered_at) WHERE answered_at IS NOT NULL",
)
CONSOLE_ACT = (
    """CREATE TABLE console_act (
        moderator_id TEXT NOT NULL REFERENCES moderator (id),
        client_id    TEXT NOT NULL,
        object_id    TEXT NOT NULL,
        at           BIGINT NOT NULL,
        PRIMARY KEY (moderator_id, client_id)
    )""",
    "CREATE INDEX console_act_at ON console_act (at)",
)
TEAM_EVENT = (
    """CREATE TABLE team_event (
        number       BIGINT PRIMARY KEY,
        type         TEXT NOT NULL,
        ticket       BIGINT,
        message_id   TEXT,
        object_id    TEXT,
        moderator_id TEXT,
        at           BIGINT NOT NULL
    )""",
)
ACCESS = (
    """CREATE TABLE moderator_token (
        id           TEXT PRIMARY KEY,
        token_hash   TEXT NOT NULL UNIQUE,
        moderator_id TEXT NOT NULL REFERENCES moderator (id),
        created_by   TEXT NOT NULL,
        created_at   BIGINT NOT NULL,
        used_at      BIGINT,
        revoked_at   BIGINT
    )""",
    "CREATE INDEX moderator_token_moderator ON moderator_token (moderator_id) WHERE revoked_at IS NULL",
    """CREATE TABLE moderator_code (
        code_hash    TEXT PRIMARY KEY,
        moderator_id TEXT NOT NULL REFERENCES moderator (id),
        created_by   TEXT NOT NULL,
        created_at   BIGINT NOT NULL,
        expires_at   BIGINT NOT NULL,
        room_id      TEXT,
        event_id     TEXT
    )""",
    "CREATE INDEX moderator_code_expires_at ON moderator_code (expires_at)",
)
CANNED = (
    """CREATE TABLE canned_reply (
        name       TEXT PRIMARY KEY,
        text       TEXT NOT NULL,
        by_id      TEXT NOT NULL,
        by_name    TEXT NOT NULL,
        updated_at BIGINT NOT NULL
    )""",
)
