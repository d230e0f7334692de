-- Knowledge packs. The one activated last is in use; the older ones stay for the auditor.

CREATE TABLE packs (
    digest           VARCHAR(64)  NOT NULL PRIMARY KEY, -- SHA-256 of the content
    name             VARCHAR(255) NOT NULL,
    content          LONGBLOB     NOT NULL,             -- knowledge::Pack, see knowledge/pack.rs
    imported_at_ms   BIGINT       NOT NULL,
    activated_at_ms  BIGINT       NOT NULL,
    KEY packs_by_activation (activated_at_ms)
) ENGINE = InnoDB DEFAULT CHARACTER SET utf8mb4;
