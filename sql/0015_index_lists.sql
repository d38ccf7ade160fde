-- Why:   a list of the API reads one page of one index, whichever filter is given and however long the list is.
-- Locks: SHARE on each table from its first index to the end of the file: nobody writes there for some seconds per million rows.
-- Undo:  DROP INDEX identities_by_address, conversations_by_status, conversations_by_channel, conversations_by_identity, messages_by_direction,
--        messages_by_channel, interactions_by_identity, interactions_by_channel, contact_merges_by_source, contact_merges_by_target,
--        inbound_requests_by_channel, inbound_requests_quarantined, dead_letters_by_queue;
CREATE INDEX identities_by_address ON identities (workspace_id, address);
CREATE INDEX conversations_by_status ON conversations (workspace_id, status, id);
CREATE INDEX conversations_by_channel ON conversations (workspace_id, channel_id, id);
CREATE INDEX conversations_by_identity ON conversations (workspace_id, identity_id, id);
CREATE INDEX messages_by_direction ON messages (workspace_id, direction, id);
CREATE INDEX messages_by_channel ON messages (workspace_id, channel_id, id);
CREATE INDEX interactions_by_identity ON interactions (workspace_id, identity_id, id);
CREATE INDEX interactions_by_channel ON interactions (workspace_id, channel_id, id);
CREATE INDEX contact_merges_by_source ON contact_merges (workspace_id, from_contact, id);
CREATE INDEX contact_merges_by_target ON contact_merges (workspace_id, into_contact, id);
CREATE INDEX inbound_requests_by_channel ON inbound_requests (workspace_id, channel_id, id);
CREATE INDEX inbound_requests_quarantined ON inbound_requests (workspace_id, id) WHERE outcome = 'quarantined';
CREATE INDEX dead_letters_by_queue ON dead_letters (workspace_id, queue, id);
