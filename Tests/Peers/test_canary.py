"""I13: whatever goes wrong, no secret leaves by a log, an answer, a command's output or the process list, and no message text by a log."""
import base64
import http.client
import json
import secrets
import smtplib
import subprocess
import tempfile
import unittest
from email.message import EmailMessage
from pathlib import Path
from unittest import mock
from urllib.parse import quote

import bridge
from bridge import Bridge, eventually, free_port, post_slack, post_twilio, slack_event, twilio_form
from fleet import Fleet
from mailhosts import Smarthost
from providers import Answer, Slack, Twilio
from test_webchat import Visitor, proof

UNASKED = (smtplib.SMTPException, OSError, http.client.HTTPException)


def forms(canary):
    """The ways a text may stand in another: as it is, in hexadecimal, and within base64 at each of its three offsets."""
    raw = canary.encode()
    encoded = []
    for offset in range(3):
        text = base64.b64encode(bytes(offset) + raw).decode().rstrip("=")
        # The first and the last characters hold bits of the neighbours.
        encoded.append(text[(0, 2, 3)[offset]:-2])
    return [canary, raw.hex(), *encoded, *(text.translate(str.maketrans("+/", "-_")) for text in encoded)]


class Places:
    """Everything that came out, by where."""

    def __init__(self):
        self.seen = []

    def add(self, place, content):
        self.seen.append((place, content.decode(errors="replace") if isinstance(content, bytes) else content))

    def find(self, canaries, among=lambda place: True):
        """`canary: place` of each that came out, however it is written."""
        found = set()
        for name, canary in canaries.items():
            wanted = forms(canary)
            for place, content in self.seen:
                # Hexadecimal comes in both cases.
                if among(place) and any(form in content or (form == wanted[1] and form in content.lower()) for form in wanted):
                    found.add(f"{name}: {place}")
        return sorted(found)


class CanaryTest(unittest.TestCase):
    maxDiff = None

    def setUp(self):
        self.places = Places()
        self.secrets, self.texts = {}, {}
        asking = bridge.request

        def watched(method, url, body=None, headers=None, timeout=30):
            status, fields, answer = asking(method, url, body, headers, timeout)
            self.places.add(f"answer {method} {url.split('?')[0]}", f"{fields} ".encode() + answer)
            return status, fields, answer

        patch = mock.patch("bridge.request", watched)
        patch.start()
        self.addCleanup(patch.stop)

    def secret(self, name):
        # Slack's tokens must look like some.
        return self.secrets.setdefault(name, ("xoxb-" if "bot" in name else "") + name.replace(" ", "") + secrets.token_hex(16))

    def text(self, name):
        return self.texts.setdefault(name, f"words of {name} " + secrets.token_hex(8))

    def run_command(self, *arguments, text="", **environment):
        """Runs a command, expecting nothing of how it ends."""
        done = self.fleet.run(*arguments, text=text, **environment)
        self.places.add(f"output of {' '.join(arguments[:2])}", done.stdout + done.stderr)
        return done

    def look_at_processes(self):
        """What anybody on the machine sees of any process by `ps`."""
        for folder in Path("/proc").glob("[0-9]*"):
            try:
                self.places.add(f"arguments of {(folder / 'comm').read_text().strip()}", (folder / "cmdline").read_bytes())
            except OSError:
                pass  # it has ended

    def look_at_logs(self):
        for process in self.fleet.processes:
            self.places.add(f"log {process.log.name}", process.log.read_bytes())
        if isinstance(self.fleet, Fleet):
            self.places.add("log of PostgreSQL", (self.fleet.folder / "pg/log").read_bytes())

    def nothing_came_out(self):
        self.assertEqual(self.places.find(self.secrets), [])
        self.assertEqual(self.places.find(self.texts, among=lambda place: place.startswith(("log", "output", "arguments"))), [])

    # The control: what looks for a canary finds one.

    def test_a_canary_is_found_however_it_is_written(self):
        canary = self.secret("control")
        for index, written in enumerate([
            canary, canary.encode().hex(), canary.encode().hex().upper(), f'{{"a":"{canary}"}}', quote(f"x={canary}&y"),
            *(base64.b64encode(b"a" * before + canary.encode() + b"z" * after).decode() for before in range(4) for after in range(4)),
        ]):
            with self.subTest(written):
                places = Places()
                places.add("log", f"before {written} after {index}")
                self.assertEqual(places.find(self.secrets), ["control: log"])
        self.places.add("log", base64.b64encode(secrets.token_bytes(999)).decode())
        self.nothing_came_out()

    def test_no_secret_leaves_a_fleet_that_meets_every_failure(self):
        self.mail_port = free_port()
        self.fleet = Fleet(PARLEY_LOG_LEVEL="trace", PARLEY_SMTP_AUTH="optional", PARLEY_SMTP_LISTEN=f"127.0.0.1:{self.mail_port}")
        self.addCleanup(self.fleet.stop)
        self.secrets["database password"] = self.fleet.password
        self.secrets["master key"] = self.fleet.environment["PARLEY_MASTER_KEY"]
        self.run_command("migrate")
        self.fleet.make_key("canary")
        self.secrets["API key"] = self.fleet.key
        self.fleet.serve_at(self.fleet.port)
        self.fleet.work()
        self.connect()
        # A control of the run itself: its answers and logs are looked at, and what may be there is there.
        self.write_in()
        self.answer()
        self.ask_wrongly()
        self.type_commands()
        for path in ("/livez", "/readyz", "/metrics"):
            bridge.request("GET", self.fleet.url + path)
        self.read_everything()
        self.look_at_processes()
        dump = subprocess.run(
            [f"{self.fleet.postgres.bin}/pg_dump", "-h", self.fleet.postgres.folder, "-U", "parley", "parley"], capture_output=True, check=True)
        self.places.add("the database", dump.stdout)
        self.fleet._end()
        self.look_at_logs()
        self.assertTrue(self.places.find({"a text": self.text("twilio")}, among=lambda place: place.startswith("answer GET")))
        self.assertTrue(self.places.find({"a sentence": "request answered"}, among=lambda place: place.startswith("log serve")))
        self.assertTrue(self.places.find({"an option": "--http-listen"}, among=lambda place: place.startswith("arguments of parley")))
        self.nothing_came_out()

    def test_no_secret_leaves_a_first_try(self):
        self.fleet = Bridge(PARLEY_LOG_LEVEL="trace")
        self.addCleanup(self.fleet.stop)
        self.secrets["API key"] = self.fleet.key
        self.secrets["master key"] = (self.fleet.data / "master.key").read_text().strip()
        for channel in self.fleet.about["channels"]:
            for name in ("auth_token", "bot_token", "signing_secret", "identity_secret"):
                if name in channel["settings"]:
                    self.secrets[name] = channel["settings"][name]
        channel = next(channel for channel in self.fleet.about["channels"] if channel["adapter"] == "twilio")
        self.assertEqual(post_twilio(channel, twilio_form(channel, "+15005550123", self.text("question")))[0], 200)
        question = self.fleet.inbound_with(self.text("question"))[0]
        self.fleet.becomes(self.fleet.reply(question, self.text("answer")), "accepted", "sent", "delivered")
        self.look_at_processes()
        self.fleet._end()
        self.look_at_logs()
        self.nothing_came_out()

    # A channel of each adapter, and what stands at its other end

    def connect(self):
        # Providers that repeat what they were given, as some do in their complaints.
        self.twilio = Twilio(token=self.secret("auth token"))
        self.slack = Slack(token=self.secret("bot token"))
        self.host = Smarthost(login=("us", self.secret("smtp password")))
        for peer in (self.twilio, self.slack, self.host):
            self.addCleanup(peer.stop)
        add = self.fleet.add_channel
        self.sms = add("twilio", "sms", self.twilio.settings("+15005550006"))
        self.chat = add("slack", "chat", self.slack_settings(self.secret("signing secret")))
        self.mail = add("email", "mail", {
            "address": "support@canary.test", "smtp_url": self.host.url, "smtp_username": "us", "smtp_password": self.secret("smtp password"),
            "imap_url": f"imap://127.0.0.1:{free_port()}", "imap_username": "us", "imap_password": self.secret("imap password")})
        self.page = add("webchat", "page", {"identity_secret": self.secret("identity secret")})
        self.wrong_sms = add("twilio", "wrong sms", self.twilio.settings("+15005550007") | {"auth_token": self.secret("wrong token")})
        self.wrong_chat = add("slack", "wrong chat", self.slack_settings(self.secret("signing secret")) | {"bot_token": self.secret("wrong bot token")})
        self.wrong_mail = add("email", "wrong mail", {
            "address": "other@canary.test", "smtp_url": self.host.url, "smtp_username": "us", "smtp_password": self.secret("wrong smtp password")})

    def slack_settings(self, signing_secret):
        return self.slack.settings(signing_secret) | {"team_id": "T0TEAM001"}

    def write_in(self):
        """People write on each channel; somebody forges; somebody logs in by SMTP."""
        form = twilio_form(self.sms, "+15005550123", self.text("twilio"))
        self.assertEqual(post_twilio(self.sms, form, token="0" * 32)[0], 401)
        self.assertEqual(post_twilio(self.sms, form)[0], 200)
        event = slack_event("U0ANNA001", "C0GENERAL1", self.text("slack"))
        self.assertEqual(post_slack(self.chat, event, secret="0" * 32)[0], 401)
        self.assertEqual(post_slack(self.chat, event)[0], 200)
        visitor = Visitor(self.fleet.url, self.page["id"])
        visitor.start(identity={"userId": "ann", "hash": "0" * 64})
        visitor.start(identity=proof(self.page, "ann"))
        visitor.say(self.text("webchat"))
        for password in (self.secret("nobodys key"), self.fleet.key):
            with smtplib.SMTP("127.0.0.1", self.mail_port, timeout=30) as client:
                try:
                    client.login("anybody", password)
                except UNASKED:
                    pass
                letter = EmailMessage()
                letter["From"], letter["To"], letter["Subject"] = "anna@customer.test", "support@canary.test", self.text("subject")
                letter.set_content(self.text(f"mail {password[:6]}"))
                client.send_message(letter)
        for text in self.texts.values():
            if " subject " not in text:
                eventually(lambda: any(text in message["body"]["text"]["text"] for message in self.fleet.inbound()), f"{text} did not come in")

    def answer(self):
        """Answers that are taken, and answers to which a provider says each kind of no, quoting what we gave it."""
        def quoting(status, name):
            return Answer(status, {"code": 1, "ok": False, "error": f"bad token {self.secret(name)}", "message": f"{self.text('answer')} {self.secret(name)}"})

        # Each no on channels of its own, as one to our credentials stops all that a channel sends.
        for number, status in enumerate((401, 403, 400, 500)):
            self.twilio.plan(f"+1500555020{number}", quoting(status, "auth token"))
            self.send(self.fleet.add_channel("twilio", f"sms {status}", self.twilio.settings(f"+1500555003{number}")), f"+1500555020{number}")
            self.slack.plan(f"U0CANARY0{number}", quoting(status, "bot token"))
            self.send(self.fleet.add_channel("slack", f"chat {status}", self.slack_settings(secrets.token_hex(16))), f"U0CANARY0{number}")
        self.twilio.plan("+15005550209", Answer(200, f"<html>{self.secret('auth token')}".encode(), "text/html"))
        for channel, to in (
            (self.sms, "+15005550208"), (self.sms, "+15005550209"), (self.chat, "U0CANARY09"), (self.mail, "b@customer.test"),
            (self.wrong_sms, "+15005550208"), (self.wrong_chat, "U0CANARY09"), (self.wrong_mail, "b@customer.test"),
        ):
            self.send(channel, to)
        self.host.answers.append(f"554 5.7.1 refused {self.secret('smtp password')}")
        self.send(self.mail, "c@customer.test")

    def send(self, channel, to):
        status, message = self.fleet.api("POST", "/v1/messages", {
            "channelId": channel["id"], "to": to, "body": {"type": "text", "text": {"text": self.text("answer")}}})
        self.assertEqual(status, 202, message)
        # An attempt was made and is on record, whatever came of it.
        eventually(lambda: any(
            delivery["attempts"] for delivery in self.fleet.message(message)["deliveries"]), lambda: f"not tried: {self.fleet.message(message)}")

    # Requests that are wrong, with a secret in each of them

    def ask_wrongly(self):
        for channel in (self.sms, self.chat, self.mail, self.page):
            hidden = {name: value for name, value in channel["settings"].items() if value in self.secrets.values()}
            for name, value in hidden.items():
                for settings in ({name: [value]}, {name: value + "\0"}, {name: value, "nmae": value}, {name: value * 600}, {"api_base": value},
                                 {"api_base": f"http://us:{value}@127.0.0.1:1"}, {"smtp_url": f"smtp://us:{value}@127.0.0.1:1"}):
                    self.assertIn(self.fleet.api("PATCH", f"/v1/channels/{channel['id']}", {"settings": settings})[0], (400, 422))
                self.fleet.api("PATCH", f"/v1/channels/{channel['id']}", {"policy": {"unknown": value}, "status": value})
                self.fleet.api("POST", "/v1/channels", {"adapter": channel["adapter"], "name": "again", "settings": {name: value}})
                for url, what in ((channel["hookURL"], "hook"), (self.fleet.url + "/v1/messages", "API")):
                    for body in (f'{{"{what}": "{value}", ', f"{value}={value}&%zz", "\xff" + value):
                        headers = {"Content-Type": "application/json", "X-Twilio-Signature": value, "X-Slack-Signature": value,
                                   "Authorization": f"Bearer {self.fleet.key if what == 'API' else value}"}
                        bridge.request("POST", url, body.encode("latin1"), headers)
        for key in (self.fleet.key + "x", self.secret("nobodys key")):
            self.assertEqual(self.fleet.api("GET", "/v1/messages", key=key)[0], 401)
        self.fleet.api("POST", "/v1/keys", {"name": self.text("name") * 99, "scopes": [self.fleet.key]})
        for body in ({"text": self.text("wrong")}, {"type": "text", "text": {"text": self.text("wrong") + "\x07"}}):
            self.fleet.api("POST", "/v1/messages", {"channelId": self.sms["id"], "to": self.text("recipient"), "body": body})

    # Commands, right and wrong

    def type_commands(self):
        here = ["--workspace", "canary"]
        settings = json.dumps({"account_sid": "AC" + "1" * 32, "auth_token": self.secret("typed token"), "from": "+15005550011"})
        for arguments in (
            ["migrate"], ["check"], ["doctor"], ["doctor", "--invariants"], ["adapters", "list"], ["keys", "list", *here], ["channels", "list", *here],
            *(["channels", "show", name, *here] for name in ("sms", "chat", "mail", "page")),
            *(["channels", "test", name, *here] for name in ("sms", "chat", "mail", "page", "wrong sms", "wrong chat", "wrong mail")),
            ["queue", "show"], ["queue", "show", *here], ["queue", "shape", "outbox"],
            ["send", *here, "--channel", "sms", "--to", "+15005550208", self.text("sent")],
        ):
            for more in ([], ["--json"]):
                self.run_command(*arguments, *more)
        add = ["channels", "add", *here, "--adapter", "twilio", "--settings", "-", "--name"]
        self.run_command(*add, "typed", text=settings)
        for name, broken in (("a", settings[:-1]), ("b", settings.replace("auth_token", "auth_tokn")), ("c", settings.replace('"from"', "from"))):
            self.assertNotEqual(self.run_command(*add, name, text=broken).returncode, 0)
        file = Path(tempfile.mkdtemp(dir=self.fleet.folder)) / "channels.yaml"
        for settings in ("{auth_token: '${TOKEN}'", "{auth_token: '${TOKEN}', account_sid: x}", "{auth_token: ['${TOKEN}'], x: '${TOKEN}'}", "'${TOKEN}'"):
            file.write_text(f"workspace: canary\nchannels:\n  - {{name: sms, adapter: twilio, settings: {settings}}}\n")
            self.assertNotEqual(self.run_command("apply", "-f", str(file), TOKEN=self.secret("applied token")).returncode, 0)
        # Settings of the process itself: wrong, unreachable, not ours.
        url, key = self.fleet.environment["PARLEY_DATABASE_URL"], self.fleet.environment["PARLEY_MASTER_KEY"]
        cases = [
            {"PARLEY_DATABASE_URL": url.replace("postgresql:", "mysql:")}, {"PARLEY_DATABASE_URL": url.replace("/parley?", "/nowhere?")},
            {"PARLEY_DATABASE_URL": url + "&sslmode=wrong"}, {"PARLEY_DATABASE_URL": url + "&unheard=of"},
            {"PARLEY_DATABASE_URL": url.replace("bridge:", "bridge:" + self.secret("wrong database password"))},
            {"PARLEY_DATABASE_URL": f"postgresql://bridge:{self.fleet.password}@127.0.0.1:1/parley"},
            {"PARLEY_DATABASE_URL": f"postgresql://bridge:{self.fleet.password}@127.0.0.1:port/parley"},
            {"PARLEY_DATABASE_URL": f"postgresql://bridge:{self.fleet.password}%zz@/parley"},
            {"PARLEY_MASTER_KEY": key + "x"}, {"PARLEY_MASTER_KEY": key[:-4]}, {"PARLEY_MASTER_KEY": f"b:{key},a:nonsense"},
            {"PARLEY_MASTER_KEY": base64.b64encode(secrets.token_bytes(32)).decode()},
        ]
        for number, environment in enumerate(cases):
            file = self.fleet.folder / "settings.env"
            file.write_text("".join(f"{name}={value}\n" for name, value in environment.items()))
            for arguments in (["check"], ["doctor"], ["channels", "test", "sms", *here], ["migrate"]):
                with self.subTest(case=number, arguments=arguments):
                    self.run_command(*arguments, **environment)
                    self.run_command(*arguments, "--config", str(file), **{name: "" for name in environment})
        for line in (f"PARLEY_MASTER_KEY: {key}", f"PARLEY_MASTERKEY={key}", key):
            file.write_text(line + "\n")
            self.assertEqual(self.run_command("serve", "--config", str(file)).returncode, 78)

    # What the API shows

    def read_everything(self):
        lists = ("adapters", "channels", "contacts", "conversations", "messages", "inbound-requests", "held-deliveries", "dead-letters", "keys",
                 "interactions", "contact-merges", "workspaces")
        for name in lists:
            for found in self.fleet.get(f"/v1/{name}" + ("?limit=100" if name not in ("adapters", "workspaces") else ""))["data"]:
                if name in ("channels", "contacts", "conversations", "messages", "inbound-requests", "dead-letters", "keys"):
                    self.fleet.get(f"/v1/{name}/{found['id']}")
                if name == "messages":
                    self.fleet.get(f"/v1/messages/{found['id']}/deliveries")


if __name__ == "__main__":
    unittest.main()
