-- Why:   each channel's oldest requests are found where its own retention ends; the index by age alone was read from end to end each minute
--        where any channel kept its requests longer. Old keys are looked for slice by slice of the table: their index goes, since it had
--        to be read as a whole as soon as pages were used again.
-- Locks: SHARE on inbound_requests while the index is built; ACCESS EXCLUSIVE on it and on inbound_keys for an instant.
-- Undo:  DROP INDEX inbound_requests_by_channel_and_age; CREATE INDEX inbound_requests_by_age ON inbound_requests (received_at);
--        CREATE INDEX inbound_keys_by_age ON inbound_keys USING brin (received_at);
CREATE INDEX inbound_requests_by_channel_and_age ON inbound_requests (channel_id, received_at);
DROP INDEX inbound_requests_by_age;
DROP INDEX inbound_keys_by_age;
