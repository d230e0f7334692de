-- Conversations, their messages, and why each was answered as it was.
-- Times are UTC milliseconds. Text a customer wrote is masked before it gets here.
-- Ids that clients choose are VARBINARY, so that they are compared exactly, trailing spaces included.

CREATE TABLE sessions (
    id                        VARBINARY(1020) NOT NULL PRIMARY KEY,
    version                   BIGINT          NOT NULL, -- counts committed changes; a stale change is refused
    token_hash                VARCHAR(64),              -- SHA-256 of the customer's token; NULL: an existing client's session
    created_at_ms             BIGINT          NOT NULL,
    updated_at_ms             BIGINT          NOT NULL,
    last_message_at_ms        BIGINT,
    activity                  VARCHAR(10)     NOT NULL, -- active | silent | closed
    stage                     VARCHAR(1000)   NOT NULL, -- JSON of domain::Stage
    collected                 MEDIUMTEXT      NOT NULL, -- JSON object
    topic                     VARCHAR(255),
    handover_status           VARCHAR(20),
    handover_requested_at_ms  BIGINT,
    handover_accepted_at_ms   BIGINT,
    agent_id                  VARCHAR(255),
    is_listed_for_agents      BOOLEAN         NOT NULL,
    -- The inactivity sweep, and the agents' list of active conversations.
    KEY sessions_by_activity (activity, last_message_at_ms),
    -- The list of closed conversations, newest first.
    KEY sessions_by_update (updated_at_ms)
) ENGINE = InnoDB DEFAULT CHARACTER SET utf8mb4;

CREATE TABLE messages (
    id                 BIGINT          NOT NULL PRIMARY KEY AUTO_INCREMENT, -- the place in the one stream
    session_id         VARBINARY(1020) NOT NULL,
    author             VARCHAR(20)     NOT NULL, -- customer | assistant | agent | system
    body               MEDIUMTEXT      NOT NULL,
    intent             VARCHAR(20),
    suggested_action   VARCHAR(20),
    sources            MEDIUMTEXT,               -- JSON array of cited passages
    quick_replies      TEXT,                     -- JSON array of buttons
    client_message_id  VARBINARY(256),
    is_protected       BOOLEAN         NOT NULL, -- personal data was masked in it
    created_at_ms      BIGINT          NOT NULL,
    KEY messages_by_session (session_id, id),
    UNIQUE KEY messages_by_client_message_id (session_id, client_message_id)
) ENGINE = InnoDB DEFAULT CHARACTER SET utf8mb4;

CREATE TABLE decisions (
    message_id       BIGINT       NOT NULL PRIMARY KEY, -- the assistant's message
    user_message_id  BIGINT       NOT NULL,
    ticket           VARCHAR(20)  NOT NULL,
    category         VARCHAR(255),
    confidence       DOUBLE       NOT NULL,
    rule             VARCHAR(64)  NOT NULL,
    stage_before     VARCHAR(32)  NOT NULL,
    stage_after      VARCHAR(32)  NOT NULL,
    handover_change  VARCHAR(20),
    engine           VARCHAR(20)  NOT NULL,
    pack_digest      VARCHAR(64)  NOT NULL,
    program_version  VARCHAR(32)  NOT NULL
) ENGINE = InnoDB DEFAULT CHARACTER SET utf8mb4;

-- The latest automatic hand-over report of each session, for the agents' dashboards.
CREATE TABLE reports (
    session_id     VARBINARY(1020) NOT NULL PRIMARY KEY,
    report         MEDIUMTEXT      NOT NULL, -- JSON of domain::Report
    created_at_ms  BIGINT          NOT NULL, -- of the first; the order dashboards show
    updated_at_ms  BIGINT          NOT NULL,
    KEY reports_by_creation (created_at_ms)
) ENGINE = InnoDB DEFAULT CHARACTER SET utf8mb4;
