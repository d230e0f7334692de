-- What customers think of answers, and that they were told who answers.

CREATE TABLE feedback (
    message_id     INTEGER NOT NULL PRIMARY KEY, -- the assistant's message
    session_id     TEXT    NOT NULL,
    is_useful      BOOLEAN NOT NULL,
    reason         TEXT,                         -- wrong | incomplete | unclear | other
    comment        TEXT,                         -- masked
    updated_at_ms  INTEGER NOT NULL
);

CREATE INDEX feedback_by_session ON feedback (session_id);

-- The first time each text of the AI notice was seen in each session.
CREATE TABLE notice_receipts (
    session_id  TEXT    NOT NULL,
    version     TEXT    NOT NULL, -- digest of the text
    seen_at_ms  INTEGER NOT NULL,
    PRIMARY KEY (session_id, version)
) WITHOUT ROWID;

-- Who waits for an agent, in the order of asking.
CREATE INDEX sessions_by_waiting ON sessions (handover_requested_at_ms)
    WHERE handover_status = 'pending' AND activity <> 'closed';
