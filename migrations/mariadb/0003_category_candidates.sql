-- The categories a message may have belonged to.

ALTER TABLE decisions ADD COLUMN category_candidates TEXT; -- JSON of domain::CategoryCandidate, at most three
