"""Conversations that write to us, and the answers we send them; each message says who it is: `W0-C12-#7`."""
import json
import random
import threading
import time
import uuid

from . import signing
from .client import Client


class Conversation:
    """One person on one channel. Messages are numbered, and number n+1 is not sent before n is acknowledged."""

    def __init__(self, channel, number):
        self.channel, self.number = channel, number
        self.name = f"{channel.workspace.name}-{channel.adapter}-{number}"
        self.address = f"+1333{number:07d}"  # the same numbers in every workspace, on purpose
        self.thread = f"1772{number:06d}.000100"
        self.sent = self.acked = 0
        self.id = None  # the API's, once the first message is threaded
        self.replies = 0  # accepted by the API

    def request(self, number):
        text = f"{self.name}-#{number}"
        token = uuid.uuid5(uuid.NAMESPACE_URL, text).hex
        settings = self.channel.settings
        if self.channel.adapter == "twilio":
            return signing.twilio(
                self.channel.hook_url, settings["account_sid"], settings["auth_token"], f"SM{token}", self.address, settings["from"], text)
        ts = self.thread if number == 1 else f"1773{self.number:06d}.{number:06d}"
        return signing.slack(
            settings["signing_secret"], "T0TEAM001", f"Ev{token[:12].upper()}", "C0GENERAL1", f"U{self.number:08d}", ts, self.thread, text)

    @property
    def thread_key(self):
        return f"sms:{self.address}" if self.channel.adapter == "twilio" else f"thread:C0GENERAL1:{self.thread}"


class Load:
    def __init__(self, stack, seed, conversations, rate, threads=8):
        self.stack, self.seed, self.conversations, self.rate = stack, seed, conversations, rate
        self.ports = [stack.ports[name] for name in sorted(stack.ports)]
        self.stopping = threading.Event()
        self.ids_wanted = threading.Event()
        self.threads = [threading.Thread(target=self._work, args=(number, threads), daemon=True) for number in range(threads)]
        self.threads.append(threading.Thread(target=self._learn_ids, daemon=True))
        self.odd = []  # answers nobody should get

    def start(self):
        for thread in self.threads:
            thread.start()

    def finish(self):
        self.stopping.set()
        for thread in self.threads:
            thread.join(60)
        if any(thread.is_alive() for thread in self.threads):
            raise SystemExit("the load did not stop within a minute")

    def _work(self, number, threads):
        mine = self.conversations[number::threads]
        client = Client(self.ports, f"{self.seed}-{number}", None)
        chance = random.Random(f"{self.seed}-order-{number}")
        pause = threads / self.rate
        due = time.monotonic()
        while not self.stopping.is_set():
            conversation = chance.choice(mine)
            self._inbound(client, conversation)
            if conversation.id and conversation.replies < conversation.acked:
                self._reply(client, conversation)
            due = max(due + pause, time.monotonic() - 1)
            self.stopping.wait(max(0, due - time.monotonic()))
        for conversation in mine:  # what was promised an answer gets one
            while conversation.id and conversation.replies < conversation.acked:
                self._reply(client, conversation)

    def _inbound(self, client, conversation):
        number = conversation.sent + 1
        conversation.sent = number
        path = f"/hooks/{conversation.channel.id}"
        headers, body = conversation.request(number)
        status, content = client.insist("POST", path, headers, body)
        if 200 <= status < 300:
            conversation.acked = number
        else:
            self.odd.append((conversation.name, number, status, content[:200]))

    def _reply(self, client, conversation):
        number = conversation.replies + 1
        headers = {
            "Authorization": f"Bearer {conversation.channel.workspace.key}", "Content-Type": "application/json",
            "Idempotency-Key": f"{conversation.name}-reply-{number}"}
        body = json.dumps({"body": {"type": "text", "text": {"text": f"{conversation.name}-reply-#{number}"}}})
        status, content = client.insist("POST", f"/v1/conversations/{conversation.id}/messages", headers, body)
        conversation.replies = number
        if not 200 <= status < 300:
            self.odd.append((conversation.name, -number, status, content[:200]))

    def _learn_ids(self):
        """Which conversation each person's messages were threaded into."""
        known = {(conversation.channel.id, conversation.thread_key): conversation for conversation in self.conversations}
        while not self.stopping.wait(0.5):
            try:
                rows = self.stack.postgres.sql("SELECT channel_id, thread_key, id FROM conversations")
            except RuntimeError:
                continue  # PostgreSQL is being restarted
            for channel, key, identifier in rows:
                if (channel, key) in known:
                    known[channel, key].id = identifier
