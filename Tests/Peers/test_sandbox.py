"""The sandbox of `parley dev` is a Twilio and a Slack to their own libraries, and lets a newcomer play the customer."""
import json
import unittest
import secrets
from urllib.parse import urlencode, urlsplit

from slack_sdk import WebClient
from slack_sdk.errors import SlackApiError
from twilio.base.exceptions import TwilioRestException
from twilio.http.http_client import TwilioHttpClient
from twilio.rest import Client

from bridge import Bridge, eventually, request


class OnLoopback(TwilioHttpClient):
    """Twilio's own HTTP client, with the sandbox in place of https://api.twilio.com."""

    def __init__(self, base):
        super().__init__()
        self.base = base

    def request(self, method, url, *arguments, **named):
        return super().request(method, url.replace("https://api.twilio.com", self.base), *arguments, **named)


class SandboxTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.bridge = Bridge()
        cls.addClassCleanup(cls.bridge.stop)
        cls.twilio = next(channel for channel in cls.bridge.about["channels"] if channel["adapter"] == "twilio")
        cls.slack = next(channel for channel in cls.bridge.about["channels"] if channel["adapter"] == "slack")

    def received(self, text):
        def look():
            messages = json.loads(request("GET", f"{self.bridge.url}/sandbox/messages")[2])["data"]
            return next((message for message in messages if message["text"] == text), None)
        return eventually(look, f"the sandbox did not receive {text!r}")

    def test_twilios_client_sends_a_message_and_reads_the_errors(self):
        settings = self.twilio["settings"]
        client = Client(settings["account_sid"], settings["auth_token"], http_client=OnLoopback(settings["api_base"]))
        sent = client.messages.create(to="+15005550199", from_=settings["from"], body="from Twilio’s client")
        self.assertRegex(sent.sid, "^SM[0-9a-f]{32}$")
        self.assertEqual((sent.status, sent.num_segments), ("queued", "1"))
        self.assertEqual(self.received("from Twilio’s client")["to"], "+15005550199")
        with self.assertRaises(TwilioRestException) as stopped:
            client.messages.create(to="+15005550004", from_=settings["from"], body="x")
        self.assertEqual((stopped.exception.status, stopped.exception.code), (400, 21610))
        stranger = Client(settings["account_sid"], "wrong", http_client=OnLoopback(settings["api_base"]))
        with self.assertRaises(TwilioRestException) as unknown:
            stranger.messages.create(to="+15005550199", from_=settings["from"], body="x")
        self.assertEqual((unknown.exception.status, unknown.exception.code), (401, 20003))

    def test_slacks_client_posts_updates_and_reads_the_errors(self):
        settings = self.slack["settings"]
        client = WebClient(token=settings["bot_token"], base_url=settings["api_base"] + "/")
        self.assertEqual(client.auth_test()["team_id"], "T0TEAM001")
        posted = client.chat_postMessage(channel="C0GENERAL1", text="from Slack’s client")
        self.assertEqual(self.received("from Slack’s client")["id"], posted["ts"])
        self.assertTrue(client.chat_update(channel="C0GENERAL1", ts=posted["ts"], text="changed")["ok"])
        with self.assertRaises(SlackApiError) as missing:
            client.chat_postMessage(channel="C0MISSING1", text="x")
        self.assertEqual(missing.exception.response["error"], "channel_not_found")
        with self.assertRaises(SlackApiError) as stranger:
            WebClient(token="xoxb-wrong", base_url=settings["api_base"] + "/").auth_test()
        self.assertEqual(stranger.exception.response["error"], "invalid_auth")

    def test_a_customer_played_by_sms_is_answered_and_the_delivery_is_reported(self):
        text = "played " + secrets.token_hex(4)
        status, _, _ = request("POST", f"{self.bridge.url}/sandbox/twilio/inbound", json.dumps({"from": "+15005550155", "text": text}))
        self.assertEqual(status, 200)
        message = self.bridge.inbound_with(text)[0]
        answer = self.bridge.reply(message, "answer to " + text)
        self.assertEqual(self.received("answer to " + text)["to"], "+15005550155")
        self.bridge.becomes(answer, "delivered")

    def test_a_customer_played_in_slack_is_answered_in_the_thread(self):
        text = "played <&> " + secrets.token_hex(4)
        body = {"user": "U0ANNA001", "channel": "C0GENERAL1", "text": text}
        status, _, _ = request("POST", f"{self.bridge.url}/sandbox/slack/inbound", json.dumps(body))
        self.assertEqual(status, 200)
        message = self.bridge.inbound_with(text)[0]
        answer = self.bridge.reply(message, "a < b & c " + text)
        received = self.received("a < b & c " + text)
        self.assertEqual(received["to"], "C0GENERAL1")
        self.assertRegex(received["thread"], r"^\d+\.\d{6}$")
        self.bridge.becomes(answer, "accepted", "sent", "delivered")

    def test_the_page_is_plain_and_its_forms_work(self):
        status, headers, page = request("GET", f"{self.bridge.url}/sandbox/")
        self.assertEqual(status, 200)
        self.assertIn("default-src 'none'", headers["content-security-policy"])
        self.assertNotIn(b"<script", page)
        self.assertNotIn(b"style=", page)
        text = "<b>by form</b> " + secrets.token_hex(4)
        form = urlencode({"from": "+15005550156", "text": text})
        status, headers, _ = request(
            "POST", f"{self.bridge.url}/sandbox/twilio/inbound", form, {"Content-Type": "application/x-www-form-urlencoded"})
        self.assertEqual((status, urlsplit(headers["location"]).path), (303, "/sandbox/"))
        self.bridge.inbound_with(text)


if __name__ == "__main__":
    unittest.main(verbosity=2)
