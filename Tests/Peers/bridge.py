"""A running Parley for tests: started, talked to as providers and API users do, stopped. No fixed sleeps: we look until a deadline."""
import http.client
import json
import os
import secrets
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from pathlib import Path
from urllib.parse import urlencode, urlsplit

from slack_sdk.signature import SignatureVerifier
from twilio.request_validator import RequestValidator

PARLEY = os.path.abspath(os.environ.get("PARLEY_BIN", ".build/debug/parley"))


def eventually(look, why, within=120.0):
    """What `look` returns, once that is neither None nor False; fails with `why` when the deadline passes.

    The usual deadline is well beyond a take-over (35 s): the lane that matters may belong to a worker that an earlier test has killed.
    """
    deadline = time.monotonic() + within
    while True:
        found = look()
        if found is not None and found is not False:
            return found
        if time.monotonic() > deadline:
            raise AssertionError(f"{why() if callable(why) else why} (within {within:g} s)")
        time.sleep(0.05)


def free_port():
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return listener.getsockname()[1]


def request(method, url, body=None, headers=None, timeout=30):
    """One HTTP exchange: status, headers in lower case, bytes."""
    parts = urlsplit(url)
    connection = http.client.HTTPConnection(parts.hostname, parts.port, timeout=timeout)
    try:
        target = parts.path + (f"?{parts.query}" if parts.query else "")
        connection.request(method, target, body=body, headers=headers or {})
        answer = connection.getresponse()
        return answer.status, {name.lower(): value for name, value in answer.getheaders()}, answer.read()
    finally:
        connection.close()


class Bridge:
    """`parley dev` on a folder of its own, and further processes on the same database."""

    def __init__(self, **environment):
        self.folder = Path(tempfile.mkdtemp(prefix="parley-peers-"))
        self.folder.chmod(0o755)
        self.data = self.folder / "data"
        self.processes = []
        self.environment = os.environ | {"PARLEY_EGRESS_ALLOW": "127.0.0.0/8"} | environment
        where = [] if "PARLEY_HTTP_LISTEN" in environment else ["--http-port", free_port()]
        self.dev = self._start("dev", "--data", self.data, *where, "--smtp-port", free_port())
        try:
            description = self.data / "dev.json"
            eventually(lambda: self._alive(self.dev) and description.exists(), "parley dev is not ready")
            self.about = json.loads(description.read_text())
        except BaseException:
            self.stop()
            raise
        self.url = self.about["httpURL"]
        self.key = self.about["apiKey"]
        self.environment |= {
            "PARLEY_DATABASE_URL": self.about["databaseURL"], "PARLEY_MASTER_KEY_FILE": str(self.data / "master.key"),
            "PARLEY_PUBLIC_URL": self.about["publicURL"], "PARLEY_SMTP_LISTEN": "127.0.0.1:0",
        }

    def _start(self, *arguments):
        path = self.folder / f"{arguments[0]}-{len(self.processes)}.log"
        with open(path, "wb") as log:
            process = subprocess.Popen(
                [PARLEY, *map(str, arguments)], stdin=subprocess.DEVNULL, stdout=log, stderr=log, env=self.environment)
        process.log = path
        self.processes.append(process)
        return process

    def _alive(self, process):
        if process.poll() is not None:
            raise AssertionError(f"a process ended with {process.returncode}:\n{process.log.read_text()[-3000:]}")
        return True

    def serve(self):
        """Another `parley serve` on the same database, for the same public URL. Returns where it listens."""
        port = free_port()
        self.serve_at(port)
        return f"http://127.0.0.1:{port}"

    def serve_at(self, port):
        """The same at a port of the caller's; returns the process once it is ready."""
        return self._ready(self._start("serve", "--http-listen", f"127.0.0.1:{port}"), port)

    def _ready(self, process, port):
        """The process, once `/readyz` at its port says so."""
        def is_ready():
            self._alive(process)
            try:
                return request("GET", f"http://127.0.0.1:{port}/readyz")[0] == 200
            except OSError:
                return False

        eventually(is_ready, "a process is not ready")
        return process

    def command(self, *arguments):
        """Runs a parley command on this bridge's database and returns what it printed."""
        done = subprocess.run([PARLEY, *arguments], env=self.environment, capture_output=True, text=True, timeout=60)
        if done.returncode != 0:
            raise AssertionError(f"parley {' '.join(arguments)} ended with {done.returncode}: {done.stderr}")
        return done.stdout

    def query(self, statement):
        """What psql says to one statement on the bridge's database: its first line, or None."""
        found = shutil.which("psql") or max(map(str, Path("/usr/lib/postgresql").glob("*/bin/psql")))
        environment = os.environ | {"PGOPTIONS": "-c parley.workspace=*"}
        done = subprocess.run(
            [found, "-XAtq", "-d", self.about["databaseURL"], "-c", statement], env=environment, capture_output=True, text=True, timeout=30, check=True)
        return next(iter(done.stdout.split()), None)

    def stop(self):
        self._end()
        shutil.rmtree(self.folder, ignore_errors=True)

    def _end(self):
        """Ctrl-C for everything; what does not end by itself is a failure."""
        for process in reversed(self.processes):
            if process.poll() is None:
                process.send_signal(signal.SIGINT)
        codes = []
        for process in reversed(self.processes):
            try:
                codes.append(process.wait(timeout=45))
            except subprocess.TimeoutExpired:
                process.kill()
                codes.append("killed after 45 s")
        if any(code != 0 for code in codes):
            raise AssertionError(f"processes ended with {codes}; their logs are in {self.folder}")

    # The API

    def api(self, method, path, body=None, key=None, **headers):
        """One call: status and JSON. POSTs carry an Idempotency-Key of their own unless one is given."""
        sent = {"Authorization": f"Bearer {key or self.key}"} | {name.replace("_", "-"): value for name, value in headers.items()}
        if method == "POST":
            sent.setdefault("Idempotency-Key", secrets.token_hex(8))
        if body is not None:
            sent["Content-Type"] = "application/json"
            body = json.dumps(body).encode()
        status, _, answer = request(method, self.url + path, body, sent)
        return status, json.loads(answer) if answer else None

    def get(self, path, key=None):
        status, answer = self.api("GET", path, key=key)
        if status != 200:
            raise AssertionError(f"GET {path}: {status} {answer}")
        return answer

    def add_channel(self, adapter, name, settings, key=None):
        status, channel = self.api("POST", "/v1/channels", {"adapter": adapter, "name": name, "settings": settings}, key=key)
        if status != 201:
            raise AssertionError(f"POST /v1/channels: {status} {channel}")
        return channel | {"settings": settings}

    def inbound(self, key=None):
        """Every inbound message of the workspace."""
        found, cursor = [], ""
        while True:
            page = self.get(f"/v1/messages?direction=inbound&limit=100{cursor}", key=key)
            found += page["data"]
            if not page.get("nextCursor"):
                return found
            cursor = f"&cursor={page['nextCursor']}"

    def inbound_with(self, text, key=None, count=1):
        """Waits until `count` inbound messages say exactly `text`."""
        def look():
            found = [message for message in self.inbound(key) if message["body"]["text"]["text"] == text]
            return found if len(found) >= count else None
        return eventually(look, f"no inbound message says {text!r}")

    def reply(self, message, text, key=None):
        """Answers in the conversation of `message`; returns the outbound message."""
        status, answer = self.api(
            "POST", f"/v1/conversations/{message['conversationId']}/messages", {"body": {"type": "text", "text": {"text": text}}}, key=key)
        if status not in (201, 202):
            raise AssertionError(f"posting a message: {status} {answer}")
        return answer

    def message(self, message, key=None):
        return self.get(f"/v1/messages/{message['id']}", key=key)

    def becomes(self, message, *states, key=None):
        """Waits until the message has one of `states`, and returns it."""
        def look():
            seen = self.message(message, key)
            return seen if seen["status"] in states else None
        return eventually(look, lambda: f"expected {' or '.join(states)}: {json.dumps(self.message(message, key))}")


# Requests as the providers' own libraries sign them


def twilio_form(channel, sender, text, sid=None, **extra):
    settings = channel["settings"]
    sid = sid or "SM" + secrets.token_hex(16)
    return {
        "ToCountry": "US", "SmsMessageSid": sid, "NumMedia": "0", "SmsSid": sid, "SmsStatus": "received", "Body": text, "FromCountry": "US",
        "To": settings["from"], "NumSegments": "1", "MessageSid": sid, "AccountSid": settings["account_sid"], "From": sender,
        "ApiVersion": "2010-04-01",
    } | extra


def post_twilio(channel, form, token=None, url=None, at=None, tamper=None):
    """Signs `form` for `url` (the channel's hook) with the channel's token, and posts it there or at another process."""
    url = url or channel["hookURL"]
    signature = RequestValidator(token or channel["settings"]["auth_token"]).compute_signature(url, form)
    sent = form | (tamper or {})
    headers = {"Content-Type": "application/x-www-form-urlencoded; charset=utf-8", "X-Twilio-Signature": signature}
    return request("POST", at + urlsplit(url).path if at else url, urlencode(sent).encode(), headers)


def slack_event(user, channel, text, team="T0TEAM001", ts=None, event_id=None, **extra):
    now = time.time()
    ts = ts or f"{now:.6f}"
    event = {
        "type": "message", "channel": channel, "user": user, "text": text, "ts": ts, "event_ts": ts, "team": team,
        "channel_type": "im" if channel.startswith("D") else "channel",
    } | extra
    return {
        "type": "event_callback", "team_id": team, "api_app_id": "A0APP0001", "event": event,
        "event_id": event_id or "Ev" + secrets.token_hex(5).upper(), "event_time": int(now),
        "authorizations": [{"team_id": team, "user_id": "U0BOT0001", "is_bot": True}],
    }


def post_slack(channel, event, secret=None, timestamp=None, at=None, tamper=None):
    body = json.dumps(event)
    timestamp = str(int(timestamp or time.time()))
    signature = SignatureVerifier(secret or channel["settings"]["signing_secret"]).generate_signature(timestamp=timestamp, body=body)
    headers = {"Content-Type": "application/json", "X-Slack-Request-Timestamp": timestamp, "X-Slack-Signature": signature}
    url = channel["hookURL"]
    return request("POST", at + urlsplit(url).path if at else url, (tamper or body).encode(), headers)
