"""A mailbox on a real Dovecot is picked up: each mail once, whatever happens to the worker."""
import os
import random
import shutil
import sys
import tempfile
import time
import unittest
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "Tools"))
from rig.stack import Stack

from bridge import PARLEY, eventually
from mailhosts import Dovecot


def mail(number, subject="hello"):
    return (f"From: Customer {number} <c{number}@customer.test>\r\nTo: support@example.test\r\nSubject: {subject} {number}\r\n"
            f"Message-ID: <m{number}.{subject}@customer.test>\r\nDate: Tue, 14 Nov 2023 22:13:20 +0000\r\n\r\n{subject} {number}\r\n").encode()


class MailboxTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.dovecot = Dovecot()
        cls.addClassCleanup(cls.dovecot.stop)
        folder = tempfile.mkdtemp(prefix="pi-", dir="/tmp")
        os.chmod(folder, 0o755)
        cls.addClassCleanup(shutil.rmtree, folder, True)
        cls.stack = Stack(folder, PARLEY)
        cls.addClassCleanup(cls.stack.stop)
        cls.stack.create()
        cls.workspace = cls.stack.add_workspace("mail")

    def channel(self, user, **settings):
        return self.stack.add_channel(self.workspace, "email", f"mailbox {user}", {
            "address": f"{user}@example.test", "imap_url": self.dovecot.url, "imap_username": user, "imap_password": "secret"} | settings)

    def sql(self, query):
        return self.stack.postgres.sql(query)

    def texts(self, channel):
        return sorted(row[0] for row in self.sql(
            f"SELECT btrim(body -> 'text' ->> 'text', E' \\n') FROM messages WHERE channel_id = '{channel.id}' AND direction = 'inbound'"))

    def picked_up(self, channel):
        return int(self.sql(f"SELECT count(*) FROM inbound_requests WHERE channel_id = '{channel.id}'")[0][0])

    def hurry(self, channel):
        """The channel that waits for its next turn is due, so nobody waits for that: its turns are 15 s apart, a claim lasts 90 s."""
        self.sql(f"UPDATE pollers SET due_at = now() WHERE channel_id = '{channel.id}' AND due_at <= now() + interval '20 seconds'")

    def end_claim(self, channel):
        """A claim whose worker is dead is over, so nobody waits for its end either."""
        self.sql(f"UPDATE pollers SET due_at = now() WHERE channel_id = '{channel.id}'")

    def has(self, channel, wanted):
        def look():
            self.hurry(channel)
            return self.texts(channel) == sorted(wanted)
        eventually(look, lambda: f"{len(wanted)} mails were put in, {len(self.texts(channel))} came out")

    def working(self):
        process = self.stack.processes.get("work")
        if not process or process.poll() is not None:
            self.stack.start_work("work")

    def resting(self):
        process = self.stack.processes.get("work")
        if process:
            process.terminate()
            process.wait(40)

    def test_no_mail_is_lost_or_doubled_over_ten_kills(self):
        channel, box, number = self.channel("killed"), self.dovecot.mailbox("killed"), 0
        rolled = random.Random(7)
        # Those that are killed are the only ones at work.
        self.resting()
        for _ in range(10):
            before = self.picked_up(channel)
            for _ in range(40):
                box.append("INBOX", None, None, mail(number))
                number += 1
            process = self.stack.start_work("killed")

            def has_begun():
                self.hurry(channel)
                return self.picked_up(channel) > before
            eventually(has_begun, lambda: f"the worker picks nothing up: {self.stack.tail('killed')}")
            time.sleep(rolled.uniform(0, 0.2))  # where in its work the kill hits is rolled
            process.kill()
            process.wait()
            self.end_claim(channel)
        self.working()
        # The lanes of the killed ones must find new owners first.
        self.has(channel, [f"hello {index}" for index in range(number)])
        # Nothing of it touched the mailbox.
        status = box.status("INBOX", "(MESSAGES UNSEEN)")[1][0].decode()
        self.assertIn(f"MESSAGES {number} UNSEEN {number}", status)

    def test_a_mailbox_that_is_full_when_it_is_connected_is_read_from_its_first_mail_to_its_last(self):
        box = self.dovecot.mailbox("full")
        for number in range(300):
            box.append("INBOX", None, None, mail(number))
        # Numbers are no UIDs: some in the midst are gone.
        box.select("INBOX")
        box.store("100:149", "+FLAGS", "\\Deleted")
        box.expunge()
        channel = self.channel("full")
        self.working()
        kept = [f"hello {number}" for number in range(300) if not 99 <= number < 149]
        self.has(channel, kept)
        box.append("INBOX", None, None, mail(300))
        box.logout()
        self.has(channel, [*kept, "hello 300"])

    def test_a_mailbox_with_new_numbers_is_read_again_and_known_again(self):
        channel, box = self.channel("renumbered"), self.dovecot.mailbox("renumbered")
        for index in range(3):
            box.append("INBOX", None, None, mail(index, "kept"))
        self.working()
        self.has(channel, [f"kept {index}" for index in range(3)])
        box.logout()
        # Nobody holds the mailbox open while its numbers go.
        self.resting()
        for path in (self.dovecot.folder / "mail" / "renumbered" / "Maildir").glob("dovecot*"):
            path.unlink()
        box = self.dovecot.mailbox("renumbered")
        box.append("INBOX", None, None, mail(3, "kept"))
        self.working()
        self.has(channel, [f"kept {index}" for index in range(4)])

    def test_what_cannot_be_read_is_kept_for_a_person_and_passed(self):
        channel, box = self.channel("odd"), self.dovecot.mailbox("odd")
        box.append("INBOX", None, None, mail(0, "before"))
        box.append("INBOX", None, None, b"X: y\r\n" * 1_200 + b"\r\nover a thousand headers\r\n")
        box.append("INBOX", None, None, mail(1, "after"))
        self.working()
        eventually(
            lambda: (self.hurry(channel), {"before 0", "after 1"} <= set(self.texts(channel)))[1],
            lambda: f"picked up were {self.texts(channel)}")
        kept = self.sql(f"SELECT outcome, detail FROM inbound_requests WHERE channel_id = '{channel.id}' AND outcome = 'quarantined'")
        self.assertEqual(len(kept), 1, kept)

    def test_a_refused_log_in_is_shown_and_the_cursor_waits(self):
        channel = self.channel("barred", imap_password="wrong")
        self.working()
        found = eventually(
            lambda: self.sql(f"SELECT error, cursor IS NULL FROM pollers WHERE channel_id = '{channel.id}' AND error IS NOT NULL") or None,
            lambda: f"no error is shown: {self.stack.tail('work')}")
        self.assertIn("refused", found[0][0])
        self.assertEqual(found[0][1], "t")


if __name__ == "__main__":
    unittest.main()
