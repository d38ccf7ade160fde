-- Why:   a mail's subject is looked up among its sender's own conversations: those of everybody who ever wrote "Hello" are too many.
-- Locks: SHARE on conversations while the index is built.
-- Undo:  CREATE INDEX conversations_by_subject ON conversations (workspace_id, channel_id, base_subject, id) WHERE base_subject IS NOT NULL;
--        DROP INDEX conversations_by_sender;
CREATE INDEX conversations_by_sender ON conversations (workspace_id, identity_id, channel_id, base_subject, id) WHERE base_subject IS NOT NULL;
DROP INDEX conversations_by_subject;
