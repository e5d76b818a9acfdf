#!/usr/bin/env python3
"""Day and night on a real camera and a real gpiochip: the picture goes black, the coil gets its pulse, the lamp its line;
and the daemon, killed within a pulse, leaves no current in the coil.

    scripts/guest run --env RIG_BIN=build/release/bin -- tests/guest/night_test.py
"""

import pathlib
import signal
import subprocess
import sys
import tempfile
import time
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "e2e"))
import rig  # pylint: disable=wrong-import-position

LINES = pathlib.Path("/run/guest/gpio")
COIL_IN, COIL_OUT, LAMP, PIR = 23, 24, 18, 4
BARS, BLACK = 0, 5  # test patterns of vimc's sensor

YAML = """
name: guest
camera: {source: auto, width: 320, height: 240, framerate: 15, analysis_width: 160}
triggers: {visit: motion or pir}
visits: {record: false, event_gap: 1s}
day_night:
  night_delay: 2s
  day_delay: 2s
  ir_cut: {type: coil, line_a: GPIO23, line_b: GPIO24, pulse: %s}
  lamp: {type: level, line: GPIO18}
gpio:
  pir: {line: GPIO4, hold: 1s}
"""


def level(line):
    return int((LINES / f"sim_gpio{line}" / "value").read_text())


def sensor():
    for name in pathlib.Path("/sys/class/video4linux").glob("v4l-subdev*/name"):
        if name.read_text().strip() == "Sensor B":
            return f"/dev/{name.parent.name}"
    raise LookupError("vimc has no Sensor B")


def show(pattern):
    """Without the clock that it writes over its picture: white on black is not dark."""
    subprocess.run(["v4l2-ctl", "-d", sensor(), "-c", f"test_pattern={pattern},show_information=2"], check=True)


def after_the_end():
    """What systemd runs after the daemon has ended, in whatever way, as the unit has it."""
    unit = (rig.ROOT / "systemd/nestbox.service").read_text()
    (command,) = [line.split("=", 1)[1] for line in unit.splitlines() if line.startswith("ExecStopPost=")]
    return command.split()


class Night(unittest.TestCase):
    def start(self, pulse, pattern=BARS):
        temporary = tempfile.TemporaryDirectory()  # pylint: disable=consider-using-with
        self.addCleanup(temporary.cleanup)
        self.folder = pathlib.Path(temporary.name)
        show(pattern)
        self.daemon = rig.Daemon(self.folder, None, yaml=YAML % pulse).start()
        self.addCleanup(self.daemon.stop)

    def wait_for(self, condition, what, seconds=120):
        took = rig.wait_until(condition, seconds, lambda: f"{what}: {self.daemon.status()}\n{self.daemon.log()}")
        print(f"{what}: after {took:.1f} s")

    def pulses(self, line, seconds=120):
        """Waits for a pulse on the line; how long it lasted, in seconds."""
        rig.wait_until(lambda: level(line) == 1, seconds, lambda: f"a pulse on {line}: {self.daemon.status()}\n{self.daemon.log()}")
        begin = time.monotonic()
        rig.wait_until(lambda: level(line) == 0, seconds, "its end")
        return time.monotonic() - begin

    def test_black_is_night_and_bars_are_day(self):
        self.start("1s", BLACK)
        print(f"filter out of the path: a pulse of {self.pulses(COIL_OUT):.2f} s")
        self.wait_for(lambda: self.daemon.status()["mode"] == "night" and level(LAMP) == 1, "night, lamp lit")
        self.assertEqual((level(COIL_IN), level(COIL_OUT)), (0, 0), "never held")
        time.sleep(12)  # what changes while the lamp comes up would be taken for its light; that takes 8 s at most
        show(BARS)  # over a minute: what has switched stays so for that long
        self.wait_for(lambda: level(LAMP) == 0, "dark", 200)
        print(f"filter into the path: a pulse of {self.pulses(COIL_IN):.2f} s")
        self.wait_for(lambda: self.daemon.status()["mode"] == "day", "day")
        status, _ = self.daemon.stop()
        self.assertEqual(status, 0)
        self.assertEqual((level(COIL_IN), level(COIL_OUT), level(LAMP)), (0, 0, 0))

    def test_killed_in_a_pulse_the_coil_is_idle_within_two_seconds(self):
        self.start("1s")
        rig.wait_until(lambda: level(COIL_IN) == 1, 120, self.daemon.log)
        self.daemon.process.send(signal.SIGKILL)
        self.daemon.process.child.wait()
        killed = time.monotonic()
        held = level(COIL_IN)
        program, *arguments = after_the_end()
        self.assertEqual(arguments.pop(), "/run/nestbox/lines.yaml", "beside the socket")
        arguments.append(str(self.folder / "lines.yaml"))
        (self.folder / "nestbox.yaml").write_text("broken: [")  # what its owner has left of it meanwhile
        subprocess.run([rig.BIN / pathlib.Path(program).name, *arguments], check=True, timeout=10)
        took = time.monotonic() - killed
        print(f"killed with the coil at {held}; idle {took:.2f} s later")
        self.assertEqual((level(COIL_IN), level(COIL_OUT), level(LAMP)), (0, 0, 0))
        self.assertLess(took, 2)

    def test_pir_in_the_dark(self):
        self.start("200ms")
        (LINES / f"sim_gpio{PIR}" / "pull").write_text("pull-up")
        self.wait_for(lambda: self.daemon.status()["visit_id"] is not None, "the PIR sensor begins a visit")
        (LINES / f"sim_gpio{PIR}" / "pull").write_text("pull-down")
        self.wait_for(lambda: self.daemon.status()["visit_id"] is None, "and ends it")


if __name__ == "__main__":
    unittest.main(verbosity=2)
