"""Lines in and out with the real daemon, its chip simulated: PIR, button, lights, filter and lamp.

    /usr/bin/python3 lines_test.py [-v]
"""

import json
import pathlib
import sys
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).parent))
import rig

YAML = """
name: lines
camera: {allow_simulated: true, width: 320, height: 180, framerate: 15, night: {framerate: 10}}
triggers: {visit: pir}
visits: {pre_capture: 1s, post_capture: 1s, event_gap: 1s}
retain: {min_free: 1M}
encoder: {preset: ultrafast}
overlay: {enabled: false}
live: {when: button, idle: "off", min_on_air: 0s, outputs: [{name: out, url: "%s"}]}
day_night:
  mode: line
  night_delay: 1s
  day_delay: 1s
  ir_cut: {type: coil, line_a: 23, line_b: 24}
  lamp: {type: level, line: 18}
gpio:
  chip: sim
  pir: {line: 4, hold: 1s}
  button: {line: 17, long_press: shut-down}
  light_sensor: {line: 5, debounce: 0s}
  live_light: {line: 22}
  status_led: {line: 27}
"""


class Box(unittest.TestCase):
    """What both sets of tests stand on."""

    @classmethod
    def setUpClass(cls):
        kept = rig.folder()
        folder = kept.__enter__()
        cls.addClassCleanup(kept.__exit__, None, None, None)
        cls.server = rig.RtmpServer(folder / "server").start()
        cls.addClassCleanup(cls.server.stop)
        cls.daemon = rig.Daemon(folder, "scene:3", yaml=YAML % cls.server.url(), keys={"out": "lines-key"})
        cls.addClassCleanup(cls.daemon.stop)
        cls.daemon.start()
        rig.wait_until(lambda: cls.daemon.status()["camera"]["frames"] > 0, 30, cls.daemon.log)

    @classmethod
    def drive(cls, line, value):
        cls.daemon.nestbox("sim", "set", line, str(value))

    def level(self, line):
        return json.loads(self.daemon.nestbox("--json", "sim", "get", line).stdout)["value"]

    def wait_for(self, condition, what, seconds=30):
        rig.wait_until(condition, seconds, lambda: f"{what}: {json.dumps(self.daemon.status())}\n{self.daemon.log()}")

    def press(self):
        self.drive("button", 1)
        self.wait_for(lambda: self.value("button"), "the button is down")
        self.drive("button", 0)
        self.wait_for(lambda: not self.value("button"), "and up")

    def value(self, name):
        return next(line["value"] for line in self.daemon.status()["lines"] if line["name"] == name)


class Lines(Box):
    def test_all_lines_are_told(self):
        lines = {line["name"]: line for line in self.daemon.status()["lines"]}
        self.assertEqual(set(lines), {"pir", "button", "light_sensor", "live_light", "status_led", "lamp", "filter_a",
                                      "filter_b"})
        self.assertEqual({line["state"] for line in lines.values()}, {"ok"}, lines)

    def test_pir_makes_a_visit_with_photograph_and_clip(self):
        self.drive("pir", 1)
        self.wait_for(lambda: self.daemon.status()["visit_id"] is not None, "a visit begins")
        self.drive("pir", 0)
        whole = lambda: [v for v in json.loads(self.daemon.nestbox("--json", "visits").stdout)["visits"]
                         if v["end"] and v["photo"] and (self.daemon.state / v["clip"]).exists()]
        self.wait_for(whole, "it ends, with clip and photograph")
        visit = whole()[0]
        self.assertEqual(visit["triggers"], ["pir"])
        self.assertGreaterEqual(visit["duration_s"], 1, "it was held for that long")

    def test_button_goes_live_and_off_again_and_its_light_shows_it(self):
        state = lambda: self.daemon.status()["outputs"][0]["state"]
        self.assertEqual(state(), "off")
        self.assertEqual(self.level("live_light"), 0)
        self.press()
        self.wait_for(lambda: state() == "live" and self.level("live_light") == 1, "on air")
        self.press()
        self.wait_for(lambda: state() == "off" and self.level("live_light") == 0, "off the air")

    def test_long_press_of_a_simulated_button_powers_nothing_off(self):
        self.drive("button", 1)
        self.wait_for(lambda: "it is a simulated one, so the system is not asked" in self.daemon.log(), "it is long")
        self.drive("button", 0)

    def test_a_button_that_is_found_pressed_is_no_press(self):
        state = lambda: self.daemon.status()["outputs"][0]["state"]
        self.daemon.nestbox("set", "gpio.button.active", "high")
        self.drive("button", 1)
        self.wait_for(lambda: self.value("button"), "the button is down")
        pressed = self.daemon.log().count("the button was held")
        self.daemon.nestbox("set", "gpio.button.debounce", "50ms")
        self.wait_for(lambda: self.value("button") is not None, "it is found again")
        self.drive("button", 0)
        self.wait_for(lambda: not self.value("button"), "and up")
        self.assertEqual((state(), self.daemon.log().count("the button was held")), ("off", pressed))
        self.daemon.nestbox("reset", "gpio.button")
        self.drive("button", 0)  # 0 V was up, and is down again
        self.wait_for(lambda: self.value("button") is False, "up")
        self.assertEqual((state(), self.daemon.log().count("the button was held")), ("off", pressed))

    def test_status_led_is_lit_while_all_is_well(self):
        self.wait_for(lambda: self.level("status_led") == 1, "lit")


class Light(Box):
    """Over a minute: what has switched stays so for that long."""

    def test_dark_at_first_then_light(self):
        status = self.daemon.status
        self.wait_for(lambda: status()["mode"] == "night" and self.level("lamp") == 1, "night, with the lamp lit")
        self.wait_for(lambda: status()["camera"]["fps"] < 12, "the camera's settings of the night")
        self.assertEqual(status()["light"]["filter"], "out_of_path")
        self.assertEqual((self.level("filter_a"), self.level("filter_b")), (0, 0), "never held")
        self.drive("light_sensor", 1)
        self.wait_for(lambda: status()["mode"] == "day" and self.level("lamp") == 0, "day, and dark", 150)
        self.wait_for(lambda: status()["light"]["filter"] == "in_path", "the filter keeps infra-red out")
        self.wait_for(lambda: status()["camera"]["fps"] > 12, "the camera's settings of the day")
        self.assertEqual(status()["light"]["by"], "line")
        self.assertEqual(self.daemon.stop()[0], 0, self.daemon.log())


if __name__ == "__main__":
    unittest.main()
