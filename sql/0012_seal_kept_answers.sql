-- Answers kept for an Idempotency-Key are sealed with the master key: one of them holds a new API key (I14). Those kept in the clear go.
-- Undo:  DELETE FROM idempotency; COMMENT ON COLUMN idempotency.body IS NULL;

DELETE FROM idempotency;
COMMENT ON COLUMN idempotency.body IS 'sealed for the workspace: format 1';
