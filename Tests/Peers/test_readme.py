"""The README's first try, literally: its commands run in a shell beside a `parley dev`, and do what the page says."""
import json
import os
import re
import secrets
import subprocess
import tempfile
import textwrap
import unittest
from pathlib import Path

from bridge import PARLEY, Bridge, eventually, post_slack, post_twilio, request, slack_event, twilio_form
from fleet import Fleet

ROOT = Path(__file__).resolve().parents[2]


def blocks(page, heading, language="sh"):
    """The ```sh blocks under a heading of a page, or those of another language; a heading that is gone is a failure."""
    section = re.search(rf"^## {re.escape(heading)}\n(.*?)(?=^## |\Z)", page.read_text(), re.MULTILINE | re.DOTALL)
    return [textwrap.dedent(block) for block in re.findall(rf"^ *```{language}\n(.*?)^ *```$", section[1], re.MULTILINE | re.DOTALL)]


def shell(test, folder, script, environment):
    """What the page's commands say, in a folder whose bin/ has `parley`."""
    Path(folder, "bin").mkdir(exist_ok=True)
    if not (parley := Path(folder, "bin/parley")).exists():
        parley.symlink_to(PARLEY)
    done = subprocess.run(
        ["bash", "-euo", "pipefail", "-c", script], cwd=folder, env=environment | {"PATH": f"{folder}/bin:{os.environ['PATH']}"},
        capture_output=True, text=True, timeout=120)
    test.assertEqual(done.returncode, 0, f"{script}\n{done.stdout}\n{done.stderr}")
    return done.stdout


class FirstTryTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.bridge = Bridge()
        cls.addClassCleanup(cls.bridge.stop)
        # The page's commands look at .parley in the working folder.
        cls.folder = tempfile.TemporaryDirectory()
        cls.addClassCleanup(cls.folder.cleanup)
        Path(cls.folder.name, ".parley").symlink_to(cls.bridge.data)

    def shell(self, *scripts):
        return shell(self, self.folder.name, "\n".join(scripts), os.environ)

    def test_its_messages_come_in_and_the_answer_arrives_at_the_provider(self):
        helpers, twilio, slack, answer = blocks(ROOT / "README.md", "A first try")
        for block, text in ((twilio, "Is my parcel on its way?"), (slack, "Where do I find the invoice?")):
            self.assertRegex(self.shell(helpers, block), r"(?m)^HTTP/1\.1 200 ")
            self.bridge.inbound_with(text)
        self.assertEqual(len(self.bridge.get("/v1/conversations")["data"]), 2)
        self.shell(helpers, answer)

        def arrived():
            _, _, body = request("GET", self.bridge.url + "/sandbox/messages")
            return any(message["text"] == "It arrives tomorrow." for message in json.loads(body)["data"])
        eventually(arrived, "the sandbox was not sent the answer")

    def test_the_table_of_the_policy_has_every_member(self):
        section = (ROOT / "README.md").read_text().split("## A channel's policy")[1].split("\n## ")[0]
        channel = self.bridge.get("/v1/channels")["data"][0]
        self.assertEqual(set(re.findall(r"(?m)^\| `(\w+)` \|", section)), set(channel["policy"]))

    def test_a_channel_is_connected_as_the_page_says(self):
        [block] = blocks(ROOT / "README.md", "Connect a channel")
        Path(self.folder.name, "twilio.json").write_text(
            json.dumps({"account_sid": "AC" + secrets.token_hex(16), "auth_token": "token", "from": "+15005550042"}))
        # "beside a running `make run` add `--data .parley`", which commands without a database do not know.
        data = re.sub(r"^(parley (?:keys|channels) .*?)( *#.*)?$", r"\1 --data .parley\2", block, flags=re.MULTILINE)
        said = self.shell(data)
        self.assertIn(f"{self.bridge.url}/hooks/", said)
        for adapter in ("email", "slack", "twilio", "webchat"):
            self.assertRegex(said, rf"(?m)^{adapter}\b")


class APIPageTest(unittest.TestCase):
    def test_every_route_has_its_line(self):
        page = set(re.findall(r"(?m)^\| ([A-Z]+) \| `(/v1/[^`]+)`", (ROOT / "API.md").read_text()))
        mounted = r'(?:self\.(?:read|list|pages|change\w*)|routes\.on)\((?:\.(\w+), )?"(/v1/[^"]+)"'
        routed = {(method.upper() or "GET", path) for file in (ROOT / "Sources/ParleyServer").rglob("*.swift")
                  for method, path in re.findall(mounted, file.read_text())}
        self.assertEqual(routed - page, {("PUT", "/v1/channels/:id")})  # which the line of PATCH names
        self.assertEqual(page - routed, set())


class AdapterPagesTest(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = folder.name

    def connect(self, adapter):
        """A fleet with the public URL that the page wants, and the channel that its steps make there."""
        fleet = Fleet(PARLEY_PUBLIC_URL="https://bridge.example")
        self.addCleanup(fleet.stop)
        fleet.command("migrate")
        fleet.serve_at(fleet.port)
        fleet.work()
        page = ROOT / f"channels/{adapter}/README.md"
        ([settings], [commands]) = (blocks(page, "Steps", "json"), blocks(page, "Steps"))
        Path(self.folder, f"{adapter}.json").write_text(settings)
        said = shell(self, self.folder, commands, fleet.environment)
        fleet.key = re.search(r"(?m)^key +(pk_\w+)$", said)[1]
        hook = re.search(r"(?m)^hookURL +(https://bridge\.example/hooks/\S+)$", said)
        self.assertTrue(hook, said)
        return fleet, {"hookURL": hook[1], "settings": json.loads(settings)}

    def test_twilio_is_connected_by_its_page(self):
        fleet, channel = self.connect("twilio")
        status, _, body = post_twilio(channel, twilio_form(channel, "+15005550123", "by the page"), at=fleet.url)
        self.assertEqual(status, 200, body)
        fleet.inbound_with("by the page")

    def test_slack_is_connected_by_its_page(self):
        fleet, channel = self.connect("slack")
        status, _, body = post_slack(channel, {"type": "url_verification", "token": "old", "challenge": "prove it"}, at=fleet.url)
        self.assertEqual((status, b"prove it" in body), (200, True), body)
        status, _, body = post_slack(channel, slack_event("U0ANNA001", "C0GENERAL1", "by the page"), at=fleet.url)
        self.assertEqual(status, 200, body)
        fleet.inbound_with("by the page")

    def test_a_fleet_that_nobody_told_its_public_url_says_so_everywhere(self):
        fleet = Fleet(PARLEY_PUBLIC_URL="")
        self.addCleanup(fleet.stop)
        fleet.command("migrate")
        fleet.make_key("acme")
        processes = [fleet.serve_at(fleet.port), fleet.work()[0]]
        for process in processes:
            self.assertEqual(process.log.read_text().count("PARLEY_PUBLIC_URL is not set"), 1)
        Path(self.folder, "twilio.json").write_text(*blocks(ROOT / "channels/twilio/README.md", "Steps", "json"))
        add = ["add", "--adapter", "twilio", "--name", "support", "--settings", f"{self.folder}/twilio.json"]
        for command in (add, ["list"], ["show", "support"]):
            with self.subTest(command=command[0]):
                done = fleet.run("channels", *command, "--workspace", "acme", "--json")
                self.assertEqual((done.returncode, done.stderr.count("PARLEY_PUBLIC_URL is not set")), (0, 1), done.stderr)
                self.assertIn("http://127.0.0.1:8080/hooks/", done.stdout)
        self.assertEqual(fleet.run("channels", "list", "--workspace", "acme", PARLEY_PUBLIC_URL="https://b.example").stderr, "")
        self.assertRegex(fleet.run("doctor").stdout, r"(?m)^warning +public URL +http://127\.0\.0\.1:8080: PARLEY_PUBLIC_URL is not set")
        self.assertRegex(fleet.run("doctor", PARLEY_PUBLIC_URL="https://b.example").stdout, r"(?m)^ok +public URL +https://b\.example$")

    def test_the_commands_that_make_a_key_for_mail_make_one(self):
        [block] = blocks(ROOT / "channels/email/README.md", "DKIM")
        said = shell(self, self.folder, block, os.environ)
        self.assertRegex(said, r'v=DKIM1; k=rsa; p=[A-Za-z0-9+/]{300,}={0,2}"')
        self.assertIn("PRIVATE KEY", Path(self.folder, "dkim.pem").read_text())


if __name__ == "__main__":
    unittest.main()
