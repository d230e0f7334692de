-- When each answer was given: a decision may be kept longer than its messages.
ALTER TABLE decisions ADD COLUMN decided_at_ms BIGINT NULL;
UPDATE decisions JOIN messages ON messages.id = decisions.message_id SET decisions.decided_at_ms = messages.created_at_ms;
