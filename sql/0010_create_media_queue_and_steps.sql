-- Why:   files that a provider only names are fetched before their message is threaded; files that leave may have to be uploaded first.
-- Locks: ACCESS EXCLUSIVE on delivery_parts and attempts for an instant (columns without a rewrite).
-- Undo:  DELETE FROM lanes WHERE queue = 'media';  (after its jobs are done)
--        ALTER TABLE delivery_parts DROP COLUMN step; ALTER TABLE attempts DROP COLUMN is_step;
INSERT INTO lanes (lane, queue) SELECT lane, 'media' FROM generate_series(0, 63) AS lane;

ALTER TABLE delivery_parts ADD COLUMN step jsonb;  -- of a request before the message: what the next one needs of it; null for the message itself
ALTER TABLE attempts ADD COLUMN is_step boolean NOT NULL DEFAULT false;  -- repeating it does no harm: without an outcome it is simply made again
