"""`nestbox doctor` against the real daemon: with and without it, without secrets, and with a way that it measures."""

import json
import pathlib
import subprocess
import tempfile
import unittest

import rig

CANARY = "canary-key-4711-abcd"
PLACE = "47.1234567"


class Doctor(unittest.TestCase):
    def setUp(self):
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="nestbox-doctor-"))
        self.addCleanup(lambda: subprocess.run(["rm", "-rf", self.folder], check=False))

    def keep(self, thing):
        self.addCleanup(thing.stop)
        return thing.start()

    def ask(self, daemon, *arguments):
        done = subprocess.run(
            [rig.BIN / "nestbox", "--socket", daemon.socket, "--json", "doctor", *arguments],
            capture_output=True, text=True, timeout=120, check=False)
        return done, json.loads(done.stdout)

    def codes(self, body):
        return {found["code"]: found for found in body["findings"]}

    def test_with_daemon(self):
        server = self.keep(rig.RtmpServer(self.folder / "rtmp"))
        yaml = (f"location: {{latitude: {PLACE}, longitude: 9.7654321}}\n"
                f"live: {{outputs: [{{name: out, url: \"{server.url()}\"}}, {{name: gone, url: \"rtmp://127.0.0.1:1/live\"}}]}}\n")
        daemon = self.keep(rig.Daemon(self.folder / "box", "scene:3", yaml=yaml, keys={"out": CANARY}))
        done, body = self.ask(daemon)
        codes = self.codes(body)
        self.assertTrue(body["daemon_running"])
        self.assertEqual(codes["reach:out"]["level"], "good", codes)
        self.assertEqual(codes["key:out"]["level"], "good")
        self.assertEqual(codes["key_missing:gone"]["level"], "warning")
        self.assertEqual(codes["reach_closed:gone"]["level"], "fault")
        self.assertTrue(codes["reach_closed:gone"]["advice"])
        self.assertEqual(done.returncode, 1)
        for secret in (CANARY, PLACE, "9.7654321"):
            self.assertNotIn(secret, done.stdout + done.stderr)
        levels = ["good", "note", "warning", "fault"]
        ranks = [levels.index(found["level"]) for found in body["findings"]]
        self.assertEqual(ranks, sorted(ranks, reverse=True))

    def test_key_that_others_can_read(self):
        daemon = rig.Daemon(self.folder / "box", "scene:3", keys={"out": CANARY},
                            yaml="live: {outputs: [{name: out, url: \"rtmp://127.0.0.1:1/live\"}]}\n")
        key = daemon.state / "keys" / "out"
        key.chmod(0o644)
        self.keep(daemon)
        _, body = self.ask(daemon)
        found = self.codes(body)["key_unusable:out"]
        self.assertEqual(found["level"], "fault")
        self.assertIn(f"chmod 600 {key}", found["text"])
        self.assertNotIn(CANARY, json.dumps(body))

    def test_certificates(self):
        authority = rig.Authority(self.folder / "ca")
        backend = self.keep(rig.RtmpServer(self.folder / "rtmp"))
        good = self.keep(rig.Stunnel(self.folder / "good", authority.certificate("good", "127.0.0.1"), backend))
        alien = self.keep(rig.Stunnel(self.folder / "alien", authority.certificate("alien", "127.0.0.1", self_signed=True), backend))
        ca = f"ca_file: {authority.folder / 'ca.pem'}"
        yaml = (f"live: {{outputs: [{{name: good, url: \"{good.url()}\", {ca}}}, "
                f"{{name: alien, url: \"{alien.url()}\", {ca}}}]}}\n")
        daemon = self.keep(rig.Daemon(self.folder / "box", "scene:3", yaml=yaml))
        _, body = self.ask(daemon)
        codes = self.codes(body)
        self.assertIn("certificate is good", codes["reach:good"]["text"])
        self.assertEqual(codes["reach_closed:alien"]["level"], "fault")
        self.assertEqual(backend.media_bytes(), 0, "nothing is published by looking")

    def test_lines_and_light(self):
        yaml = ("gpio: {chip: CHIP, pir: {line: 4}, button: {line: 17}}\n"
                "day_night: {mode: night, lamp: {type: pwm, path: /sys/class/pwm/pwmchip77/pwm0}}\n")
        daemon = self.keep(rig.Daemon(self.folder / "sim", "scene:3", yaml=yaml.replace("CHIP", "sim")))
        rig.wait_until(lambda: daemon.status()["mode"] == "night", 30, daemon.log)
        codes = self.codes(self.ask(daemon)[1])
        self.assertEqual(codes["lines_simulated"]["level"], "note")
        self.assertEqual([codes[f"line:{name}"]["level"] for name in ("pir", "button")], ["good", "good"], codes)
        self.assertTrue(codes["mode"]["text"].startswith("night"), codes["mode"])
        self.assertIn("/sys/class/pwm/pwmchip77/pwm0", codes["lamp_path"]["text"])
        self.assertIn("nestbox doctor --lights", codes["lights_untried"]["advice"])
        daemon = self.keep(rig.Daemon(self.folder / "none", "scene:3", yaml=yaml.replace("CHIP", "no-such-chip")))
        codes = self.codes(self.ask(daemon)[1])
        self.assertEqual(codes["line_absent:pir"]["level"], "fault")
        self.assertIn("no-such-chip", codes["line_absent:pir"]["text"])
        self.assertNotIn("problem", codes, "each is said once")

    def test_without_daemon(self):
        daemon = rig.Daemon(self.folder / "box", "scene:3")
        (self.folder / "bad.yaml").write_text("camera: {widht: 5}\n")
        done, body = self.ask(daemon, "--config", str(self.folder / "bad.yaml"), "--lights")
        codes = self.codes(body)
        self.assertEqual(done.returncode, 1)
        self.assertFalse(body["daemon_running"])
        self.assertIn("journalctl", codes["daemon_not_running"]["advice"])
        self.assertIn("widht", codes["configuration"]["text"])
        self.assertEqual(codes["memory"]["level"], "good")
        self.assertIn("takes the daemon", codes["lights_trial"]["text"])


class Uplink(Doctor):
    test_with_daemon = test_key_that_others_can_read = test_certificates = test_lines_and_light = None
    test_without_daemon = None

    def test_rate_is_found(self):
        reason = rig.Link.possible()
        if reason:
            self.skipTest(reason)
        link = self.keep(rig.Link())
        server = self.keep(rig.RtmpServer(self.folder / "rtmp", link.SERVER, 1935, link.server))
        yaml = f"live: {{when: manual, outputs: [{{name: out, url: \"{server.url()}\"}}]}}\n"
        daemon = self.keep(rig.Daemon(self.folder / "box", "scene:3", ["camera.allow_simulated=true"], yaml=yaml,
                                      netns=link.box, keys={"out": CANARY}))
        for rate_bps in (1_500_000, 5_000_000):
            with self.subTest(rate_bps=rate_bps):
                link.throttle(f"{rate_bps}bit")
                done, body = self.ask(daemon, "--uplink", "20s")
                uplink = body["uplink"]
                self.assertIsNotNone(uplink, body["findings"])
                print(f"{rate_bps} bit/s: {uplink}")
                self.assertTrue(uplink["saturated"])
                self.assertAlmostEqual(uplink["throughput_bps"], rate_bps, delta=0.25 * rate_bps)
                self.assertLess(uplink["proposed_bitrate_bps"], rate_bps)
                self.assertNotIn(CANARY, done.stdout + done.stderr)


if __name__ == "__main__":
    unittest.main(verbosity=2)
