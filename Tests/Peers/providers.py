"""Stand-ins for Twilio's and Slack's APIs on loopback: they check each request as the provider documents and answer as a test says."""
import base64
import json
import re
import socket
import struct
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qsl


class Answer:
    """What a stand-in says: bytes and headers, or silence."""

    def __init__(self, status=200, body=b"", content_type="application/json", headers=None, hang_up=False, silent=False):
        self.status, self.content_type, self.headers, self.hang_up, self.silent = status, content_type, headers or {}, hang_up, silent
        self.body = json.dumps(body).encode() if isinstance(body, (dict, list)) else body


class Provider:
    """Remembers what it was asked, by recipient, and gives the next of the answers laid out for that recipient, then its usual one."""

    def __init__(self):
        self.requests, self.faults, self.plans = [], [], {}
        self.lock = threading.Lock()
        provider = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self):
                body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
                provider.handle(self, body)

            def log_message(self, *_):
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        threading.Thread(target=self.server.serve_forever, daemon=True).start()
        self.base = f"http://127.0.0.1:{self.server.server_port}"

    def stop(self):
        self.server.shutdown()
        self.server.server_close()

    def plan(self, recipient, *answers):
        self.plans[recipient] = list(answers)

    def asked(self, recipient):
        """The requests for one recipient so far: (when, form or JSON)."""
        with self.lock:
            return [(at, fields) for at, to, fields in self.requests if to == recipient]

    def handle(self, handler, body):
        fields, recipient, refusal = self.read(handler, body)
        with self.lock:
            if refusal:
                self.faults.append((handler.path, refusal))
            self.requests.append((time.monotonic(), recipient, fields))
            plan = self.plans.get(recipient)
            answer = refusal or (plan.pop(0) if plan else self.usual(fields))
        if answer.silent:
            handler.rfile.read(1)  # until the other side gives up
            handler.close_connection = True
            return
        if answer.hang_up:
            handler.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            handler.close_connection = True
            return
        handler.send_response(answer.status)
        for name, value in ({"Content-Type": answer.content_type, "Content-Length": str(len(answer.body))} | answer.headers).items():
            handler.send_header(name, value)
        handler.end_headers()
        handler.wfile.write(answer.body)


class Twilio(Provider):
    """POST /2010-04-01/Accounts/{sid}/Messages.json"""

    def __init__(self, account="AC" + "3" * 32, token="4" * 32):
        super().__init__()
        self.account, self.token, self.count = account, token, 0

    def settings(self, number):
        return {"account_sid": self.account, "auth_token": self.token, "from": number, "api_base": self.base}

    def read(self, handler, body):
        pairs = parse_qsl(body.decode(), keep_blank_values=True, strict_parsing=True)
        form = dict(pairs)
        return form, form.get("To"), self.fault(handler, pairs, form)

    def fault(self, handler, pairs, form):
        expected = "Basic " + base64.b64encode(f"{self.account}:{self.token}".encode()).decode()
        if handler.headers.get("Authorization") != expected:
            return twilio_error(401, 20003, "Authenticate")
        if handler.path != f"/2010-04-01/Accounts/{self.account}/Messages.json":
            return twilio_error(404, 20404, "The requested resource was not found")
        if not handler.headers.get("Content-Type", "").startswith("application/x-www-form-urlencoded"):
            return twilio_error(415, 20415, "Content type")
        if not re.fullmatch(r"\+[1-9]\d{1,14}", form.get("To", "")):
            return twilio_error(400, 21211, "Invalid 'To' Phone Number")
        if not form.get("From") and not form.get("MessagingServiceSid"):
            return twilio_error(400, 21603, "A 'From' phone number is required.")
        if not form.get("Body") and "MediaUrl" not in form:
            return twilio_error(400, 21602, "Message body is required.")
        if len(form.get("Body", "").encode("utf-16-le")) > 3200:
            return twilio_error(400, 21617, "The concatenated message body exceeds the 1600 character limit")
        if len(form) != len([name for name, _ in pairs if name != "MediaUrl"]) + ("MediaUrl" in form):
            return twilio_error(400, 20001, "A parameter came twice")
        return None

    def usual(self, form):
        self.count += 1
        sid = f"SM{self.count:032x}"
        return Answer(201, {"sid": sid, "status": "queued", "num_segments": "1", "to": form.get("To"), "error_code": None})


def twilio_error(status, code, message, **headers):
    more = f"https://www.twilio.com/docs/errors/{code}"
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return Answer(status, {"code": code, "message": message, "more_info": more, "status": status}, headers=named)


class Slack(Provider):
    """POST /api/{method}; the recipient is the Slack channel."""

    def __init__(self, token="xoxb-peers"):
        super().__init__()
        self.token = token

    def settings(self, secret):
        return {"bot_token": self.token, "signing_secret": secret, "api_base": f"{self.base}/api"}

    def read(self, handler, body):
        is_json = handler.headers.get("Content-Type", "").startswith("application/json")
        fields = json.loads(body) if is_json else dict(parse_qsl(body.decode(), strict_parsing=True))
        return fields, fields.get("channel"), self.fault(handler, fields)

    def fault(self, handler, fields):
        if handler.headers.get("Authorization") != f"Bearer {self.token}":
            return Answer(200, {"ok": False, "error": "invalid_auth"})
        if handler.path != "/api/chat.postMessage":
            return Answer(200, {"ok": False, "error": "unknown_method"})
        if not fields.get("channel"):
            return Answer(200, {"ok": False, "error": "channel_not_found"})
        if not fields.get("text"):
            return Answer(200, {"ok": False, "error": "no_text"})
        return None

    def usual(self, fields):
        ts = f"{time.time():.6f}"
        return Answer(200, {"ok": True, "channel": fields["channel"], "ts": ts, "message": {"text": fields["text"], "ts": ts}})
