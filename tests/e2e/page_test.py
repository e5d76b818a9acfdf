"""The page in a real browser: Debian's Chromium, driven by Debian's python3-selenium.

    /usr/bin/python3 page_test.py [--url http://127.0.0.1:8080/] [--shots FOLDER] [-v]

Without --url the program web_fixture (its path in NESTBOX_WEB_FIXTURE) serves a synthetic camera whose pictures carry the
wall clock, and everything is tested. With --url a running daemon is looked at: what can be asked of any picture.
"""

import argparse
import json
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
import unittest

SKIPPED = 77
try:
    from selenium import webdriver
    from selenium.webdriver.chrome.service import Service
    from selenium.webdriver.common.keys import Keys
except ImportError:
    print("SKIPPED: no selenium here (Debian: python3-selenium)")
    sys.exit(SKIPPED)

PROGRAMS = {"chromium": "chromium", "chromedriver": "chromium-driver"}
SETTINGS = argparse.Namespace(url=None, shots=None)

# Reads the stamp of synthetic_stream.h out of the picture that the video shows now: milliseconds of wall clock, modulo
# 2^32, and how old that is by the browser's clock, which is the same machine's.
READ_STAMP = """
const video = document.getElementById('video');
const bits = 32, square = 16;
const canvas = document.createElement('canvas');
canvas.width = bits * square; canvas.height = square;
const context = canvas.getContext('2d', {willReadFrequently: true});
context.drawImage(video, 0, 0, canvas.width, square, 0, 0, canvas.width, square);
const now = Date.now();
const pixels = context.getImageData(0, 0, canvas.width, square).data;
let stamp = 0;
for (let bit = 0; bit < bits; ++bit) {
  const at = (square / 2 * canvas.width + bit * square + square / 2) * 4;
  stamp = stamp * 2 + (pixels[at] > 128 ? 1 : 0);
}
return {age: now % 4294967296 - stamp, stamp};
"""

LOOK = """
const video = document.getElementById('video');
const ranges = video.buffered;
return {
  time: video.currentTime, paused: video.paused, muted: video.muted, width: video.videoWidth,
  kept: ranges.length ? video.currentTime - ranges.start(0) : 0,
  badge: document.getElementById('badge').textContent,
  picture: document.getElementById('stage').dataset.picture,
  banner: document.getElementById('banner').hidden ? '' : document.getElementById('banner').textContent,
};
"""

LOOK_AT_FOCUS = """
const text = (id) => document.getElementById(id).textContent;
const picture = document.getElementById('focus-picture');
return {
  hidden: document.getElementById('focus').hidden, live: !document.getElementById('watch').hidden,
  state: document.getElementById('focus').dataset.state, tone: document.getElementById('focus').dataset.tone,
  figure: text('focus-figure'), share: text('focus-share'), own: text('focus-own'),
  bar: document.getElementById('focus-bar').value,
  day: text('focus-day'), infrared: text('focus-infrared'), message: text('focus-message'),
  lens: !document.getElementById('focus-lens').hidden, position: text('focus-position'),
  width: picture.naturalWidth, height: picture.naturalHeight,
  scale: picture.getBoundingClientRect().width * window.devicePixelRatio / picture.naturalWidth,
  caption: text('focus-caption'),
};
"""

PICTURE_HASH = """
const video = document.getElementById('video');
const canvas = document.createElement('canvas');
canvas.width = 160; canvas.height = 90;
const context = canvas.getContext('2d');
context.drawImage(video, 0, 0, 160, 90);
return Array.from(context.getImageData(0, 0, 160, 90).data).reduce((h, v) => (h * 31 + v) >>> 0, 7);
"""


def open_browser(folder, width=1280, height=900, arguments=()):
    options = webdriver.ChromeOptions()
    for argument in ("--headless=new", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
                     "--disable-background-networking", "--disable-component-update", "--disable-sync",
                     "--disable-dev-shm-usage", f"--user-data-dir={folder}", f"--window-size={width},{height}", *arguments):
        options.add_argument(argument)
    options.set_capability("goog:loggingPrefs", {"browser": "ALL"})
    options.binary_location = shutil.which("chromium")
    return webdriver.Chrome(service=Service(shutil.which("chromedriver")), options=options)


class Box:
    """web_fixture, as a running nest box."""

    def __init__(self, *recordings):
        self.program = subprocess.Popen([os.environ["NESTBOX_WEB_FIXTURE"], "127.0.0.1:0", "1280x720", *recordings], text=True,
                                        stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        self.url = self.program.stdout.readline().strip()

    def order(self, line):
        self.program.stdin.write(line + "\n")
        self.program.stdin.flush()

    def wanted(self):
        self.order("wanted?")
        return self.program.stdout.readline().strip() == "yes"

    def looks(self):
        self.order("looks?")
        return int(self.program.stdout.readline())

    def orders(self):
        self.order("orders?")
        return self.program.stdout.readline().strip()

    def focus(self, sharpness, peak, light="day", infrared=None, own=None, lens=None):
        self.order("focus " + json.dumps({
            "light": light, "sharpness": sharpness, "peak": peak, "peaks": {"day": peak, "infrared": infrared},
            "focus_measure": own, "focus_measure_peak": own and own + 88, "lens": lens,
            "width": 1280, "height": 720, "crop_width": 480, "crop_height": 360}))

    def status(self, **changes):
        body = {"version": "0.1.0", "name": "owl-box", "state": "ok", "uptime_s": 273600, "mode": "day",
                "camera": {"source": "libcamera:imx708", "state": "running", "width": 1280, "height": 720, "fps": 30.0,
                           "last_error": None},
                "encoder": {"codec": "libx264", "state": "running", "bitrate_bps": 3000000},
                "outputs": [{"name": "youtube", "state": "live", "retry_in_s": None, "last_error": None}], "problems": []}
        for key, value in changes.items():
            if isinstance(body.get(key), dict):
                body[key] = {**body[key], **value}
            else:
                body[key] = value
        self.order("status " + json.dumps(body))

    def close(self):
        self.program.stdin.close()
        self.program.stdout.close()
        try:
            self.program.wait(10)
        except subprocess.TimeoutExpired:
            self.program.kill()
            self.program.wait()


class PageCase(unittest.TestCase):
    def open(self, url, **window):
        folder = tempfile.mkdtemp(prefix="nestbox-page-")
        self.addCleanup(shutil.rmtree, folder, ignore_errors=True)
        self.browser = open_browser(folder, **window)
        self.addCleanup(self.browser.quit)
        self.browser.get(url)

    def look(self):
        return self.browser.execute_script(LOOK)

    def until(self, condition, what, seconds=15, script=LOOK):
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            seen = self.browser.execute_script(script)
            if condition(seen):
                return seen
            time.sleep(0.05)
        self.shoot("failed")
        self.fail(f"{what}: not within {seconds} s; last seen: {seen}; console: {self.browser.get_log('browser')}")

    def until_playing(self):
        return self.until(lambda seen: seen["time"] > 0.5 and seen["picture"] == "live", "the picture plays")

    def until_focus(self, condition, what):
        return self.until(condition, what, script=LOOK_AT_FOCUS)

    def open_focus(self):
        """As its owner does: by the button on the live picture."""
        self.wait_for(lambda: self.browser.find_element("id", "focus-open").is_displayed(), "the button is there")
        self.browser.find_element("id", "focus-open").click()
        return self.until_focus(lambda seen: seen["state"] == "fresh", "figures come")

    def wait_for(self, condition, what, seconds=10):
        deadline = time.monotonic() + seconds
        while not condition():
            self.assertLess(time.monotonic(), deadline, what)
            time.sleep(0.05)

    def shoot(self, name):
        if SETTINGS.shots:
            os.makedirs(SETTINGS.shots, exist_ok=True)
            self.browser.save_screenshot(os.path.join(SETTINGS.shots, name + ".png"))

    def assert_console_is_clean(self):
        # The favourite icon and the browser's own remarks are no errors; ours would be SEVERE.
        severe = [entry["message"] for entry in self.browser.get_log("browser") if entry["level"] == "SEVERE"]
        self.assertEqual(severe, [])

    def assert_plays_and_moves(self, seconds):
        begun = self.until_playing()
        pictures = set()
        ends = time.monotonic() + seconds
        while time.monotonic() < ends:
            pictures.add(self.browser.execute_script(PICTURE_HASH))
            time.sleep(0.2)
        seen = self.look()
        self.assertGreater(seen["time"] - begun["time"], seconds * 0.7, "currentTime advances")
        self.assertGreater(len(pictures), seconds * 2, "pixels change")
        return seen


class AnyBox(PageCase):
    """Of whatever stands at --url."""

    def test_plays(self):
        self.open(SETTINGS.url)
        self.assert_plays_and_moves(5)
        self.shoot("daemon-desktop")
        self.assert_console_is_clean()

    def test_focus(self):
        self.open(SETTINGS.url)
        self.until_playing()
        seen = self.open_focus()
        self.assertGreater(float(seen["figure"]), 0)
        self.assertGreater(seen["bar"], 0)
        self.assertEqual((seen["width"], seen["height"]), (480, 360))
        self.assertIn("no figure of its own", seen["own"])
        self.assertFalse(seen["lens"], "a file has no motor")
        self.browser.find_element("id", "focus-infrared").click()
        self.until_focus(lambda seen: "peak" in seen["infrared"] and "no peak" not in seen["infrared"], "its own peak")
        self.browser.find_element("id", "focus-reset").click()
        self.until_focus(lambda seen: "begins anew" in seen["message"], "the daemon took the order")
        self.shoot("daemon-focus")
        self.assert_console_is_clean()


class SyntheticBox(PageCase):
    def setUp(self):
        self.box = Box()
        self.addCleanup(self.box.close)

    def ages(self, count):
        ages = []
        for _ in range(count):
            ages.append(self.browser.execute_script(READ_STAMP)["age"])
            time.sleep(0.05)
        return ages

    def test_plays_within_a_second_of_glass_to_glass(self):
        self.open(self.box.url)
        self.until_playing()
        time.sleep(3)
        ages = self.ages(100)
        print(f"glass to glass: median {statistics.median(ages):.0f} ms, worst {max(ages):.0f} ms, "
              f"best {min(ages):.0f} ms, {len(ages)} readings")
        self.assertGreater(min(ages), 0, "a stamp was misread")
        self.assertLess(max(ages), 1000)
        seen = self.assert_plays_and_moves(5)
        self.assertTrue(seen["muted"])
        self.assertEqual(seen["badge"], "Live")
        self.assertEqual(seen["banner"], "")
        self.assertLess(seen["kept"], 15, "the buffer is trimmed")
        self.assert_console_is_clean()
        self.shoot("desktop")

    def test_buffer_stays_small(self):
        self.open(self.box.url)
        self.until_playing()
        self.until(lambda seen: seen["time"] > 14, "plays for 14 s", 25)
        self.assertLess(self.look()["kept"], 13)

    def test_a_frozen_picture_is_never_called_live(self):
        self.open(self.box.url)
        self.until_playing()
        self.box.order("freeze")
        seen = self.until(lambda seen: seen["picture"] == "stale", "it says that the picture is old", 5)
        self.assertIn("No new picture since", seen["banner"])
        self.assertNotEqual(seen["badge"], "Live")
        self.shoot("stale")
        self.box.order("resume")
        self.until(lambda seen: seen["picture"] == "live" and seen["banner"] == "", "it comes back by itself", 20)
        self.assertLess(max(self.ages(20)), 1500)

    def test_a_new_encoder_is_followed(self):
        self.open(self.box.url)
        self.until_playing()
        before = self.browser.execute_script(READ_STAMP)["stamp"]
        self.box.order("restart")
        time.sleep(1)
        self.until_playing()
        self.assertGreater(self.browser.execute_script(READ_STAMP)["stamp"], before)

    def test_a_hidden_page_costs_nothing(self):
        self.open(self.box.url)
        self.until_playing()
        self.assertTrue(self.box.wanted())
        page = self.browser.current_window_handle
        self.browser.switch_to.new_window("tab")
        self.wait_for(lambda: not self.box.wanted(), "the stream ends with the page's sight")
        self.browser.close()
        self.browser.switch_to.window(page)
        self.until_playing()

    def test_focus_shows_the_figure_against_its_peak(self):
        self.box.focus(34.2, 41.0, own=812, lens={"min": 0, "max": 15, "position": 6.7})
        self.open(self.box.url)
        self.until_playing()
        seen = self.open_focus()
        self.assertFalse(seen["live"], "the live picture makes room")
        self.wait_for(lambda: not self.box.wanted(), "and costs nothing any more")
        self.assertEqual(seen["figure"], "34.2")
        self.assertAlmostEqual(seen["bar"], 34.2 / 41.0, places=3)
        self.assertIn("83 % of the peak, 41.0", seen["share"])
        self.assertIn("812, peak 900", seen["own"])
        self.assertIn("no peak yet", seen["infrared"])
        self.assertIn("6.7 (15 cm)", seen["position"])
        self.assertEqual((seen["width"], seen["height"]), (480, 360))
        self.assertAlmostEqual(seen["scale"] % 1, 0, places=2)
        self.box.focus(41.3, 41.3, infrared=35.0)
        seen = self.until_focus(lambda seen: seen["figure"] == "41.3", "it follows")
        self.assertEqual((seen["bar"], seen["tone"]), (1, "good"))
        self.assertIn("no figure of its own", seen["own"])
        self.assertFalse(seen["lens"])
        self.assertIn("35.0", seen["infrared"])
        self.shoot("focus-desktop")
        self.browser.find_element("link text", "Live picture").click()
        self.until_playing()
        self.assert_console_is_clean()

    def test_focus_changes_something_only_when_asked(self):
        self.box.focus(34.2, 41.0, lens={"min": 0, "max": 15, "position": 6.7})
        self.open(self.box.url)
        self.open_focus()
        self.assertEqual(self.box.orders(), "")
        self.browser.find_element("id", "focus-reset").click()
        self.until_focus(lambda seen: "begins anew" in seen["message"], "the peak is reset")
        self.assertEqual(json.loads(self.box.orders()), {"action": "reset", "light": "day"})
        field = self.browser.find_element("id", "focus-dioptres")
        self.assertEqual(field.get_attribute("value"), "6.7")
        field.send_keys(Keys.BACKSPACE * 3)
        time.sleep(1)  # looks come meanwhile, and leave an empty field to its writer
        field.send_keys("8", Keys.ENTER)
        self.until_focus(lambda seen: "held at 8.0 (13 cm)" in seen["message"], "the lens is held")
        self.assertTrue(self.box.orders().endswith('{"action":"lock","dioptres":"8"}'), self.box.orders())
        self.assert_console_is_clean()

    def test_focus_costs_nothing_unless_somebody_looks(self):
        self.open(self.box.url)
        self.until_playing()
        self.assertEqual(self.box.looks(), 0, "the live picture measures nothing")
        self.open_focus()
        self.assertGreater(self.box.looks(), 0)
        page = self.browser.current_window_handle
        self.browser.switch_to.new_window("tab")
        self.wait_for(lambda: self.looks_within(2) == 0, "a hidden page asks for nothing", 20)
        before = self.box.looks()
        self.browser.close()
        self.browser.switch_to.window(page)
        self.wait_for(lambda: self.box.looks() > before, "it goes on when it is seen again")

    def looks_within(self, seconds):
        before = self.box.looks()
        time.sleep(seconds)
        return self.box.looks() - before

    def test_a_focus_without_a_picture_is_said(self):
        self.open(self.box.url)
        self.open_focus()
        self.box.order("freeze")
        seen = self.until_focus(lambda seen: seen["state"] == "none", "an old figure does not stay")
        self.assertEqual((seen["figure"], seen["bar"]), ("–", 0))
        self.box.order("resume")
        self.until_focus(lambda seen: seen["state"] == "fresh" and seen["message"] == "", "it comes back by itself")

    def test_focus_on_a_phone_is_read_from_a_metre_away(self):
        self.box.focus(100.0, 100.0, infrared=35.0, own=812, lens={"min": 0, "max": 15, "position": 6.7})
        self.open("about:blank")
        self.browser.execute_cdp_cmd("Emulation.setDeviceMetricsOverride",
                                     {"width": 390, "height": 844, "deviceScaleFactor": 3, "mobile": True})
        self.browser.get(self.box.url + "#focus")
        seen = self.until_focus(lambda seen: seen["state"] == "fresh" and seen["width"] > 0, "it begins in the focus mode")
        self.assertAlmostEqual(seen["scale"], 2, places=2, msg="whole pixels: 1170 of the screen for 480")
        self.assertIn("2 × 2", seen["caption"])
        # A phone of 390 pixels is 65 to 70 mm wide, 6 to 1 mm. Digits are 0.7 of the letters' size: 12 mm, 0.7 degrees
        # from a metre away, eight times what good eyes need.
        size = self.browser.execute_script("return parseFloat(getComputedStyle(document.getElementById('focus-figure')).fontSize)")
        self.assertGreaterEqual(size, 96)
        wide = self.browser.execute_script("""
            const range = document.createRange();
            range.selectNodeContents(document.getElementById('focus-figure'));
            return [document.documentElement.scrollWidth, range.getBoundingClientRect().width];""")
        self.assertLessEqual(max(wide), 390, "nothing sticks out at the side")
        for control in ("focus-day", "focus-infrared", "focus-reset"):
            self.assertGreaterEqual(self.browser.find_element("id", control).size["height"], 44, control)
        self.shoot("focus-phone")

    def test_what_is_not_the_camera_says_so(self):
        self.box.status(camera={"source": "scene:7"})
        self.open(self.box.url)
        seen = self.until(lambda seen: seen["badge"] == "Simulated", "it is called simulated")
        self.assertIn("simulated", seen["banner"].lower())
        self.shoot("simulated")
        self.box.status(state="degraded", camera={"state": "absent"},
                        outputs=[{"name": "youtube", "state": "backoff", "retry_in_s": 8, "last_error": "connection refused"},
                                 {"name": "owncast", "state": "off"}],
                        problems=[{"code": "camera_absent", "text": "No camera was found. Is its cable in, the right way round?",
                                   "since": "2026-11-20T12:53:18+01:00"}])
        seen = self.until(lambda seen: seen["badge"] == "No picture", "an absent camera is said")
        self.assertEqual(seen["picture"], "stale")
        self.assertIn("No picture since", seen["banner"])
        self.assertIn("no camera was found", seen["banner"])
        body = self.browser.find_element("css selector", "main").text
        for words in ("Needs attention", "Trying again in 8 s", "connection refused", "Not found"):
            self.assertIn(words, body)
        self.shoot("absent")

    def card(self):
        """What the card about light and lines says; empty while it is hidden."""
        return self.browser.find_element("id", "light-card").text

    def test_light_and_lines_are_said_in_words(self):
        self.open(self.box.url)
        self.wait_for(lambda: "Mode\nDay" in self.browser.find_element("id", "facts").text, "the mode is there without a card")
        self.assertEqual(self.card(), "", "a box without lines shows none")
        self.box.status(mode="night", light={"mode_why": "0.8 lx for 15 s, and night is below 5 lx", "lux": 0.75,
                                             "filter": "out_of_path", "lamp": 0.6, "switches_today": 3, "by": "auto"},
                        lines=[{"name": "pir", "value": True, "state": "ok", "holder": None},
                               {"name": "button", "value": None, "state": "busy", "holder": "<b>onewire</b>"},
                               {"name": "light_sensor", "value": False, "state": "ok", "holder": None},
                               {"name": "live_light", "value": None, "state": "absent", "holder": None, "last_error": "there is no chip x"},
                               {"name": "filter_a", "value": False, "state": "ok", "holder": None},
                               {"name": "lid", "value": True, "state": "stuck", "holder": None}])
        self.wait_for(lambda: "PIR sensor" in self.card(), "the card appears")
        for words in ("Night\n0.8 lx for 15 s, and night is below 5 lx", "Light\n0.75 lx", "IR-cut filter\nOut of the path",
                      "Moved in 24 h\n3 ×", "Lamp\n60 %", "PIR sensor\nSomebody is there", "Button\nIn use",
                      "Held by <b>onewire</b>", "Light sensor\nDark", "Live light\nNot there\nthere is no chip x; the box", "Filter, wire A\nIdle", "lid\nStuck"):
            self.assertIn(words, self.card())
        self.assertNotIn("Mode", self.browser.find_element("id", "facts").text, "it is not said twice")
        self.browser.execute_script("document.getElementById('light-card').scrollIntoView()")
        self.shoot("light")
        self.box.status(mode="day", light={"mode_why": "set by hand", "lux": None, "filter": None, "lamp": None,
                                           "switches_today": None, "by": "day"}, lines=[])
        self.wait_for(lambda: self.card() == "Light and lines\nDay\nset by hand", "only what is known is there")
        self.box.status(light=None, lines=[{"name": "pir", "value": False, "state": "ok", "holder": None}])
        self.wait_for(lambda: self.card() == "Light and lines\nPIR sensor\nNobody", "lines without a light")
        self.box.status()
        self.wait_for(lambda: self.card() == "", "the card goes with its data")
        self.assert_console_is_clean()

    def test_a_box_that_dies_is_said_and_found_again(self):
        self.open(self.box.url)
        self.until_playing()
        port = self.box.url.rstrip("/").rsplit(":", 1)[1]
        self.box.program.kill()
        self.box.program.wait()
        seen = self.until(lambda seen: "does not answer" in seen["banner"], "it says that the box is gone")
        self.assertEqual(seen["picture"], "stale")
        self.shoot("gone")
        again = subprocess.Popen([os.environ["NESTBOX_WEB_FIXTURE"], f"127.0.0.1:{port}", "640x360"], text=True,
                                 stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        self.addCleanup(again.wait)
        self.addCleanup(again.kill)
        self.addCleanup(again.stdin.close)
        self.addCleanup(again.stdout.close)
        self.until(lambda seen: seen["picture"] == "live" and seen["width"] == 640, "it finds the box again", 20)

    def test_by_keyboard_and_with_names_for_screen_readers(self):
        self.open(self.box.url)
        self.until_playing()
        body = self.browser.find_element("css selector", "body")
        reached = []
        for _ in range(8):
            body.send_keys(Keys.TAB)
            active = self.browser.switch_to.active_element
            reached.append(active.get_attribute("id") or active.get_attribute("class"))
        for control in ("skip", "sound", "snapshot", "full"):
            self.assertIn(control, reached)
        for control in ("sound", "snapshot", "full", "video"):
            element = self.browser.find_element("id", control)
            self.assertTrue(element.accessible_name, control)
        self.browser.find_element("id", "sound").send_keys(Keys.SPACE)
        self.assertFalse(self.look()["muted"])
        self.assertEqual(self.browser.find_element("id", "sound").get_attribute("aria-pressed"), "true")

    def test_without_media_source_it_shows_pictures(self):
        self.open("about:blank")
        self.browser.execute_cdp_cmd("Page.addScriptToEvaluateOnNewDocument",
                                     {"source": "delete window.MediaSource; delete window.ManagedMediaSource;"})
        self.browser.get(self.box.url)
        seen = self.until(lambda seen: seen["picture"] == "live", "pictures come one by one")
        self.assertEqual(seen["badge"], "Live")
        first = self.browser.find_element("id", "still").get_attribute("src")
        self.wait_for(lambda: self.browser.find_element("id", "still").get_attribute("src") != first, "they follow")
        self.assertGreater(self.browser.execute_script("return document.getElementById('still').naturalWidth"), 0)
        self.shoot("mjpeg")
        self.box.order("freeze")
        self.until(lambda seen: seen["picture"] == "stale", "frozen ones are said here too")

    def test_on_a_phone(self):
        self.open("about:blank")
        self.browser.execute_cdp_cmd("Emulation.setDeviceMetricsOverride",
                                     {"width": 390, "height": 844, "deviceScaleFactor": 2, "mobile": True})
        self.browser.get(self.box.url)
        self.until_playing()
        time.sleep(0.5)
        wide = self.browser.execute_script("return document.documentElement.scrollWidth")
        self.assertLessEqual(wide, 390, "nothing sticks out at the side")
        for control in ("snapshot", "full"):
            size = self.browser.find_element("id", control).size
            self.assertGreaterEqual(min(size["width"], size["height"]), 44, f"{control} is too small for a thumb")
        self.shoot("phone")
        self.browser.execute_cdp_cmd("Emulation.setEmulatedMedia",
                                     {"features": [{"name": "prefers-color-scheme", "value": "dark"}]})
        self.box.status(state="degraded", camera={"source": "scene"},
                        outputs=[{"name": "youtube", "state": "backoff", "retry_in_s": 8, "last_error": "connection refused"}],
                        problems=[{"code": "output", "text": "youtube: the server refused the connection", "since": None}])
        self.until(lambda seen: seen["badge"] == "Simulated", "the new status is shown")
        self.shoot("phone-dark")


def missing():
    for program, package in PROGRAMS.items():
        if shutil.which(program) is None:
            return f"no {program} here (Debian: {package})"
    if SETTINGS.url is None and "NESTBOX_WEB_FIXTURE" not in os.environ:
        return "neither --url nor NESTBOX_WEB_FIXTURE is given"
    return None


def run(cases):
    """The program of a test of the page; `cases` names those to run where the command line names none."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--url", help="a running daemon's page")
    parser.add_argument("--shots", help="a folder for screenshots")
    _, rest = parser.parse_known_args(namespace=SETTINGS)
    reason = missing()
    if reason:
        print(f"SKIPPED: {reason}")
        sys.exit(SKIPPED)
    if not [name for name in rest if not name.startswith("-")]:
        rest = rest + cases(SETTINGS.url)
    unittest.main(argv=[sys.argv[0], *rest])


if __name__ == "__main__":
    run(lambda url: ["AnyBox"] if url else ["SyntheticBox"])
