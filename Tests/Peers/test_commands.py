"""The commands as a person or a script meets them: help, exit codes, and what they change."""
import json
import os
import subprocess
import tempfile
import unittest
from pathlib import Path

from bridge import PARLEY, Bridge, eventually

COMMANDS = [
    ["dev"], ["serve"], ["work"], ["migrate"], ["check"], ["adapters"], ["adapters", "list"], ["adapters", "new"], ["adapters", "test"],
    ["adapters", "try"], ["channels"], ["channels", "list"], ["channels", "add"], ["channels", "show"], ["channels", "set"],
    ["channels", "remove"], ["channels", "test"], ["apply"], ["keys"], ["keys", "create"], ["keys", "list"], ["keys", "revoke"], ["queue"],
    ["queue", "show"], ["queue", "shape"], ["queue", "retry"], ["queue", "hold"], ["queue", "release"], ["queue", "drop"], ["doctor"], ["send"],
]


def parley(*arguments, text="", **environment):
    clean = {name: value for name, value in os.environ.items() if not name.startswith("PARLEY_")}
    return subprocess.run([PARLEY, *arguments], input=text, capture_output=True, text=True, env={**clean, **environment})


class HelpTest(unittest.TestCase):
    def test_every_help_page_opens_with_examples(self):
        for command in COMMANDS:
            with self.subTest(command=command):
                page = parley(*command, "--help")
                self.assertEqual(page.returncode, 0)
                self.assertLess(page.stdout.index("Examples:\n  "), page.stdout.index("USAGE:"))
                self.assertIn(f"parley {' '.join(command)}", page.stdout.split("USAGE:")[0])

    def test_exit_codes_say_what_is_wrong(self):
        cases = [
            (64, ["nonsense"], {}),
            (64, ["keys", "create"], {}),
            (78, ["migrate"], {}),
            (78, ["serve"], {"PARLEY_DATABASE_URL": "postgresql:///x"}),
            (78, ["serve", "--http-listen", "nowhere"], {"PARLEY_DATABASE_URL": "postgresql:///x", "PARLEY_MASTER_KEY": "A" * 43 + "="}),
            (78, ["keys", "list", "--workspace", "w", "--data", "/nowhere"], {}),
            (69, ["migrate"], {"PARLEY_DATABASE_URL": "postgresql://127.0.0.1:1/x"}),
            (1, ["adapters", "test", "nobody"], {}),
        ]
        for code, arguments, environment in cases:
            with self.subTest(arguments=arguments):
                done = parley(*arguments, **environment)
                self.assertEqual(done.returncode, code, done.stderr)
                self.assertTrue(done.stderr.strip())

    def test_the_database_password_is_never_repeated(self):
        done = parley("migrate", PARLEY_DATABASE_URL="postgresql://me:hunter2@127.0.0.1:1/x")
        self.assertNotIn("hunter2", done.stdout + done.stderr)


class OperatorTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.bridge = Bridge()
        cls.addClassCleanup(cls.bridge.stop)

    def parley(self, *arguments, text="", code=0, **environment):
        done = parley(*arguments, "--data", str(self.bridge.data), text=text, **environment)
        self.assertEqual(done.returncode, code, done.stdout + done.stderr)
        return done.stdout

    def test_a_key_opens_the_api_until_it_is_revoked(self):
        key = json.loads(self.parley("keys", "create", "--workspace", "keys-test", "--name", "bot", "--json"))
        self.assertNotIn(key["key"], self.parley("keys", "list", "--workspace", "keys-test", "--json"))
        self.assertEqual(self.status(key["key"]), "200")
        self.parley("keys", "revoke", "--workspace", "keys-test", key["id"])
        eventually(lambda: self.status(key["key"]) == "401", "the revoked key still opens", within=5)

    def test_a_channel_is_added_shown_changed_and_removed_without_its_secret(self):
        self.parley("keys", "create", "--workspace", "channels-test", "--name", "bot")
        settings = json.dumps({"account_sid": "AC" + "0" * 32, "auth_token": "canary-secret", "from": "+15005550006"})
        which = ["--workspace", "channels-test"]
        made = json.loads(self.parley("channels", "add", *which, "--adapter", "twilio", "--name", "sms", "--settings", "-", "--json", text=settings))
        self.assertTrue(made["hookURL"].startswith(self.bridge.about["httpURL"] + "/hooks/"))
        for command in (["list"], ["show", "sms"], ["set", "sms", "--policy", '{"unknown": "retry"}']):
            self.assertNotIn("canary-secret", self.parley("channels", *command, *which, "--json"))
        self.assertEqual(json.loads(self.parley("channels", "show", "sms", *which, "--json"))["policy"]["unknown"], "retry")
        self.parley("channels", "set", "sms", *which, "--policy", '{"unknwon": "retry"}', code=1)
        self.parley("channels", "remove", "sms", *which)
        self.parley("channels", "show", "sms", *which, code=1)

    def test_apply_makes_channels_be_what_the_file_says_or_changes_nothing(self):
        file = Path(tempfile.mkdtemp()) / "channels.yaml"
        good = "  - {name: sms, adapter: twilio, settings: {account_sid: AC%s, auth_token: '${TOKEN}', from: '+15005550006'}}\n" % ("0" * 32)
        file.write_text("workspace: apply-test\nchannels:\n" + good)
        self.parley("apply", "-f", str(file), code=1)  # the environment has no TOKEN
        self.assertEqual([row["outcome"] for row in json.loads(self.parley("apply", "-f", str(file), "--json", TOKEN="a"))], ["made"])
        self.assertEqual([row["outcome"] for row in json.loads(self.parley("apply", "-f", str(file), "--json", TOKEN="a"))], ["unchanged"])
        self.assertEqual([row["outcome"] for row in json.loads(self.parley("apply", "-f", str(file), "--json", TOKEN="b"))], ["changed"])
        file.write_text(file.read_text() + "  - {name: other, adapter: twilio, settings: {account_sid: nonsense, auth_token: x}}\n")
        self.parley("apply", "-f", str(file), code=1, TOKEN="c")
        self.assertEqual(len(json.loads(self.parley("channels", "list", "--workspace", "apply-test", "--json"))), 1)

    def test_a_text_sent_from_the_terminal_reaches_the_provider(self):
        self.parley("send", "--workspace", "dev", "--channel", "Demo SMS", "--to", "+1 500 555 0177", "from the terminal")

        def arrived():
            done = subprocess.run(["curl", "-s", self.bridge.about["httpURL"] + "/sandbox/messages"], capture_output=True, text=True)
            return any(message["text"] == "from the terminal" for message in json.loads(done.stdout)["data"])
        eventually(arrived, "the sandbox saw no such message")

    def test_the_doctor_finds_all_well(self):
        for flags in ([], ["--invariants"]):
            lines = self.parley("doctor", *flags).splitlines()
            self.assertTrue(lines)
            self.assertFalse([line for line in lines if line.startswith("problem")])

    def test_the_queues_are_counted(self):
        rows = json.loads(self.parley("queue", "show", "--json"))
        self.assertEqual([row["queue"] for row in rows], ["inbox", "media", "outbox", "webhooks"])
        self.assertEqual(len(json.loads(self.parley("queue", "shape", "outbox", "--json"))), 64)

    def status(self, key):
        done = subprocess.run(
            ["curl", "-s", "-o", "/dev/null", "-w", "%{http_code}", "-H", f"Authorization: Bearer {key}",
             self.bridge.about["httpURL"] + "/v1/conversations"], capture_output=True, text=True)
        return done.stdout


if __name__ == "__main__":
    unittest.main()
