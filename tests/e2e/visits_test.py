"""Visits with the real daemon: from moving pictures to records, clips, photographs, and the reasons.

    /usr/bin/python3 visits_test.py [-v]
"""

import datetime
import json
import pathlib
import signal
import subprocess
import sys
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).parent))
import rig

CLIPS = rig.ROOT.parent / "shared" / "data" / "motion"
RATE = 15
# When something crosses the made clip, in seconds from its first picture.
CROSSINGS = [(4.0, 6.5), (12.0, 14.5)]
LASTS = 20
SETTINGS = ["visits.pre_capture=2s", "visits.post_capture=1s", "visits.event_gap=3s", "retain.min_free=1M",
            "overlay.enabled=false", "encoder.preset=ultrafast"]
# What a busy machine may add to when something was seen, and a keyframe interval to where a clip begins.
SLACK_S, KEYFRAMES_S = 1.6, 2.0  # a second of it: `start` and `end` are whole ones


def made_clip(folder):
    """A grey noisy ground on which a white square goes from left to right, twice."""
    square = "+".join(f"between(t,{begin},{end})" for begin, end in CROSSINGS)
    x = "+".join(f"between(t,{begin},{end})*(t-{begin})*220" for begin, end in CROSSINGS)
    clip = folder / "crossings.mp4"
    subprocess.run(["ffmpeg", "-v", "error", "-y",
                    "-f", "lavfi", "-i", f"color=0x606060:s=640x360:r={RATE}:d={LASTS},noise=alls=6:allf=t",
                    "-f", "lavfi", "-i", f"color=0xF0F0F0:s=70x70:r={RATE}:d={LASTS}",
                    "-filter_complex", f"[0][1]overlay=x='{x}':y=140:enable='{square}'",
                    "-c:v", "libx264", "-preset", "ultrafast", "-crf", "18", "-pix_fmt", "yuv420p", clip], check=True)
    return clip


def seconds_between(earlier, later):
    moment = datetime.datetime.fromisoformat
    return (moment(later) - moment(earlier)).total_seconds()


def stream_of(path, *entries):
    out = subprocess.run(["ffprobe", "-v", "error", "-count_packets", "-show_entries", ",".join(entries), "-of", "json", path],
                         check=True, capture_output=True, text=True).stdout
    return json.loads(out)


def packets_so_far(part):
    """Of a file that is being written: its header may not be there yet, and its last fragment may be half a one."""
    out = subprocess.run(["ffprobe", "-v", "quiet", "-count_packets", "-select_streams", "v", "-show_entries", "stream=nb_read_packets",
                          "-of", "csv=p=0", part], capture_output=True, text=True).stdout.strip().rstrip(",")
    return int(out) if out.isdigit() else 0


def brightest_rows(path, rate=5):
    """For each picture of a film: the share of it that is white."""
    pace = [] if path.suffix == ".jpg" else [f"fps={rate}"]
    raw = subprocess.run(["ffmpeg", "-v", "error", "-i", path, "-vf", ",".join([*pace, "scale=64:36", "format=gray"]),
                          "-f", "rawvideo", "-"], check=True, capture_output=True).stdout
    size = 64 * 36
    return [sum(value > 170 for value in raw[n * size:(n + 1) * size]) / size for n in range(len(raw) // size)]


class Box(unittest.TestCase):
    """What both sets of tests stand on."""

    @classmethod
    def setUpClass(cls):
        cls.kept = rig.folder()
        cls.folder = cls.kept.__enter__()
        cls.addClassCleanup(cls.kept.__exit__, None, None, None)
        cls.clip = made_clip(cls.folder)

    def start(self, name, source, settings=()):
        folder = self.folder / name
        folder.mkdir(exist_ok=True)
        daemon = rig.Daemon(folder, source, settings=[*SETTINGS, *settings])
        self.addCleanup(daemon.stop)
        return daemon.start()

    def visits(self, daemon):
        return json.loads(daemon.nestbox("--json", "visits").stdout)["visits"]

    def wait_for_visits(self, daemon, count, seconds):
        """Oldest first, once so many have ended and have all that belongs to them."""
        whole = lambda: [v for v in self.visits(daemon) if v["end"] and v["photo"] and (daemon.state / v["clip"]).exists()]
        rig.wait_until(lambda: len(whole()) >= count, seconds, lambda: f"{count} visits: {self.visits(daemon)}\n{daemon.log()}")
        return whole()[::-1]

    def wait_for_film(self, daemon):
        """Until the clip in progress holds more than its longest possible pre-roll, by a second: that much of the visit is on disk."""
        enough = RATE * (2 + KEYFRAMES_S + 1)
        grown = lambda: [part for part in daemon.state.rglob("*.mp4.part") if packets_so_far(part) >= enough]
        rig.wait_until(lambda: daemon.status()["visit_id"] is not None and grown(), 60, daemon.log)


class Visits(Box):
    def test_what_crosses_becomes_a_visit_with_clip_photograph_and_reasons(self):
        daemon = self.start("crossings", f"file:{self.clip}")
        first, second = self.wait_for_visits(daemon, 2, 90)
        self.assertGreater(second["id"], first["id"])
        apart = CROSSINGS[1][0] - CROSSINGS[0][0]
        self.assertAlmostEqual(seconds_between(first["start"], second["start"]), apart, delta=SLACK_S)
        for visit, (begin, end) in zip((first, second), CROSSINGS):
            self.assertAlmostEqual(visit["duration_s"], end - begin, delta=SLACK_S)
            self.assertEqual(visit["triggers"], ["motion"])
            self.assertRegex(visit["clip"], r"^visits/\d{4}/\d\d/\d\d/.*_\d{4}-\d\d-\d\d_\d\d-\d\d-\d\d\.mp4$")
            self.look_at_clip(daemon.state / visit["clip"], visit)
            self.assertGreater(max(brightest_rows(daemon.state / visit["photo"])), 0.01, "the photograph shows it")
        self.assertEqual([], list(daemon.state.rglob("*.part")))

        status = daemon.status()
        self.assertEqual(status["motion"]["events"], 2)
        self.assertFalse(status["motion"]["active"])
        self.assertIsNone(status["visit_id"])

        why = daemon.nestbox("why", str(first["id"])).stdout
        self.assertRegex(why, r"(?i)a moving area of \d+(\.\d+)? % for \d+(\.\d+)? s")
        self.assertEqual(daemon.nestbox("why", "4711", check=False).returncode, 1)
        self.remark(daemon, first["id"])
        self.replay(daemon)
        self.film(daemon)

    def look_at_clip(self, path, visit):
        subprocess.run(["ffmpeg", "-v", "error", "-xerror", "-i", path, "-f", "null", "-"], check=True)
        lasts = float(stream_of(path, "format=duration")["format"]["duration"])
        # Pre-roll from a keyframe on, post-roll to a fragment's end.
        self.assertGreaterEqual(lasts, visit["duration_s"] + 2 + 1 - 0.5)
        self.assertLessEqual(lasts, visit["duration_s"] + 2 + KEYFRAMES_S + 1 + 1 + SLACK_S)
        white = brightest_rows(path)
        self.assertLess(white[0], 0.005, "it begins before anything moves")
        self.assertGreater(max(white), 0.015)
        self.assertLess(white[-1], 0.005, "and ends after it has gone")

    def remark(self, daemon, number):
        daemon.nestbox("star", str(number))
        daemon.nestbox("note", str(number), "came back twice, \"loudly\"")
        daemon.nestbox("species", str(number), "Kohlmeise")
        visit = next(v for v in self.visits(daemon) if v["id"] == number)
        self.assertEqual((visit["starred"], visit["notes"], visit["species"]),
                         (True, "came back twice, \"loudly\"", "Kohlmeise"))
        csv = daemon.nestbox("visits", "--csv").stdout.splitlines()
        self.assertEqual(len(csv), 3)
        self.assertIn('"came back twice, ""loudly"""', csv[2])
        since = lambda when: len(json.loads(daemon.nestbox("--json", "visits", "--since", when).stdout)["visits"])
        self.assertEqual((since("1h"), since("0s")), (2, 0))
        self.assertEqual(daemon.nestbox("visits", "--since", "yesterday", check=False).returncode, 2)

    def replay(self, daemon):
        same = json.loads(daemon.nestbox("--json", "replay").stdout)
        self.assertEqual((same["before"]["caught"], same["before"]["missed"]), (2, 0), same)
        self.assertEqual(same["before"], same["after"])
        blind = json.loads(daemon.nestbox("--json", "replay", "--set", "motion.min_area=30%").stdout)
        self.assertEqual((blind["after"]["caught"], blind["after"]["missed"]), (0, 2), blind)
        self.assertEqual(daemon.nestbox("replay", "--set", "motion.sensitivity=900", check=False).returncode, 2)

    def film(self, daemon):
        film = json.loads(daemon.nestbox("--json", "day").stdout)
        self.assertEqual((film["visits"], film["moments"], film["left_out"]), (2, 2, []), film)
        path = daemon.state / film["file"]
        subprocess.run(["ffmpeg", "-v", "error", "-xerror", "-i", path, "-f", "null", "-"], check=True)
        lasts = float(stream_of(path, "format=duration")["format"]["duration"])
        self.assertAlmostEqual(lasts, film["duration_s"], delta=0.5)
        self.assertLess(lasts, 60)
        self.assertGreater(max(brightest_rows(path)), 0.015)
        self.assertEqual(daemon.nestbox("day", "2001-01-01", check=False).returncode, 1)

    def test_killed_in_a_visit_its_clip_is_found_again(self):
        daemon = self.start("killed", f"file:{self.clip}")
        self.wait_for_film(daemon)
        daemon.process.send(signal.SIGKILL)
        daemon.process.child.wait()
        (part,) = daemon.state.rglob("*.mp4.part")
        again = self.start("killed", "scene:1", ["motion.enabled=false"])
        visit = rig.wait_until(lambda: self.visits(again) and self.visits(again)[0]["end"], 30, again.log) and self.visits(again)[0]
        self.assertEqual(again.state / visit["clip"], part.with_suffix(""))
        self.assertEqual([], list(again.state.rglob("*.part")))
        subprocess.run(["ffmpeg", "-v", "error", "-xerror", "-i", again.state / visit["clip"], "-f", "null", "-"], check=True)
        self.assertGreater(visit["duration_s"], 0.5)

    def test_sigterm_in_a_visit_finishes_it(self):
        daemon = self.start("ended", f"file:{self.clip}")
        self.wait_for_film(daemon)
        status, took = daemon.stop()
        self.assertEqual(status, 0, daemon.log())
        self.assertLess(took, 10)
        self.assertEqual([], list(daemon.state.rglob("*.part")), daemon.log())
        again = self.start("ended", "scene:1", ["motion.enabled=false"])
        (visit,) = self.visits(again)
        self.assertTrue(visit["end"] and visit["clip"] and visit["photo"], visit)
        self.assertGreater(max(brightest_rows(again.state / visit["clip"])), 0.01)

    def test_live_while_somebody_is_there(self):
        folder = self.folder / "live"
        folder.mkdir()
        server = rig.RtmpServer(folder / "nginx").start()
        self.addCleanup(server.stop)
        yaml = ("live:\n  when: visit\n  idle: off\n  min_on_air: 0s\n  outputs:\n"
                f"    - {{name: out, url: \"{server.url()}\"}}\n")
        daemon = rig.Daemon(folder, f"file:{self.clip}", yaml=yaml, keys={"out": "canary"}, settings=SETTINGS).start()
        self.addCleanup(daemon.stop)
        self.assertEqual(daemon.output()["state"], "off")
        rig.wait_until(lambda: daemon.status()["visit_id"], 60, daemon.log)
        daemon.wait_for_output("live", 30)
        rig.wait_until(lambda: not daemon.status()["visit_id"], 60, daemon.log)
        daemon.wait_for_output("off", 30)

    def test_real_hands_that_take_bottles(self):
        source = CLIPS / "bottles.mp4"
        if not source.exists():
            self.skipTest(f"the real clip bottles.mp4 is not beside the checkout ({source.parent})")
        daemon = self.start("bottles", f"file:{source}", ["visits.event_gap=2s"])
        truth = json.loads(source.with_suffix(".json").read_text())["events"]
        visits = self.wait_for_visits(daemon, 6, 120)
        zero = seconds_between(visits[0]["start"], visits[0]["start"]) - truth[0][0]
        found = [seconds_between(visits[0]["start"], v["start"]) - zero for v in visits]
        # Events less than the gap apart are one visit.
        joined = [truth[0][0]] + [b[0] for a, b in zip(truth, truth[1:]) if b[0] - a[1] > 2.3]
        for begin in joined:
            self.assertTrue(any(abs(begin - start) < 1.5 for start in found), (joined, found))


class Rules(Box):
    """What settings make of visits; each takes half a minute."""

    def test_a_visit_that_is_too_long_goes_on_as_another(self):
        daemon = self.start("long", f"file:{self.clip}", ["visits.event_gap=10s", "visits.max_length=10s"])
        visits = self.wait_for_visits(daemon, 2, 90)
        self.assertEqual(visits[1]["continues"], visits[0]["id"])
        self.assertAlmostEqual(visits[0]["duration_s"], 10, delta=0.01)
        self.assertAlmostEqual(seconds_between(visits[0]["end"], visits[1]["start"]), 0, delta=1)

    def test_without_recording_visits_are_counted_and_the_encoder_sleeps(self):
        daemon = self.start("unrecorded", f"file:{self.clip}", ["visits.record=false"])
        rig.wait_until(lambda: [v for v in self.visits(daemon) if v["end"] and v["photo"]], 60, daemon.log)
        self.assertIsNone(self.visits(daemon)[0]["clip"])
        self.assertEqual(daemon.status()["encoder"]["state"], "sleeping")

    def test_what_is_too_old_or_too_much_is_let_go_but_not_what_has_a_star(self):
        daemon = self.start("retained", f"file:{self.clip}")
        first, second = self.wait_for_visits(daemon, 2, 90)
        daemon.nestbox("star", str(first["id"]))
        daemon.nestbox("set", "retain.max_size", "1M" if (daemon.state / first["clip"]).stat().st_size > 1e6 else "100K")
        rig.wait_until(lambda: self.visits(daemon)[0]["clip"] is None, 60, daemon.log)
        self.assertFalse((daemon.state / second["clip"]).exists())
        self.assertTrue((daemon.state / first["clip"]).exists())
        self.assertTrue(self.visits(daemon)[1]["clip"])


if __name__ == "__main__":
    unittest.main(verbosity=2)
