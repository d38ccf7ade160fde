"""Real mail programs deliver to the bridge: what they were told is kept is there once, and what was not is not."""
import json
import os
import secrets
import signal
import smtplib
import socket
import ssl
import subprocess
import tempfile
import threading
import time
import unittest
import warnings
from email.message import EmailMessage
from pathlib import Path

from bridge import PARLEY, Bridge, eventually, free_port
from postfix import Postfix

SESSIONS = Path(__file__).parent.parent / "SMTPTests/Corpus/sessions.json"


def mail(text, to, sender="anna@sender.test", message_id=None):
    message = EmailMessage()
    message["From"], message["To"], message["Subject"] = f"Anna <{sender}>", to, "about " + text[:30]
    message["Message-ID"] = message_id or f"<{secrets.token_hex(8)}@sender.test>"
    message.set_content(text)
    return message


class SMTPTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.bridge = Bridge()
        cls.addClassCleanup(cls.bridge.stop)
        cls.host, port = cls.bridge.about["smtp"].split(":")
        cls.port = int(port)
        cls.email = next(channel for channel in cls.bridge.about["channels"] if channel["adapter"] == "email")
        cls.address = cls.email["settings"]["address"]

    def arrives_once(self, text):
        """The text as a message, and no second one of it."""
        def look():
            return [message for message in self.bridge.inbound() if text in message["body"]["text"]["text"]] or None
        found = eventually(look, f"no message holds {text!r}")
        self.assertEqual(len(found), 1)
        self.assertEqual(found[0]["channelId"], self.email["id"])
        return found[0]

    def run_tool(self, *command, stdin=None):
        done = subprocess.run(list(map(str, command)), input=stdin, capture_output=True, timeout=60)
        self.assertEqual(done.returncode, 0, done.stdout.decode() + done.stderr.decode())
        return done.stdout.decode()

    def test_swaks_delivers_in_clear_and_by_starttls(self):
        for more in ((), ("--tls",), ("--pipeline",)):
            text = "swaks " + secrets.token_hex(6)
            self.run_tool(
                "swaks", "--server", f"{self.host}:{self.port}", "--from", "anna@sender.test", "--to", self.address, "--header",
                f"Message-ID: <{secrets.token_hex(6)}@x>", "--body", text, *more)
            self.arrives_once(text)

    def test_curl_delivers_in_clear_and_by_starttls(self):
        for more in ((), ("--ssl-reqd", "--insecure")):
            text = "curl Grüße " + secrets.token_hex(6)
            with tempfile.NamedTemporaryFile() as file:
                file.write(mail(text, self.address).as_bytes().replace(b"\n", b"\r\n"))
                file.flush()
                self.run_tool(
                    "curl", "--silent", "--show-error", f"smtp://{self.host}:{self.port}", "--mail-from", "anna@sender.test", "--mail-rcpt",
                    self.address, "-T", file.name, *more)
            self.arrives_once(text)

    def test_msmtp_delivers_in_clear_and_by_starttls(self):
        for more in (("--tls=off",), ("--tls=on", "--tls-starttls=on", "--tls-certcheck=off")):
            text = "msmtp " + secrets.token_hex(6)
            self.run_tool(
                "msmtp", f"--host={self.host}", f"--port={self.port}", "--from=anna@sender.test", "--auth=off", *more, self.address,
                stdin=mail(text, self.address).as_bytes())
            self.arrives_once(text)

    def test_smtplib_delivers_by_starttls_and_hears_every_refusal(self):
        text = "smtplib Grüße 😀 " + secrets.token_hex(6)
        context = ssl.create_default_context()
        context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
        with smtplib.SMTP(self.host, self.port, timeout=20) as client:
            client.starttls(context=context)
            self.assertIn(client.sock.version(), ("TLSv1.2", "TLSv1.3"))
            client.ehlo()
            self.assertFalse(client.has_extn("starttls"))
            self.assertEqual(client.send_message(mail(text, self.address), to_addrs=[self.address, "nobody@parley.test"]).keys(), {"nobody@parley.test"})
            client.mail("anna@sender.test")
            self.assertEqual(client.rcpt("nobody@parley.test")[0], 550)
            code, answer = client.rcpt("someone@elsewhere.test")
            self.assertEqual((code, answer[:5]), (550, b"5.7.1"))
            client.rset()
            self.assertEqual(client.docmd("MAIL", "FROM:<a@b.test> SIZE=99999999999")[0], 552)
        self.arrives_once(text)

    def test_a_certificate_made_here_serves_nothing_older_than_tls_1_2(self):
        context = ssl.create_default_context()
        context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", DeprecationWarning)
            context.minimum_version, context.maximum_version = ssl.TLSVersion.TLSv1, ssl.TLSVersion.TLSv1_1
        context.set_ciphers("ALL:@SECLEVEL=0")
        with smtplib.SMTP(self.host, self.port, timeout=20) as client, self.assertRaises((ssl.SSLError, OSError, smtplib.SMTPException)):
            client.starttls(context=context)

    def test_the_recorded_sessions_are_answered_right(self):
        before = len(self.bridge.inbound())
        bad = []
        for session in json.loads(SESSIONS.read_text()):
            bad += [f"{session['name']}: {problem}" for problem in play(self.host, self.port, session, self.address)]
        self.assertEqual(bad, [])
        self.arrives_once_subject("session plain")
        said = json.dumps(self.bridge.inbound()[: len(self.bridge.inbound()) - before])
        self.assertNotIn("ceo@victim.test", said)

    def arrives_once_subject(self, subject):
        def look():
            return [message for message in self.bridge.inbound() if message["body"].get("subject") == subject] or None
        self.assertEqual(len(eventually(look, f"no message is about {subject!r}")), 1)

    def test_commands_that_came_with_starttls_are_not_obeyed(self):
        with socket.create_connection((self.host, self.port), 10) as raw:
            lines = raw.makefile("rb")
            lines.readline()
            raw.sendall(b"EHLO c\r\n")
            while lines.readline()[3:4] == b"-":
                pass
            raw.sendall(b"STARTTLS\r\nMAIL FROM:<evil@x.test>\r\n")
            self.assertTrue(lines.readline().startswith(b"421"))
            self.assertEqual(lines.readline(), b"")

    def test_another_channel_cannot_take_the_address(self):
        status, answer = self.bridge.api("POST", "/v1/channels", {"adapter": "email", "name": "thief", "settings": {
            name: value for name, value in self.email["settings"].items() if value}})
        self.assertEqual((status, answer["code"]), (409, "address_taken"))

    def test_i16_the_memory_of_large_mails_goes_back(self):
        def resident():
            with open(f"/proc/{self.bridge.dev.pid}/status") as status:
                return next(int(line.split()[1]) for line in status if line.startswith("VmRSS")) / 1024
        self.deliver_file(1_000)
        before = resident()
        for _ in range(2):
            self.deliver_file(12_000_000)
        eventually(lambda: resident() < before + 25, lambda: f"{resident():.0f} MB after large mails, {before:.0f} MB before")

    def deliver_file(self, size):
        text = "with a file " + secrets.token_hex(6)
        message = mail(text, self.address)
        message.add_attachment(os.urandom(size), maintype="application", subtype="octet-stream", filename="x.bin")
        with smtplib.SMTP(self.host, self.port, timeout=60) as client:
            client.send_message(message)
        self.arrives_once(text)

    def test_postfix_relays_to_the_bridge_and_a_refusal_comes_back_as_a_bounce(self):
        relay = Postfix(next_hop=self.port)
        self.addCleanup(relay.stop)
        texts = [f"relayed {index} {secrets.token_hex(6)}" for index in range(20)]
        with smtplib.SMTP("127.0.0.1", relay.port, timeout=20) as client:
            for text in texts:
                client.send_message(mail(text, self.address))
            client.send_message(mail("to nobody", "nobody@parley.test", sender=self.address))
        for text in texts:
            self.arrives_once(text)
        eventually(lambda: "550 5.1.1" in relay.text() and "status=bounced" in relay.text(), relay.text)


class FaultTest(unittest.TestCase):
    """A `serve` of its own that is killed, and a database that goes away, under load: no mail is lost, none is doubled."""

    @classmethod
    def setUpClass(cls):
        cls.bridge = Bridge()
        cls.addClassCleanup(cls.bridge.stop)
        cls.address = next(channel for channel in cls.bridge.about["channels"] if channel["adapter"] == "email")["settings"]["address"]

    def start_serve(self, port):
        environment = os.environ | {
            "PARLEY_DATABASE_URL": self.bridge.about["databaseURL"], "PARLEY_MASTER_KEY_FILE": str(self.bridge.data / "master.key"),
            "PARLEY_HTTP_LISTEN": f"127.0.0.1:{free_port()}", "PARLEY_SMTP_LISTEN": f"127.0.0.1:{port}"}
        log = open(self.bridge.folder / "serve-smtp.log", "ab")
        process = subprocess.Popen([PARLEY, "serve"], env=environment, stdin=subprocess.DEVNULL, stdout=log, stderr=log)
        log.close()

        def is_up():
            self.assertIsNone(process.poll())
            try:
                socket.create_connection(("127.0.0.1", port), 1).close()
                return True
            except OSError:
                return False
        eventually(is_up, "serve does not listen for mail")
        return process

    def load(self, port, label, enough):
        """A thread that sends mails until it is `enough`, each until it is taken, as a mail server does. Counts them in `sent`."""
        def run():
            deadline = time.monotonic() + 90
            while not enough.is_set():
                message = mail(f"{label} {thread.sent}", self.address, message_id=f"<{label}-{thread.sent}@sender.test>")
                while time.monotonic() < deadline:
                    try:
                        with smtplib.SMTP("127.0.0.1", port, timeout=10) as client:
                            client.send_message(message, to_addrs=[self.address])
                        thread.sent += 1
                        break
                    except (OSError, smtplib.SMTPException):
                        time.sleep(0.05)  # as a mail server waits before it tries again
        thread = threading.Thread(target=run)
        thread.sent = 0
        thread.start()
        return thread

    def goes_on(self, senders, mails):
        """Waits until `mails` more were taken of these senders together."""
        def sent():
            return sum(sender.sent for sender in senders)
        before = sent()
        eventually(lambda: sent() >= before + mails, lambda: f"{sent() - before} of {mails} more mails were taken")

    def each_arrived_once(self, label, count):
        def texts():
            found = [message["body"]["text"]["text"].strip() for message in self.bridge.inbound()]
            return [text for text in found if text.startswith(label + " ")]
        eventually(lambda: len(set(texts())) == count, lambda: f"{len(set(texts()))} of {count} arrived")
        self.assertEqual(len(texts()), count)

    def test_kill_9_under_load_loses_and_doubles_nothing(self):
        label, port, enough = "killed" + secrets.token_hex(4), free_port(), threading.Event()
        process = self.start_serve(port)
        senders = [self.load(port, f"{label}x{number}", enough) for number in range(4)]
        try:
            for _ in range(4):
                self.goes_on(senders, mails=20)
                process.kill()
                process.wait()
                process = self.start_serve(port)
            enough.set()
            for sender in senders:
                sender.join(100)
        finally:
            enough.set()
            process.send_signal(signal.SIGTERM)
            self.assertEqual(process.wait(45), 0)
        for number, sender in enumerate(senders):
            self.each_arrived_once(f"{label}x{number}", sender.sent)

    def test_a_mail_whose_acknowledgement_was_lost_is_taken_again_and_counted_once(self):
        label = "again" + secrets.token_hex(4)
        host, port = self.bridge.about["smtp"].split(":")
        message = mail(f"{label} 0", self.address, message_id=f"<{label}@sender.test>")
        for _ in range(2):
            client = smtplib.SMTP(host, int(port), timeout=20)
            client.ehlo()
            client.mail("anna@sender.test")
            client.rcpt(self.address)
            client.docmd("DATA")
            client.send(message.as_bytes().replace(b"\n", b"\r\n") + b".\r\n")
            client.sock.close()  # before the 250
            client.close()
        with smtplib.SMTP(host, int(port), timeout=20) as client:
            client.send_message(message, to_addrs=[self.address])
        self.each_arrived_once(label, 1)

    def test_sigterm_finishes_the_mail_in_hand(self):
        label, port = "term" + secrets.token_hex(4), free_port()
        process = self.start_serve(port)
        client = smtplib.SMTP("127.0.0.1", port, timeout=30)
        client.ehlo()
        client.mail("anna@sender.test")
        client.rcpt(self.address)
        client.docmd("DATA")
        with smtplib.SMTP("127.0.0.1", port, timeout=30) as idle:
            process.send_signal(signal.SIGTERM)
            self.assertEqual(idle.getreply()[0], 421)  # so it is stopping
        client.send(mail(f"{label} 0", self.address).as_bytes().replace(b"\n", b"\r\n") + b"\r\n.\r\n")
        self.assertEqual(client.getreply()[0], 250)
        self.assertEqual(client.getreply()[0], 421)
        client.close()
        self.assertEqual(process.wait(45), 0)
        self.each_arrived_once(label, 1)

    def test_a_database_restart_under_load_loses_nothing(self):
        label, enough = "restart" + secrets.token_hex(4), threading.Event()
        sender = self.load(int(self.bridge.about["smtp"].split(":")[1]), label, enough)
        try:
            # Every session at once, as a restart does to who is connected.
            for _ in range(5):
                self.goes_on([sender], mails=5)
                self.bridge.query(
                    "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity "
                    "WHERE pid <> pg_backend_pid() AND datname = current_database()")
        finally:
            enough.set()
            sender.join(100)
        self.each_arrived_once(label, sender.sent)


def play(host, port, session, recipient):
    """What went otherwise than a recorded session says."""
    import base64
    bad = []
    with socket.create_connection((host, port), 10) as raw:
        raw.settimeout(10)
        lines = raw.makefile("rb")

        def reply():
            while True:
                line = lines.readline()
                if not line or line[3:4] != b"-":
                    return line.decode("latin-1").strip()

        for index, step in enumerate(session["steps"]):
            data = base64.b64decode(step["send_b64"]) if "send_b64" in step else step.get("send", "").encode()
            data = data.replace(b"{RCPT}", recipient.encode()).replace(b"{FROM}", b"probe@sender.test")
            if data:
                try:
                    raw.sendall(data)
                except OSError:
                    pass
            for wanted in step.get("replies", []):
                try:
                    got = reply() or "close"
                except OSError:
                    got = "close"
                if not any(got.startswith(code) for code in wanted):
                    bad.append(f"step {index}: got {got!r}, want {wanted}")
                if got == "close":
                    return bad
    return bad


if __name__ == "__main__":
    unittest.main(verbosity=2)
