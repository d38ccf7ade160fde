"""A headless Chromium for tests, and pages of another origin that embed the widget."""
import html
import http.server
import os
import shutil
import tempfile
import threading
from pathlib import Path

from selenium import webdriver
from selenium.common.exceptions import JavascriptException, NoSuchElementException, StaleElementReferenceException
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys

from bridge import eventually

# Where screenshots go for a person to look at.
SHOTS = Path(os.environ.get("PARLEY_SHOTS") or tempfile.mkdtemp(prefix="parley-shots-"))


class Browser:
    def __init__(self, width=1000, height=760, dark=False):
        options = webdriver.ChromeOptions()
        for argument in ("--headless=new", "--no-sandbox", "--disable-dev-shm-usage", "--disable-gpu", f"--window-size={width},{height}"):
            options.add_argument(argument)
        options.set_capability("goog:loggingPrefs", {"browser": "ALL"})
        options.binary_location = shutil.which("chromium") or ""
        self.driver = webdriver.Chrome(options=options, service=webdriver.ChromeService(shutil.which("chromedriver")))
        size = {"width": width, "height": height, "deviceScaleFactor": 1, "mobile": False}
        self.driver.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", size)
        scheme = {"name": "prefers-color-scheme", "value": "dark" if dark else "light"}
        self.driver.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": [scheme, {"name": "prefers-reduced-motion", "value": "reduce"}]})

    def quit(self):
        self.driver.quit()

    def shot(self, name):
        SHOTS.mkdir(parents=True, exist_ok=True)
        self.driver.save_screenshot(str(SHOTS / f"{name}.png"))

    def console(self):
        """What the console said since the last time, without information and without calls that did not get through."""
        return [entry["message"] for entry in self.driver.get_log("browser")
                if entry["level"] in ("SEVERE", "WARNING") and "Failed to load resource" not in entry["message"]
                and "ERR_" not in entry["message"]]

    def told(self):
        """What a screen reader is given, as (role, name, properties), in the order of the page."""
        nodes = self.driver.execute_cdp_cmd("Accessibility.getFullAXTree", {})["nodes"]
        return [
            (node["role"]["value"], node.get("name", {}).get("value", ""),
             {each["name"]: each["value"].get("value") for each in node.get("properties", [])})
            for node in nodes if not node.get("ignored")]

    def run(self, script, *arguments):
        return self.driver.execute_script(script, *arguments)


class Widget:
    """The chat widget on the present page, as a person uses it."""

    def __init__(self, browser):
        self.browser = browser

    @classmethod
    def opened(cls, browser, page):
        """On a page that is visited now."""
        browser.driver.get(page)
        widget = cls(browser)
        widget.open()
        return widget

    @property
    def root(self):
        def look():
            try:
                return self.browser.driver.find_element(By.CSS_SELECTOR, "[data-parley-chat]").shadow_root
            except NoSuchElementException:
                return None
        return eventually(look, lambda: f"there is no widget: {self.browser.console()}")

    def find(self, selector):
        return self.root.find_element(By.CSS_SELECTOR, selector)

    def open(self):
        self.find(".launcher").click()

    def close(self):
        self.find("textarea").send_keys(Keys.ESCAPE)

    def say(self, text):
        self.find("textarea").send_keys(text + Keys.ENTER)

    def messages(self):
        """What is shown: who, text and how far it got, in order."""
        script = """return [...arguments[0].querySelectorAll('.message')].map((item) => ({
            own: item.classList.contains('own'), text: item.querySelector('.text')?.textContent ?? '', state: item.dataset.state ?? null }))"""
        try:
            return self.browser.run(script, self.root)
        except (JavascriptException, StaleElementReferenceException):
            return []

    def texts(self, own=None):
        return [each["text"] for each in self.messages() if own is None or each["own"] == own]

    def shows(self, text, state=None):
        """Waits until exactly one message says `text`, and has `state`."""
        def look():
            found = [each for each in self.messages() if each["text"] == text]
            return len(found) == 1 and (state is None or found[0]["state"] == state)
        eventually(look, lambda: f"{text!r} is not shown once as {state}: {self.messages()}, {self.browser.console()}")

    def line(self):
        return self.find(".state-line").text


class Shop:
    """A web server of its own origin whose pages embed the widget under a strict policy."""

    def __init__(self, bridge, **attributes):
        """`bridge`: the origin the widget comes from; `attributes` become `data-…`, `_` for `-`."""
        self.bridge = bridge
        self.attributes = attributes
        shop = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_GET(self):
                body = shop.page().encode()
                self.send_response(200)
                self.send_header("Content-Type", "text/html; charset=utf-8")
                self.send_header("Content-Length", str(len(body)))
                self.send_header("Content-Security-Policy", shop.policy())
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *arguments):
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        threading.Thread(target=self.server.serve_forever, daemon=True).start()
        self.origin = f"http://127.0.0.1:{self.server.server_port}"

    def stop(self):
        self.server.shutdown()
        self.server.server_close()

    def policy(self):
        return (f"default-src 'none'; script-src {self.bridge}; connect-src {self.bridge}; img-src {self.bridge}; "
                "require-trusted-types-for 'script'; base-uri 'none'; form-action 'none'")

    def page(self):
        data = " ".join(f'data-{name.replace("_", "-")}="{html.escape(value)}"' for name, value in self.attributes.items())
        return ('<!doctype html><html lang="en"><meta charset="utf-8"><meta name="viewport" content="width=device-width"><title>Shop</title>'
                f'<h1>A shop</h1><script src="{self.bridge}/webchat/widget.js" {data} async></script>')
