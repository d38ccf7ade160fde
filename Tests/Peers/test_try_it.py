"""The page of `parley dev` where everything can be tried, in a real browser."""
import json
import secrets
import unittest

from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys

from bridge import Bridge, eventually, post_slack, post_twilio, request, slack_event, twilio_form
from browser import Browser
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
        eventually(lambda: browser.run("return document.querySelector('#bridge .thread button')?.click() ?? document.getElementById('journey').open"), "no journey opens")
        self.shows(browser, "#journey", "Received over HTTP")
        self.shows(browser, "#journey", "Threaded by")
        browser.shot("try-journey")
        browser.driver.find_element(By.CSS_SELECTOR, "#journey .plain").click()
        browser.shot("try")
        self.assertEqual(browser.console(), [])

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
