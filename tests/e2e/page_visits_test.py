"""Visits on the page, in a real browser: as page_test.py, whose options it takes; without a running daemon.

    /usr/bin/python3 page_visits_test.py [--shots FOLDER] [-v]
"""

import datetime
import json
import pathlib
import shutil
import subprocess
import tempfile
import time
import urllib.request

import page_test
from page_test import Keys, PageCase

LOOK_AT_VISITS = """
const shown = (element) => element !== null && element.checkVisibility();
const text = (id) => shown(document.getElementById(id)) ? document.getElementById(id).textContent : '';
return {
  hidden: !shown(document.getElementById('visits')), none: text('visits-none'), message: text('visits-message'),
  more: shown(document.getElementById('visits-more')), motion: text('motion-words'), figures: text('motion-figures'),
  bar: document.getElementById('motion-bar').value,
  playing: document.querySelectorAll('.visit video').length,
  cards: [...document.querySelectorAll('.visit')].map((card) => {
    const image = card.querySelector('img'), video = card.querySelector('video');
    return {
      time: card.querySelector('time').dateTime, facts: card.querySelector('.words > .detail').textContent,
      photo: image ? image.naturalWidth : 0, play: card.querySelector('.play') !== null,
      clip: video ? {time: video.currentTime, width: video.videoWidth, length: video.duration, paused: video.paused} : null,
      starred: card.querySelector('.star').ariaPressed, species: card.querySelector('input').value,
      notes: card.querySelector('textarea').value, said: card.querySelector('[role=status]').textContent,
      why: card.querySelector('details').open ? card.querySelector('details').innerText : '',
      download: shown(card.querySelector('a')) ? card.querySelector('a').pathname : '',
    };
  }),
};
"""

NEWEST = 40
RECORDED = 4  # of the newest ones, how many have files
CLIP_SECONDS = 20


def visit(number, **changes):
    """Each began an hour before the next."""
    zone = datetime.timezone(datetime.timedelta(hours=1))
    start = datetime.datetime(2026, 11, 20, 21, 53, 18, tzinfo=zone) - datetime.timedelta(hours=NEWEST - number)
    end = start + datetime.timedelta(seconds=125)
    recorded = number > NEWEST - RECORDED
    name = f"visits/{start:%Y/%m/%d}/owl-box_{start:%Y-%m-%d_%H-%M-%S}"
    body = {"id": number, "start": start.isoformat(), "end": end.isoformat(), "clock_trusted": True, "duration_s": 125.0,
            "triggers": ["motion"], "zones": ["hole"], "peak_score": 2.41, "clip": f"{name}.mp4" if recorded else None,
            "photo": f"{name}.jpg" if recorded else None, "starred": False, "notes": None, "species": None, "openings": None,
            "nuts": None, "minutes": None, "nuts_per_minute": None, "temperature_c": None, "continues": None}
    return {**body, **changes}


WHY = {"id": NEWEST, "sentence": "A moving area of 1.8 % in zone hole for 2.4 s; held back 0.6 s because the filter had moved.",
       "trigger": "motion",
       "events": [{"start_s": 0.2, "end_s": 2.6, "area": 0.018, "peak_score": 2.41, "threshold": 1.0, "zone": "hole",
                   "reasons": [{"code": "switched", "text": "held back 0.6 s because the filter had moved", "ago_s": 1.2}]}],
       "near_misses": [{"start_s": -8.0, "end_s": -7.5, "area": 0.004, "peak_score": 0.8, "threshold": 1.0, "zone": None,
                        "reasons": []}]}


def record(folder):
    """A clip in short fragments and a photograph, as the daemon writes them, for each visit that has them."""
    clip, photo = folder / "clip.mp4", folder / "photo.jpg"
    subprocess.run(["ffmpeg", "-v", "error", "-f", "lavfi", "-i", "testsrc2=size=640x360:rate=15", "-t", str(CLIP_SECONDS),
                    "-c:v", "libx264", "-preset", "ultrafast", "-pix_fmt", "yuv420p", "-g", "15", "-movflags",
                    "frag_keyframe+empty_moov+default_base_moof", clip], check=True)
    subprocess.run(["ffmpeg", "-v", "error", "-ss", "2", "-i", clip, "-frames:v", "1", photo], check=True)
    for number in range(NEWEST - RECORDED + 1, NEWEST + 1):
        shutil.copy(clip, folder / f"{number}.mp4")
        shutil.copy(photo, folder / f"{number}.jpg")


class Visits(PageCase):
    @classmethod
    def setUpClass(cls):
        cls.recordings = pathlib.Path(tempfile.mkdtemp(prefix="nestbox-visits-"))
        cls.addClassCleanup(shutil.rmtree, cls.recordings, ignore_errors=True)
        record(cls.recordings)

    def setUp(self):
        self.box = page_test.Box(str(self.recordings))
        self.addCleanup(self.box.close)
        self.box.status(motion={"active": False, "score": 0.3, "threshold": 1.0, "events": 7}, visit_id=None)
        self.fill(visit(number) for number in range(NEWEST, 0, -1))

    def fill(self, visits):
        self.box.order("visits " + json.dumps({"visits": list(visits), "why": {str(NEWEST): WHY}}))

    def lists(self):
        self.box.order("lists?")
        return int(self.box.program.stdout.readline())

    def until_visits(self, condition, what, seconds=15):
        return self.until(condition, what, seconds, script=LOOK_AT_VISITS)

    def open_list(self, **window):
        self.open(self.box.url, **window)
        return self.until_visits(lambda seen: seen["cards"] and seen["cards"][0]["photo"] > 0, "the visits are there")

    def card(self, index, part):
        found = self.browser.find_elements("css selector", f"#visits-list > li:nth-child({index + 1}) {part}")[0]
        self.browser.execute_script("arguments[0].scrollIntoView({block: 'center'})", found)
        return found

    def ask(self, path):
        with urllib.request.urlopen(self.box.url.rstrip("/") + path, timeout=15) as reply:
            return reply.read()

    def test_the_newest_come_first_and_earlier_ones_when_asked_for(self):
        seen = self.open_list()
        self.assertEqual([card["time"] for card in seen["cards"]],
                         [visit(number)["start"] for number in range(NEWEST, NEWEST - 12, -1)])
        self.assertEqual(seen["cards"][0]["facts"], "2 min 5 s · motion in hole · peak 2.4")
        self.assertTrue(seen["more"])
        self.assertEqual(seen["none"], "")
        for expected in (24, 36, NEWEST):
            more = self.browser.find_element("id", "visits-more")
            more.send_keys(Keys.ENTER)
            seen = self.until_visits(lambda seen: len(seen["cards"]) == expected, f"{expected} visits are there")
        self.assertFalse(seen["more"], "there are no more")
        self.assertEqual(seen["cards"][-1]["time"], visit(1)["start"])
        self.assertEqual((seen["cards"][-1]["photo"], seen["cards"][-1]["play"], seen["cards"][-1]["download"]), (0, False, ""))
        self.assertEqual(self.browser.switch_to.active_element.tag_name, "li", "the first of those that came has the focus")
        self.assert_console_is_clean()

    def test_a_clip_plays_in_its_place_and_can_be_taken_home(self):
        seen = self.open_list()
        self.assertEqual(seen["cards"][0]["download"], f"/api/v1/visits/{NEWEST}/clip")
        self.card(0, ".play").click()
        clip = self.until_visits(lambda seen: seen["cards"][0]["clip"] and seen["cards"][0]["clip"]["time"] > 0.5,
                                 "the clip plays")["cards"][0]["clip"]
        self.assertEqual(clip["width"], 640)
        self.assertAlmostEqual(clip["length"], CLIP_SECONDS, delta=1)
        self.browser.execute_script("document.querySelector('.visit video').currentTime = arguments[0]", CLIP_SECONDS - 5)
        self.until_visits(lambda seen: seen["cards"][0]["clip"]["time"] > CLIP_SECONDS - 4.5, "it goes on from another place")
        self.card(1, ".play").click()
        seen = self.until_visits(lambda seen: seen["cards"][1]["clip"] and seen["cards"][1]["clip"]["time"] > 0.5, "another plays")
        self.assertEqual(seen["playing"], 1, "one at a time")
        self.shoot("visits-playing")
        self.assertEqual(self.ask(seen["cards"][0]["download"]), (self.recordings / f"{NEWEST}.mp4").read_bytes())
        self.assert_console_is_clean()

    def test_a_clip_that_has_gone_is_said(self):
        self.open_list()
        gone = self.recordings / f"{NEWEST - 3}.mp4"
        kept = gone.rename(gone.with_suffix(".kept"))
        self.addCleanup(kept.rename, gone)
        self.card(3, ".play").click()
        seen = self.until_visits(lambda seen: seen["cards"][3]["said"] != "", "it says so")
        self.assertIn("cannot be played", seen["cards"][3]["said"])
        self.assertTrue(seen["cards"][3]["play"], "the photograph is back")

    def test_star_species_and_notes_are_saved(self):
        seen = self.open_list()
        self.assertEqual(seen["cards"][0]["starred"], "false")
        star = self.card(0, ".star")
        self.assertIn("Star the visit of", star.accessible_name)
        star.send_keys(Keys.SPACE)
        self.until_visits(lambda seen: seen["cards"][0]["starred"] == "true", "it is starred")
        self.card(0, "input").send_keys("tawny owl", Keys.ENTER)
        self.until_visits(lambda seen: seen["cards"][0]["said"] == "Saved", "the species is saved")
        self.card(0, "textarea").send_keys("with a mouse", Keys.TAB)
        self.wait_for(lambda: json.loads(self.ask(f"/api/v1/visits/{NEWEST}"))["notes"] == "with a mouse", "the notes are saved")
        self.assertEqual(json.loads(self.ask(f"/api/v1/visits/{NEWEST}"))["species"], "tawny owl")
        self.browser.refresh()
        seen = self.until_visits(lambda seen: seen["cards"], "the visits are there again")
        self.assertEqual([seen["cards"][0][key] for key in ("starred", "species", "notes")], ["true", "tawny owl", "with a mouse"])
        self.card(0, ".star").click()
        self.until_visits(lambda seen: seen["cards"][0]["starred"] == "false", "the star can be taken back")
        self.fill(visit(number) for number in range(NEWEST - 1, 0, -1))
        self.card(0, "input").send_keys(" and young", Keys.ENTER)
        seen = self.until_visits(lambda seen: "Not saved" in seen["cards"][0]["said"], "a refusal is said")
        self.assertIn("no such visit", seen["cards"][0]["said"])
        self.assertEqual(seen["cards"][0]["species"], "tawny owl and young", "what was written stays")

    def test_why_is_told_when_asked(self):
        self.open_list()
        self.card(0, "summary").send_keys(Keys.ENTER)
        why = self.until_visits(lambda seen: WHY["sentence"] in seen["cards"][0]["why"], "the sentence")["cards"][0]["why"]
        for words in ("From 0.2 s to 2.6 s: 1.8 % of the picture; in zone hole; motion 2.4, where 1.0 is needed",
                      "held back 0.6 s because the filter had moved", "Near misses", "From -8.0 s to -7.5 s: 0.4 % of the picture"):
            self.assertIn(words, why)
        self.shoot("visits-why")
        self.assert_console_is_clean()

    def test_a_visit_under_way_is_told_and_comes_to_the_list(self):
        seen = self.open_list()
        self.assertEqual(seen["motion"], "No visit now")
        self.assertEqual((seen["bar"], seen["figures"]), (0.15, "motion 0.3 of 1.0 needed"))
        self.card(1, "textarea").send_keys("still writing")
        going_on = visit(NEWEST + 1, end=None, duration_s=None, clip=None, photo=None)
        self.fill([going_on] + [visit(number) for number in range(NEWEST, 0, -1)])
        self.box.status(motion={"active": True, "score": 1.7, "threshold": 1.0, "events": 8}, visit_id=NEWEST + 1)
        seen = self.until_visits(lambda seen: seen["motion"] == "A visit is under way" and len(seen["cards"]) == 13, "it is told")
        self.assertAlmostEqual(seen["bar"], 0.85)
        self.assertIn("Still there", seen["cards"][0]["facts"])
        self.assertFalse(seen["cards"][0]["play"])
        self.assertEqual(seen["cards"][2]["notes"], "still writing", "nothing is taken out of a writer's hands")
        self.shoot("visits-under-way")
        self.fill(visit(number) for number in range(NEWEST + 1, 0, -1))
        self.box.status(motion={"active": False, "score": 0.1, "threshold": 1.0, "events": 8}, visit_id=None)
        seen = self.until_visits(lambda seen: seen["cards"][0]["play"], "its clip can be played when it is over")
        self.assertEqual(seen["motion"], "No visit now")

    def test_without_visits_it_says_what_would_make_one(self):
        self.fill([])
        self.open(self.box.url)
        seen = self.until_visits(lambda seen: seen["none"] != "", "a sentence")
        self.assertIn("something moves in front of the camera", seen["none"])
        self.assertEqual((seen["cards"], seen["more"]), ([], False))
        self.box.status(motion=None, visit_id=None)
        self.until_visits(lambda seen: "motion.enabled" in seen["none"] and seen["motion"] == "", "nobody looks for motion")
        self.shoot("visits-none")
        self.box.status()
        self.until_visits(lambda seen: seen["hidden"], "a daemon without visits has no such part")

    def test_a_hidden_page_and_the_focus_ask_for_no_list(self):
        self.open_list()
        self.browser.execute_script("location.hash = '#focus'")
        self.until_visits(lambda seen: seen["hidden"], "the focus takes its place")
        self.box.status(motion={"active": True, "score": 1.7, "threshold": 1.0, "events": 9}, visit_id=NEWEST)
        before = self.lists()
        time.sleep(5)
        self.assertEqual(self.lists(), before)

    def test_by_keyboard_with_names_and_large_enough_for_thumbs(self):
        self.open("about:blank")
        self.browser.execute_cdp_cmd("Emulation.setDeviceMetricsOverride",
                                     {"width": 390, "height": 844, "deviceScaleFactor": 2, "mobile": True})
        self.browser.get(self.box.url)
        self.until_visits(lambda seen: len(seen["cards"]) == 12, "the visits are there")
        for part in (".play", ".star", "input", "textarea", "summary", "a"):
            control = self.card(0, part)
            self.assertTrue(control.accessible_name, part)
            self.assertGreaterEqual(control.size["height"], 44, part)
        self.assertEqual(len(set(control.accessible_name for control in self.browser.find_elements("css selector", ".star"))), 12)
        self.card(0, ".play").send_keys(Keys.TAB)
        reached = []
        for _ in range(5):
            reached.append(self.browser.switch_to.active_element.tag_name)
            self.browser.switch_to.active_element.send_keys(Keys.TAB)
        self.assertEqual(reached, ["button", "input", "textarea", "summary", "a"])
        self.assertLessEqual(self.browser.execute_script("return document.documentElement.scrollWidth"), 390)
        self.browser.execute_script("document.getElementById('visits').scrollIntoView()")
        self.until_visits(lambda seen: seen["cards"][0]["photo"] > 0, "photographs come when they are looked at")
        self.shoot("visits-phone")
        self.browser.execute_cdp_cmd("Emulation.setEmulatedMedia",
                                     {"features": [{"name": "prefers-color-scheme", "value": "dark"}]})
        self.shoot("visits-phone-dark")


if __name__ == "__main__":
    page_test.run(lambda url: ["Visits"])
