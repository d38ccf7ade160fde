"""Answers by mail: what a smarthost gets, how its answers and silences end, what a mail program makes of it."""
import base64
import email
import email.policy
import secrets
import smtplib
import subprocess
import tempfile
import unittest
from email.message import EmailMessage
from email.utils import make_msgid, parsedate_to_datetime

import dkim

from bridge import Bridge, eventually
from mailhosts import CuttingHost, Smarthost, self_signed
from postfix import Postfix


def read(raw):
    return email.message_from_bytes(raw, policy=email.policy.default)


def key_pair(kind):
    """PEM of a private key, and what DNS would say of its public half."""
    with tempfile.TemporaryDirectory() as folder:
        algorithm = ["-algorithm", "ed25519"] if kind == "ed25519" else ["-algorithm", "RSA", "-pkeyopt", "rsa_keygen_bits:2048"]
        subprocess.run(["openssl", "genpkey", *algorithm, "-out", f"{folder}/key"], check=True, capture_output=True)
        public = subprocess.run(["openssl", "pkey", "-in", f"{folder}/key", "-pubout", "-outform", "DER"], check=True, capture_output=True).stdout
        # Of an Ed25519 key DNS holds the 32 bytes alone (RFC 8463 section 4).
        public = base64.b64encode(public[-32:] if kind == "ed25519" else public).decode()
        return open(f"{folder}/key").read(), f"v=DKIM1; k={kind}; p={public}".encode()


class MailOutTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.bridge = Bridge()
        cls.addClassCleanup(cls.bridge.stop)
        cls.smtp_in = tuple(cls.bridge.about["smtp"].rsplit(":", 1))

    def host(self, **options):
        host = Smarthost(**options)
        self.addCleanup(host.stop)
        return host

    def channel(self, url, **settings):
        name = secrets.token_hex(4)
        given = {"address": f"support-{name}@example.test", "from_name": "Example, Support"} | settings
        if url:
            given["smtp_url"] = url
        return self.bridge.add_channel("email", f"mail {name}", given)

    def send(self, channel, to="customer@customer.test", text="hello", **body):
        status, answer = self.bridge.api("POST", "/v1/messages", {
            "channelId": channel["id"], "to": to, "body": {"type": "text", "text": {"text": text}} | body})
        self.assertIn(status, (201, 202), answer)
        return answer

    def delivery(self, message):
        return self.bridge.message(message)["deliveries"][-1]

    def write_in(self, channel, text, subject="A question", sender="customer@customer.test", to=None, **headers):
        """A customer's mail, as smtplib delivers it."""
        mail = EmailMessage()
        mail["From"], mail["To"], mail["Subject"] = sender, to or channel["settings"]["address"], subject
        mail["Message-ID"] = make_msgid(domain="customer.test")
        for name, value in headers.items():
            mail[name.replace("_", "-")] = value
        mail.set_content(text)
        with smtplib.SMTP(self.smtp_in[0], int(self.smtp_in[1])) as client:
            client.send_message(mail, sender, [to or channel["settings"]["address"]])
        return mail

    # What it looks like

    def test_an_answer_threads_as_a_mail_program_looks_for_it(self):
        host = self.host()
        channel = self.channel(host.url)
        asked = self.write_in(channel, "Where is my order?", subject="Où est ma commande n° 5 ?")
        inbound = self.bridge.inbound_with("Where is my order?")[0]
        self.bridge.becomes(self.bridge.reply(inbound, "On its way.\nSee https://example.test/a?b=1&c=2."), "accepted")
        sender, recipients, raw = host.mails[0]
        answer = read(raw)
        own = channel["settings"]["address"]
        self.assertEqual((sender, recipients), (own, ["customer@customer.test"]))
        self.assertEqual(answer["subject"], "Re: Où est ma commande n° 5 ?")
        self.assertEqual(answer["in-reply-to"], asked["message-id"])
        self.assertEqual(answer["references"].split(), [asked["message-id"]])
        self.assertEqual(str(answer["from"]), f'"Example, Support" <{own}>')
        self.assertEqual(answer["to"], "customer@customer.test")
        self.assertIsNotNone(parsedate_to_datetime(answer["date"]))
        self.assertRegex(answer["message-id"], r"^<[0-9a-f-]{36}\.p[a-z2-7]{42}@example\.test>$")
        self.assertRegex(answer["reply-to"].addresses[0].addr_spec, r"^support-[0-9a-f]{8}\+p[a-z2-7]{42}@example\.test$")
        self.assertEqual(answer.get_content_type(), "multipart/alternative")
        plain, html = answer.iter_parts()
        self.assertEqual(plain.get_content().split(), "On its way. See https://example.test/a?b=1&c=2.".split())
        self.assertIn('<a href="https://example.test/a?b=1&amp;c=2">', html.get_content())
        self.assertTrue(raw.isascii())
        # And the customer's answer to it comes back into the conversation, whichever trace its program leaves.
        self.write_in(
            channel, "Thanks!", subject=f"Re: {asked['subject']}", In_Reply_To=answer["message-id"],
            References=f"{asked['message-id']} {answer['message-id']}")
        again = self.bridge.inbound_with("Thanks!")[0]
        self.assertEqual(again["conversationId"], inbound["conversationId"])
        self.bridge.becomes(self.bridge.reply(again, "You are welcome."), "accepted")
        second = read(host.mails[1][2])
        self.assertEqual(second["in-reply-to"], self.read_id(again))
        self.assertEqual(second["references"].split(), [asked["message-id"], answer["message-id"], self.read_id(again)])
        self.assertEqual(second["subject"], answer["subject"])
        self.write_in(channel, "By address only", subject="Something else", to=answer["reply-to"].addresses[0].addr_spec)
        self.assertEqual(self.bridge.inbound_with("By address only")[0]["conversationId"], inbound["conversationId"])

    def test_an_answer_refers_to_what_its_parent_refers_to_and_to_the_parent(self):
        host = self.host()
        channel = self.channel(host.url)

        def answered(text, references):
            """Our answer to a mail with these References, and that mail's own id."""
            asked = self.write_in(channel, text, References=" ".join(references), In_Reply_To=references[-1])
            self.bridge.becomes(self.bridge.reply(self.bridge.inbound_with(text)[0], f"Answer to {text}"), "accepted")
            return read(host.mails[-1][2]), asked["message-id"]

        # A thread that began without us: its mails are in no conversation here.
        elder = ["<first@elsewhere.test>", "<second@elsewhere.test>"]
        first, asked = answered("You may know more.", elder)
        self.assertEqual(first["references"].split(), [*elder, asked])
        # It went on without us, too.
        named = [*elder, asked, first["message-id"], "<between@elsewhere.test>"]
        second, again = answered("We went on.", named)
        self.assertEqual(second["references"].split(), [*named, again])
        self.assertEqual(second["in-reply-to"], again)
        # A program that names the last mail only: what we know of the conversation stands before.
        third, short = answered("In a hurry.", [second["message-id"]])
        self.assertEqual(third["references"].split(), [asked, first["message-id"], again, second["message-id"], short])
        # What is too long for a header keeps its first and its newest.
        many = [f"<{number}.{secrets.token_hex(8)}@elsewhere.test>" for number in range(60)]
        last, long = answered("A long story.", many)
        self.assertEqual(last["references"].split(), [many[0], *many[-18:], long])

    def read_id(self, message):
        found = self.bridge.query(f"SELECT split_part(external_id, ' ', 1) FROM messages WHERE id = '{message['id']}'")
        return found

    def test_a_first_mail_has_its_own_subject_and_one_without_has_a_sensible_one(self):
        host = self.host()
        channel = self.channel(host.url)
        self.bridge.becomes(self.send(channel, "first@customer.test", subject="Grüße aus Köln"), "accepted")
        self.bridge.becomes(self.send(channel, "second@customer.test"), "accepted")
        subjects = {recipients[0]: read(raw)["subject"] for _, recipients, raw in host.mails}
        self.assertEqual(subjects["first@customer.test"], "Grüße aus Köln")
        self.assertEqual(subjects["second@customer.test"], "Message from Example, Support")
        for raw in (raw for _, _, raw in host.mails):
            self.assertIsNone(read(raw)["in-reply-to"])

    def test_only_one_address_that_is_not_our_own_is_written_to(self):
        channel = self.channel("smtp://127.0.0.1:2525")
        own = channel["settings"]["address"].replace("@", "+x@")
        local, domain = channel["settings"]["address"].split("@")
        for to, code in (
            ("a b@c.test", "invalid_address"), ("a@b.test,c@d.test", "invalid_address"), (own.upper(), "loop_address"),
            (f'"{local}"@{domain}', "loop_address"), (f"{local}@{domain.upper().replace('.', '。')}", "loop_address"),
        ):
            with self.subTest(to):
                status, answer = self.bridge.api("POST", "/v1/messages", {
                    "channelId": channel["id"], "to": [to], "body": {"type": "text", "text": {"text": "x"}}})
                self.assertEqual((status, answer["code"]), (422, code))

    def test_a_subject_cannot_carry_another_header(self):
        status, answer = self.bridge.api("POST", "/v1/messages", {
            "channelId": self.channel("smtp://127.0.0.1:2525")["id"], "to": "a@customer.test",
            "body": {"type": "text", "text": {"text": "x"}, "subject": "x\r\nBcc: y@z.test"}})
        self.assertEqual(status, 422, answer)

    def test_signatures_verify_as_receivers_do_it(self):
        for kind in ("rsa", "ed25519"):
            with self.subTest(kind):
                host = self.host()
                private, public = key_pair(kind)
                channel = self.channel(host.url, dkim_key=private, dkim_selector="s1", dkim_domain="example.test")
                text = "A line.  \n\n.\nFrom here on\n" + "long " * 500 + "\n\n\n"
                self.bridge.becomes(self.send(channel, text=text, subject="Ünïcode " * 20), "accepted")
                raw = host.mails[0][2]

                def dns(name, timeout=5):
                    return public if name in (b"s1._domainkey.example.test.", b"s1._domainkey.example.test") else None
                self.assertTrue(dkim.verify(raw, dnsfunc=dns), raw.decode())
                self.assertFalse(dkim.verify(raw.replace(b"A line.", b"B line."), dnsfunc=dns))
                self.assertFalse(dkim.verify(b"From: evil@example.test\r\n" + raw, dnsfunc=dns))

    def test_i17_a_machine_says_that_it_is_one_and_does_not_answer_another(self):
        host = self.host()
        channel = self.channel(host.url)
        self.write_in(channel, "Are you there?")
        asked = self.bridge.inbound_with("Are you there?")[0]
        path = f"/v1/conversations/{asked['conversationId']}/messages"
        robot = {"body": {"type": "text", "text": {"text": "We will be with you soon."}}, "isAutomatic": True}
        status, posted = self.bridge.api("POST", path, robot)
        self.assertEqual((status, posted["isAutomatic"]), (202, True))
        self.bridge.becomes(posted, "accepted")
        sent = read(host.mails[0][2])
        self.assertEqual((sent["auto-submitted"], sent["x-auto-response-suppress"]), ("auto-replied", "All"))
        # Their machine answers ours, and that is the end of it.
        self.write_in(channel, "I am away.", In_Reply_To=sent["message-id"], Auto_Submitted="auto-replied")
        away = self.bridge.inbound_with("I am away.")[0]
        self.assertEqual((away["conversationId"], away["isAutomatic"]), (asked["conversationId"], True))
        status, refused = self.bridge.api("POST", path, robot)
        self.assertEqual((status, refused["code"]), (409, "answers_automatic"))
        # Nor does it answer what no machine may answer (RFC 3834): lists, mass mail, who asks for silence. A person may.
        marks = [{"List_Id": "<news.customer.test>"}, {"Precedence": "bulk"}, {"X_Auto_Response_Suppress": "All"}]
        for number, mark in enumerate(marks):
            self.write_in(channel, f"Silence {number}", In_Reply_To=sent["message-id"], **mark)
            silent = self.bridge.inbound_with(f"Silence {number}")[0]
            self.assertEqual((silent["conversationId"], silent["isAutomatic"]), (asked["conversationId"], False))
            self.assertEqual(self.bridge.api("POST", path, robot)[1]["code"], "answers_automatic", mark)
        person = self.bridge.reply(away, "A person here.")
        self.bridge.becomes(person, "accepted")
        self.assertIsNone(read(host.mails[1][2])["auto-submitted"])
        self.assertEqual(self.bridge.api("POST", path, robot | {"isAutomatic": "yes"})[0], 422)

    def test_addresses_beyond_ascii_reach_a_server_that_takes_them(self):
        host = self.host()
        channel = self.channel(host.url)
        for address, wanted in (("grüße@customer.test", "grüße@customer.test"), ("anna@bücher.test", ("anna@bücher.test", "anna@xn--bcher-kva.test"))):
            with self.subTest(address):
                host.mails.clear()
                self.bridge.becomes(self.send(channel, address), "accepted")
                self.assertIn(host.mails[0][1][0], wanted)

    # How it ends

    def test_later_is_later_under_the_same_message_id(self):
        host = self.host(answers=["451 4.7.1 come back", "421 4.3.2 shutting down"])
        message = self.send(self.channel(host.url))
        seen = self.bridge.becomes(message, "accepted")
        ids = {read(raw)["message-id"] for _, _, raw in host.mails}
        self.assertEqual((len(host.mails), len(ids)), (3, 1))
        self.assertEqual(len({raw for _, _, raw in host.mails}), 1)
        self.assertFalse(seen["deliveries"][-1]["possibleDuplicate"])

    def test_a_refusal_is_final_and_says_why(self):
        for reply, reason, code in (
                ("550 5.1.1 no such user", "invalid_recipient", "550 5.1.1"), ("550 5.7.1 not today", "policy", "550 5.7.1"),
                ("552 5.3.4 too big", "content", "552 5.3.4")):
            with self.subTest(reply):
                host = self.host(rcpt={"customer@customer.test": [reply]})
                message = self.send(self.channel(host.url))
                self.bridge.becomes(message, "failed")
                delivery = self.delivery(message)
                self.assertEqual((delivery["reason"], delivery["reasonDetail"]), (reason, code))
                self.assertEqual(host.mails, [])

    def test_a_password_opens_and_a_wrong_one_marks_the_channel(self):
        host = self.host(login=("us", "right"))
        self.bridge.becomes(self.send(self.channel(host.url, smtp_username="us", smtp_password="right")), "accepted")
        self.assertEqual(host.logins, [("us", "right")])
        channel = self.channel(host.url, smtp_username="us", smtp_password="wrong")
        message = self.send(channel)
        self.bridge.becomes(message, "failed")
        self.assertEqual(self.delivery(message)["reason"], "credentials")
        self.assertEqual(self.bridge.get(f"/v1/channels/{channel['id']}")["status"], "degraded")

    def test_f15_cut_in_the_middle_of_the_message_is_sent_again_and_is_no_duplicate(self):
        host = CuttingHost(["DATA"])
        self.addCleanup(host.stop)
        message = self.send(self.channel(host.url), text="word " * 12_000)
        # A short mail fits into the network's own buffers: then nobody can know, and it is flagged.
        seen = self.bridge.becomes(message, "accepted")
        self.assertEqual(len(host.mails), 1)
        self.assertLessEqual(len(seen["deliveries"]), 1)

    def test_f16_cut_after_the_final_dot_is_sent_again_under_the_same_id_and_flagged(self):
        host = CuttingHost(["."])
        self.addCleanup(host.stop)
        message = self.send(self.channel(host.url))
        seen = self.bridge.becomes(message, "accepted")
        self.assertEqual(len(host.mails), 2)
        self.assertEqual(host.mails[0], host.mails[1])
        self.assertTrue(seen["deliveries"][-1]["possibleDuplicate"])

    def test_f24_a_line_that_proves_nothing_carries_nothing(self):
        for name, host in (("stripped", self.host()), ("self-signed", self.host(starttls=True, tls=self_signed()))):
            with self.subTest(name):
                message = self.send(self.channel(f"{host.url}?tls=required", smtp_username="us", smtp_password="canary-password"))
                delivery = eventually(
                    lambda: (lambda seen: seen if seen.get("reasonDetail") else None)(self.delivery(message)), "no reason is shown")
                self.assertIn(delivery["status"], ("queued", "sending"))
                self.assertRegex(delivery["reasonDetail"], r"^tls: .*(STARTTLS|self-signed)")
                self.assertEqual((host.mails, host.logins), ([], []))

    def test_without_a_smarthost_it_says_so(self):
        message = self.send(self.channel(None))
        self.bridge.becomes(message, "failed")
        self.assertEqual(self.delivery(message)["reasonDetail"], "no_smtp_url")

    def test_a_bounce_of_a_real_mta_marks_the_message(self):
        refusing = self.host(rcpt={"nobody@refusing.test": ["550 5.1.1 no such user here"]})
        postfix = Postfix(self.smtp_in[1], routes={"refusing.test": refusing.port})
        self.addCleanup(postfix.stop)
        channel = self.channel(f"smtp://127.0.0.1:{postfix.port}")
        good, bad = self.send(channel, "somebody@refusing.test"), self.send(channel, "nobody@refusing.test")
        try:
            seen = self.bridge.becomes(bad, "failed")
        except AssertionError as error:
            raise AssertionError(f"{error}\n{postfix.text()}") from None
        self.assertIn("5.1.1", str(seen["deliveries"][-1]))
        self.bridge.becomes(good, "accepted")
        self.assertEqual(len(refusing.mails), 1)


if __name__ == "__main__":
    unittest.main()
