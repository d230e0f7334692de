-- Conversations, their messages, and why each was answered as it was.
-- Times are UTC milliseconds. Text a customer wrote is masked before it gets here.

CREATE TABLE sessions (
    id                        TEXT    NOT NULL PRIMARY KEY,
    version                   INTEGER NOT NULL, -- counts committed changes; a stale change is refused
    token_hash                TEXT,             -- SHA-256 of the customer's token; NULL: an existing client's session
    created_at_ms             INTEGER NOT NULL,
    updated_at_ms             INTEGER NOT NULL,
    last_message_at_ms        INTEGER,
    activity                  TEXT    NOT NULL, -- active | silent | closed
    stage                     TEXT    NOT NULL, -- JSON of domain::Stage
    collected                 TEXT    NOT NULL, -- JSON object
    topic                     TEXT,
    handover_status           TEXT,
    handover_requested_at_ms  INTEGER,
    handover_accepted_at_ms   INTEGER,
    agent_id                  TEXT,
    is_listed_for_agents      BOOLEAN NOT NULL
) WITHOUT ROWID;

-- The inactivity sweep, and the agents' list of active conversations.
CREATE INDEX sessions_by_activity ON sessions (last_message_at_ms) WHERE activity = 'active';
-- The list of conversations that are over, newest first.
CREATE INDEX sessions_by_update ON sessions (updated_at_ms) WHERE activity IN ('silent', 'closed');

CREATE TABLE messages (
    id                 INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT, -- the place in the one stream
    session_id         TEXT    NOT NULL,
    author             TEXT    NOT NULL, -- customer | assistant | agent | system
    body               TEXT    NOT NULL,
    intent             TEXT,
    suggested_action   TEXT,
    sources            TEXT,             -- JSON array of cited passages
    quick_replies      TEXT,             -- JSON array of buttons
    client_message_id  TEXT,
    is_protected       BOOLEAN NOT NULL, -- personal data was masked in it
    created_at_ms      INTEGER NOT NULL
);

CREATE INDEX messages_by_session ON messages (session_id, id);
CREATE UNIQUE INDEX messages_by_client_message_id ON messages (session_id, client_message_id)
    WHERE client_message_id IS NOT NULL;

CREATE TABLE decisions (
    message_id       INTEGER NOT NULL PRIMARY KEY, -- the assistant's message
    user_message_id  INTEGER NOT NULL,
    ticket           TEXT    NOT NULL,
    category         TEXT,
    confidence       REAL    NOT NULL,
    rule             TEXT    NOT NULL,
    stage_before     TEXT    NOT NULL,
    stage_after      TEXT    NOT NULL,
    handover_change  TEXT,
    engine           TEXT    NOT NULL,
    pack_digest      TEXT    NOT NULL,
    program_version  TEXT    NOT NULL
);

-- The latest automatic hand-over report of each session, for the agents' dashboards.
CREATE TABLE reports (
    session_id     TEXT    NOT NULL PRIMARY KEY,
    report         TEXT    NOT NULL, -- JSON of domain::Report
    created_at_ms  INTEGER NOT NULL, -- of the first; the order dashboards show
    updated_at_ms  INTEGER NOT NULL
) WITHOUT ROWID;

CREATE INDEX reports_by_creation ON reports (created_at_ms);
