"""The page of `parley dev` where everything can be tried, in a real browser."""
import json
import secrets
import unittest

from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys

from bridge import Bridge, eventually, post_slack, post_twilio, request, slack_event, twilio_form
from browser import Browser, Widget
from test_webchat import Visitor


class TryItTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.bridge = Bridge()
        cls.addClassCleanup(cls.bridge.stop)

    def page(self, **size):
        browser = Browser(**({"width": 1500, "height": 950} | size))
        self.addCleanup(browser.quit)
        browser.driver.get(self.bridge.url + "/")
        eventually(lambda: browser.driver.find_element(By.ID, "link").text == "Live", lambda: f"the page is not live: {browser.console()}")
        return browser

    def fill(self, browser, pane, **values):
        for name, value in values.items():
            field = browser.driver.find_element(By.CSS_SELECTOR, f"#{pane} [name={name}]")
            field.clear()
            field.send_keys(value)

    def shows(self, browser, selector, text):
        eventually(lambda: text in browser.driver.find_element(By.CSS_SELECTOR, selector).text, lambda: f"{selector} does not show {text!r}: {browser.console()}")

    def test_what_a_phone_writes_is_answered_in_the_middle_and_arrives(self):
        browser = self.page()
        self.fill(browser, "phone", text="Is my parcel on its way?" + Keys.ENTER)
        self.shows(browser, "#bridge .thread", "Is my parcel on its way?")
        self.fill(browser, "bridge", text="It arrives tomorrow." + Keys.ENTER)
        self.shows(browser, "#phone .thread", "It arrives tomorrow.")
        self.shows(browser, "#bridge .thread", "delivered")
        self.fill(browser, "slack", text="Where is the invoice?" + Keys.ENTER)
        self.shows(browser, "#list-conversations", "Where is the invoice?")
        self.fill(browser, "bridge", text="It is in your mail." + Keys.ENTER)
        self.shows(browser, "#slack .thread", "It is in your mail.")
        browser.shot("try")
        self.assertEqual(browser.console(), [])

    def journey(self, browser, message):
        """Opens the way of a message of the open conversation, and returns what it says."""
        button = f"#bridge .thread [data-key='{message['id']}']"
        eventually(lambda: browser.run("return document.querySelector(arguments[0])?.click() ?? document.getElementById('journey').open", button), "no journey opens")
        self.shows(browser, "#journey", "1. ")
        told = browser.driver.find_element(By.ID, "journey").text
        browser.shot(f"try-journey-{message['direction']}")
        browser.driver.find_element(By.CSS_SELECTOR, "#journey .plain").click()
        return told

    def test_the_way_of_a_message_is_told_in_sentences(self):
        browser, number = self.page(), "+15005550190"
        self.fill(browser, "phone", **{"from": number, "text": "Hello?" + Keys.ENTER})
        first = self.bridge.inbound_with("Hello?")[0]
        self.assertEqual(self.bridge.api("POST", f"/v1/conversations/{first['conversationId']}/end", {})[0], 200)
        self.fill(browser, "phone", text="Hello again" + Keys.ENTER)
        second = self.bridge.inbound_with("Hello again")[0]
        self.shows(browser, "#bridge .thread", "Hello again")
        told = self.journey(browser, second)
        for sentence in ("Received over HTTP", "the sender’s address tells who that is.", f"the conversation with {number}: it had been ended.",
                         "So a new conversation was opened for it."):
            self.assertIn(sentence, told)
        self.assertNotIn("{\"conversationId\"", told)
        sent = self.bridge.becomes(self.bridge.reply(second, "Good day!"), "delivered")
        self.shows(browser, "#bridge .thread", "Good day!")
        told = self.journey(browser, sent)
        for sentence in (f"Sent to {number}: delivered", "taken", "HTTP 201", "are not kept", "Taken by the provider of the sandbox"):
            self.assertIn(sentence, told)
        self.assertEqual(browser.console(), [])

    def test_a_visitor_of_the_widget_is_answered_and_has_a_name_that_can_be_read(self):
        browser = self.page()
        frame = browser.driver.find_element(By.CSS_SELECTOR, "#webchat iframe")
        browser.driver.switch_to.frame(frame)
        Widget(browser).say("Do you ship to Norway?")
        asked = self.bridge.inbound_with("Do you ship to Norway?")[0]
        browser.driver.switch_to.default_content()
        self.shows(browser, "#bridge .thread", "Do you ship to Norway?")
        address = self.bridge.get(f"/v1/conversations/{asked['conversationId']}")["address"]["value"]
        for place in ("#bridge h3", "#list-conversations"):
            self.shows(browser, place, f"Visitor {address[:4]}")
        browser.driver.find_element(By.ID, "tab-contacts").click()
        self.shows(browser, "#list-contacts", f"Visitor {address[:4]}")
        self.assertNotIn(address, browser.driver.find_element(By.ID, "bridge").text)
        self.fill(browser, "bridge", text="We do." + Keys.ENTER)
        browser.driver.switch_to.frame(frame)
        Widget(browser).shows("We do.")
        browser.driver.switch_to.default_content()
        self.assertEqual(browser.console(), [])

    def test_what_stands_in_the_fields_can_be_read_at_every_width(self):
        clipped = """return [...document.querySelectorAll('input:not([type=checkbox], [type=file]), textarea')]
            .filter((field) => field.scrollWidth > field.clientWidth || field.scrollHeight > field.clientHeight).map((field) => field.name || 'widget')"""
        for width in (1500, 1250, 1100, 1051, 1000, 360):
            browser = self.page(width=width)
            with self.subTest(width):
                self.assertEqual(browser.run(clipped), [])
                browser.driver.switch_to.frame(browser.driver.find_element(By.CSS_SELECTOR, "#webchat iframe"))
                self.assertEqual(browser.run(clipped.replace("document.", "arguments[0]."), Widget(browser).root), [])
                browser.driver.switch_to.default_content()
            browser.shot(f"try-{width}")

    def test_an_address_that_would_run_something_is_never_a_link(self):
        channels = {channel["adapter"]: channel for channel in self.bridge.about["channels"]}
        word, addresses = secrets.token_hex(4), ["javascript:window.hacked=1", "data:text/html,<script>window.hacked=1</script>", "file:///etc/passwd"]
        files = {f"MediaUrl{index}": address for index, address in enumerate(addresses)} | {f"MediaContentType{index}": "image/png" for index in range(3)}
        form = twilio_form(channels["twilio"], "+15005550180", f"{word} {addresses[0]}", NumMedia="3", **files)
        self.assertEqual(post_twilio(channels["twilio"], form)[0], 200)
        event = slack_event("U0ANNA001", "C0LINKS001", f"{word} <{addresses[0]}|click> <{addresses[1]}> [click]({addresses[0]})", files=[
            {"id": f"F{index}", "url_private": address, "mimetype": "image/png", "name": "a.png"} for index, address in enumerate(addresses)])
        self.assertEqual(post_slack(channels["slack"], event)[0], 200)
        visitor = Visitor(self.bridge.url, channels["webchat"]["id"])
        self.assertEqual(visitor.start()[0], 200)
        for address in addresses:
            status, answer, _ = visitor.call("POST", "/messages", {"clientId": secrets.token_hex(8), "text": "", "media": [{"url": address}]})
            self.assertEqual(status, 422, answer)
        visitor.say(f"{word} {' '.join(addresses)}")

        def come_in():
            found = [message for message in self.bridge.inbound() if word in message["body"]["text"]["text"]]
            return found if len(found) == 3 else None
        for message in eventually(come_in, "not all of it came in"):
            for media in message["body"].get("media", []):
                self.assertEqual((media["url"], media["unavailable"]), ("", "scheme_not_allowed"))
            for address in addresses:
                body = {"type": "text", "text": {"text": "see"}, "media": [{"url": address}]}
                status, answer = self.bridge.api("POST", f"/v1/conversations/{message['conversationId']}/messages", {"body": body})
                self.assertEqual((status, answer["code"]), (422, "scheme_not_allowed"))
        browser = self.page()
        self.shows(browser, "#list-conversations", word)
        self.assertEqual(browser.run("return [...document.querySelectorAll('[href], [src]')].map((each) => each.href || each.src)"
                                     ".filter((url) => /^(javascript|data|file):/i.test(url))"), [])
        self.assertIsNone(browser.run("return window.hacked ?? null"))
        self.assertEqual(browser.console(), [])

    def test_contacts_are_merged_and_taken_apart(self):
        browser = self.page()
        for number in ("+15005550171", "+15005550172"):
            self.fill(browser, "phone", **{"from": number, "text": f"from {number}" + Keys.ENTER})
            self.shows(browser, "#list-conversations", number)
        browser.driver.find_element(By.ID, "tab-contacts").click()
        for number in ("+15005550171", "+15005550172"):
            browser.driver.find_element(By.XPATH, f"//li[contains(@class, 'contact')][contains(., '{number}')]//input").click()
        browser.driver.find_element(By.XPATH, "//button[text()='Merge the two']").click()
        self.shows(browser, "#bridge .open", "one history")
        self.shows(browser, "#bridge .open .thread", "from +15005550171")
        self.shows(browser, "#bridge .open .thread", "from +15005550172")
        browser.shot("try-merged")
        browser.driver.find_element(By.XPATH, "//button[text()='Take back']").click()
        self.shows(browser, "#bridge", "The merge was taken back.")
        eventually(lambda: len(browser.driver.find_elements(By.XPATH, "//li[contains(@class, 'contact')][contains(., '+1500555017')]")) == 2, "they are still one")
        self.assertEqual(browser.console(), [])

    def test_the_page_fits_a_phone_in_the_dark(self):
        browser = self.page(width=360, height=800, dark=True)
        self.assertLessEqual(browser.run("return document.documentElement.scrollWidth"), 360)
        browser.shot("try-360-dark")

    def test_the_key_is_told_to_this_machines_names_only(self):
        status, _, answer = request("GET", f"{self.bridge.url}/sandbox/try.json")
        self.assertEqual((status, json.loads(answer)["apiKey"]), (200, self.bridge.key))
        for path in ("/", "/sandbox/try.json", "/sandbox/events", "/sandbox/merges"):
            status, _, answer = request("GET", self.bridge.url + path, headers={"Host": "rebound.example"})
            self.assertEqual(status, 421, path)
            self.assertNotIn(self.bridge.key.encode(), answer)

    def test_a_customer_writes_a_mail_over_smtp_and_reads_the_answer(self):
        if not any(channel["adapter"] == "email" for channel in self.bridge.about["channels"]):
            self.skipTest("no email channel")
        browser = self.page()
        self.fill(browser, "mail", subject="My order", text="The box arrived damaged." + Keys.ENTER)
        self.shows(browser, "#bridge .thread", "The box arrived damaged.")
        self.fill(browser, "bridge", text="We send a new one." + Keys.ENTER)
        self.shows(browser, "#mail .thread", "We send a new one.")
        browser.driver.find_element(By.XPATH, "//section[@id='mail']//button[text()='Answer']").click()
        self.fill(browser, "mail", text="Thank you!" + Keys.ENTER)
        self.shows(browser, "#bridge .thread", "Thank you!")
        browser.shot("try-mail")
        mails = [message for message in self.bridge.inbound() if message["body"].get("subject", "").endswith("My order")]
        self.assertEqual(len({mail["conversationId"] for mail in mails}), 1)


if __name__ == "__main__":
    unittest.main(verbosity=2)
