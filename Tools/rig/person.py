"""Whoever looks after deliveries that a policy holds: looks again and again, and lets each of them go."""
import json
import threading

from .client import Client


class Person(threading.Thread):
    def __init__(self, stack, workspaces):
        super().__init__(daemon=True)
        ports = [stack.ports[name] for name in sorted(stack.ports)]
        self.workspaces, self.client = workspaces, Client(ports, "person")
        self.released = set()  # message ids
        self.stopping = threading.Event()

    def run(self):
        while not self.stopping.wait(0.5):
            for workspace in self.workspaces:
                self._look_after(workspace)

    def stop(self):
        self.stopping.set()
        self.join(60)

    def _look_after(self, workspace):
        headers = {"Authorization": f"Bearer {workspace.key}", "Content-Type": "application/json"}
        _, content = self.client.insist("GET", "/v1/held-deliveries?limit=100", headers)
        for held in json.loads(content)["data"]:
            if held["status"] != "held":
                continue
            key = {"Idempotency-Key": f"release-{held['id']}-{held['updatedAt']}"}
            status, _ = self.client.insist("POST", f"/v1/held-deliveries/{held['id']}/release", headers | key, "{}")
            if status == 200:
                self.released.add(held["messageId"])
