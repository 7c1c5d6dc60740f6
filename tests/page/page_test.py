"""The run page in a real browser: every view has content, nothing is said on the console, keyboard and colours work, what a model wrote is
text, and 10,000 steps are quick."""
import base64
import os
import re
import shutil
import subprocess
import tempfile
import unittest
from pathlib import Path

import browser
import folders

ROOT = Path(__file__).resolve().parents[2]
DROVER = Path(os.environ.get("DROVER_BIN", ROOT / "build/bin/drover"))
PICTURES = Path(os.environ.get("DROVER_PICTURES", ROOT / "build/test-results/page"))
VIEWS = ("curves", "groups", "timing", "compare")


def report(out, *runs):
    subprocess.run([DROVER, "report", *runs, "--out", out], check=True)
    return out.as_uri()


@unittest.skipUnless(browser.there(), "no Chromium")
@unittest.skipUnless(DROVER.exists(), f"no {DROVER}")
class PageTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.folder = Path(tempfile.mkdtemp(prefix="drover-page-"))
        cls.addClassCleanup(shutil.rmtree, cls.folder, ignore_errors=True)
        PICTURES.mkdir(parents=True, exist_ok=True)
        first = folders.ordinary(cls.folder / "first", recipe='run { seed: 1 } loss { aggregation: CONSTANT }')
        second = folders.ordinary(cls.folder / "second", steps=20, seed=2, recipe='run { seed: 2 } loss { aggregation: CONSTANT }')
        cls.one = report(cls.folder / "one.html", first)
        cls.two = report(cls.folder / "two.html", first, second)
        cls.hostile = report(cls.folder / "hostile.html", folders.hostile(cls.folder / "hostile <b>name"))
        cls.browser = browser.Browser()
        cls.addClassCleanup(cls.browser.quit)

    def setUp(self):
        self.browser.errors()
        self.browser.scheme("light")

    def tearDown(self):
        self.assertEqual(self.browser.errors(), [], "the console is quiet")

    def open(self, url, view="curves"):
        self.browser.open(url + "#" + view)
        self.browser.settle()

    def text(self, selector):
        return self.browser.run("return document.querySelector(args[0])?.innerText ?? null", selector)

    def count(self, selector):
        return self.browser.run("return document.querySelectorAll(args[0]).length", selector)

    def test_every_view_has_content(self):
        for name, url in (("one", self.one), ("two", self.two)):
            for view in VIEWS:
                self.open(url, view)
                panel = self.text(f"#panel-{view}")
                self.assertGreater(len(panel), 100, view)
                self.assertNotIn("undefined", panel)
                self.assertNotIn("NaN", panel)
                self.browser.screenshot(PICTURES / f"{name}-{view}.png")

    def test_every_curve_is_drawn(self):
        self.open(self.one)
        self.assertGreater(self.count("#panel-curves figure"), 12)
        self.assertIn("a_new_field", self.text("#panel-curves"))
        self.browser.run("while ([...document.querySelectorAll('#panel-curves .plot')].some((plot) => !plot.querySelector('canvas')))"
                         "  await new Promise((done) => setTimeout(done, 20));")
        blank = ("const blank = (canvas) => !canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height).data.some((value) => value > 0);"
                 "return [...document.querySelectorAll('#panel-curves figure')].filter((figure) => [...figure.querySelectorAll('canvas')].every(blank)).length")
        self.assertEqual(self.browser.run(blank), 0)

    def test_axes_smoothing_and_logarithm(self):
        self.open(self.one)
        for option, value, said in (("x", "time", "minutes"), ("x", "tokens", "million"), ("x", "step", "step"), ("smooth", 9, "step"),
                                    ("log", True, "step")):
            self.browser.run("charts.setOption(args[0], args[1])", option, value)
            self.browser.settle()
            self.assertIn(said, self.text("#panel-curves .readout"))

    def test_zoom_is_shared_and_undone(self):
        self.open(self.one)
        self.browser.run("document.querySelector('#panel-curves .plot').focus()")
        whole = self.axis_labels()
        self.browser.press("Home")
        self.browser.press("+")
        self.assertNotEqual(self.axis_labels(), whole)
        self.assertEqual(self.axis_labels(0), self.axis_labels(2))
        self.browser.run("document.querySelector('#panel-curves canvas:last-of-type').dispatchEvent("
                         "new MouseEvent('dblclick', {bubbles: true, cancelable: true}))")
        self.browser.settle()
        self.assertEqual(self.axis_labels(), whole)

    def axis_labels(self, figure=0):
        return self.browser.run("return [...document.querySelectorAll('#panel-curves figure')[args[0]]"
                                ".querySelectorAll('.dygraph-axis-label-x')].map((label) => label.textContent).join(' ')", figure)

    def test_keyboard_alone(self):
        self.open(self.one)
        self.browser.run("document.getElementById('tab-curves').focus()")
        self.browser.press("ArrowRight")
        self.assertEqual(self.browser.run("return document.activeElement.id"), "tab-groups")
        self.browser.run("document.querySelector('.list').focus()")
        before = self.text(".detail h2")
        self.browser.press("ArrowDown")
        self.assertNotEqual(self.text(".detail h2"), before)
        self.browser.press("End")
        self.assertIn("Step 1,", self.text(".detail h2"))
        self.browser.run("document.querySelector('.response').focus()")
        self.browser.press("ArrowRight")
        self.assertEqual(self.browser.run("return document.activeElement.getAttribute('aria-label')"), "response 2 of 8")
        self.browser.run("document.getElementById('tab-curves').click(); document.querySelector('#panel-curves .plot').focus()")
        newest = self.text("#panel-curves .readout")
        self.browser.press("Home")
        self.assertIn("step 1\n", self.text("#panel-curves .readout"))
        self.assertNotEqual(self.text("#panel-curves .readout"), newest)
        # The focus can be seen, wherever Tab takes it.
        for _ in range(12):
            self.browser.press("Tab")
            self.assertNotEqual(self.browser.run("return getComputedStyle(document.activeElement).outlineStyle"), "none")

    def test_tokens_have_colours_and_values(self):
        self.open(self.one, "groups")
        self.browser.run("document.querySelector('.list li:nth-child(4)').click()")  # one of a step's first two groups
        for mode, classes in (("logprob", "lp"), ("advantage", "up"), ("push", "down")):
            self.browser.run("const box = [...document.querySelectorAll('#panel-groups select')].at(-1);"
                             "box.value = args[0]; box.dispatchEvent(new Event('change'))", mode)
            self.assertGreater(self.count(f"#panel-groups .responses .token[class*={classes}]"), 0, mode)
        self.browser.run("document.querySelector('.response').focus()")
        self.browser.press("ArrowRight", shift=True)
        self.assertRegex(self.text(".response .told"), r'^token 1 ".+", log p −?-?[0-9.]+ \(p [0-9.e-]+\), advantage')
        self.assertEqual(self.browser.run("return document.querySelector('.response .text').textContent.replace('∎', '')"),
                         self.browser.run("return data.runs[0].samples.at(-4).responses[0].text"))

    def test_groups_are_found(self):
        self.open(self.one, "groups")
        self.browser.run("const box = document.querySelector('input[type=search]'); box.value = 'step 7'; box.dispatchEvent(new Event('input'))")
        self.assertIn("4 of 120 groups", self.text("#panel-groups"))
        self.browser.run("const box = document.querySelector('input[type=search]'); box.value = 'nowhere'; box.dispatchEvent(new Event('input'))")
        self.assertIn("No group is like that", self.text("#panel-groups"))

    def test_several_runs(self):
        self.open(self.two)
        self.assertIn("first", self.text("#panel-curves .readout"))
        self.browser.run("document.querySelector('#legend input').click()")
        self.browser.settle()
        self.assertNotIn("first", self.text("#panel-curves .readout"))
        self.open(self.two, "compare")
        self.assertIn("run.seed", self.text("#panel-compare"))
        self.assertIn("1 fields are the same", self.text("#panel-compare"))

    def test_dark_and_light(self):
        self.open(self.one)
        back = lambda: self.browser.run("return getComputedStyle(document.body).backgroundColor")
        light = back()
        self.browser.scheme("dark")
        dark = back()
        self.assertNotEqual(dark, light)
        self.browser.screenshot(PICTURES / "one-dark.png")
        self.browser.run("document.getElementById('theme').click()")  # light, whatever the system says
        self.assertEqual(back(), light)
        self.browser.scheme("light")
        self.browser.run("document.getElementById('theme').click()")
        self.assertEqual(back(), dark)

    def test_contrast(self):
        """Text at 4.5 to 1 and lines at 3 to 1, as WCAG 2 asks, in both themes."""
        for scheme in ("light", "dark"):
            self.open(self.one)
            self.browser.scheme(scheme)
            found = self.browser.run(
                "const style = getComputedStyle(document.documentElement);"
                "const names = ['back', 'panel', 'text', 'soft', 'good', 'bad', 'warn', 'token-text', 'lp1', 'lp2', 'lp3', 'lp4', 'lp5',"
                "  'up1', 'up2', 'up3', 'up4', 'down1', 'down2', 'down3', 'down4'];"
                "return {...Object.fromEntries(names.map((name) => [name, style.getPropertyValue('--' + name).trim()])),"
                "  lines: [...Array(8).keys()].map((i) => charts.color(i))}")
            for back in ("back", "panel"):
                for name in ("text", "soft", "good", "bad", "warn"):
                    self.assertGreaterEqual(contrast(found[name], found[back]), 4.5, f"{scheme}: {name} on {back}")
                for line in found["lines"]:
                    self.assertGreaterEqual(contrast(line, found[back]), 3, f"{scheme}: line {line} on {back}")
            for name, value in found.items():
                if re.match(r"(lp|up|down)\d", name):
                    self.assertGreaterEqual(contrast(found["token-text"], value), 4.5, f"{scheme}: token on {name}")

    def test_what_a_model_wrote_is_text(self):
        for view in VIEWS:
            self.open(self.hostile, view)
        self.open(self.hostile, "groups")
        self.browser.run("document.querySelector('.list').lastElementChild.click()")
        self.browser.settle()
        self.browser.screenshot(PICTURES / "hostile-groups.png")
        self.assertIsNone(self.browser.run("return window.hacked ?? null"))
        self.assertEqual(self.count("main img, main iframe, main b, main svg, main style, main script"), 0)
        shown = self.browser.run("return [...document.querySelectorAll('.response .text')].map((box) => box.textContent.replace('∎', ''))")
        hidden = lambda text: re.sub("[\x00-\x08\x0b-\x1f\x7f-\x9f\u200b\u2028-\u202e\u2066-\u2069]",
                                     lambda match: f"⟨U+{ord(match.group()):04X}⟩", text)
        self.assertEqual(shown, [hidden(text) for text in folders.HOSTILE])
        self.assertIn("hostile <b>name", self.text("h1"))

    def test_a_giant_response_is_cut_and_says_so(self):
        self.open(self.hostile, "groups")
        self.assertIn("Of texts longer than 64 KiB (1) the beginning is shown", self.text("footer"))
        self.assertRegex(self.text(".response .more"), r"show more: 1500 of \d+ tokens")
        slowest = self.browser.run(
            "let slowest = 0; for (let button; (button = document.querySelector('.response .more'));) {"
            "  const start = performance.now(); button.click(); await new Promise((done) => setTimeout(done));"
            "  slowest = Math.max(slowest, performance.now() - start); } return slowest")
        print(f"4,000 more tokens of a response: {slowest:.0f} ms at most")
        self.assertIn("the page has its beginning", self.text(".response .left-out"))

    def test_no_script_but_the_pages_own_and_no_request(self):
        self.open(self.one)
        self.browser.run("const script = document.createElement('script'); script.textContent = 'window.hacked = 1'; document.body.append(script);")
        self.assertIsNone(self.browser.run("return window.hacked ?? null"))
        refused = self.browser.errors()
        self.assertEqual(len(refused), 1, refused)
        self.assertIn("Content Security Policy", refused[0])
        self.assertEqual(self.browser.run("return performance.getEntriesByType('resource').map((entry) => entry.name)"), [])

    def test_it_prints(self):
        self.open(self.two)
        pdf = base64.b64decode(self.browser.printed())
        (PICTURES / "two.pdf").write_bytes(pdf)
        self.assertTrue(pdf.startswith(b"%PDF"))
        self.assertGreater(len(pdf), 50000, "there are curves on the paper")

    def test_smoothing_and_thinning(self):
        self.open(self.one)
        values = [3, 1, None, 4, 1, 5, 9, None, 2, 6]
        for width in (1, 3, 5, 9):
            half, expected = width // 2, []
            for i, value in enumerate(values):
                near = [v for v in values[max(0, i - half):i + half + 1] if v is not None]
                expected.append(None if value is None else sum(near) / len(near))
            found = self.browser.run("return series.smooth(args[0], args[1])", values, width)
            for a, b in zip(found, expected):
                self.assertTrue(a == b or abs(a - b) < 1e-12, (width, found, expected))
        thinned = self.browser.run(
            "const xs = [...Array(100000).keys()], ys = xs.map((x) => Math.sin(x / 3000));"
            "ys[77777] = 50; ys[12345] = -50; return series.thin(xs, ys, -Infinity, Infinity, 1000)")
        self.assertLessEqual(len(thinned), 1002)
        self.assertIn([77777, 50], thinned)
        self.assertIn([12345, -50], thinned)
        self.assertEqual([x for x, _ in thinned], sorted(x for x, _ in thinned))
        self.assertEqual(self.browser.run("return series.thin([1, 2, 3, 4, 5], [1, 2, 3, 4, 5], 3, 3, 100)"), [[2, 2], [3, 3], [4, 4]])

    def test_ten_thousand_steps(self):
        """Every view of them can be used; how long each takes is printed, and no test of a busy machine."""
        url = report(self.folder / "long.html", folders.long(self.folder / "long"))
        self.open(url)
        size = (self.folder / "long.html").stat().st_size
        loaded = self.browser.run("return performance.getEntriesByType('navigation')[0].loadEventEnd")
        measure = ("const start = performance.now(); %s; await new Promise((done) => requestAnimationFrame(() => setTimeout(done)));"
                   "return performance.now() - start")
        times = {"load": loaded}
        for name, script in (("smooth", "charts.setOption('smooth', 65)"), ("by time", "charts.setOption('x', 'time')"),
                             ("zoom", "document.querySelector('#panel-curves .plot').dispatchEvent(new KeyboardEvent('keydown', {key: '+'}))"),
                             ("samples", "document.getElementById('tab-groups').click()"),
                             ("a group", "document.querySelector('.list li:nth-child(30)').click()"),
                             ("timing", "document.getElementById('tab-timing').click()")):
            times[name] = self.browser.run(measure % script)
        print(f"10,000 steps: {size >> 20} MiB; milliseconds: " + ", ".join(f"{name} {ms:.0f}" for name, ms in times.items()))
        self.assertEqual(self.count("#panel-timing .plot canvas") > 0, True)


def contrast(one, other):
    """Of two #rrggbb colours, by WCAG 2."""
    def luminance(color):
        parts = [int(color[i:i + 2], 16) / 255 for i in (1, 3, 5)]
        parts = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
        return 0.2126 * parts[0] + 0.7152 * parts[1] + 0.0722 * parts[2]
    high, low = sorted((luminance(one), luminance(other)), reverse=True)
    return (high + 0.05) / (low + 0.05)


if __name__ == "__main__":
    unittest.main()
