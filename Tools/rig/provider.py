"""A stand-in for the providers' APIs: takes every send, writes it down, answers as they do.

    python3 -m rig.provider PORT FILE

Answers POST …/Messages.json (Twilio's form) and …/chat.postMessage (Slack's JSON or form); FILE gets one JSON line for each send,
in the order they came in. A raw protocol, not a framework: it must never be what a benchmark waits for.
"""
import asyncio
import json
import signal
import sys
import time
import urllib.parse


class Record:
    def __init__(self, path):
        self.file = open(path, "a", buffering=1 << 16)
        self.count = 0

    def add(self, account, to, thread, text, key):
        self.count += 1
        self.file.write(json.dumps({"at": time.time(), "account": account, "to": to, "thread": thread, "text": text, "key": key}) + "\n")
        return self.count


class Peer(asyncio.Protocol):
    def __init__(self, record):
        self.record = record
        self.buffer = b""

    def connection_made(self, transport):
        self.transport = transport

    def data_received(self, data):
        self.buffer += data
        while True:
            end = self.buffer.find(b"\r\n\r\n")
            if end < 0:
                return
            head = self.buffer[:end].decode("latin-1").split("\r\n")
            headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in head[1:])}
            size = int(headers.get("content-length", "0"))
            if len(self.buffer) < end + 4 + size:
                if headers.get("expect", "").lower() == "100-continue" and len(self.buffer) == end + 4:
                    self.transport.write(b"HTTP/1.1 100 Continue\r\n\r\n")
                return
            body = self.buffer[end + 4:end + 4 + size].decode()
            self.buffer = self.buffer[end + 4 + size:]
            status, answer = self.answer(head[0].split(" ")[1], headers, body)
            text = json.dumps(answer).encode()
            self.transport.write(b"HTTP/1.1 %s\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n%s" % (status, len(text), text))

    def answer(self, path, headers, body):
        if "authorization" not in headers:
            return b"401 Unauthorized", {"code": 20003, "status": 401, "ok": False, "error": "not_authed"}
        if headers.get("content-type", "").startswith("application/json"):
            fields = json.loads(body)
        else:
            fields = {name: values[0] for name, values in urllib.parse.parse_qs(body).items()}
        if path.endswith("/Messages.json"):
            number = self.record.add(path.split("/")[-2], fields["To"], None, fields.get("Body", ""), headers.get("i-twilio-idempotency-token"))
            return b"201 Created", {"sid": f"SM{number:032x}", "status": "queued", "num_segments": "1", "error_code": None}
        if path.endswith("/chat.postMessage"):
            account = headers["authorization"].removeprefix("Bearer ")
            number = self.record.add(account, fields["channel"], fields.get("thread_ts"), fields.get("text", ""), None)
            ts = f"{int(time.time())}.{number:06d}"
            return b"200 OK", {"ok": True, "channel": fields["channel"], "ts": ts, "message": {"ts": ts, "text": fields.get("text", "")}}
        return b"404 Not Found", {"status": 404}


async def main():
    record = Record(sys.argv[2])
    loop = asyncio.get_running_loop()
    stopped = asyncio.Event()
    loop.add_signal_handler(signal.SIGTERM, stopped.set)
    server = await loop.create_server(lambda: Peer(record), "127.0.0.1", int(sys.argv[1]), backlog=512)
    while not stopped.is_set():
        record.file.flush()
        try:
            await asyncio.wait_for(stopped.wait(), 0.2)
        except asyncio.TimeoutError:
            pass
    server.close()
    record.file.close()


if __name__ == "__main__":
    asyncio.run(main())
