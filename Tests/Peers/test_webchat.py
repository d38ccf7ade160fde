"""The chat widget's side of the wire against the real binary: nothing lost or doubled, nobody reads another's, people are joined and parted."""
import hashlib
import hmac
import http.client
import json
import secrets
import signal
import smtplib
import socket
import threading
import time
import unittest
from email.message import EmailMessage
from urllib.parse import urlsplit

from bridge import Bridge, eventually, post_twilio, request, twilio_form


class Visitor:
    """What the widget does, without a browser: a session, messages, and a stream that comes back by its last event id."""

    def __init__(self, base, channel, origin=None):
        self.base, self.channel, self.origin = base, channel, origin
        self.token = self.id = None
        self.cursor = None
        self.heard = []  # (event, data) in order
        self.stopped = threading.Event()
        self.thread = self.line = None

    def call(self, method, path, body=None, raw=None, base=None, **headers):
        sent = {name.replace("_", "-"): value for name, value in headers.items()}
        if self.origin:
            sent["Origin"] = self.origin
        if self.token:
            sent["Authorization"] = f"Bearer {self.token}"
        if body is not None:
            sent["Content-Type"] = "application/json"
            raw = json.dumps(body).encode()
        status, fields, answer = request(method, f"{base or self.base}/webchat/{self.channel}{path}", raw, sent)
        return status, json.loads(answer) if answer else None, fields

    def start(self, **body):
        token, self.token = self.token, None
        if token:
            body["token"] = token
        status, answer, _ = self.call("POST", "/session", body)
        if status == 200:
            self.token, self.id = answer["token"], answer["visitor"]["id"]
        return status, answer

    def say(self, text, client_id=None, **more):
        """Sends until it is taken, as an offline queue does; returns the client's id."""
        client_id = client_id or secrets.token_hex(8)

        def send():
            try:
                status, answer, _ = self.call("POST", "/messages", {"clientId": client_id, "text": text} | more)
            except (OSError, http.client.HTTPException):
                return False
            if status in (429, 502, 503):
                return False
            if status != 202:
                raise AssertionError(f"{status} {answer}")
            return True

        eventually(send, f"{text!r} is not taken")
        return client_id

    def history(self):
        found, before = [], ""
        while True:
            status, page, _ = self.call("GET", f"/messages?limit=20{before}")
            if status != 200:
                raise AssertionError(f"{status} {page}")
            if not before:
                self.cursor = self.cursor or page["cursor"]
            found += page["data"]
            if not page["nextCursor"]:
                return found[::-1]
            before = f"&before={page['nextCursor']}"

    def texts(self):
        return [message["body"]["text"]["text"] for message in self.history()]

    def listen(self):
        self.thread = threading.Thread(target=self._listen, daemon=True)
        self.thread.start()
        return self

    def _listen(self):
        while not self.stopped.is_set():
            try:
                self._follow()
            except (OSError, http.client.HTTPException, ValueError, AttributeError):
                pass
            self.stopped.wait(0.2)

    def _follow(self):
        parts = urlsplit(self.base)
        self.line = http.client.HTTPConnection(parts.hostname, parts.port, timeout=40)
        headers = {"Authorization": f"Bearer {self.token}"} | ({"Origin": self.origin} if self.origin else {})
        if self.cursor:
            headers["Last-Event-ID"] = self.cursor
        self.line.request("GET", f"/webchat/{self.channel}/events", headers=headers)
        answer = self.line.getresponse()
        if answer.status != 200:
            raise ValueError(answer.status)
        event = cursor = None
        while line := answer.readline():
            line = line.decode().rstrip("\n")
            if line.startswith("id: "):
                cursor = line[4:]
            elif line.startswith("event: "):
                event = line[7:]
            elif line.startswith("data: "):
                self.heard.append((event, json.loads(line[6:])))
            elif not line and event:
                self.cursor, event, cursor = cursor or self.cursor, None, None

    def drop_line(self):
        if self.line and self.line.sock:
            try:
                self.line.sock.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass

    def heard_texts(self, sender=None):
        return [data["body"]["text"]["text"] for event, data in list(self.heard) if event == "message" and sender in (None, data["from"])]

    def stop(self):
        self.stopped.set()
        self.drop_line()


def proof(channel, user):
    secret = channel["settings"]["identity_secret"].encode()
    return {"userId": user, "hash": hmac.new(secret, user.encode(), hashlib.sha256).hexdigest()}


class WebchatTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.bridge = Bridge()
        cls.addClassCleanup(cls.bridge.stop)
        cls.channel = next(channel for channel in cls.bridge.about["channels"] if channel["adapter"] == "webchat")
        cls.twilio = next(channel for channel in cls.bridge.about["channels"] if channel["adapter"] == "twilio")

    def visitor(self, base=None, **body):
        visitor = Visitor(base or self.bridge.url, self.channel["id"])
        status, answer = visitor.start(**body)
        self.assertEqual(status, 200, answer)
        self.addCleanup(visitor.stop)
        return visitor

    def test_a_visitor_chats_reloads_and_finds_everything(self):
        visitor = self.visitor(name="Ann")
        visitor.history()
        visitor.listen()
        word = secrets.token_hex(4)
        client_id = visitor.say(f"hello {word}")
        message = self.bridge.inbound_with(f"hello {word}")[0]
        posted = self.bridge.reply(message, f"welcome {word}")
        eventually(lambda: f"welcome {word}" in visitor.heard_texts("agent"), "the answer does not come")
        self.assertEqual(visitor.heard_texts(), [f"hello {word}", f"welcome {word}"])
        own = next(data for event, data in visitor.heard if event == "message" and data["from"] == "visitor")
        self.assertEqual(own["clientId"], client_id)
        status, _, _ = visitor.call("POST", "/receipts", {"messageIds": [posted["id"]], "status": "read"})
        self.assertEqual(status, 202)
        self.bridge.becomes(posted, "read")
        eventually(lambda: any(event == "receipt" and data["status"] == "read" for event, data in visitor.heard), "no tick for other tabs")
        again = Visitor(self.bridge.url, self.channel["id"])
        again.token = visitor.token
        again.start()
        self.assertEqual((again.id, again.texts()), (visitor.id, [f"hello {word}", f"welcome {word}"]))

    def test_nothing_is_lost_or_doubled_while_lines_drop_and_a_server_restarts(self):
        base = self.bridge.serve()
        server = self.bridge.processes[-1]
        visitor = self.visitor(base=base)
        visitor.history()
        visitor.listen()
        word = secrets.token_hex(4)
        visitor.say(f"start {word}")
        message = self.bridge.inbound_with(f"start {word}")[0]
        said, answered = [], []
        for number in range(12):
            if number == 4:
                visitor.drop_line()
            if number == 7:
                asked = time.monotonic()
                server.send_signal(signal.SIGTERM)
                self.assertEqual(server.wait(timeout=30), 0)
                self.assertLess(time.monotonic() - asked, 15, "an open stream keeps the process from ending")
                self.bridge.processes.remove(server)
                restarted = threading.Thread(target=self.restart, args=(base,))
                restarted.start()
            said.append(f"said {number} {word}")
            client_id = secrets.token_hex(8)
            for _ in range(2 if number % 3 == 0 else 1):  # an answer that got lost: sent again
                visitor.say(said[-1], client_id)
            answered.append(f"answer {number} {word}")
            self.bridge.reply(message, answered[-1])
        restarted.join()
        eventually(lambda: len(visitor.heard_texts()) >= 25, lambda: f"heard {visitor.heard_texts()}")
        self.bridge.inbound_with(said[-1])
        self.assertEqual(visitor.heard_texts("agent"), answered)
        self.assertEqual(visitor.heard_texts("visitor"), [f"start {word}"] + said)
        self.assertEqual(sorted(visitor.texts()), sorted([f"start {word}"] + said + answered))

    def restart(self, base):
        """`parley serve` again, where it was."""
        self.bridge.serve_at(urlsplit(base).port)

    def test_an_answer_is_shown_once_it_is_on_record_as_sent(self):
        visitor = self.visitor()
        word = secrets.token_hex(4)
        visitor.say(f"hello {word}")
        message = self.bridge.inbound_with(f"hello {word}")[0]
        posted = self.bridge.reply(message, f"answer {word}")
        self.bridge.becomes(posted, "accepted", "delivered", "read")
        eventually(lambda: visitor.texts() == [f"hello {word}", f"answer {word}"], "the answer is not there")

    def test_foreign_pages_forged_tokens_and_other_visitors_get_nothing(self):
        visitor = self.visitor()
        word = secrets.token_hex(4)
        visitor.say(f"secret {word}")
        eventually(lambda: f"secret {word}" in visitor.texts(), "not there")
        visitor.origin = "https://evil.example"
        for method, path in (("GET", "/messages"), ("POST", "/session"), ("GET", "/events")):
            status, answer, fields = visitor.call(method, path, {} if method == "POST" else None)
            self.assertEqual((status, answer["code"]), (403, "origin_not_allowed"))
            self.assertNotIn("access-control-allow-origin", fields)
        visitor.origin = self.channel["settings"]["allowed_origins"][0]
        status, _, fields = visitor.call("GET", "/messages")
        self.assertEqual((status, fields["access-control-allow-origin"]), (200, visitor.origin))
        stranger = self.visitor()
        self.assertEqual(stranger.texts(), [])
        head, tail = visitor.token.split(".")
        for token in (head + "." + tail[::-1], stranger.token.split(".")[0] + "." + tail, "x", ""):
            forged = Visitor(self.bridge.url, self.channel["id"])
            forged.token = token
            status, answer, _ = forged.call("GET", "/messages")
            self.assertEqual((status, answer["code"]), (401, "bad_token"))

    def test_signing_in_joins_the_person_of_that_number_and_undoing_parts_them(self):
        number, word = "+15005" + str(secrets.randbelow(900_000) + 100_000), secrets.token_hex(4)
        post_twilio(self.twilio, twilio_form(self.twilio, number, f"by phone {word}"))
        texted = self.bridge.inbound_with(f"by phone {word}")[0]
        anonymous = self.visitor()
        anonymous.say(f"before {word}")
        before = self.bridge.inbound_with(f"before {word}")[0]
        self.assertNotEqual(before["contactId"], texted["contactId"])
        wrong = Visitor(self.bridge.url, self.channel["id"])
        status, answer = wrong.start(identity={"userId": number, "hash": "0" * 64})
        self.assertEqual((status, answer["code"]), (401, "bad_identity"))

        status, answer = anonymous.start(identity=proof(self.channel, number))
        self.assertEqual((status, answer["visitor"]["signedIn"]), (200, True), answer)
        anonymous.say(f"after {word}")
        after = self.bridge.inbound_with(f"after {word}")[0]
        timeline = self.bridge.get(f"/v1/contacts/{texted['contactId']}/timeline")["data"]
        said = [message["body"]["text"]["text"] for message in reversed(timeline)]
        self.assertEqual(said, [f"by phone {word}", f"before {word}", f"after {word}"])
        self.assertEqual(after["contactId"], texted["contactId"])
        self.assertEqual(anonymous.texts(), [f"before {word}", f"after {word}"])

        query = f"SELECT string_agg(id::text, ',' ORDER BY id) FROM contact_merges WHERE into_contact = '{texted['contactId']}'"
        merges = self.bridge.query(query).split(",")
        self.assertEqual(len(merges), 2)
        for merge in merges:
            self.assertEqual(self.bridge.api("POST", f"/v1/contact-merges/{merge}/undo", {})[0], 200)

        def timeline_of(message):
            shown = self.bridge.get(f"/v1/messages/{message['id']}")
            return [entry["body"]["text"]["text"] for entry in self.bridge.get(f"/v1/contacts/{shown['contactId']}/timeline")["data"]]

        self.assertEqual(timeline_of(texted), [f"by phone {word}"])
        self.assertEqual(timeline_of(before), [f"before {word}"])
        self.assertEqual(timeline_of(after), [f"after {word}"])

    def test_one_person_by_sms_mail_and_chat_has_one_timeline_and_undoing_restores_each(self):
        word = secrets.token_hex(4)
        number, address = "+15005" + str(secrets.randbelow(900_000) + 100_000), f"ann-{word}@customer.test"
        email = next(channel for channel in self.bridge.about["channels"] if channel["adapter"] == "email")

        def by_phone(text):
            post_twilio(self.twilio, twilio_form(self.twilio, number, text))
            return self.bridge.inbound_with(text)[0]

        def by_mail(text):
            mail = EmailMessage()
            mail["From"], mail["To"], mail["Subject"] = f"Ann <{address}>", email["settings"]["address"], f"about {word}"
            mail["Message-ID"] = f"<{secrets.token_hex(8)}@customer.test>"
            mail.set_content(text)
            with smtplib.SMTP(*self.bridge.about["smtp"].split(":"), timeout=20) as client:
                client.send_message(mail)
            return self.bridge.inbound_with(text)[0]

        ann = self.visitor()

        def by_chat(text):
            ann.say(text)
            return self.bridge.inbound_with(text)[0]

        def timeline(contact):
            """The person's history, oldest first."""
            return [entry["body"]["text"]["text"] for entry in reversed(self.bridge.get(f"/v1/contacts/{contact}/timeline")["data"])]

        def now(message):
            return self.bridge.message(message)["contactId"]

        texted, mailed, chatted = by_phone(f"sms 1 {word}"), by_mail(f"mail 1 {word}"), by_chat(f"chat 1 {word}")
        self.assertEqual(len({texted["contactId"], mailed["contactId"], chatted["contactId"]}), 3)

        # The site vouches for the mail address: evidence. That the number is hers too, a person knows.
        self.assertEqual(ann.start(identity=proof(self.channel, address))[0], 200)
        by_chat(f"chat 2 {word}")
        self.assertEqual(now(chatted), now(mailed))
        self.assertNotEqual(now(texted), now(mailed))
        status, by_hand = self.bridge.api("POST", f"/v1/contacts/{now(mailed)}/merge", {"fromContactId": now(texted)})
        self.assertEqual(status, 201, by_hand)
        by_phone(f"sms 2 {word}")
        by_mail(f"mail 2 {word}")
        whole = [f"{channel} {word}" for channel in ("sms 1", "mail 1", "chat 1", "chat 2", "sms 2", "mail 2")]
        for message in (texted, mailed, chatted):
            self.assertEqual(timeline(now(message)), whole)
        # An answer goes where it was asked, and stands in the same history.
        answer = self.bridge.reply(texted, f"answer {word}")
        self.bridge.becomes(answer, "accepted", "delivered")
        self.assertEqual(timeline(now(mailed)), whole + [f"answer {word}"])

        self.assertEqual(self.bridge.api("POST", f"/v1/contact-merges/{by_hand['mergeId']}/undo", {})[0], 200)
        self.assertEqual(timeline(now(texted)), [f"sms 1 {word}", f"sms 2 {word}", f"answer {word}"])
        self.assertEqual(timeline(now(mailed)), [f"{name} {word}" for name in ("mail 1", "chat 1", "chat 2", "mail 2")])
        self.assertEqual(now(texted), texted["contactId"])
        merges = self.bridge.query(
            "SELECT string_agg(id::text, ',' ORDER BY id DESC) FROM contact_merges WHERE undone_at IS NULL AND into_contact = "
            f"'{now(mailed)}'").split(",")
        for merge in merges:
            self.assertEqual(self.bridge.api("POST", f"/v1/contact-merges/{merge}/undo", {})[0], 200)
        self.assertEqual(timeline(now(mailed)), [f"mail 1 {word}", f"mail 2 {word}"])
        self.assertEqual(timeline(now(chatted)), [f"chat 1 {word}"])

    def test_a_file_and_typing_reach_the_other_side(self):
        visitor = self.visitor()
        visitor.history()
        visitor.listen()
        word = secrets.token_hex(4)
        status, uploaded, _ = visitor.call(
            "POST", "/files?filename=page.html", raw=b"<script>alert(1)</script>" + word.encode(), Content_Type="text/html")
        self.assertEqual(status, 201, uploaded)
        visitor.say(f"a page {word}", media=[{"upload": uploaded["upload"]}])
        message = self.bridge.inbound_with(f"a page {word}")[0]
        url = message["body"]["media"][0]["url"]
        status, fields, _ = request("GET", url, headers={"Authorization": f"Bearer {self.bridge.key}"})
        self.assertEqual((status, fields["x-content-type-options"]), (200, "nosniff"))
        self.assertNotIn("html", fields["content-type"])
        status, fields, body = request("GET", uploaded["url"])
        self.assertEqual(status, 200)
        self.assertIn(word.encode(), body)
        self.assertIn("sandbox", fields["content-security-policy"])
        self.assertEqual(request("GET", url)[0], 401)

        def typing():
            self.bridge.api("POST", f"/v1/conversations/{message['conversationId']}/typing", {"name": "Kim"})
            return any(event == "typing" and data["name"] == "Kim" for event, data in visitor.heard)

        eventually(typing, "nobody sees that an agent types")


if __name__ == "__main__":
    unittest.main()
