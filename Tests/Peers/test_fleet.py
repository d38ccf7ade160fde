"""README's "Run a fleet" by hand: an ordinary role, `migrate` however often, processes that share the work by the database and nothing else."""
import json
import re
import secrets
import signal
import unittest
from collections import Counter
from concurrent.futures import ThreadPoolExecutor

from bridge import eventually, post_slack, post_twilio, slack_event, twilio_form
from fleet import Fleet
from providers import Slack, Twilio


class FleetTest(unittest.TestCase):
    def setUp(self):
        self.fleet = Fleet()
        self.addCleanup(self.fleet.stop)

    def owners(self):
        """How many lanes of both queues of messages each worker has, as an operator is told."""
        lanes = [lane for queue in ("inbox", "outbox") for lane in json.loads(self.fleet.command("queue", "shape", queue, "--json"))]
        self.assertEqual(len(lanes), 128)
        return Counter(int(lane["owner"].rsplit(":", 1)[1]) for lane in lanes if lane["owner"] and lane["leaseLeft"])

    def shared_by(self, *workers):
        """Waits until each of these has a fair share and nobody else anything."""
        fair = 128 // len(workers)

        def look():
            owners = self.owners()
            return set(owners) == {worker.pid for worker in workers} and sum(owners.values()) == 128 and min(owners.values()) >= fair - 2
        eventually(look, lambda: f"the lanes are not shared by {[worker.pid for worker in workers]}: {self.owners()}")
        said = self.fleet.command("doctor")
        self.assertRegex(said, rf"workers +{len(workers)} running, every lane has an owner")
        self.assertFalse(re.search(r"(?m)^problem", said), said)

    def test_two_migrations_at_once_and_one_more_leave_what_one_leaves(self):
        with ThreadPoolExecutor(2) as pool:
            for done in pool.map(lambda _: self.fleet.run("migrate"), range(2)):
                self.assertEqual(done.returncode, 0, done.stderr)
        count = "SELECT count(*), count(DISTINCT number), max(number) FROM schema_migrations"
        (rows, numbers, last), = self.fleet.postgres.sql(count)
        self.assertTrue(rows == numbers == last, (rows, numbers, last))
        self.fleet.command("migrate")
        self.assertEqual(self.fleet.postgres.sql(count), [[rows, numbers, last]])
        roles = self.fleet.postgres.sql("SELECT rolname, rolsuper, rolbypassrls FROM pg_roles WHERE rolname IN ('bridge', 'parley_app') ORDER BY 1")
        self.assertEqual(roles, [["bridge", "f", "f"], ["parley_app", "f", "f"]])

    def test_four_workers_answer_everything_once_while_one_is_killed_and_one_told_to_stop(self):
        self.fleet.command("migrate")
        self.fleet.make_key("fleet")
        self.fleet.serve_at(self.fleet.port)
        second = self.fleet.serve()
        workers = [self.fleet.work()[0] for _ in range(4)]
        self.twilio, self.slack = Twilio(), Slack()
        for peer in (self.twilio, self.slack):
            self.addCleanup(peer.stop)
        self.sms = self.fleet.add_channel("twilio", "sms", self.twilio.settings("+15005550006"))
        self.chat = self.fleet.add_channel("slack", "chat", self.slack.settings(secrets.token_hex(16)))
        for channel in (self.sms, self.chat):
            # The providers are ours and have no limits.
            status, answer = self.fleet.api("PATCH", f"/v1/channels/{channel['id']}", {
                "policy": {"perSecond": 1000, "perRecipientSeconds": 0, "unknown": "hold"}})
            self.assertEqual(status, 200, answer)
        self.doors, self.people, self.answered = [self.fleet.url, second], 0, {}
        self.shared_by(*workers)
        self.converse(20)

        killed, told, *others = workers
        self.fleet.kill(killed)
        self.converse(20)
        self.shared_by(told, *others)

        told.send_signal(signal.SIGTERM)
        self.converse(20)
        self.assertEqual(told.wait(timeout=30), 0)
        self.shared_by(*others)

        latest, _ = self.fleet.work()
        self.shared_by(*others, latest)
        self.converse(20)
        for person, (message, text) in self.answered.items():
            texts = [fields.get("Body") or fields.get("text") for _, fields in self.asked(person)]
            self.assertEqual(texts, [text], f"{person}: {self.fleet.message(message)}")
        self.assertEqual(self.twilio.faults + self.slack.faults, [])
        self.assertEqual(len(self.fleet.inbound()), len(self.answered))

    def asked(self, person):
        return (self.twilio if person.startswith("+") else self.slack).asked(person)

    def converse(self, count):
        """So many new people write, half of them on each channel and to each process; each is answered, and the answer has arrived."""
        questions = {}
        for number in range(self.people, self.people + count):
            at, text = self.doors[number // 2 % 2], f"question {number} {secrets.token_hex(4)}"
            if number % 2:
                person = f"+1500556{number:04}"
                status = post_twilio(self.sms, twilio_form(self.sms, person, text), at=at)[0]
            else:
                person = f"C0FLEET{number:04}"
                status = post_slack(self.chat, slack_event("U0ANNA001", person, text), at=at)[0]
            self.assertEqual(status, 200)
            questions[text] = person
        self.people += count

        def arrived():
            found = {message["body"]["text"]["text"]: message for message in self.fleet.inbound()}
            return found if found.keys() >= questions.keys() else None
        found = eventually(arrived, "not all questions came through")
        for text, person in questions.items():
            answer = f"answer to {text}"
            self.answered[person] = (self.fleet.reply(found[text], answer), answer)
        for person in questions.values():
            self.fleet.becomes(self.answered[person][0], "accepted", "sent")


if __name__ == "__main__":
    unittest.main()
