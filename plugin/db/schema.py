"""The newest schema.

Times are milliseconds since the epoch, as Matrix has them; truth values are 0 and 1, because SQLite
knows no BOOLEAN; JSON is TEXT.
"""

from __future__ import annotations

from .desk_tables import ACCESS, CANNED, CONSOLE_ACT, TEAM_EVENT, TICKET_LIST_INDEXES

CUSTOMER_INDEXES = (
    "CREATE UNIQUE INDEX customer_account ON customer (account) WHERE account IS NOT NULL",
    # Without a word of last_seq: on PostgreSQL each message would have to change the index.
    """CREATE INDEX customer_silent ON customer (created_at)
       WHERE ticket IS NULL AND erased_at IS NULL AND joined_to IS NULL""",
)
SESSION_INDEXES = (
    "CREATE INDEX session_customer ON session (customer_id)",
    "CREATE INDEX session_ended ON session (ended_at) WHERE ended_at IS NOT NULL",
    "CREATE INDEX session_address ON session (address_hash) WHERE address_hash IS NOT NULL",
)
CHALLENGE = (
    """CREATE TABLE challenge (
        nonce      TEXT PRIMARY KEY,
        session_id TEXT NOT NULL REFERENCES session (id),
        origin     TEXT NOT NULL,
        account    TEXT NOT NULL,
        message    TEXT NOT NULL,
        expires_at BIGINT NOT NULL,
        used_at    BIGINT
    )""",
    "CREATE INDEX challenge_expires_at ON challenge (expires_at)",
    "CREATE INDEX challenge_session ON challenge (session_id)",
)
DIRECT = (
    """CREATE TABLE direct (
        id           TEXT PRIMARY KEY,
        customer_id  TEXT NOT NULL REFERENCES customer (id),
        moderator_id TEXT NOT NULL REFERENCES moderator (id),
        room_id      TEXT UNIQUE,
        created_at   BIGINT NOT NULL,
        active_at    BIGINT NOT NULL
    )""",
    "CREATE INDEX direct_customer ON direct (customer_id, moderator_id, active_at)",
    "CREATE INDEX direct_moderator ON direct (moderator_id, active_at)",
)
TICKET_EVENT_INDEXES = (
    "CREATE INDEX ticket_event_customer ON ticket_event (customer_id)",
    "CREATE INDEX ticket_event_message ON ticket_event (message_id) WHERE message_id IS NOT NULL",
)
TICKET_INDEXES = ("CREATE INDEX ticket_customer ON ticket (customer_id)",)
HELD_REPLY = (
    """CREATE TABLE held_reply (
        id           TEXT PRIMARY KEY,
        event_id     TEXT NOT NULL UNIQUE,
        sender       TEXT NOT NULL,
        moderator_id TEXT NOT NULL REFERENCES moderator (id),
        customer_id  TEXT NOT NULL REFERENCES customer (id),
        ticket       BIGINT,
        direct_id    TEXT,
        reply_to     TEXT,
        edits        TEXT REFERENCES message (id),
        text         TEXT NOT NULL,
        state        TEXT NOT NULL,
        created_at   BIGINT NOT NULL,
        decided_by   TEXT,
        decided_at   BIGINT
    )""",
    "CREATE INDEX held_reply_waiting ON held_reply (id) WHERE state = 'held'",
    "CREATE INDEX held_reply_edits ON held_reply (edits) WHERE edits IS NOT NULL",
    "CREATE INDEX held_reply_customer ON held_reply (customer_id)",
)
# Those that are due are listed by id: with any other index SQLite goes through all batches for that.
BATCH_OPEN = "CREATE INDEX batch_open ON batch (id) WHERE state = 'open'"
BATCH_INDEXES = (
    # Without these two, forgetting or joining one customer would read every batch and row there is.
    "CREATE INDEX batch_customer ON batch (customer_id)",
    "CREATE INDEX outbox_customer ON outbox (customer_id)",
    "CREATE INDEX batch_held_list ON batch (id) WHERE state = 'held'",
    "CREATE INDEX batch_direct ON batch (direct_id, state) WHERE direct_id IS NOT NULL",
    "CREATE INDEX batch_stands_for ON batch (stands_for) WHERE stands_for IS NOT NULL",
)
ROOM_EVENT_INDEXES = ("CREATE INDEX room_event_done ON room_event (sent_at) WHERE outcome IS NOT NULL",)
EARLY_CHANGE_INDEXES = ("CREATE INDEX early_change_sent_at ON early_change (sent_at)",)
STRANGER_INDEXES = ("CREATE INDEX stranger_reply_ticket ON stranger_reply (ticket)",)
MESSAGE_INDEXES = (
    """CREATE INDEX message_direct ON message (customer_id, moderator_id, seq)
       WHERE moderator_id IS NOT NULL""",
)
REDACTION = (
    """CREATE TABLE redaction (
        event_id   TEXT PRIMARY KEY,
        room_id    TEXT NOT NULL,
        round      INTEGER NOT NULL,
        tries      INTEGER NOT NULL,
        due_at     BIGINT NOT NULL,
        created_at BIGINT NOT NULL,
        done_at    BIGINT,
        error      TEXT
    )""",
    "CREATE INDEX redaction_due ON redaction (due_at) WHERE done_at IS NULL",
    "CREATE INDEX redaction_done ON redaction (done_at) WHERE done_at IS NOT NULL",
    "CREATE INDEX redaction_refused ON redaction (done_at) WHERE done_at IS NOT NULL AND error IS NOT NULL",
)
BLOCK_INDEXES = (
    "CREATE INDEX block_account ON block (account_hash) WHERE account_hash IS NOT NULL",
    "CREATE INDEX block_origin ON block (origin) WHERE origin IS NOT NULL",
    "CREATE INDEX block_running ON block (customer_id, created_at, expires_at) WHERE lifted_at IS NULL",
    "CREATE INDEX block_list ON block (id, expires_at, lifted_at) WHERE origin IS NULL",
    "CREATE INDEX block_expired ON block (expires_at) WHERE expires_at IS NOT NULL",
    "CREATE INDEX block_lifted ON block (lifted_at) WHERE lifted_at IS NOT NULL",
)
NOTE = (
    """CREATE TABLE note (
        id          TEXT PRIMARY KEY,
        customer_id TEXT NOT NULL REFERENCES customer (id),
        ticket      BIGINT REFERENCES ticket (number),
        by_id       TEXT NOT NULL,
        by_name     TEXT NOT NULL,
        text        TEXT NOT NULL,
        created_at  BIGINT NOT NULL
    )""",
    "CREATE INDEX note_customer ON note (customer_id, created_at)",
    "CREATE INDEX note_ticket ON note (ticket, id) WHERE ticket IS NOT NULL",
)

TABLES = (
    """CREATE TABLE counter (
        name  TEXT PRIMARY KEY,
        value BIGINT NOT NULL
    )""",
    """INSERT INTO counter (name, value)
       VALUES ('ticket', 1000), ('answer', 0), ('silent_batches', 3), ('maker', 0), ('identity', 0),
              ('team_event', 0)""",
    """CREATE TABLE secret (
        name  TEXT PRIMARY KEY,
        value TEXT NOT NULL
    )""",
    """CREATE TABLE moderator (
        id          TEXT PRIMARY KEY,
        name        TEXT NOT NULL,
        role        TEXT NOT NULL,
        telegram_id BIGINT,
        mxid        TEXT,
        source      TEXT NOT NULL,
        active      INTEGER NOT NULL,
        handles     TEXT NOT NULL DEFAULT '[]'
    )""",
    "CREATE UNIQUE INDEX moderator_telegram_id ON moderator (telegram_id) WHERE active = 1",
    "CREATE UNIQUE INDEX moderator_mxid ON moderator (mxid) WHERE active = 1",
    """CREATE TABLE customer (
        id         TEXT PRIMARY KEY,
        identity   TEXT NOT NULL,
        name       TEXT,
        ticket     BIGINT,
        last_seq   BIGINT NOT NULL DEFAULT 0,
        last_event BIGINT NOT NULL DEFAULT 0,
        created_at BIGINT NOT NULL,
        account    TEXT,
        email      TEXT,
        erased_at  BIGINT,
        joined_to  TEXT
    )""",
    *CUSTOMER_INDEXES,
    """CREATE TABLE session (
        id          TEXT PRIMARY KEY,
        token_hash  TEXT NOT NULL UNIQUE,
        customer_id TEXT NOT NULL REFERENCES customer (id),
        address_hash TEXT,
        locale      TEXT,
        page_url    TEXT,
        created_at  BIGINT NOT NULL,
        ended_at    BIGINT
    )""",
    *SESSION_INDEXES,
    *CHALLENGE,
    """CREATE TABLE ticket (
        number      BIGINT PRIMARY KEY,
        customer_id TEXT NOT NULL REFERENCES customer (id),
        status      TEXT NOT NULL,
        opened_at   BIGINT NOT NULL,
        active_at   BIGINT NOT NULL,
        closed_at   BIGINT,
        assignee    TEXT REFERENCES moderator (id),
        score       INTEGER,
        comment     TEXT,
        marked      TEXT,
        waiting     TEXT,
        waiting_since BIGINT,
        answered_at BIGINT,
        tags        TEXT NOT NULL DEFAULT '[]'
    )""",
    "CREATE INDEX ticket_idle ON ticket (active_at) WHERE status = 'open'",
    *TICKET_INDEXES,
    *TICKET_LIST_INDEXES,
    """CREATE TABLE message (
        id              TEXT PRIMARY KEY,
        customer_id     TEXT NOT NULL REFERENCES customer (id),
        seq             BIGINT NOT NULL,
        ticket          BIGINT,
        channel         TEXT NOT NULL,
        author_kind     TEXT NOT NULL,
        author_id       TEXT NOT NULL,
        author_name     TEXT,
        author_verified INTEGER NOT NULL,
        text            TEXT NOT NULL,
        reply_to        TEXT,
        client_id       TEXT,
        created_at      BIGINT NOT NULL,
        edited_at       BIGINT,
        deleted_at      BIGINT,
        moderator_id    TEXT,
        UNIQUE (customer_id, seq),
        UNIQUE (customer_id, client_id)
    )""",
    "CREATE INDEX message_ticket ON message (ticket, seq)",
    *MESSAGE_INDEXES,
    *DIRECT,
    """CREATE TABLE conversation_event (
        customer_id TEXT NOT NULL REFERENCES customer (id),
        number      BIGINT NOT NULL,
        type        TEXT NOT NULL,
        message_id  TEXT REFERENCES message (id),
        ticket      BIGINT REFERENCES ticket (number),
        PRIMARY KEY (customer_id, number)
    )""",
    """CREATE TABLE batch (
        id             TEXT PRIMARY KEY,
        lane           TEXT NOT NULL,
        customer_id    TEXT REFERENCES customer (id),
        ticket         BIGINT,
        room_id        TEXT NOT NULL,
        parts          TEXT NOT NULL,
        part_count     INTEGER NOT NULL,
        held           INTEGER NOT NULL,
        state          TEXT NOT NULL,
        edits          TEXT,
        attempt        INTEGER NOT NULL,
        tries          INTEGER NOT NULL,
        device_id      TEXT NOT NULL,
        first_tried_at BIGINT NOT NULL,
        due_at         BIGINT NOT NULL,
        lease_owner    TEXT NOT NULL,
        lease_until    BIGINT NOT NULL,
        fence          BIGINT NOT NULL,
        error          TEXT,
        created_at     BIGINT NOT NULL,
        sent_at        BIGINT,
        confirmed_at   BIGINT,
        heading        TEXT,
        direct_id      TEXT,
        stands_for     TEXT
    )""",
    BATCH_OPEN,
    "CREATE INDEX batch_unconfirmed ON batch (sent_at) WHERE state = 'sent'",
    "CREATE INDEX batch_lane ON batch (lane, state)",
    "CREATE INDEX batch_ticket ON batch (ticket, id)",
    "CREATE INDEX batch_undelivered ON batch (state) WHERE state IN ('failed', 'unconfirmed')",
    "CREATE INDEX batch_held ON batch (customer_id) WHERE state = 'held'",
    "CREATE INDEX batch_sent_at ON batch (sent_at)",
    "CREATE INDEX batch_confirmed_at ON batch (confirmed_at)",
    """CREATE TABLE outbox (
        id          TEXT PRIMARY KEY,
        lane        TEXT NOT NULL,
        place       BIGINT NOT NULL,
        priority    INTEGER NOT NULL,
        customer_id TEXT REFERENCES customer (id),
        ticket      BIGINT,
        message_id  TEXT UNIQUE REFERENCES message (id),
        text        TEXT,
        batch_id    TEXT REFERENCES batch (id),
        created_at  BIGINT NOT NULL,
        direct_id   TEXT,
        UNIQUE (lane, place)
    )""",
    "CREATE INDEX outbox_waiting ON outbox (lane, place) WHERE batch_id IS NULL",
    "CREATE INDEX outbox_batch ON outbox (batch_id)",
    *BATCH_INDEXES,
    """CREATE TABLE ticket_event (
        event_id    TEXT PRIMARY KEY,
        customer_id TEXT REFERENCES customer (id),
        ticket      BIGINT,
        role        TEXT NOT NULL,
        sender      TEXT NOT NULL,
        message_id  TEXT REFERENCES message (id),
        batch_id    TEXT REFERENCES batch (id),
        part        INTEGER,
        attempt     INTEGER,
        status      TEXT,
        reason      TEXT,
        reported_at BIGINT,
        direct_id   TEXT,
        held_id     TEXT
    )""",
    "CREATE INDEX ticket_event_batch ON ticket_event (batch_id, part) WHERE batch_id IS NOT NULL",
    *TICKET_EVENT_INDEXES,
    *HELD_REPLY,
    *REDACTION,
    """CREATE TABLE inbox_cursor (
        id         INTEGER PRIMARY KEY CHECK (id = 1),
        next_batch TEXT NOT NULL,
        position   BIGINT NOT NULL
    )""",
    """CREATE TABLE room_replacement (
        room_id     TEXT PRIMARY KEY,
        replacement TEXT NOT NULL
    )""",
    """CREATE TABLE room_event (
        event_id   TEXT PRIMARY KEY,
        position   BIGINT NOT NULL UNIQUE,
        room_id    TEXT NOT NULL,
        sender     TEXT NOT NULL,
        type       TEXT NOT NULL,
        content    TEXT,
        sent_at    BIGINT NOT NULL,
        outcome    TEXT
    )""",
    "CREATE INDEX room_event_waiting ON room_event (position) WHERE outcome IS NULL",
    *ROOM_EVENT_INDEXES,
    """CREATE TABLE block (
        id          TEXT PRIMARY KEY,
        customer_id TEXT NOT NULL REFERENCES customer (id),
        kind        TEXT NOT NULL,
        address_hash TEXT,
        reason      TEXT,
        by_id       TEXT NOT NULL,
        by_name     TEXT NOT NULL,
        created_at  BIGINT NOT NULL,
        expires_at  BIGINT,
        lifted_at   BIGINT,
        account_hash TEXT,
        origin      TEXT,
        direct_id   TEXT
    )""",
    *BLOCK_INDEXES,
    "CREATE INDEX block_customer ON block (customer_id, created_at)",
    "CREATE INDEX block_address ON block (address_hash) WHERE address_hash IS NOT NULL",
    """CREATE TABLE early_change (
        event_id TEXT PRIMARY KEY,
        target   TEXT NOT NULL,
        sender   TEXT NOT NULL,
        text     TEXT,
        sent_at  BIGINT NOT NULL
    )""",
    "CREATE INDEX early_change_target ON early_change (target)",
    *EARLY_CHANGE_INDEXES,
    *NOTE,
    """CREATE TABLE hint (
        person  TEXT PRIMARY KEY,
        told_at BIGINT NOT NULL
    )""",
    """CREATE TABLE stranger_reply (
        id       TEXT PRIMARY KEY,
        event_id TEXT NOT NULL UNIQUE,
        sender   TEXT NOT NULL,
        ticket   BIGINT NOT NULL,
        text     TEXT NOT NULL,
        sent_at  BIGINT NOT NULL,
        name     TEXT
    )""",
    "CREATE INDEX stranger_reply_sent_at ON stranger_reply (sent_at)",
    *STRANGER_INDEXES,
    """CREATE TABLE audit (
        id         TEXT PRIMARY KEY,
        at         BIGINT NOT NULL,
        actor_id   TEXT NOT NULL,
        actor_name TEXT NOT NULL,
        action     TEXT NOT NULL,
        target     TEXT NOT NULL,
        detail     TEXT NOT NULL
    )""",
    *TEAM_EVENT,
    *ACCESS,
    *CANNED,
    *CONSOLE_ACT,
)
