"""The commands as a person or a script meets them: help, exit codes, and what they change."""
import json
import os
import socket
import subprocess
import tempfile
import unittest
from pathlib import Path

from bridge import PARLEY, Bridge, eventually, free_port

COMMANDS = [
    ["dev"], ["serve"], ["work"], ["migrate"], ["check"], ["adapters"], ["adapters", "list"], ["adapters", "new"], ["adapters", "test"],
    ["adapters", "try"], ["channels"], ["channels", "list"], ["channels", "add"], ["channels", "show"], ["channels", "set"],
    ["channels", "remove"], ["channels", "test"], ["apply"], ["keys"], ["keys", "create"], ["keys", "list"], ["keys", "revoke"], ["queue"],
    ["queue", "show"], ["queue", "shape"], ["queue", "retry"], ["queue", "hold"], ["queue", "release"], ["queue", "drop"], ["doctor"], ["send"],
]


def parley(*arguments, text="", **environment):
    clean = {name: value for name, value in os.environ.items() if not name.startswith("PARLEY_")}
    return subprocess.run([PARLEY, *arguments], input=text, capture_output=True, text=True, env={**clean, **environment}, timeout=120)


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
            (64, ["queue", "release", "--workspace", "w"], {}),
            (64, ["queue", "show", "--workspace", "w", "--limit", "0"], {}),
            (64, ["channels", "set", "--workspace", "w", "c", "--policy", "{"], {}),
        ]
        for code, arguments, environment in cases:
            with self.subTest(arguments=arguments):
                done = parley(*arguments, **environment)
                self.assertEqual(done.returncode, code, done.stderr)
                self.assertTrue(done.stderr.strip())

    def test_a_mistake_in_the_settings_is_told_with_its_place_and_is_what_check_looks_for(self):
        file = Path(tempfile.mkdtemp()) / "parley.env"
        for text, place in (("PARLEY_LOG_LEVEL=info\n  PARLEY_HTTP_LISTN=x\n", "2:3"), ("PARLEY_POOL_SIZE=x\n", "1:18")):
            file.write_text("PARLEY_DATABASE_URL=postgresql://127.0.0.1:1/x\n" + text)
            line, column = place.split(":")
            place = f"{file}:{int(line) + 1}:{column}"
            for code, arguments in ((1, ["check"]), (78, ["serve"]), (78, ["work"])):
                with self.subTest(text=text, arguments=arguments):
                    done = parley(*arguments, "--config", str(file), PARLEY_MASTER_KEY="A" * 43 + "=")
                    self.assertEqual(done.returncode, code, done.stderr)
                    self.assertIn(place, done.stderr)

    def test_the_doctor_says_to_scripts_why_nothing_could_be_looked_at(self):
        unreachable = {"PARLEY_DATABASE_URL": "postgresql://127.0.0.1:1/x"}
        cases = [(69, unreachable), (78, {}), (78, {"PARLEY_DATABASE_URL": "mysql://x"}), (78, unreachable | {"PARLEY_HOME": "/nowhere"})]
        for code, environment in cases:
            for flags in ([], ["--invariants"]) if "PARLEY_HOME" not in environment else ([],):
                with self.subTest(environment=environment, flags=flags):
                    done = parley("doctor", *flags, **environment)
                    self.assertEqual(done.returncode, code, done.stdout + done.stderr)
                    self.assertTrue(any(line.startswith("problem") for line in done.stdout.splitlines()))

    def test_the_version_is_said(self):
        done = parley("--version")
        self.assertEqual(done.returncode, 0)
        self.assertRegex(done.stdout, r"^\d+\.\d+\.\d+\n$")

    def test_the_database_password_is_never_repeated(self):
        done = parley("migrate", PARLEY_DATABASE_URL="postgresql://me:hunter2@127.0.0.1:1/x")
        self.assertNotIn("hunter2", done.stdout + done.stderr)


class DevTest(unittest.TestCase):
    def test_dev_listens_where_the_environment_says(self):
        bridge = Bridge(PARLEY_HTTP_LISTEN=f"127.0.0.1:{(port := free_port())}")
        self.addCleanup(bridge.stop)
        self.assertEqual(bridge.url, f"http://127.0.0.1:{port}")

    def test_a_port_that_was_asked_for_and_is_taken_ends_dev(self):
        with socket.socket() as taken:
            taken.bind(("127.0.0.1", 0))
            taken.listen()
            port = str(taken.getsockname()[1])
            for flag in ("--smtp-port", "--http-port"):
                with self.subTest(flag=flag), tempfile.TemporaryDirectory() as folder:
                    os.chmod(folder, 0o755)
                    other = {"--smtp-port": "--http-port", "--http-port": "--smtp-port"}[flag]
                    done = parley("dev", "--data", f"{folder}/data", flag, port, other, "0")
                    self.assertEqual(done.returncode, 69, done.stdout + done.stderr)
                    self.assertIn(f"cannot listen on 127.0.0.1:{port}: Address already in use", done.stderr)

    def test_a_command_on_its_data_says_what_dev_itself_was_told(self):
        bridge = Bridge(PARLEY_PUBLIC_URL="https://bridge.example")
        self.addCleanup(bridge.stop)
        for environment in ({}, {"PARLEY_MASTER_KEY": "A" * 43 + "=", "PARLEY_PUBLIC_URL": "https://other.example"}):
            with self.subTest(environment=environment):
                listed = parley("channels", "list", "--workspace", "dev", "--json", "--data", str(bridge.data), **environment)
                self.assertEqual(listed.returncode, 0, listed.stderr)
                for channel in json.loads(listed.stdout):
                    self.assertTrue(channel["hookURL"].startswith("https://bridge.example/hooks/"), channel)
                shown = parley("channels", "show", "Demo SMS", "--workspace", "dev", "--data", str(bridge.data), **environment)
                self.assertEqual(shown.returncode, 0, shown.stderr)


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
        self.parley("channels", "set", "sms", *which, "--policy", '{"unknwon": "retry"}', code=64)
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
        file.write_text("workspace: apply-nothing\nchannels:\n  - {name: sms, adapter: twillio, settings: {}}\n")
        done = parley("apply", "-f", str(file), "--data", str(self.bridge.data))
        self.assertEqual(done.returncode, 1)
        self.assertIn(f"{file}:3:17: channel 'sms': adapter: there is no adapter 'twillio', did you mean 'twilio'?", done.stderr)
        self.parley("channels", "list", "--workspace", "apply-nothing", code=1)

    def test_a_serve_whose_mail_port_is_taken_does_not_start_though_nobody_chose_the_port(self):
        with socket.socket() as taken:
            try:
                taken.bind(("127.0.0.1", 2525))
                taken.listen()
            except OSError:
                pass  # taken it is
            done = parley("serve", "--http-listen", "127.0.0.1:0", "--data", str(self.bridge.data))
            self.assertEqual(done.returncode, 69, done.stderr)
            self.assertIn("cannot listen on 127.0.0.1:2525: Address already in use", done.stderr)

    def test_a_text_sent_from_the_terminal_reaches_the_provider(self):
        self.parley("send", "--workspace", "dev", "--channel", "Demo SMS", "--to", "+1 500 555 0177", "from the terminal")

        def arrived():
            done = subprocess.run(["curl", "-s", self.bridge.about["httpURL"] + "/sandbox/messages"], capture_output=True, text=True)
            return any(message["text"] == "from the terminal" for message in json.loads(done.stdout)["data"])
        eventually(arrived, "the sandbox saw no such message")

    def test_what_the_api_refuses_to_send_is_refused_here(self):
        to = ["send", "--workspace", "dev", "--channel", "Demo SMS", "--to"]
        for address, text in (("+15005550177", " "), ("+15005550177", "x" * 70_000), ("+15005550177", "a\x07b"), ("+15005550006", "loop")):
            with self.subTest(text=text[:5]):
                self.parley(*to, address, text, code=64)

    def test_wrong_values_are_wrong_usage(self):
        for arguments in (
            ["keys", "create", "--workspace", "usage-test", "--name", "a", "--scope", "admin"],
            ["keys", "create", "--workspace", "usage-test", "--name", ""],
            ["keys", "create", "--workspace", "", "--name", "a"],
            ["keys", "create", "--workspace", "usage-test", "--name", "a", "--days", "99999999999"],
            ["keys", "revoke", "--workspace", "dev", "nonsense"],
            ["channels", "set", "--workspace", "dev", "Demo SMS", "--status", "xx"],
            ["channels", "set", "--workspace", "dev", "Demo SMS", "--name", ""],
            ["channels", "set", "--workspace", "dev", "Demo SMS", "--policy", '{"verification": "foo"}'],
            ["channels", "set", "--workspace", "dev", "Demo SMS", "--policy", '{"verification": '],
            ["queue", "shape", "nope"],
            ["queue", "retry", "--workspace", "dev", "nonsense"],
        ):
            with self.subTest(arguments=arguments):
                self.parley(*arguments, code=64)

    def test_the_demo_channels_pass_their_own_test(self):
        for channel in self.bridge.about["channels"]:
            with self.subTest(channel=channel["name"]):
                found = self.parley("channels", "test", "--workspace", "dev", channel["name"])
                self.assertNotIn("TransferError", found)
                # A hook is spoken of where there is one: mail comes by SMTP, the widget has routes of its own.
                self.assertEqual("/hooks/" in found, channel["adapter"] in ("twilio", "slack"), found)

    def test_a_channel_that_may_not_be_reached_is_not_saved(self):
        settings = json.dumps({"account_sid": "AC" + "0" * 32, "auth_token": "x", "from": "+15005550009", "api_base": "http://169.254.169.254"})
        self.parley("channels", "add", "--workspace", "dev", "--adapter", "twilio", "--name", "far", "--settings", "-", text=settings, code=1)

    def test_the_doctor_finds_all_well(self):
        for flags in ([], ["--invariants"]):
            lines = self.parley("doctor", *flags).splitlines()
            self.assertTrue(lines)
            self.assertFalse([line for line in lines if line.startswith("problem")])

    def test_the_queues_are_counted(self):
        rows = json.loads(self.parley("queue", "show", "--json"))
        names = [row["queue"] for row in rows]
        self.assertEqual(names, ["inbox", "media", "outbox", "webhooks"])
        self.assertIn(f"One of {', '.join(names)}.", self.parley("queue", "shape", "--help"))
        self.assertEqual(len(json.loads(self.parley("queue", "shape", "outbox", "--json"))), 64)

    def status(self, key):
        done = subprocess.run(
            ["curl", "-s", "-o", "/dev/null", "-w", "%{http_code}", "-H", f"Authorization: Bearer {key}",
             self.bridge.about["httpURL"] + "/v1/conversations"], capture_output=True, text=True)
        return done.stdout


if __name__ == "__main__":
    unittest.main()
