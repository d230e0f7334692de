-- What wrote each answer and from what, what language models were asked, and who switched them on and off.

-- Of the assistant's messages: rule | extractive | llm.
ALTER TABLE messages ADD COLUMN engine TEXT;

ALTER TABLE decisions ADD COLUMN elapsed_ms INTEGER; -- from the message to its answer, without storing it
ALTER TABLE decisions ADD COLUMN passages   TEXT;    -- JSON array: document, section, page and digest of each passage used

CREATE TABLE model_runs (
    id                 INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT,
    session_id         TEXT    NOT NULL,
    message_id         INTEGER,          -- the assistant's message; NULL: a report for an agent
    role               TEXT    NOT NULL, -- answer | triage | summary
    started_at_ms      INTEGER NOT NULL,
    endpoint           TEXT,             -- NULL: none was asked
    model              TEXT,
    prompt_version     TEXT    NOT NULL,
    outcome            TEXT    NOT NULL, -- used | finished | unused
    reason             TEXT,             -- why not all of it was used
    attempts           INTEGER NOT NULL,
    queued_ms          INTEGER NOT NULL,
    first_token_ms     INTEGER,
    total_ms           INTEGER NOT NULL,
    prompt_tokens      INTEGER NOT NULL,
    completion_tokens  INTEGER NOT NULL,
    is_estimated       BOOLEAN NOT NULL, -- the endpoint did not say how many tokens
    passages           TEXT,             -- JSON array, as in decisions: what the model was given
    verdicts           TEXT              -- JSON array: the guard's verdict on each sentence
);

CREATE INDEX model_runs_by_session ON model_runs (session_id);
CREATE INDEX model_runs_by_start ON model_runs (started_at_ms);

CREATE TABLE model_switches (
    category       TEXT    NOT NULL PRIMARY KEY, -- empty: all
    is_off         BOOLEAN NOT NULL,
    reason         TEXT    NOT NULL,
    changed_by     TEXT    NOT NULL,
    changed_at_ms  INTEGER NOT NULL
) WITHOUT ROWID;

-- Who changed what about the service. Rows are only added.
CREATE TABLE audit (
    id       INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT,
    at_ms    INTEGER NOT NULL,
    actor    TEXT    NOT NULL,
    action   TEXT    NOT NULL, -- such as model.off
    subject  TEXT    NOT NULL,
    detail   TEXT    NOT NULL
);
