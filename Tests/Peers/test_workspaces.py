"""Two workspaces with the same numbers and the same Slack team never see anything of each other's."""
import json
import secrets
import time
import unittest

from bridge import Bridge, post_slack, post_twilio, slack_event, twilio_form


class WorkspacesTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.bridge = Bridge()
        cls.addClassCleanup(cls.bridge.stop)
        made = json.loads(cls.bridge.command("keys", "create", "--workspace", "other", "--name", "peers", "--json"))
        cls.key = {"own": cls.bridge.key, "other": made["key"]}
        cls.channels = {}
        for side, key in cls.key.items():
            twilio = {"account_sid": "AC" + "5" * 32, "auth_token": secrets.token_hex(16), "from": "+15005550006", "api_base": cls.bridge.url + "/x"}
            slack = {"bot_token": "xoxb-" + side, "signing_secret": secrets.token_hex(16), "api_base": cls.bridge.url + "/x"}
            cls.channels[side] = {
                "twilio": cls.bridge.add_channel("twilio", "same number", twilio, key=key),
                "slack": cls.bridge.add_channel("slack", "same team", slack, key=key),
            }

    def written(self):
        """The same person writes to both, by SMS and in Slack; each side's messages."""
        told, ts = {}, f"{time.time():.6f}"
        for side, channels in self.channels.items():
            sms, chat = (f"{side} {secrets.token_hex(4)}" for _ in range(2))
            self.assertEqual(post_twilio(channels["twilio"], twilio_form(channels["twilio"], "+15005550123", sms))[0], 200)
            self.assertEqual(post_slack(channels["slack"], slack_event("U0ANNA001", "C0GENERAL1", chat, ts=ts))[0], 200)
            told[side] = (sms, chat)
        return {side: [self.bridge.inbound_with(text, key=self.key[side])[0] for text in texts] for side, texts in told.items()}

    def test_neither_sees_the_others(self):
        messages = self.written()
        for side, other in (("own", "other"), ("other", "own")):
            key = self.key[side]
            for foreign in messages[other]:
                for path in (
                    f"/v1/messages/{foreign['id']}", f"/v1/conversations/{foreign['conversationId']}",
                    f"/v1/conversations/{foreign['conversationId']}/messages", f"/v1/contacts/{foreign['contactId']}",
                    f"/v1/contacts/{foreign['contactId']}/timeline", f"/v1/channels/{foreign['channelId']}",
                ):
                    status, answer = self.bridge.api("GET", path, key=key)
                    self.assertEqual((status, answer["code"]), (404, "not_found"), path)
                body = {"body": {"type": "text", "text": {"text": "intruder"}}}
                status, _ = self.bridge.api("POST", f"/v1/conversations/{foreign['conversationId']}/messages", body, key=key)
                self.assertEqual(status, 404)
            for path in ("/v1/messages?direction=inbound&limit=100", "/v1/conversations?limit=100", "/v1/contacts?limit=100", "/v1/channels?limit=100"):
                seen = json.dumps(self.bridge.get(path, key=key))
                for foreign in messages[other]:
                    for value in (foreign["id"], foreign["conversationId"], foreign["contactId"], foreign["channelId"], foreign["body"]["text"]["text"]):
                        self.assertNotIn(value, seen, path)

    def test_one_address_is_another_contact_in_each(self):
        messages = self.written()
        self.assertFalse({message["contactId"] for message in messages["own"]} & {message["contactId"] for message in messages["other"]})

    def test_a_request_signed_with_the_others_secret_is_refused(self):
        own, other = self.channels["own"], self.channels["other"]
        form = twilio_form(own["twilio"], "+15005550123", "x")
        self.assertEqual(post_twilio(own["twilio"], form, token=other["twilio"]["settings"]["auth_token"])[0], 401)
        event = slack_event("U0ANNA001", "C0GENERAL1", "x")
        self.assertEqual(post_slack(own["slack"], event, secret=other["slack"]["settings"]["signing_secret"])[0], 401)

    def test_an_unknown_key_and_none_get_the_same_answer(self):
        for authorization in ("", "Bearer " + "x" * 40, "Bearer pk_" + "0" * 64):
            status, answer = self.bridge.api("GET", "/v1/messages", Authorization=authorization)
            self.assertEqual((status, answer["code"]), (401, "unauthenticated"))


if __name__ == "__main__":
    unittest.main(verbosity=2)
