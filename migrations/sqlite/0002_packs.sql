-- Knowledge packs. The one activated last is in use; the older ones stay for the auditor.

CREATE TABLE packs (
    digest           TEXT    NOT NULL PRIMARY KEY, -- SHA-256 of the content
    name             TEXT    NOT NULL,
    content          BLOB    NOT NULL,             -- knowledge::Pack, see knowledge/pack.rs
    imported_at_ms   INTEGER NOT NULL,
    activated_at_ms  INTEGER NOT NULL
);

CREATE INDEX packs_by_activation ON packs (activated_at_ms);
