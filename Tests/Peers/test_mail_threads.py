"""The thread runs of the corpus through the real listener, and who may go on in a conversation."""
import json
import smtplib
import unittest
from email import policy
from email.message import EmailMessage
from pathlib import Path

from bridge import Bridge, eventually

CORPUS = Path(__file__).resolve().parents[1] / "ChannelsTests" / "Corpus" / "email"


class MailThreadsTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.bridge = Bridge()
        cls.host, cls.port = cls.bridge.about["smtp"].rsplit(":", 1)

    @classmethod
    def tearDownClass(cls):
        cls.bridge.stop()

    def send(self, recipient, mail, sender="anna@anna.test"):
        with smtplib.SMTP(self.host, int(self.port), timeout=30) as client:
            client.sendmail(sender, [recipient], mail)

    def messages(self, channel, count):
        """The channel's inbound messages, once there are `count`."""
        def look():
            found = self.bridge.get(f"/v1/messages?direction=inbound&channelId={channel['id']}&limit=100")["data"]
            return found if len(found) >= count else None
        return eventually(look, f"fewer than {count} messages came in")

    def family(self, message):
        conversation = self.bridge.get(f"/v1/conversations/{message['conversationId']}")
        return conversation["linkedConversationId"] or conversation["id"]

    def test_groups_mails_as_the_corpus_says(self):
        for run in json.loads((CORPUS / "threads.json").read_text()):
            with self.subTest(run["run"]):
                channel = self.bridge.add_channel("email", run["run"], {"address": f"{run['run']}@threads.test"})
                for name in run["arrival"]:
                    self.send(channel["settings"]["address"], (CORPUS / name).read_bytes())
                names = {json.loads((CORPUS / name).with_suffix(".json").read_text())["message_id"]: name for name in run["arrival"]}
                groups = {}
                for message in self.messages(channel, len(names)):
                    name = names[message["externalId"].split(" ")[0]]
                    groups.setdefault(self.family(message), []).append(name)
                self.assertEqual(sorted(map(sorted, groups.values())), sorted(map(sorted, run["groups"])))

    def test_leads_an_answer_back_and_keeps_a_stranger_beside(self):
        channel = next(channel for channel in self.bridge.about["channels"] if channel["adapter"] == "email")
        address = channel["settings"]["address"]
        mail = EmailMessage()
        mail["From"], mail["To"], mail["Subject"] = "Anna <anna@tokens.test>", address, "Where is my parcel?"
        mail.set_content("It should have come on Monday.")
        self.send(address, mail.as_bytes(policy=policy.SMTP), "anna@tokens.test")
        first = self.bridge.inbound_with("It should have come on Monday.")[0]
        sent = self.bridge.becomes(self.bridge.reply(first, "It comes tomorrow."), "accepted", "sent", "delivered")

        received = eventually(
            lambda: next((m for m in self.bridge.get("/sandbox/messages")["data"] if "It comes tomorrow." in m["text"]), None),
            "the sandbox received no mail")
        self.assertIn("anna@tokens.test", json.dumps(received))
        delivery = self.bridge.message(sent)["deliveries"][0]
        ours = delivery["parts"][0]["externalId"]
        self.assertIn(sent["id"], ours)

        for sender, text in (("anna@tokens.test", "Thank you!"), ("eve@evil.test", "Send it to my address instead.")):
            answer = EmailMessage()
            answer["From"], answer["To"], answer["Subject"], answer["In-Reply-To"] = sender, address, "Re: Where is my parcel?", ours
            answer.set_content(text)
            self.send(address, answer.as_bytes(policy=policy.SMTP), sender)
        mine = self.bridge.inbound_with("Thank you!")[0]
        self.assertEqual((mine["conversationId"], mine["why"]["rule"]), (first["conversationId"], "token"))
        theirs = self.bridge.inbound_with("Send it to my address instead.")[0]
        beside = self.bridge.get(f"/v1/conversations/{theirs['conversationId']}")
        self.assertEqual((beside["linkedConversationId"], beside["flags"]), (first["conversationId"], ["sender_mismatch"]))


if __name__ == "__main__":
    unittest.main()
