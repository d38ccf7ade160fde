"""Replies reach the provider once, in the form it documents, through every way it may answer."""
import secrets
import time
import unittest
from email.utils import formatdate

from twilio.http.http_client import TwilioHttpClient
from twilio.rest import Client

from bridge import Bridge, eventually, post_slack, post_twilio, slack_event, twilio_form
from providers import Answer, Slack, Twilio, twilio_error

HTML = Answer(200, b"<html><body><h1>502 Bad Gateway</h1></body></html>", "text/html")
# What F22 of the invariants names. Each comes after the whole request was read, so the message may have been taken.
GARBAGE = {
    "a web page": HTML,
    "half of the JSON": Answer(201, b'{"sid": "SM00', "application/json"),
    "a sid of the wrong type": Answer(201, {"sid": ["SM"], "status": 7}),
    "a list": Answer(201, [1, 2, 3]),
    "a number beyond all bounds": Answer(201, b'{"sid": 1e999999999, "status": "queued"}'),
    "a NUL": Answer(201, b'{"sid": "SM\\u0000", "st\x00": 1}'),
    "another charset": Answer(201, '{"sid": "SM1", "status": "queued"}'.encode("utf-16"), "application/json; charset=utf-16"),
    "a sid of a megabyte": Answer(201, {"sid": "SM" + "0" * 900_000, "status": "queued"}),
    "nothing": Answer(201, b""),
}


class Told(Exception):
    """Thrown by a recording HTTP client once it has seen the request."""


class OutboundTest(unittest.TestCase):
    """Each case has a channel and a customer of its own, and all are under way at once: none may slow another."""

    @classmethod
    def setUpClass(cls):
        cls.bridge = Bridge()
        cls.addClassCleanup(cls.bridge.stop)
        cls.twilio, cls.slack = Twilio(), Slack()
        cls.addClassCleanup(cls.twilio.stop)
        cls.addClassCleanup(cls.slack.stop)
        cls.sent = {}
        cls.soon = time.time() + 20
        busy = lambda after: twilio_error(429, 20429, "Too Many Requests", Retry_After=after)
        cases = {
            "taken": [], "delivered": [], "undelivered": [],
            "busy for 1": [busy("1")], "busy for -1": [busy("-1")], "busy for junk": [busy("soon")],
            "busy until": [busy(formatdate(cls.soon, usegmt=True))],
            "busy for 3600": [busy("3600")] * 9, "busy for 1e99": [busy("1e99")] * 9,
            "stopped": [twilio_error(400, 21610, "Attempt to send to unsubscribed recipient")],
            "no number": [twilio_error(400, 21211, "Invalid 'To' Phone Number")],
            "broken": [twilio_error(500, 20500, "Internal Server Error")],
            "a NUL in the sid": [Answer(201, {"sid": "SM\x00" + "0" * 30, "status": "queued"})],
            "hung up": [Answer(hang_up=True)], "silent": [Answer(silent=True)],
        } | {name: [answer] for name, answer in GARBAGE.items()}
        for index, (name, answers) in enumerate(cases.items()):
            cls.sent[name] = cls.send_text(name, f"+1500555{1000 + index}", f"+1500555{2000 + index}", answers)
        chats = {
            "posted": [], "posted in a thread": [],
            "busy": [Answer(429, {"ok": False, "error": "ratelimited"}, headers={"Retry-After": "1"})],
            "no channel": [Answer(200, {"ok": False, "error": "channel_not_found"})],
            "no right": [Answer(200, {"ok": False, "error": "invalid_auth"})],
            "a page in Slack": [HTML], "hung up in Slack": [Answer(hang_up=True)],
        }
        for index, (name, answers) in enumerate(chats.items()):
            cls.sent[name] = cls.send_post(name, f"C0PEERS{index:02}", answers)

    @classmethod
    def send_text(cls, name, number, customer, answers):
        channel = cls.bridge.add_channel("twilio", f"{name} {secrets.token_hex(3)}", cls.twilio.settings(number))
        question = f"{name}? {secrets.token_hex(4)}"
        assert post_twilio(channel, twilio_form(channel, customer, question))[0] == 200
        cls.twilio.plan(customer, *answers)
        inbound = cls.bridge.inbound_with(question)[0]
        return {"channel": channel, "to": customer, "inbound": inbound, "message": cls.bridge.reply(inbound, f"{name}! Grüße & 1+1=2 😀")}

    @classmethod
    def send_post(cls, name, place, answers):
        channel = cls.bridge.add_channel("slack", f"{name} {secrets.token_hex(3)}", cls.slack.settings(secrets.token_hex(16)))
        question = f"{name}? {secrets.token_hex(4)}"
        root = slack_event("U0ANNA001", place, question)
        assert post_slack(channel, root)[0] == 200
        cls.slack.plan(place, *answers)
        inbound = cls.bridge.inbound_with(question)[0]
        ts = root["event"]["ts"]
        return {"channel": channel, "to": place, "inbound": inbound, "ts": ts, "message": cls.bridge.reply(inbound, f"{name}! a < b & c")}

    def asked(self, name):
        return (self.slack if "ts" in self.sent[name] else self.twilio).asked(self.sent[name]["to"])

    def outcome(self, name, *states):
        return self.bridge.becomes(self.sent[name]["message"], *states)

    def test_a_text_message_is_asked_for_as_twilios_client_asks(self):
        self.outcome("taken", "accepted", "sent")
        (_, form), = self.asked("taken")
        captured = {}

        class Recorder(TwilioHttpClient):
            def request(self, method, url, params=None, data=None, headers=None, auth=None, **_):
                captured.update(method=method, url=url, data=data, auth=auth)
                raise Told

        with self.assertRaises(Told):
            Client(self.twilio.account, self.twilio.token, http_client=Recorder()).messages.create(
                to=form["To"], from_=form["From"], body="taken! Grüße & 1+1=2 😀", status_callback=form["StatusCallback"])
        self.assertEqual(form, {name: str(value) for name, value in captured["data"].items()})
        self.assertEqual(captured["auth"], (self.twilio.account, self.twilio.token))
        self.assertEqual(self.twilio.faults, [])

    def test_signed_callbacks_move_the_state_forward_and_forged_ones_do_nothing(self):
        for name, status, state in (("delivered", "delivered", "delivered"), ("undelivered", "undelivered", "failed")):
            self.outcome(name, "accepted", "sent")
            (_, form), = self.asked(name)
            channel, message = self.sent[name]["channel"], self.bridge.message(self.sent[name]["message"])
            sid = eventually(lambda: self.external_id(name), "the provider's id is not shown")
            report = {"MessageSid": sid, "SmsSid": sid, "AccountSid": self.twilio.account, "From": form["From"], "To": form["To"], "ApiVersion": "2010-04-01"}
            failure = {"MessageStatus": "failed", "SmsStatus": "failed"}
            self.assertEqual(post_twilio(channel, report | failure, token="0" * 32, url=form["StatusCallback"])[0], 401)
            self.assertEqual(self.bridge.message(message)["status"], message["status"])
            error = {"ErrorCode": "30003"} if state == "failed" else {}
            for word in ("queued", "sent", status, "sent"):
                self.assertEqual(
                    post_twilio(channel, report | {"MessageStatus": word, "SmsStatus": word} | error, url=form["StatusCallback"])[0] // 100, 2)
            self.outcome(name, state)

    def external_id(self, name):
        parts = [part for delivery in self.bridge.message(self.sent[name]["message"])["deliveries"] for part in delivery["parts"]]
        return next((part["externalId"] for part in parts if part["externalId"]), None)

    def test_retry_after_is_obeyed_and_nonsense_falls_back_to_the_schedule(self):
        for name in ("busy for 1", "busy for -1", "busy for junk", "busy until"):
            with self.subTest(name):
                self.outcome(name, "accepted", "sent")
                first, second = (at for at, _ in self.asked(name))
                if name == "busy for 1":
                    self.assertGreaterEqual(second - first, 0.95)
                if name == "busy until":
                    self.assertGreaterEqual(time.time() - (time.monotonic() - second), self.soon - 1.5)

    def test_a_long_retry_after_is_waited_for_and_nonsense_is_bounded(self):
        for name, least, most in (("busy for 3600", 3_540, 3_600), ("busy for 1e99", 60, 86_400)):
            with self.subTest(name):
                message = self.sent[name]["message"]
                key = f"{message['conversationId']}:{message['channelId']}"
                left = eventually(lambda: self.bridge.query(
                    f"SELECT extract(epoch FROM run_at - now()) FROM jobs WHERE queue = 'outbox' AND key = '{key}' AND waiting AND NOT held"),
                    lambda: f"{name} does not wait: {self.bridge.message(message)}")
                self.assertTrue(least < float(left) <= most, left)
                self.assertEqual(len(self.asked(name)), 1)
                self.assertEqual(self.bridge.message(message)["reason"], "throttled")

    def test_a_refusal_is_final_and_says_why(self):
        for name, reason in (("stopped", "contact_stopped"), ("no number", "invalid_recipient"), ("no channel", "invalid_recipient")):
            with self.subTest(name):
                message = self.outcome(name, "failed")
                self.assertEqual(message["reason"], reason)
                self.assertEqual(len(self.asked(name)), 1)

    def test_an_answer_that_leaves_the_outcome_open_is_not_sent_again_by_itself(self):
        for name in ("broken", "hung up", *GARBAGE):
            with self.subTest(name):
                message = self.outcome(name, "unknown", "held")
                self.assertEqual(message["reason"], "outcome_unknown")
                self.assertEqual(len(self.asked(name)), 1)

    def test_f22_a_sid_that_no_provider_would_give_leaves_the_outcome_open(self):
        message = self.outcome("a NUL in the sid", "unknown", "held")
        self.assertEqual(message["reasonDetail"], "provider_bad_response")
        self.assertEqual(len(self.asked("a NUL in the sid")), 1)

    def test_silence_after_the_body_ends_at_the_deadline_with_the_outcome_open(self):
        message = self.outcome("silent", "unknown", "held")
        self.assertEqual(message["reason"], "outcome_unknown")
        self.assertEqual(len(self.asked("silent")), 1)

    def test_a_post_goes_to_the_right_channel_and_thread(self):
        for name in ("posted", "posted in a thread"):
            self.outcome(name, "accepted", "sent")
            (_, fields), = self.asked(name)
            self.assertEqual((fields["channel"], fields["thread_ts"]), (self.sent[name]["to"], self.sent[name]["ts"]))
            self.assertEqual(fields["text"], f"{name}! a &lt; b &amp; c")
        self.assertEqual(self.slack.faults, [])

    def test_slack_says_when_to_come_back(self):
        self.outcome("busy", "accepted", "sent")
        first, second = (at for at, _ in self.asked("busy"))
        self.assertGreaterEqual(second - first, 0.95)

    def test_slack_says_no_inside_a_200(self):
        message = self.outcome("no right", "failed", "held")
        self.assertEqual(message["reason"], "credentials")

    def test_a_lost_answer_of_slack_leaves_the_outcome_open_or_is_flagged(self):
        for name in ("a page in Slack", "hung up in Slack"):
            with self.subTest(name):
                message = self.outcome(name, "unknown", "held", "accepted", "sent")
                if len(self.asked(name)) > 1:
                    self.assertTrue(message["possibleDuplicate"])


if __name__ == "__main__":
    unittest.main(verbosity=2)
