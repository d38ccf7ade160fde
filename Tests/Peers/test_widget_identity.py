"""Whoever signs out in the chat widget takes what they saw along, however slow the bridge is. Played against a bridge that answers when told."""
import http.server
import json
import threading
import unittest
from pathlib import Path

from bridge import eventually
from browser import Browser, Widget

WEB = Path(__file__).parents[2] / "web"


class SlowBridge:
    """Serves the widget and its page, and holds the answers to calls named in `held` until they are let go."""

    def __init__(self):
        self.asked = []   # "session ann", "messages ann", …, in order
        self.said = []    # (user, text) of each message sent
        self.held = {}    # call to the event that lets it go
        bridge = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_GET(self):
                bridge.get(self)

            def do_POST(self):
                bridge.post(self)

            def log_message(self, *arguments):
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.origin = f"http://127.0.0.1:{self.server.server_port}"
        self.closed = threading.Event()
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def stop(self):
        self.closed.set()
        for gate in self.held.values():
            gate.set()
        self.server.shutdown()
        self.server.server_close()

    def hold(self, call):
        self.held[call] = threading.Event()

    def release(self, call):
        self.held[call].set()

    def was_asked(self, call, times=1):
        eventually(lambda: self.asked.count(call) >= times, lambda: f"{call} was not asked {times} times: {self.asked}")

    def arrive(self, call):
        self.asked.append(call)
        if call in self.held:
            self.held[call].wait(30)

    @staticmethod
    def answer(handler, value, kind="application/json"):
        body = value if isinstance(value, bytes) else json.dumps(value).encode()
        handler.send_response(200)
        handler.send_header("Content-Type", kind)
        handler.send_header("Content-Length", str(len(body)))
        handler.end_headers()
        try:
            handler.wfile.write(body)
        except OSError:
            pass  # the widget hung up, as it may

    @staticmethod
    def user(handler):
        return (handler.headers["Authorization"] or "Bearer nobody").removeprefix("Bearer ")

    def get(self, handler):
        path, _, query = handler.path.partition("?")
        user, name = self.user(handler), path.rsplit("/", 1)[-1]
        if name in ("messages", "events") and user == "nobody":
            handler.send_error(401)
        elif path == "/":
            page = ('<!doctype html><meta charset="utf-8"><body><script src="/webchat/widget.js" data-channel="c" '
                    'data-user-id="ann" data-user-hash="proof" async></script>')
            self.answer(handler, page.encode(), "text/html")
        elif name.endswith(".js"):
            folder = WEB if name == "widget.js" else WEB / "webchat"
            self.answer(handler, (folder / name).read_bytes(), "text/javascript")
        elif name == "messages":
            call = "earlier" if "before=" in query else "messages"
            self.arrive(f"{call} {user}")
            message = {"id": call, "clientId": None, "from": "agent", "conversationId": "c", "createdAt": f"2026-01-01T00:00:0{len(call)}.000Z",
                       "body": {"type": "text", "text": {"text": f"{call} for {user}"}}}
            more = "messages" if call == "messages" and user == "ann" else None
            self.answer(handler, {"data": [message], "nextCursor": more, "cursor": "1"})
        elif name == "events":
            self.arrive(f"events {user}")
            handler.send_response(200)
            handler.send_header("Content-Type", "text/event-stream")
            handler.end_headers()
            handler.wfile.write(b'id: 1\nevent: ready\ndata: {"cursor":"1"}\n\n')
            handler.wfile.flush()
            self.closed.wait()
        else:
            handler.send_error(404)

    def post(self, handler):
        asked = json.loads(handler.rfile.read(int(handler.headers["Content-Length"])))
        name = handler.path.rsplit("/", 1)[-1]
        if name == "session":
            user = asked.get("identity", {}).get("userId", "visitor")
            self.arrive(f"session {user}")
            self.answer(handler, {"token": user, "visitor": {"id": user, "signedIn": user != "visitor"}, "limits": {}, "features": {}})
            return
        if name == "messages":
            self.said.append((self.user(handler), asked["text"]))
        self.answer(handler, {})


class WidgetIdentityTest(unittest.TestCase):
    def setUp(self):
        self.bridge = SlowBridge()
        self.addCleanup(self.bridge.stop)
        self.browser = Browser()
        self.addCleanup(self.browser.quit)

    def widget(self):
        self.browser.driver.get(self.bridge.origin)
        widget = Widget(self.browser)
        widget.open()
        return widget

    def test_a_history_that_comes_after_its_person_left_is_not_shown(self):
        self.bridge.hold("messages ann")
        self.bridge.hold("session visitor")
        widget = self.widget()
        self.bridge.was_asked("messages ann")
        self.browser.run("ParleyChat.identify(null)")
        self.bridge.release("messages ann")
        self.bridge.was_asked("session visitor")
        self.assertEqual(widget.texts(), [])
        self.bridge.release("session visitor")
        widget.shows("messages for visitor")

    def test_earlier_messages_that_come_after_their_person_left_are_not_shown(self):
        self.bridge.hold("earlier ann")
        widget = self.widget()
        widget.shows("messages for ann")
        widget.find(".earlier").click()
        self.bridge.was_asked("earlier ann")
        self.browser.run("ParleyChat.identify(null)")
        widget.shows("messages for visitor")
        self.bridge.release("earlier ann")
        eventually(lambda: self.browser.run("return performance.getEntriesByType('resource').some((each) => each.name.includes('before='))"), "no answer came")
        self.browser.driver.execute_async_script("const done = arguments[0]; fetch('/').then((page) => page.text()).then(() => setTimeout(done))")
        self.assertEqual(widget.texts(), ["messages for visitor"])
        self.assertFalse(widget.find(".earlier").is_displayed())

    def test_who_was_named_while_a_session_opened_can_leave(self):
        self.bridge.hold("session ann")
        widget = self.widget()
        self.bridge.was_asked("session ann")
        self.browser.run("ParleyChat.identify({userId: 'bob', hash: 'proof'})")
        self.bridge.release("session ann")
        widget.shows("messages for bob")
        self.bridge.was_asked("events bob")
        self.browser.run("ParleyChat.identify(null)")
        widget.shows("messages for visitor")
        self.assertEqual(widget.texts(), ["messages for visitor"])

    def test_what_is_written_right_after_signing_out_is_the_visitors(self):
        self.bridge.hold("session visitor")
        widget = self.widget()
        self.bridge.was_asked("events ann")
        self.browser.run("ParleyChat.identify(null)")
        self.bridge.was_asked("session visitor")
        widget.say("written by the next one")
        self.bridge.release("session visitor")
        eventually(lambda: self.bridge.said or None, "it was not sent")
        self.assertEqual(self.bridge.said, [("visitor", "written by the next one")])


if __name__ == "__main__":
    unittest.main(verbosity=2)
