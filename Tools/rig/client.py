"""A provider's or an API user's side: one kept-alive connection, and the patience to ask again until it is answered."""
import http.client
import random
import time


class Client:
    def __init__(self, ports, seed, stopping=None):
        self.ports = ports
        self.random = random.Random(seed)
        self.connection = None
        self.stopping = stopping
        self.retries = 0

    def request(self, method, path, headers, body=None):
        """Status and body; raises OSError or HTTPException when there was no whole answer."""
        if self.connection is None:
            self.connection = http.client.HTTPConnection("127.0.0.1", self.random.choice(self.ports), timeout=20)
        try:
            self.connection.request(method, path, body=body, headers=headers)
            answer = self.connection.getresponse()
            content = answer.read()
            return answer.status, content
        except (OSError, http.client.HTTPException):
            self.close()
            raise

    def close(self):
        if self.connection:
            self.connection.close()
        self.connection = None

    def insist(self, method, path, headers, body=None):
        """Repeats, as providers do, what was not answered, 5xx or 429; nil when told to stop before an answer came."""
        wait = 0.05
        while not (self.stopping and self.stopping.is_set()):
            try:
                status, content = self.request(method, path, headers() if callable(headers) else headers, body)
                if status < 500 and status != 429:
                    return status, content
                self.close()  # perhaps another process can
            except (OSError, http.client.HTTPException):
                pass
            self.retries += 1
            time.sleep(wait * self.random.uniform(0.5, 1))
            wait = min(wait * 2, 2)
        return None
