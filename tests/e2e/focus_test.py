"""Focusing with the real daemon: a sharp and a blurred picture of the same scene, on the command line and over HTTP.

    /usr/bin/python3 focus_test.py [-v]
"""

import http.client
import json
import pathlib
import re
import signal
import subprocess
import sys
import unittest
import urllib.parse

sys.path.insert(0, str(pathlib.Path(__file__).parent))
import rig

PASSWORD = "canary owl in the oak 7"
FORM = {"Content-Type": "application/x-www-form-urlencoded"}
BLUR_RADIUS = 8  # standard deviation in pixels: a lens that is set for the far garden
# Measured: 9.8 sharp (the scene is painted softly); blurred by 2 pixels 6.0, by 3 4.8, by 5 3.6, by 8 2.8.
BLURRED_AT_MOST = 0.4
# A machine that is busy with something else may show no picture for 2 s, which is said, and asked for again.
PATIENCE, LATE = 15, "no picture came within 2 s"


def picture_of_the_scene(folder):
    daemon = rig.Daemon(folder / "scene", "scene:7", settings=["overlay.enabled=false"]).start()
    try:
        rig.wait_until(lambda: daemon.status()["camera"]["frames"] > 0, 60, daemon.log)
        daemon.nestbox("snapshot", "-o", folder / "scene.jpg")
    finally:
        daemon.stop()
    return folder / "scene.jpg"


def still_clip(picture, clip, filters):
    subprocess.run(["ffmpeg", "-v", "error", "-y", "-loop", "1", "-i", picture, "-t", "2", "-r", "10", "-vf", filters,
                    "-c:v", "libx264", "-preset", "ultrafast", "-crf", "10", "-pix_fmt", "yuv420p", clip], check=True)
    return clip


class Focus(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.kept = rig.folder()
        cls.folder = cls.kept.__enter__()
        cls.addClassCleanup(cls.kept.__exit__, None, None, None)
        picture = picture_of_the_scene(cls.folder)
        cls.sharp = still_clip(picture, cls.folder / "sharp.mp4", "null")
        cls.blurred = still_clip(picture, cls.folder / "blurred.mp4", f"gblur=sigma={BLUR_RADIUS}")

    def start(self, name, source, **more):
        folder = self.folder / name
        folder.mkdir()
        daemon = rig.Daemon(folder, None, yaml=f'camera: {{source: "file:{source}?loop=1"}}\n', **more).start()
        self.addCleanup(daemon.stop)
        rig.wait_until(lambda: daemon.status()["camera"]["frames"] > 0, 60, daemon.log)
        return daemon

    def show(self, daemon, source):
        daemon.nestbox("set", "camera.source", f"file:{source}?loop=1")
        named = lambda: daemon.status()["camera"]
        rig.wait_until(lambda: str(source) in named()["source"] and named()["state"] == "running", 60, daemon.log)

    def watch(self, daemon, *options, lines=3):
        """`nestbox focus` for some lines, ended as its owner would: by Ctrl-C."""
        for _ in range(PATIENCE):
            program = subprocess.Popen([rig.BIN / "nestbox", "--socket", daemon.socket, *options], text=True,
                                       stdout=subprocess.PIPE, stderr=subprocess.PIPE)
            out = [program.stdout.readline() for _ in range(lines)]
            program.send_signal(signal.SIGINT)
            _, err = program.communicate(timeout=60)
            if program.returncode == 0 and out[-1]:
                return out
            self.assertIn(LATE, err)
        self.fail(f"{options}: no picture in {PATIENCE} tries; {daemon.log()}")

    def look(self, daemon, *options):
        return json.loads(self.watch(daemon, "--json", "focus", *options)[-1])

    def assert_same_peak(self, peak, before):
        # A last look, whose line nobody read, may have raised it by what the codec changes from picture to picture.
        self.assertAlmostEqual(peak, before, delta=0.02 * before)

    def test_blur_is_seen_and_the_peaks_are_kept_across_runs(self):
        daemon = self.start("command", self.sharp)
        sharp = self.look(daemon)
        self.assertEqual((sharp["light"], sharp["crop_width"], sharp["crop_height"]), ("day", 480, 360))
        self.assertGreaterEqual(sharp["peak"], sharp["sharpness"])
        self.assertIsNone(sharp["focus_measure"])
        self.assertIsNone(sharp["lens"])
        self.assertIsNone(sharp["peaks"]["infrared"])

        self.show(daemon, self.blurred)
        blurred = self.look(daemon)
        print(f"sharpness of the scene: {sharp['sharpness']:.1f}, blurred by {BLUR_RADIUS} pixels {blurred['sharpness']:.1f}")
        self.assertLess(blurred["sharpness"], BLURRED_AT_MOST * sharp["sharpness"])
        self.assert_same_peak(blurred["peak"], sharp["peak"])

        infrared = self.look(daemon, "--infrared")
        self.assertLess(infrared["peak"], BLURRED_AT_MOST * sharp["sharpness"], "infra-red has a peak of its own")
        self.assert_same_peak(infrared["peaks"]["day"], sharp["peak"])

        anew = self.look(daemon, "--reset")
        self.assertLess(anew["peak"], BLURRED_AT_MOST * sharp["sharpness"])
        self.assert_same_peak(anew["peaks"]["infrared"], infrared["peak"])

    def test_on_a_terminals_line_are_figure_bar_and_both_peaks(self):
        daemon = self.start("words", self.sharp)
        first, *figures = self.watch(daemon, "focus")
        self.assertIn("no sharpness figure of its own (FocusFoM)", first)
        for line in figures:
            self.assertRegex(line, r"^ *\d+\.\d \[#+\.*\] peak +\d+\.\d  \(day\)$")
        self.assertRegex(self.watch(daemon, "focus", "--infrared")[-1], r"\(infra-red; day \d+\.\d\)$")

    def test_a_lens_without_a_motor_is_turned_by_hand(self):
        daemon = self.start("motor", self.sharp)
        refused = daemon.nestbox("focus", "lock", "6.7", check=False)
        self.assertEqual(refused.returncode, 1)
        self.assertIn("Turn it by hand", refused.stderr)
        self.assertEqual(json.loads(daemon.nestbox("--json", "diff").stdout)["changes"], [], "nothing was set")

    def test_over_http_it_is_for_who_has_logged_in(self):
        port = rig.free_port()
        daemon = self.start("http", self.sharp, settings=[f"web.listen=0.0.0.0:{port}", "web.public_page=true"])
        daemon.nestbox("passwd", stdin=PASSWORD + "\n")

        def ask(method, path, cookie="", fields=None, token=""):
            connection = http.client.HTTPConnection("127.0.0.1", port, timeout=15)
            try:
                headers = {"Cookie": cookie, **(FORM if method == "POST" else {}), **({"X-CSRF-Token": token} if token else {})}
                connection.request(method, path, urllib.parse.urlencode(fields or {}) if method == "POST" else None, headers)
                reply = connection.getresponse()
                return reply, reply.read()
            finally:
                connection.close()

        def answers():
            try:
                return ask("GET", "/api/v1/status")[0].status == 401
            except OSError:
                return False

        rig.wait_until(answers, 60, daemon.log)
        paths = ("/api/v1/focus/day", "/api/v1/focus/infrared", "/snapshot/centre")
        for path in paths:
            self.assertEqual(ask("GET", path)[0].status, 401, "a public page shows the picture, and no more")
        for path in ("/api/v1/focus/reset", "/api/v1/focus/lock"):
            self.assertEqual(ask("POST", path)[0].status, 401)

        reply, page = ask("GET", "/login")
        cookie, token = reply.headers["Set-Cookie"].split(";")[0], re.search(rb'name="csrf" value="([0-9a-f]{64})"', page)[1].decode()
        reply, _ = ask("POST", "/login", cookie, {"csrf": token, "password": PASSWORD})
        self.assertEqual(reply.status, 303)
        cookie = reply.headers["Set-Cookie"].split(";")[0]
        token = json.loads(ask("GET", "/api/v1/session", cookie)[1])["csrf"]

        def get(path):
            for _ in range(PATIENCE):
                reply, body = ask("GET", path, cookie)
                if reply.status == 200:
                    return reply, body
                self.assertEqual(reply.status, 503, body)
            self.fail(f"{path}: no picture in {PATIENCE} tries; {daemon.log()}")

        sharp = json.loads(get("/api/v1/focus/day")[1])
        reply, jpeg = get("/snapshot/centre")
        self.assertEqual(reply.headers["Content-Type"], "image/jpeg")
        probe = subprocess.run(["ffprobe", "-v", "error", "-show_entries", "stream=width,height", "-of", "csv=p=0", "-"],
                               input=jpeg, capture_output=True, check=True)
        self.assertEqual(probe.stdout.strip(), b"480,360")

        self.show(daemon, self.blurred)
        blurred = json.loads(get("/api/v1/focus/day")[1])
        self.assertLess(blurred["sharpness"], BLURRED_AT_MOST * sharp["sharpness"])
        self.assert_same_peak(blurred["peak"], sharp["peak"])
        self.assertEqual(ask("POST", "/api/v1/focus/reset", cookie, {"light": "day"})[0].status, 403, "no CSRF token")
        reply, body = ask("POST", "/api/v1/focus/reset", cookie, {"light": "day"}, token)
        self.assertEqual((reply.status, json.loads(body)["peaks"]["day"]), (200, None))
        reply, body = ask("POST", "/api/v1/focus/lock", cookie, {"dioptres": "6.7"}, token)
        self.assertEqual((reply.status, json.loads(body)["error"]["code"]), (409, "no_lens"))
        reply, body = ask("POST", "/api/v1/focus/lock", cookie, {"dioptres": "near"}, token)
        self.assertEqual((reply.status, json.loads(body)["error"]["code"]), (400, "bad_value"))


if __name__ == "__main__":
    unittest.main()
