"""kill -9 at the moments that matter: after a mail's final dot, before and after the commit; after a provider's answer, before it is written down.

PostgreSQL itself holds the process at the moment: a lock stops a commit before it happens, a standby that is not there stops its answer.
"""
import json
import os
import secrets
import shutil
import smtplib
import subprocess
import sys
import tempfile
import threading
import unittest
from email.message import EmailMessage

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "../../Tools"))
from bridge import PARLEY, eventually, free_port, request
from mailhosts import Smarthost
from rig.stack import Stack
from test_mail_out import read


class Lock:
    """Nobody writes to a table until it is let go."""

    def __init__(self, postgres, table):
        self.postgres, self.table = postgres, table
        self.session = subprocess.Popen(
            ["psql", "-qAtX", "-h", postgres.folder, "-U", "parley", "-d", "parley"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        self.session.stdin.write(f"BEGIN; LOCK TABLE {table} IN SHARE MODE; SELECT 'held';\n")
        self.session.stdin.flush()
        self.session.stdout.readline()

    def wait_until_met(self):
        eventually(
            lambda: self.postgres.sql(f"SELECT 1 FROM pg_locks WHERE NOT granted AND relation = '{self.table}'::regclass") or None,
            f"nobody waits to write to {self.table}")

    def release(self):
        """Those who waited are gone first: what they had sent must not be done after their death."""
        self.postgres.sql(
            "SELECT pg_terminate_backend(pid) FROM pg_locks WHERE NOT granted AND relation = "
            f"'{self.table}'::regclass")
        self.session.communicate("ROLLBACK;\n", timeout=20)


class AbsentStandby:
    """Commits happen, and nobody hears of them, until it is let go."""

    def __init__(self, postgres):
        self.postgres = postgres
        postgres.sql("ALTER SYSTEM SET synchronous_standby_names = 'absent'")
        postgres.sql("SELECT pg_reload_conf()")
        # Once a commit of our own waits, all do.
        self.probe = subprocess.Popen(
            ["psql", "-qAtX", "-h", postgres.folder, "-U", "parley", "-d", "parley", "-c", "SET application_name = 'probe'", "-c",
             "CREATE TABLE IF NOT EXISTS probes (id int)", "-c", "INSERT INTO probes VALUES (1)"], stdout=subprocess.DEVNULL)
        self._waiting("probe")

    def _waiting(self, name):
        eventually(
            lambda: self.postgres.sql(
                f"SELECT 1 FROM pg_stat_activity WHERE wait_event = 'SyncRep' AND application_name = '{name}'") or None,
            f"no commit of {name} waits")

    def wait_until_met(self): self._waiting("parley serve")

    def release(self):
        self.postgres.sql("ALTER SYSTEM RESET synchronous_standby_names")
        self.postgres.sql("SELECT pg_reload_conf()")
        self.probe.wait(30)


class WindowTest(unittest.TestCase):
    def setUp(self):
        self.folder = tempfile.mkdtemp(prefix="parley-windows-")
        os.chmod(self.folder, 0o755)
        self.addCleanup(shutil.rmtree, self.folder, ignore_errors=True)
        self.stack = Stack(self.folder, PARLEY)
        self.addCleanup(self.stack.stop)
        self.stack.create()
        self.workspace = self.stack.add_workspace("windows")
        self.smtp = free_port()
        self.serve()

    def serve(self):
        port = self.stack.ports.setdefault("serve", free_port())
        self.stack._spawn("serve", [PARLEY, "serve", "--http-listen", f"127.0.0.1:{port}", "--smtp-listen", f"127.0.0.1:{self.smtp}"])
        self.stack.wait_ready("serve", 60)

    def kill(self, name):
        self.stack.processes[name].kill()
        self.stack.processes[name].wait()

    def api(self, method, path, body=None):
        sent = {"Authorization": f"Bearer {self.workspace.key}", "Idempotency-Key": secrets.token_hex(8)}
        if body is not None:
            sent["Content-Type"] = "application/json"
        status, _, answer = request(
            method, f"http://127.0.0.1:{self.stack.ports['serve']}{path}", json.dumps(body).encode() if body else None, sent)
        self.assertIn(status, (200, 201, 202), answer)
        return json.loads(answer)

    # In

    def test_a_mail_is_there_once_whether_serve_dies_before_its_commit_or_after(self):
        address = "support@windows.test"
        self.stack.add_channel(self.workspace, "email", "mail", {"address": address, "smtp_url": f"smtp://127.0.0.1:{free_port()}"})
        self.stack.start_work("work")
        for name, holding in (("before", lambda: Lock(self.stack.postgres, "inbound_requests")), ("after", lambda: AbsentStandby(self.stack.postgres))):
            with self.subTest(name):
                mail = EmailMessage()
                mail["From"], mail["To"], mail["Subject"], mail["Message-ID"] = "anna@sender.test", address, name, f"<{name}@sender.test>"
                mail.set_content(f"killed {name}")
                client = smtplib.SMTP("127.0.0.1", self.smtp, timeout=30)
                client.ehlo()
                client.mail("anna@sender.test")
                client.rcpt(address)
                client.docmd("DATA")
                held = holding()
                client.send(mail.as_bytes().replace(b"\n", b"\r\n") + b".\r\n")
                held.wait_until_met()
                self.kill("serve")
                with self.assertRaises((smtplib.SMTPServerDisconnected, OSError)):
                    client.getreply()
                client.close()
                held.release()
                if name == "after":
                    eventually(lambda: self.count(name) == 1, "what was committed is not there")
                else:
                    self.assertEqual(self.count(name), 0)
                self.serve()
                # As a mail server does that heard nothing.
                with smtplib.SMTP("127.0.0.1", self.smtp, timeout=30) as again:
                    again.send_message(mail, "anna@sender.test", [address])
                eventually(lambda: self.texts().count(f"killed {name}") == 1, lambda: f"not there: {self.texts()}")
                self.assertEqual(self.stack.postgres.sql("SELECT count(*) FROM jobs WHERE queue = 'inbox'"), [["0"]])
                self.assertEqual(self.texts().count(f"killed {name}"), 1)

    def count(self, name):
        """Committed requests of that mail."""
        return int(self.stack.postgres.sql(f"SELECT count(*) FROM inbound_keys WHERE key LIKE '%<{name}@sender.test>%'")[0][0])

    def texts(self):
        return [message["body"]["text"]["text"].strip() for message in self.api("GET", "/v1/messages?direction=inbound")["data"]]

    # Out

    def test_what_a_provider_took_before_the_worker_died_is_flagged_and_as_the_policy_says(self):
        postgres, held, met = self.stack.postgres, [], threading.Event()

        class HoldingHost(Smarthost):
            async def handle_DATA(self, server, session, envelope):
                answer = await super().handle_DATA(server, session, envelope)
                if not held:
                    held.append(Lock(postgres, "attempts"))
                    met.set()
                return answer

        host = HoldingHost()
        self.addCleanup(host.stop)
        for policy in ("retry", "hold"):
            with self.subTest(policy):
                held.clear()
                host.mails.clear()
                met.clear()
                channel = self.stack.add_channel(
                    self.workspace, "email", policy, {"address": f"{policy}@windows.test", "smtp_url": host.url}, {"unknown": policy})
                self.stack.start_work("work")
                message = self.api("POST", "/v1/messages", {
                    "channelId": channel.id, "to": "customer@customer.test", "body": {"type": "text", "text": {"text": "once"}}})
                self.assertTrue(met.wait(60), self.stack.tail("work"))
                held[0].wait_until_met()
                self.kill("work")
                held[0].release()
                self.stack.start_work("work")
                wanted = {"retry": "accepted", "hold": "held"}[policy]
                seen = eventually(
                    lambda: (lambda seen: seen if seen["status"] == wanted else None)(self.api("GET", f"/v1/messages/{message['id']}")),
                    lambda: f"not {wanted}: {self.api('GET', '/v1/messages/' + message['id'])}")
                ids = [read(raw)["message-id"] for _, _, raw in host.mails]
                self.assertEqual((len(ids), len(set(ids))), ({"retry": 2, "hold": 1}[policy], 1))
                self.assertTrue(seen["deliveries"][-1]["possibleDuplicate"] or policy == "hold", seen)
                self.stack.processes["work"].terminate()
                self.stack.processes["work"].wait(45)


if __name__ == "__main__":
    unittest.main()
