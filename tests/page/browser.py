"""Debian's Chromium without a window, driven by Selenium."""
import json
import shutil

from selenium import webdriver
from selenium.webdriver.chrome.service import Service


def there():
    return shutil.which("chromium") is not None and shutil.which("chromedriver") is not None


class Browser:
    def __init__(self, width=1400, height=1000):
        options = webdriver.ChromeOptions()
        options.binary_location = shutil.which("chromium")
        for flag in ("--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--hide-scrollbars", "--no-first-run",
                     "--disable-background-networking", "--disable-component-update", f"--window-size={width},{height}"):
            options.add_argument(flag)
        options.set_capability("goog:loggingPrefs", {"browser": "ALL"})
        self.driver = webdriver.Chrome(options=options, service=Service(shutil.which("chromedriver")))
        self.driver.set_script_timeout(60)

    def open(self, url):
        self.driver.get("about:blank")
        self.driver.get(url)

    def run(self, script, *arguments):
        """The result of the body of a function that may await."""
        return self.driver.execute_async_script(
            "const done = arguments[arguments.length - 1]; const args = [...arguments].slice(0, -1);"
            "(async (...args) => {" + script + "})(...args).then(done, (error) => done('error: ' + error.stack));", *arguments)

    def settle(self):
        """Waits until what was asked for is painted."""
        self.run("for (let i = 0; i < 3; ++i) await new Promise((done) => requestAnimationFrame(done)); await new Promise((done) => setTimeout(done, 60));")

    def scheme(self, value):
        self.driver.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": [{"name": "prefers-color-scheme", "value": value}]})
        self.settle()

    def press(self, key, code=0, shift=False):
        """A key as a person presses it, at whatever has the focus."""
        for kind in ("rawKeyDown", "keyUp"):
            self.driver.execute_cdp_cmd("Input.dispatchKeyEvent", {"type": kind, "key": key, "code": key, "modifiers": 8 if shift else 0,
                                                                   "windowsVirtualKeyCode": KEYS.get(key, code)})
        self.settle()

    def errors(self):
        """What the console said since the last call."""
        return [f"{entry['level']}: {entry['message']}" for entry in self.driver.get_log("browser")]

    def screenshot(self, path, whole=False):
        if whole:
            size = self.driver.execute_cdp_cmd("Page.getLayoutMetrics", {})["cssContentSize"]
            picture = self.driver.execute_cdp_cmd("Page.captureScreenshot", {"captureBeyondViewport": True, "clip": {
                "x": 0, "y": 0, "width": size["width"], "height": min(size["height"], 4000), "scale": 1}})
            import base64
            path.write_bytes(base64.b64decode(picture["data"]))
        else:
            self.driver.save_screenshot(str(path))

    def printed(self):
        return self.driver.execute_cdp_cmd("Page.printToPDF", {"printBackground": False})["data"]

    def quit(self):
        self.driver.quit()


KEYS = {"ArrowLeft": 37, "ArrowUp": 38, "ArrowRight": 39, "ArrowDown": 40, "Home": 36, "End": 35, "Escape": 27, "Tab": 9, "Enter": 13,
        "+": 187, "-": 189}
