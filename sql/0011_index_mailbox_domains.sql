-- Why:   RCPT TO of a stranger's domain is answered otherwise than of an unknown mailbox in one of ours, and both must be quick.
-- Locks: SHARE on mailboxes while the index is built.
-- Undo:  DROP INDEX mailboxes_by_domain;
CREATE INDEX mailboxes_by_domain ON mailboxes (split_part(address, '@', 2));
