"""The shared corpus, replayed against running hooks: what is rightly signed is accepted, everything else refused. Skipped where it is absent."""
import json
import os
import re
import subprocess
import sys
import unittest
from collections import Counter
from pathlib import Path
from urllib.parse import parse_qsl

from twilio.request_validator import RequestValidator

from bridge import Bridge, eventually, post_twilio, twilio_form
from providers import Answer, Twilio

CORPUS = Path(os.environ.get("PARLEY_CORPUS", Path(__file__).resolve().parents[2] / ".." / "shared" / "corpus")).resolve()


@unittest.skipUnless((CORPUS / "replay.py").exists(), f"no corpus at {CORPUS}")
class CorpusTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.bridge = Bridge()
        cls.addClassCleanup(cls.bridge.stop)

    def replay(self, adapter, settings, name):
        """Every case against one channel; then the messages it made, against what the cases say they are."""
        cases = json.loads((CORPUS / name).read_text())
        channel = self.bridge.add_channel(adapter, name, settings | {"api_base": self.bridge.url})
        # `https://bridge.test/hooks/sms/main/command` becomes our hook with its route.
        roots = {re.match(r"https://[^/]+/hooks/\w+/main", case["url"])[0] for case in cases}
        rewrites = [argument for root in sorted(roots) for argument in ("--rewrite", f"{root}={channel['hookURL']}")]
        done = subprocess.run(
            [sys.executable, CORPUS / "replay.py", "--connect", self.bridge.url.removeprefix("http://"), *rewrites, CORPUS / name],
            capture_output=True, text=True, timeout=120)
        self.assertEqual(done.returncode, 0, f"{name}:\n{done.stdout[-4000:]}{done.stderr[-2000:]}")
        self.compare(channel, [case for case in cases if case["expect"].get("new_message")], cases)

    def compare(self, channel, expected, cases):
        changed = {case["expect"].get(kind) for case in cases for kind in ("edit_of", "delete_of")}

        def made():
            return [message for message in self.bridge.inbound() if message["channelId"] == channel["id"]]

        eventually(lambda: len(made()) >= len(expected), lambda: f"{len(made())} of {len(expected)} messages")
        texts = [
            case["expect"]["message"]["text"] for case in expected
            if case["expect"].get("text_compare") is None and case["expect"]["message"]["external_id"] not in changed
        ]
        said = Counter(message["body"]["text"]["text"] for message in made())
        self.assertEqual(Counter(texts) - said, Counter())
        self.assertEqual(sum(said.values()), len(expected), said)

    def test_text_messages(self):
        self.replay("twilio", {"account_sid": "AC" + "1" * 32, "auth_token": "0123456789abcdef" * 2, "from": "+15005550006"}, "sms/inbound.json")

    def test_slack_events(self):
        self.replay("slack", {"bot_token": "xoxb-corpus", "signing_secret": "5f0c9a7e1b2d4c3e8f6a7b8c9d0e1f2a"}, "slack/events.json")

    def test_status_callbacks_in_any_order(self):
        """Each run names one sent message; the stand-in gives ours that name, and the callbacks are sent as they stand, signed anew."""
        twilio = Twilio(account="AC" + "1" * 32)
        self.addCleanup(twilio.stop)
        for index, run in enumerate(json.loads((CORPUS / "sms/status.json").read_text())):
            with self.subTest(run["run"]):
                customer = f"+1500555{3000 + index}"
                settings = twilio.settings(f"+1500555{4000 + index}") | {"auth_token": run["secret"]}
                twilio.token = run["secret"]
                twilio.plan(customer, Answer(201, {"sid": run["external_id"], "status": "queued", "num_segments": "1"}))
                channel = self.bridge.add_channel("twilio", f"status {run['run']}", settings)
                self.assertEqual(post_twilio(channel, twilio_form(channel, customer, run["run"]))[0], 200)
                sent = self.bridge.reply(self.bridge.inbound_with(run["run"])[0], "hello")
                self.bridge.becomes(sent, "accepted")
                hook = twilio.asked(customer)[0][1]["StatusCallback"]
                for callback in run["callbacks"]:
                    form = dict(parse_qsl(callback["body"], keep_blank_values=True))
                    theirs = RequestValidator(run["secret"]).compute_signature(callback["url"], form)
                    genuine = callback["headers"]["X-Twilio-Signature"] == theirs
                    status, _, _ = post_twilio(channel, form, token=None if genuine else "0" * 32, url=hook)
                    self.assertEqual(status // 100, 2 if callback.get("accept", genuine) else 4, form)
                final = {"undelivered": "failed", "canceled": "cancelled"}.get(run["final"], run["final"])
                message = self.bridge.becomes(sent, final)
                if "error_code" in run:
                    self.assertIn(run["error_code"], json.dumps(message))


if __name__ == "__main__":
    unittest.main(verbosity=2)
