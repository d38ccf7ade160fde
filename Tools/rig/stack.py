"""One fleet on one machine: PostgreSQL, provider's stand-in, `parley serve` and `parley work` processes, workspaces and channels."""
import base64
import json
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request

from .postgres import Postgres

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(os.path.dirname(HERE))


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class Channel:
    def __init__(self, workspace, adapter, name, settings):
        self.workspace, self.adapter, self.name, self.settings = workspace, adapter, name, settings
        self.id = self.hook_url = None


class Workspace:
    def __init__(self, name):
        self.name = name
        self.key = None
        self.channels = []


class Stack:
    def __init__(self, folder, binary, log=print):
        self.folder, self.binary, self.log = folder, os.path.abspath(binary), log
        self.postgres = Postgres(f"{folder}/pg")
        self.provider_port = free_port()
        self.sends = f"{folder}/sends.jsonl"
        self.home = f"{folder}/home"
        self.processes = {}
        self.ports = {}
        self.environment = {
            **{name: value for name, value in os.environ.items() if not name.startswith("PARLEY_")},
            "PARLEY_DATABASE_URL": self.postgres.url,
            "PARLEY_MASTER_KEY": base64.b64encode(os.urandom(32)).decode(),
            "PARLEY_HOME": self.home,
            "PARLEY_EGRESS_ALLOW": "127.0.0.0/8",
            "PARLEY_PUBLIC_URL": "https://bridge.test",
            "PARLEY_LOG_LEVEL": os.environ.get("PARLEY_LOG_LEVEL", "notice"),
        }

    # MARK: what must be there once

    def create(self):
        self._copy_home()
        self.postgres.create()
        self.parley("migrate")
        self._spawn("provider", [sys.executable, "-m", "rig.provider", str(self.provider_port), self.sends], cwd=os.path.dirname(HERE))

    def _copy_home(self):
        """The shipped adapters with their providers' send limits lifted: here the providers are ours."""
        shutil.copytree(f"{ROOT}/channels", f"{self.home}/channels")
        shutil.copytree(f"{ROOT}/sql", f"{self.home}/sql")
        for adapter in ("twilio", "slack"):
            path = f"{self.home}/channels/{adapter}/adapter.yaml"
            with open(path) as file:
                text = file.read()
            lifted = re.sub(r"(?m)^limits:.*$", "limits: {per_second: 100000, per_recipient_seconds: 0}", text)
            if lifted == text:
                raise SystemExit(f"{path}: there is no line of limits to lift")
            with open(path, "w") as file:
                file.write(lifted)

    def parley(self, *arguments, stdin=None):
        done = subprocess.run([self.binary, *arguments], env=self.environment, input=stdin or "", capture_output=True, text=True)
        if done.returncode:
            raise SystemExit(f"parley {' '.join(arguments)} ended with {done.returncode}:\n{done.stdout}{done.stderr}")
        return done.stdout

    def add_workspace(self, name):
        workspace = Workspace(name)
        workspace.key = json.loads(self.parley("keys", "create", "--workspace", name, "--name", "rig", "--json"))["key"]
        return workspace

    def add_channel(self, workspace, adapter, name, settings, policy=None):
        channel = Channel(workspace, adapter, name, settings)
        arguments = ["channels", "add", "--workspace", workspace.name, "--adapter", adapter, "--name", name, "--settings", "-", "--json"]
        if policy:
            arguments += ["--policy", json.dumps(policy)]
        answer = json.loads(self.parley(*arguments, stdin=json.dumps(settings)))
        channel.id, channel.hook_url = answer["id"], answer["hookURL"]
        workspace.channels.append(channel)
        return channel

    def add_twilio(self, workspace, number, policy=None):
        return self.add_channel(workspace, "twilio", f"sms-{number}", {
            "account_sid": f"AC{number:032x}", "auth_token": f"token-{workspace.name}-{number}", "from": f"+1555{number:07d}",
            "api_base": f"http://127.0.0.1:{self.provider_port}"}, policy)

    def add_slack(self, workspace, number, policy=None):
        return self.add_channel(workspace, "slack", f"slack-{number}", {
            "bot_token": f"xoxb-{workspace.name}-{number}", "signing_secret": f"{number:032x}",
            "api_base": f"http://127.0.0.1:{self.provider_port}/api"}, policy)

    # MARK: processes

    def _spawn(self, name, command, cwd=None):
        out = open(f"{self.folder}/{name}.log", "ab")
        self.processes[name] = subprocess.Popen(
            command, env=self.environment, cwd=cwd or "/", stdin=subprocess.DEVNULL, stdout=out, stderr=out, start_new_session=True)
        out.close()
        return self.processes[name]

    def start_serve(self, name):
        port = self.ports.setdefault(name, free_port())
        self._spawn(name, [self.binary, "serve", "--http-listen", f"127.0.0.1:{port}", "--smtp-listen", "127.0.0.1:0"])

    def start_work(self, name):
        return self._spawn(name, [self.binary, "work"])

    def wait_ready(self, name, seconds=30):
        url, end = f"http://127.0.0.1:{self.ports[name]}/readyz", time.monotonic() + seconds
        while time.monotonic() < end:
            try:
                with urllib.request.urlopen(url, timeout=2) as answer:
                    if answer.status == 200:
                        return
            except (urllib.error.URLError, OSError):
                pass
            if self.processes[name].poll() is not None:
                break
            time.sleep(0.05)
        raise SystemExit(f"{name} did not get ready:\n{self.tail(name)}")

    def tail(self, name, lines=20):
        with open(f"{self.folder}/{name}.log", errors="replace") as log:
            return "".join(log.readlines()[-lines:])

    def send_signal(self, name, number):
        self.processes[name].send_signal(number)

    def stop(self):
        for process in self.processes.values():
            if process.poll() is None:
                process.send_signal(signal.SIGCONT)
                process.terminate()
        for name, process in self.processes.items():
            try:
                process.wait(40)
            except subprocess.TimeoutExpired:
                self.log(f"{name} did not stop within 40 s of SIGTERM")
                process.kill()
                process.wait()
        self.postgres.stop()

    # MARK: looking

    def worker_owners(self, process):
        """The lanes that a process holds, as (queue, lane)."""
        rows = self.postgres.sql(
            "SELECT l.queue, l.lane FROM lanes l JOIN workers w ON w.id = l.owner WHERE w.name LIKE '%%:%d'" % process.pid)
        return {tuple(row) for row in rows}

    def read_sends(self):
        if not os.path.exists(self.sends):
            return []
        return [json.loads(line) for line in open(self.sends) if line.endswith("\n")]
