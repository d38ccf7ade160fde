"""What Twilio's and Slack's own libraries sign is taken once; anything else is refused and leaves no trace."""
import json
import secrets
import time
import unittest
from concurrent.futures import ThreadPoolExecutor

from bridge import Bridge, post_slack, post_twilio, slack_event, twilio_form


class InboundTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.bridge = Bridge()
        cls.addClassCleanup(cls.bridge.stop)
        cls.twilio = next(channel for channel in cls.bridge.about["channels"] if channel["adapter"] == "twilio")
        cls.slack = next(channel for channel in cls.bridge.about["channels"] if channel["adapter"] == "slack")

    def assert_problem(self, answer, status, *codes):
        self.assertEqual(answer[0], status, answer)
        self.assertTrue(answer[1]["content-type"].startswith("application/problem+json"), answer)
        self.assertIn(json.loads(answer[2])["code"], codes)

    def assert_no_message(self, *texts):
        """Sends one more that is right, and looks when that one has come through."""
        marker = "marker " + secrets.token_hex(4)
        post_twilio(self.twilio, twilio_form(self.twilio, "+15005550100", marker))
        self.bridge.inbound_with(marker)
        said = {message["body"]["text"]["text"] for message in self.bridge.inbound()}
        self.assertFalse(said & set(texts))

    def test_a_text_message_signed_by_twilios_library_is_accepted_and_threaded(self):
        text = "Grüße, 50% + 1 & more 😀 " + secrets.token_hex(4)
        status, headers, body = post_twilio(self.twilio, twilio_form(self.twilio, "+15005550123", text))
        self.assertEqual(status, 200)
        self.assertIn("xml", headers["content-type"])
        self.assertIn(b"<Response", body)
        message = self.bridge.inbound_with(text)[0]
        self.assertEqual((message["direction"], message["channelId"], message["status"]), ("inbound", self.twilio["id"], "received"))
        self.assertTrue(message["why"])
        again = "second " + secrets.token_hex(4)
        post_twilio(self.twilio, twilio_form(self.twilio, "+15005550123", again))
        self.assertEqual(self.bridge.inbound_with(again)[0]["conversationId"], message["conversationId"])
        timeline = self.bridge.get(f"/v1/contacts/{message['contactId']}/timeline")["data"]
        self.assertTrue({text, again} <= {entry["body"]["text"]["text"] for entry in timeline})

    def test_a_slack_event_signed_by_slacks_library_is_accepted_and_threaded(self):
        text = "where is the invoice " + secrets.token_hex(4)
        root = slack_event("U0ANNA001", "C0GENERAL1", text)
        self.assertEqual(post_slack(self.slack, root)[0], 200)
        message = self.bridge.inbound_with(text)[0]
        below = "in the thread " + secrets.token_hex(4)
        post_slack(self.slack, slack_event("U0BEN0001", "C0GENERAL1", below, thread_ts=root["event"]["ts"]))
        self.assertEqual(self.bridge.inbound_with(below)[0]["conversationId"], message["conversationId"])
        beside = "another thread " + secrets.token_hex(4)
        post_slack(self.slack, slack_event("U0ANNA001", "C0GENERAL1", beside))
        self.assertNotEqual(self.bridge.inbound_with(beside)[0]["conversationId"], message["conversationId"])

    def test_a_direct_conversation_in_slack_is_the_persons_whoever_began_it(self):
        settings = self.slack["settings"] | {"bot_token": "xoxb-direct", "team_id": "T0TEAM001"}
        channel = self.bridge.add_channel("slack", "direct", settings)
        status, begun = self.bridge.api("POST", "/v1/conversations", {
            "channelId": channel["id"], "to": "U0CARL001", "body": {"type": "text", "text": {"text": "may we ask you something?"}}})
        self.assertEqual(status, 202, begun)
        text = "of course " + secrets.token_hex(4)
        self.assertEqual(post_slack(channel, slack_event("U0CARL001", "D0CARL0001", text))[0], 200)
        self.assertEqual(self.bridge.inbound_with(text)[0]["conversationId"], begun["id"])

    def test_slacks_handshake_is_answered(self):
        status, _, body = post_slack(self.slack, {"type": "url_verification", "challenge": "c-4711", "token": "t"})
        self.assertEqual(status, 200)
        self.assertIn(b"c-4711", body)

    def test_tampered_foreign_and_unsigned_text_messages_are_refused(self):
        text = "forged " + secrets.token_hex(4)
        form = twilio_form(self.twilio, "+15005550123", text)
        self.assert_problem(post_twilio(self.twilio, form, tamper={"Body": text + "!"}), 401, "bad_signature")
        self.assert_problem(post_twilio(self.twilio, form, token="0" * 32), 401, "bad_signature")
        self.assert_problem(post_twilio(self.twilio, form | {"Extra": "1"}, tamper={"Extra": "2"}), 401, "bad_signature")
        unsigned = dict(self.twilio, settings=self.twilio["settings"] | {"auth_token": ""})
        self.assert_problem(post_twilio(unsigned, form), 401, "bad_signature")
        self.assert_no_message(text, text + "!")

    def test_tampered_foreign_and_stale_slack_events_are_refused(self):
        text = "forged " + secrets.token_hex(4)
        event = slack_event("U0ANNA001", "C0GENERAL1", text)
        self.assert_problem(post_slack(self.slack, event, tamper=json.dumps(event).replace("forged", "altered")), 401, "bad_signature")
        self.assert_problem(post_slack(self.slack, event, secret="0" * 32), 401, "bad_signature")
        self.assert_problem(post_slack(self.slack, event, timestamp=time.time() - 360), 401, "stale_timestamp")
        self.assert_problem(post_slack(self.slack, event, timestamp=time.time() + 360), 401, "stale_timestamp", "clock_skew")
        self.assert_no_message(text, text.replace("forged", "altered"))

    def test_a_slack_retry_and_the_app_mention_twin_make_one_message(self):
        text = "<@U0BOT0001> hello " + secrets.token_hex(4)
        event = slack_event("U0ANNA001", "C0GENERAL1", text)
        twin = slack_event("U0ANNA001", "C0GENERAL1", text, ts=event["event"]["ts"], type="app_mention")
        for request in (event, event, twin, event):
            self.assertEqual(post_slack(self.slack, request)[0], 200)
        self.assert_no_message()
        same = [message for message in self.bridge.inbound() if text.split()[-1] in message["body"]["text"]["text"]]
        self.assertEqual(len(same), 1)

    def test_one_id_ten_times_at_once_through_two_processes_makes_one_message(self):
        second = self.bridge.serve()
        text = "once " + secrets.token_hex(4)
        form = twilio_form(self.twilio, "+15005550170", text)
        doors = [self.bridge.url, second] * 5
        with ThreadPoolExecutor(10) as pool:
            answers = list(pool.map(lambda door: post_twilio(self.twilio, form, at=door)[0], doors))
        self.assertEqual(answers, [200] * 10)
        later = "later " + secrets.token_hex(4)
        post_twilio(self.twilio, twilio_form(self.twilio, "+15005550170", later), at=second)
        conversation = self.bridge.inbound_with(later)[0]["conversationId"]
        messages = self.bridge.get(f"/v1/conversations/{conversation}/messages")["data"]
        self.assertEqual(sorted(message["body"]["text"]["text"] for message in messages), sorted([text, later]))


if __name__ == "__main__":
    unittest.main(verbosity=2)
