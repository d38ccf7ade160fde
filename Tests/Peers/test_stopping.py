"""I20: a process that is told to stop says so at once, finishes what it began, and ends well within its grace time."""
import http.client
import json
import secrets
import subprocess
import time
import unittest

from bridge import PARLEY, eventually, free_port, request
from fleet import Fleet
from providers import Answer, Twilio

GRACE = 9


class StoppingTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.fleet = Fleet(PARLEY_GRACE_SECONDS=str(GRACE))
        cls.addClassCleanup(cls.fleet.stop)
        cls.fleet.command("migrate")
        cls.fleet.make_key("stopping")
        cls.fleet.serve_at(cls.fleet.port)
        cls.twilio = Twilio()
        cls.addClassCleanup(cls.twilio.stop)

    def channel(self):
        return self.fleet.add_channel("twilio", secrets.token_hex(4), self.twilio.settings(f"+1500555{secrets.randbelow(10_000):04}"))

    def post(self, channel, to):
        status, message = self.fleet.api("POST", "/v1/messages", {
            "channelId": channel["id"], "to": to, "body": {"type": "text", "text": {"text": "hello"}}})
        self.assertEqual(status, 202, message)
        return message

    def terminate(self, process, base):
        """SIGTERM; within a second `/readyz` says that the process stops. Returns when it was told."""
        self.assertEqual(request("GET", f"{base}/readyz")[0], 200)
        process.terminate()
        told = time.monotonic()
        self.assertEqual(eventually(lambda: (answer := request("GET", f"{base}/readyz"))[0] == 503 and answer[2], "still ready", within=1), b"stopping\n")
        return told

    def ends(self, process, told):
        self.assertEqual(process.wait(timeout=GRACE), 0)
        self.assertLessEqual(time.monotonic() - told, GRACE)

    def test_serve_is_not_ready_while_it_waits_for_a_slow_upload_and_answers_that(self):
        port = free_port()
        process = self.fleet.serve_at(port)
        body = json.dumps({
            "channelId": self.channel()["id"], "to": "+15005550150", "body": {"type": "text", "text": {"text": "slowly"}}}).encode()
        line = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
        self.addCleanup(line.close)
        line.putrequest("POST", "/v1/messages")
        for name, value in (("Authorization", f"Bearer {self.fleet.key}"), ("Content-Type", "application/json"),
                            ("Content-Length", len(body)), ("Idempotency-Key", secrets.token_hex(8))):
            line.putheader(name, value)
        line.endheaders(body[:20])
        told = self.terminate(process, f"http://127.0.0.1:{port}")
        self.assertIsNone(process.poll())
        line.send(body[20:])
        answer = line.getresponse()
        self.assertEqual(answer.status, 202, answer.read())
        self.ends(process, told)

    def test_work_is_not_ready_while_a_provider_hangs_and_is_alive_until_it_ends(self):
        worker, base = self.fleet.work()
        channel, to = self.channel(), "+15005550151"
        self.twilio.plan(to, Answer(silent=True))
        message = self.post(channel, to)
        eventually(lambda: self.twilio.asked(to) or None, "the provider is not asked")
        told = self.terminate(worker, base)
        self.assertEqual(request("GET", f"{base}/livez")[0], 200)
        self.assertIsNone(worker.poll())
        self.ends(worker, told)
        # What it was about, another finishes; nobody asks the provider a second time.
        self.fleet.work()
        self.fleet.becomes(message, "unknown", "held")
        self.assertEqual(len(self.twilio.asked(to)), 1)

    def test_a_process_that_still_waits_for_its_database_ends_when_it_is_told(self):
        for name in ("serve", "work"):
            with self.subTest(name):
                nowhere = f"postgresql://bridge@127.0.0.1:{free_port()}/parley"
                process = subprocess.Popen(
                    [PARLEY, name], env=self.fleet.environment | {"PARLEY_DATABASE_URL": nowhere, "PARLEY_HTTP_LISTEN": f"127.0.0.1:{free_port()}"},
                    stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
                self.addCleanup(process.stdout.close)
                self.assertTrue(any("waiting for the database" in line for line in process.stdout))
                process.terminate()
                self.assertEqual(process.wait(timeout=GRACE), 0)
                self.assertIn("stopped", process.stdout.read())


if __name__ == "__main__":
    unittest.main()
