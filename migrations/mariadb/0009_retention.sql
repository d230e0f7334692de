-- When each answer was given: a decision may be kept longer than its messages.
ALTER TABLE decisions ADD COLUMN decided_at_ms BIGINT NULL;
UPDATE decisions SET decided_at_ms = (SELECT created_at_ms FROM messages WHERE id = message_id);
