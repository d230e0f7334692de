-- What wrote each answer and from what, what language models were asked, and who switched them on and off.

-- Of the assistant's messages: rule | extractive | llm.
ALTER TABLE messages ADD COLUMN engine VARCHAR(20);

ALTER TABLE decisions ADD COLUMN elapsed_ms BIGINT; -- from the message to its answer, without storing it
ALTER TABLE decisions ADD COLUMN passages MEDIUMTEXT; -- JSON array: document, section, page and digest of each passage used

CREATE TABLE model_runs (
    id                 BIGINT          NOT NULL PRIMARY KEY AUTO_INCREMENT,
    session_id         VARBINARY(1020) NOT NULL,
    message_id         BIGINT,                   -- the assistant's message; NULL: a report for an agent
    role               VARCHAR(20)     NOT NULL, -- answer | triage | summary
    started_at_ms      BIGINT          NOT NULL,
    endpoint           TEXT,                     -- NULL: none was asked
    model              TEXT,
    prompt_version     VARCHAR(64)     NOT NULL,
    outcome            VARCHAR(20)     NOT NULL, -- used | finished | unused
    reason             VARCHAR(40),              -- why not all of it was used
    attempts           BIGINT          NOT NULL,
    queued_ms          BIGINT          NOT NULL,
    first_token_ms     BIGINT,
    total_ms           BIGINT          NOT NULL,
    prompt_tokens      BIGINT          NOT NULL,
    completion_tokens  BIGINT          NOT NULL,
    is_estimated       BOOLEAN         NOT NULL, -- the endpoint did not say how many tokens
    passages           MEDIUMTEXT,               -- JSON array, as in decisions: what the model was given
    verdicts           MEDIUMTEXT,               -- JSON array: the guard's verdict on each sentence
    KEY model_runs_by_session (session_id),
    KEY model_runs_by_start (started_at_ms)
) DEFAULT CHARSET = utf8mb4;

CREATE TABLE model_switches (
    category       VARCHAR(190) NOT NULL PRIMARY KEY, -- empty: all
    is_off         BOOLEAN      NOT NULL,
    reason         TEXT         NOT NULL,
    changed_by     VARCHAR(190) NOT NULL,
    changed_at_ms  BIGINT       NOT NULL
) DEFAULT CHARSET = utf8mb4 COLLATE = utf8mb4_bin;

-- Who changed what about the service. Rows are only added.
CREATE TABLE audit (
    id       BIGINT       NOT NULL PRIMARY KEY AUTO_INCREMENT,
    at_ms    BIGINT       NOT NULL,
    actor    VARCHAR(190) NOT NULL,
    action   VARCHAR(40)  NOT NULL, -- such as model.off
    subject  TEXT         NOT NULL,
    detail   TEXT         NOT NULL
) DEFAULT CHARSET = utf8mb4;
