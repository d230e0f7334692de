-- What customers are told of the agent: of whoever has the conversation, and of whoever wrote a message. NULL: no name was given.
ALTER TABLE sessions ADD COLUMN agent_name VARCHAR(160);
ALTER TABLE messages ADD COLUMN agent_name VARCHAR(160);
