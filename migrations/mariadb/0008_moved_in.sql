-- What came over from the earlier system (`bank-aicc migrate-from`).

-- The message's number there; NULL: it began here.
ALTER TABLE messages ADD COLUMN earlier_id BIGINT;
CREATE UNIQUE INDEX messages_by_earlier_id ON messages (earlier_id);

-- The version the conversation had when it was last moved; any other, and it went on here. NULL: it began here.
ALTER TABLE sessions ADD COLUMN moved_version BIGINT;
