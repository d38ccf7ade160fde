"""The chat widget in a real browser, on pages of another origin."""
import hashlib
import hmac
import json
import os
import secrets
import signal
import tempfile
import time
import unittest
from pathlib import Path

from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys

from bridge import Bridge, eventually, free_port, request
from browser import SHOTS, Browser, Shop, Widget

HOSTILE = """<img src=x onerror="window.hacked=1"><script>window.hacked=1</script>"><svg onload=window.hacked=1>{{7*7}}'"""

# While `cut` is set no message leaves the page, and the pause after a failed one lasts an hour: only a sign that the line is back ends it.
CUT = """
const [fetched, timed] = [window.fetch, window.setTimeout];
let failed = false;
Object.assign(window, { cut: true, refused: 0 });
window.fetch = (url, options) => {
    if (!window.cut || options?.method !== "POST" || !url.endsWith("/messages")) return fetched(url, options);
    failed = true;
    window.refused += 1;
    return Promise.reject(new TypeError("the line is cut"));
};
window.setTimeout = (work, wait) => {
    const held = failed;
    failed = false;
    return timed(work, held ? 3_600_000 : wait);
};
"""


class WidgetTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.bridge = Bridge()
        cls.addClassCleanup(cls.bridge.stop)
        if not any(channel["adapter"] == "webchat" for channel in cls.bridge.about["channels"]):
            raise unittest.SkipTest("no webchat channel")
        print(f"screenshots: {SHOTS}", flush=True)

    def browser(self, **size):
        browser = Browser(**size)
        self.addCleanup(browser.quit)
        return browser

    def shop(self, bridge=None, allowed=True, **attributes):
        """A page of its own origin, and a channel that lets it in."""
        shop = Shop(bridge or self.bridge.url)
        self.addCleanup(shop.stop)
        secret = secrets.token_hex(16)
        origins = [shop.origin] if allowed else ["https://shop.example"]
        channel = self.bridge.add_channel("webchat", f"Shop {secret[:6]}", {"allowed_origins": origins, "identity_secret": secret})
        shop.attributes = {"channel": channel["id"], **attributes}
        shop.secret = secret
        shop.channel = channel["id"]
        return shop

    def quiet(self, browser):
        """Nothing ran that was written as text, nothing was refused by a policy, and the console has nothing to say."""
        self.assertIsNone(browser.run("return window.hacked ?? null"))
        self.assertEqual(browser.console(), [])

    def inbound(self, shop):
        return [message for message in self.bridge.inbound() if message["channelId"] == shop.channel]

    def test_a_person_chats_closes_comes_back_and_finds_everything(self):
        browser, shop = self.browser(), self.shop(title="Ask the shop")
        widget = Widget.opened(browser, shop.origin)
        widget.say("Where is my parcel?")
        widget.shows("Where is my parcel?", "delivered")
        asked = self.bridge.inbound_with("Where is my parcel?")[0]
        status, _ = self.bridge.api("POST", f"/v1/conversations/{asked['conversationId']}/typing", {})
        self.assertEqual(status, 204)
        eventually(lambda: "writing" in widget.find(".typing").text, "typing is not shown")
        body = {"type": "text", "text": {"text": "On its way, see https://example.org/t?a=1."},
                "buttons": [{"title": "Thanks", "value": "thanks"}, {"title": "Track it", "url": "https://example.org/t"}]}
        status, answer = self.bridge.api("POST", f"/v1/conversations/{asked['conversationId']}/messages", {"body": body})
        self.assertEqual(status, 202, answer)
        widget.shows("On its way, see https://example.org/t?a=1.")
        link = widget.find(".text a")
        self.assertEqual((link.get_attribute("href"), link.get_attribute("rel").split()[:2]), ("https://example.org/t?a=1", ["noopener", "noreferrer"]))
        self.bridge.becomes(answer, "read")
        browser.shot("widget-light")
        widget.find("button.reply").click()
        widget.shows("Thanks", "delivered")

        self.assertEqual(browser.run("return document.activeElement.shadowRoot?.activeElement?.localName"), "textarea")
        widget.close()
        self.assertEqual(browser.run("return document.activeElement.shadowRoot?.activeElement?.className"), "launcher")
        self.bridge.reply(asked, "While you were away")
        eventually(lambda: widget.find(".badge").text == "1", "the launcher does not tell of the new answer")
        widget.open()
        widget.shows("While you were away")
        self.assertEqual(widget.texts()[:1], ["Where is my parcel?"])
        browser.driver.get("about:blank")
        browser.driver.get(shop.origin)
        widget = Widget(browser)
        widget.shows("While you were away")
        self.assertEqual(widget.texts(), ["Where is my parcel?", "On its way, see https://example.org/t?a=1.", "Thanks", "While you were away"])
        self.quiet(browser)

    def test_a_screen_reader_is_told_what_is_there_and_what_comes_and_a_keyboard_reaches_it(self):
        browser, shop = self.browser(), self.shop(title="Ask the shop")
        browser.driver.get(shop.origin)
        widget = Widget(browser)
        widget.root

        def of(role):
            return [(name, properties) for kind, name, properties in browser.told() if kind == role]

        launcher, = [(name, properties) for name, properties in of("button") if properties.get("hasPopup") == "dialog"]
        self.assertTrue(launcher[0])
        self.assertFalse(launcher[1].get("expanded"))
        # By keyboard alone: to the launcher, in, write, out.
        for _ in range(12):
            if browser.run("return document.activeElement?.shadowRoot?.activeElement?.className") == "launcher":
                break
            browser.driver.switch_to.active_element.send_keys(Keys.TAB)
        browser.driver.switch_to.active_element.send_keys(Keys.ENTER)
        eventually(lambda: of("dialog") or None, "no dialog opens")
        self.assertEqual([name for name, _ in of("dialog")], ["Ask the shop"])
        focused = [(role, name) for role, name, properties in browser.told() if properties.get("focused") and role == "textbox"]
        self.assertEqual(focused, [("textbox", "Your message")])
        widget.say("Is this read out?")
        asked = self.bridge.inbound_with("Is this read out?")[0]
        self.bridge.reply(asked, "Yes, it is.")
        widget.shows("Yes, it is.")
        (name, properties), = of("log")
        self.assertEqual((name, properties.get("live")), ("Messages", "polite"))
        said = [name for role, name, _ in browser.told() if role == "StaticText"]
        self.assertLess(said.index("Is this read out?"), said.index("Yes, it is."))
        for role in ("button", "textbox", "link"):
            self.assertEqual([name for name, _ in of(role) if not name.strip()], [], f"a {role} without a name")
        widget.close()
        self.assertEqual(browser.run("return document.activeElement.shadowRoot.activeElement.className"), "launcher")

    def test_the_server_is_gone_for_ten_seconds_and_nothing_is_lost_or_doubled(self):
        port = free_port()
        server = Server(self.bridge, port)
        self.addCleanup(server.kill)
        browser, shop = self.browser(), self.shop(bridge=server.url)
        widget = Widget.opened(browser, shop.origin)
        widget.say("before")
        widget.shows("before", "delivered")
        conversation = self.bridge.inbound_with("before")[0]
        server.kill()
        gone = time.monotonic()
        written = [f"written while away {number}" for number in range(5)]
        for text in written:
            widget.say(text)
        eventually(lambda: "No connection" in widget.line(), "the widget does not tell that it is offline")
        for text in written[:2]:
            widget.shows(text, "waiting")
        self.bridge.reply(conversation, "answered while away")
        time.sleep(max(0, 10 - (time.monotonic() - gone)))  # what is tried is the outage itself
        server.start()
        for text in written:
            widget.shows(text, "delivered")
        widget.shows("answered while away")
        said = [message["body"]["text"]["text"] for message in sorted(self.inbound(shop), key=lambda message: message["seq"])]
        self.assertEqual(said, ["before", *written])
        browser.driver.refresh()
        widget = Widget(browser)
        widget.shows("answered while away")
        self.assertEqual(sorted(widget.texts(own=True)), sorted(["before", *written]))
        self.assertEqual(widget.texts(own=False), ["answered while away"])
        self.quiet(browser)

    def waits_for_the_line(self, browser, widget, text):
        """Writes what fails to leave, and waits until the widget pauses over it."""
        browser.run(CUT)
        widget.say(text)
        widget.shows(text, "waiting")
        eventually(lambda: browser.run("return window.refused") > 0, "nothing was tried")
        browser.run("window.cut = false")

    def test_what_waits_goes_out_as_soon_as_the_browser_is_online_again(self):
        browser, shop = self.browser(), self.shop()
        widget = Widget.opened(browser, shop.origin)
        widget.say("before")
        widget.shows("before", "delivered")
        self.waits_for_the_line(browser, widget, "while the line was cut")
        browser.run("window.dispatchEvent(new Event('online'))")
        widget.shows("while the line was cut", "delivered")
        self.assertEqual(browser.run("return window.refused"), 1)
        self.quiet(browser)

    def test_what_waits_goes_out_as_soon_as_the_stream_is_back(self):
        server = Server(self.bridge, free_port())
        self.addCleanup(server.kill)
        browser, shop = self.browser(), self.shop(bridge=server.url)
        widget = Widget.opened(browser, shop.origin)
        widget.say("before")
        widget.shows("before", "delivered")
        self.waits_for_the_line(browser, widget, "while the server was away")
        server.kill()
        eventually(lambda: "No connection" in widget.line(), "the widget does not tell that it is offline")
        server.start()
        widget.shows("while the server was away", "delivered")
        self.assertEqual(len(self.bridge.inbound_with("while the server was away")), 1)
        self.quiet(browser)

    def test_what_was_written_without_a_server_survives_a_reload(self):
        server = Server(self.bridge, free_port())
        self.addCleanup(server.kill)
        browser, shop = self.browser(), self.shop(bridge=server.url)
        widget = Widget.opened(browser, shop.origin)
        widget.say("first")
        widget.shows("first", "delivered")
        server.kill()
        widget.say("kept in the browser")
        widget.shows("kept in the browser", "waiting")
        browser.driver.get("about:blank")
        server.start()
        browser.driver.get(shop.origin)
        widget = Widget(browser)
        widget.shows("kept in the browser", "delivered")
        self.assertEqual(len(self.bridge.inbound_with("kept in the browser")), 1)

    def test_script_in_every_field_is_text(self):
        browser, shop = self.browser(), self.shop(title=HOSTILE, color="red;}", user_name=HOSTILE)
        widget = Widget.opened(browser, shop.origin)
        self.assertEqual(widget.find("h2").text, HOSTILE)
        widget.say(HOSTILE)
        widget.shows(HOSTILE, "delivered")
        asked = eventually(lambda: self.inbound(shop), "nothing came in")[0]
        self.assertEqual(asked["body"]["text"]["text"], HOSTILE)
        body = {"type": "text", "text": {"text": HOSTILE + " javascript:window.hacked=1 https://example.org/\"onclick=window.hacked=1"},
                "buttons": [{"title": HOSTILE[:60], "value": HOSTILE[:60]}]}
        status, answer = self.bridge.api("POST", f"/v1/conversations/{asked['conversationId']}/messages", {"body": body})
        self.assertEqual(status, 202, answer)
        widget.shows(body["text"]["text"])
        self.assertEqual(widget.find("button.reply").text.split(), HOSTILE[:60].split())
        self.assertEqual(browser.run("return arguments[0].querySelectorAll('script, iframe, object, [onerror], [onload], [onclick], [style]').length", widget.root), 0)
        for link in widget.root.find_elements(By.CSS_SELECTOR, "a"):
            self.assertRegex(link.get_attribute("href"), "^https?:")
        browser.shot("widget-hostile")
        self.quiet(browser)

    def test_a_forged_token_shows_nothing_and_a_new_visitor_begins(self):
        shop = self.shop()
        owner = self.browser()
        widget = Widget.opened(owner, shop.origin)
        widget.say("a secret of mine")
        widget.shows("a secret of mine", "delivered")
        key = f"parley.chat.{shop.channel}.session"
        kept = json.loads(owner.run("return localStorage.getItem(arguments[0])", key))
        forged = {"token": kept["token"][:-4] + ("AAAA" if kept["token"][-4:] != "AAAA" else "BBBB"), "user": None}
        stranger = self.browser()
        stranger.driver.get(shop.origin)
        stranger.run("localStorage.setItem(arguments[0], arguments[1])", key, json.dumps(forged))
        stranger.driver.refresh()
        widget = Widget(stranger)
        widget.open()
        widget.say("hello from a stranger")
        widget.shows("hello from a stranger", "delivered")
        self.assertEqual(widget.texts(), ["hello from a stranger"])
        conversations = {message["conversationId"] for message in self.inbound(shop)}
        self.assertEqual(len(conversations), 2)
        other = self.shop()
        status, _, answer = request("GET", f"{self.bridge.url}/webchat/{other.channel}/messages", headers={"Authorization": f"Bearer {kept['token']}"})
        self.assertEqual((status, json.loads(answer)["code"]), (401, "bad_token"))
        self.quiet(stranger)

    def test_a_page_of_a_foreign_origin_gets_nothing(self):
        browser, shop = self.browser(), self.shop(allowed=False)
        widget = Widget.opened(browser, shop.origin)
        eventually(lambda: "not available" in widget.line(), "the widget does not say that it may not be used here")
        self.assertIsNone(browser.run("return localStorage.getItem(arguments[0])", f"parley.chat.{shop.channel}.session"))
        answer = browser.driver.execute_async_script(
            "const done = arguments[1]; fetch(arguments[0], {method: 'POST', body: '{}'}).then((r) => r.text()).then(done, (e) => done('refused: ' + e.name))",
            f"{self.bridge.url}/webchat/{shop.channel}/session")
        self.assertEqual(answer, "refused: TypeError")

    def test_a_signed_in_person_is_known_by_proof_only(self):
        shop = self.shop()
        user = f"ann-{secrets.token_hex(4)}@example.org"
        proof = hmac.new(shop.secret.encode(), user.encode(), hashlib.sha256).hexdigest()
        shop.attributes |= {"user_id": user, "user_hash": proof, "user_name": "Ann"}
        first = self.browser()
        widget = Widget.opened(first, shop.origin)
        widget.say("signed in here")
        widget.shows("signed in here", "delivered")
        second = self.browser()
        widget = Widget.opened(second, shop.origin)
        widget.shows("signed in here")
        second.run("ParleyChat.identify(null)")
        eventually(lambda: widget.texts() == [], "what a signed-in person wrote is shown to the next one")
        self.quiet(first)
        shop.attributes["user_hash"] = "0" * 64
        third = self.browser()
        widget = Widget.opened(third, shop.origin)
        widget.say("only says so")
        widget.shows("only says so", "delivered")
        self.assertEqual(widget.texts(), ["only says so"])
        self.assertIn("proof of identity", "".join(third.console()))

    def test_a_file_goes_up_and_comes_down(self):
        browser, shop = self.browser(), self.shop()
        widget = Widget.opened(browser, shop.origin)
        eventually(lambda: widget.find("[aria-label='Attach files']").is_displayed(), "files cannot be attached")
        folder = Path(tempfile.mkdtemp())
        self.addCleanup(lambda: [path.unlink() for path in folder.iterdir()] and folder.rmdir())
        note = folder / "<b>note.txt"
        note.write_text("kept as it is")
        widget.find("input[type=file]").send_keys(str(note))
        link = eventually(lambda: next(iter(widget.root.find_elements(By.CSS_SELECTOR, ".own[data-state=delivered] a.file")), None), "the file is not shown")
        self.assertIn("note.txt", link.text)
        status, headers, content = request("GET", link.get_attribute("href"))
        self.assertEqual((status, content), (200, b"kept as it is"))
        self.assertIn("nosniff", headers["x-content-type-options"])
        self.quiet(browser)

    def test_it_fits_320_pixels_and_the_dark(self):
        browser, shop = self.browser(width=320, height=600, dark=True), self.shop(title="A title that is rather long for a narrow screen")
        widget = Widget.opened(browser, shop.origin)
        widget.say("Averylongwordthatneverendsandstillmustnotpushthepanelwiderthanthescreen " * 2)
        eventually(lambda: any(each["state"] == "delivered" for each in widget.messages()), "nothing was delivered")
        asked = eventually(lambda: self.inbound(shop), "nothing came in")[0]
        self.bridge.reply(asked, "A short answer.")
        widget.shows("A short answer.")
        wide = browser.run("""return [...arguments[0].querySelectorAll('.panel *')].filter((each) => !each.closest('.hidden'))
            .filter((each) => { const box = each.getBoundingClientRect(); return box.width > 1 && (box.right > 321 || box.left < -1); }).map((each) => each.className)""",
            widget.root)
        self.assertEqual(wide, [])
        ground = browser.run("return getComputedStyle(arguments[0].querySelector('.panel')).backgroundColor", widget.root)
        self.assertLess(sum(int(part) for part in ground[4:-1].split(",")), 150)
        browser.shot("widget-320-dark")
        self.quiet(browser)


    def test_what_is_being_written_is_shown_in_whole_lines(self):
        shop = self.shop(title="Ask the shop")
        draft = "My parcel was to arrive last Monday, and the tracking page still says it is on its way. "
        for width, dark in ((320, False), (320, True), (380, True), (1000, False)):
            browser = self.browser(width=width, height=600, dark=dark)
            widget = Widget.opened(browser, shop.origin)
            field = widget.find("textarea")

            def lines():
                return browser.run("""const [field, style] = [arguments[0], getComputedStyle(arguments[0])];
                    const inner = field.clientHeight - parseFloat(style.paddingTop) - parseFloat(style.paddingBottom);
                    return [inner / parseFloat(style.lineHeight), field.scrollHeight - field.clientHeight]""", field)

            for text in (draft, "\nOne more line.", draft * 3):
                field.send_keys(text.replace("\n", Keys.SHIFT + Keys.ENTER + Keys.NULL))
                shown, hidden = lines()
                with self.subTest(width=width, dark=dark, shown=shown):
                    self.assertAlmostEqual(shown, round(shown), delta=0.1)
                    self.assertEqual(hidden > 0, text == draft * 3)
                if text == draft:
                    browser.shot(f"widget-draft-{width}-{'dark' if dark else 'light'}")
            widget.say("")
            self.assertAlmostEqual(lines()[0], 1, delta=0.1)
            self.quiet(browser)


class Server:
    """A `parley serve` beside the bridge that can be killed and started again at its place."""

    def __init__(self, bridge, port):
        self.bridge = bridge
        self.port = port
        self.url = f"http://127.0.0.1:{port}"
        self.start()

    def start(self):
        self.process = self.bridge.serve_at(self.port)

    def kill(self):
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGKILL)
            self.process.wait()
        if self.process in self.bridge.processes:
            self.bridge.processes.remove(self.process)


if __name__ == "__main__":
    unittest.main(verbosity=2)
