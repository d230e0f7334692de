-- What customers think of answers, and that they were told who answers.

CREATE TABLE feedback (
    message_id     BIGINT         NOT NULL PRIMARY KEY, -- the assistant's message
    session_id     VARBINARY(1020) NOT NULL,
    is_useful      BOOLEAN        NOT NULL,
    reason         VARCHAR(20),                         -- wrong | incomplete | unclear | other
    comment        TEXT,                                -- masked
    updated_at_ms  BIGINT         NOT NULL,
    KEY feedback_by_session (session_id)
) DEFAULT CHARSET = utf8mb4;

-- The first time each text of the AI notice was seen in each session.
CREATE TABLE notice_receipts (
    session_id  VARBINARY(1020) NOT NULL,
    version     VARCHAR(32)     NOT NULL, -- digest of the text
    seen_at_ms  BIGINT          NOT NULL,
    PRIMARY KEY (session_id, version)
) DEFAULT CHARSET = utf8mb4;

-- Who waits for an agent, in the order of asking.
CREATE INDEX sessions_by_waiting ON sessions (handover_status, handover_requested_at_ms);
