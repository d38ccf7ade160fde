"""The README's first try, literally: its commands run in a shell beside a `parley dev`, and do what the page says."""
import json
import os
import re
import secrets
import subprocess
import tempfile
import unittest
from pathlib import Path

from bridge import PARLEY, Bridge, eventually, request

ROOT = Path(__file__).resolve().parents[2]


def shell_blocks(page, heading):
    """The ```sh blocks under a heading of a page; a heading that is gone is a failure."""
    section = re.search(rf"^## {re.escape(heading)}\n(.*?)(?=^## |\Z)", page.read_text(), re.MULTILINE | re.DOTALL)
    return re.findall(r"^```sh\n(.*?)^```$", section[1], re.MULTILINE | re.DOTALL)


class FirstTryTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.bridge = Bridge()
        cls.addClassCleanup(cls.bridge.stop)
        # The page's commands look at .parley in the working folder, and call `parley` by its name.
        cls.folder = tempfile.TemporaryDirectory()
        cls.addClassCleanup(cls.folder.cleanup)
        Path(cls.folder.name, ".parley").symlink_to(cls.bridge.data)
        Path(cls.folder.name, "bin").mkdir()
        Path(cls.folder.name, "bin", "parley").symlink_to(PARLEY)

    def shell(self, *blocks):
        environment = os.environ | {"PATH": f"{self.folder.name}/bin:{os.environ['PATH']}"}
        script = "set -euo pipefail\n" + "\n".join(blocks)
        done = subprocess.run(
            ["bash", "-c", script], cwd=self.folder.name, env=environment, capture_output=True, text=True, timeout=120)
        self.assertEqual(done.returncode, 0, f"{script}\n{done.stdout}\n{done.stderr}")
        return done.stdout

    def test_its_messages_come_in_and_the_answer_arrives_at_the_provider(self):
        helpers, twilio, slack, answer = shell_blocks(ROOT / "README.md", "A first try")
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
        [block] = shell_blocks(ROOT / "README.md", "Connect a channel")
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
    def test_the_commands_that_make_a_key_for_mail_make_one(self):
        [block] = shell_blocks(ROOT / "channels/email/README.md", "DKIM")
        with tempfile.TemporaryDirectory() as folder:
            done = subprocess.run(["bash", "-euo", "pipefail", "-c", block], cwd=folder, capture_output=True, text=True, timeout=60)
            self.assertEqual(done.returncode, 0, done.stderr)
            self.assertRegex(done.stdout, r'v=DKIM1; k=rsa; p=[A-Za-z0-9+/]{300,}={0,2}"')
            self.assertIn("PRIVATE KEY", Path(folder, "dkim.pem").read_text())


if __name__ == "__main__":
    unittest.main()
