#!/usr/bin/env python3
"""nestboxd on a real libcamera camera, vimc, from its YAML: picture and stream, sizes that are adjusted, and the driver
taken away and brought back.

    scripts/guest run --env RIG_BIN=build/release/bin -- tests/guest/camera_test.py
"""

import pathlib
import subprocess
import sys
import tempfile
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "e2e"))
import rig  # pylint: disable=wrong-import-position

DRIVER = pathlib.Path("/sys/bus/platform/drivers/vimc")

YAML = """
name: guest
camera: {source: auto, width: 640, height: 480, framerate: 15, analysis_width: 160}
live:
  when: always
  outputs:
    - {name: out, url: "%s"}
"""


def bind():
    """A new camera; there is no udev to say that its devices are ready, so it is said here."""
    (DRIVER / "bind").write_text("vimc.0")
    for folder in ("media/devices", "../class/video4linux"):
        for device in pathlib.Path("/sys/bus", folder).glob("*/dev"):
            pathlib.Path("/run/udev/data/c" + device.read_text().strip()).write_text("I:1\n")


def picture_of(daemon, folder):
    """Width, height and the mean brightness of each quarter of a snapshot."""
    path = folder / "picture.jpg"
    daemon.nestbox("snapshot", "-o", path)
    probe = subprocess.run(
        ["ffprobe", "-v", "error", "-show_entries", "stream=width,height", "-of", "csv=p=0", path],
        check=True, capture_output=True, text=True)
    width, height = (int(number) for number in probe.stdout.strip().split(","))
    quarters = subprocess.run(
        ["ffmpeg", "-v", "error", "-i", path, "-vf", "scale=8:1:flags=area,format=gray", "-f", "rawvideo", "-"],
        check=True, capture_output=True)
    return width, height, list(quarters.stdout)


class Camera(unittest.TestCase):
    def setUp(self):
        temporary = tempfile.TemporaryDirectory()  # pylint: disable=consider-using-with
        self.addCleanup(temporary.cleanup)
        self.folder = pathlib.Path(temporary.name)
        self.server = rig.RtmpServer(self.folder / "server").start()
        self.addCleanup(self.server.stop)
        self.daemon = rig.Daemon(self.folder, None, yaml=YAML % self.server.url(), keys={"out": "guest-key"}).start()
        self.addCleanup(self.stop_daemon)

    def stop_daemon(self):
        self.daemon.stop()
        print(self.daemon.log())

    def camera(self):
        return self.daemon.status()["camera"]

    def wait_for(self, state, seconds=60):
        took = rig.wait_until(lambda: self.camera()["state"] == state, seconds, lambda: f"{state}: {self.camera()}")
        print(f"camera {state} after {took:.1f} s")

    def wait_for_pictures(self, number=20):
        before = self.camera()["frames"]
        rig.wait_until(lambda: self.camera()["frames"] > before + number, 60, self.camera)

    def test_picture_stream_sizes_and_the_driver_gone_and_back(self):
        self.wait_for("running")
        self.wait_for_pictures()
        camera = self.camera()
        self.assertIn("vimc", camera["source"])
        self.assertEqual(camera["content"], "live")
        notes = " ".join(camera["notes"])
        self.assertIn("640 x 480 is asked for; this camera gives 636 x 480", notes)
        self.assertRegex(notes, r"it gives [A-Z]+888; each picture is converted once \(\d+ so far\)")
        self.assertNotIn("no usable time", notes, "the sensor's stamps are good")
        width, height, columns = picture_of(self.daemon, self.folder)
        self.assertEqual((width, height), (636, 480))
        self.assertGreater(max(columns) - min(columns), 60, "colour bars")

        self.daemon.wait_for_output("live", 60)
        before = self.server.media_bytes()
        rig.wait_until(lambda: self.server.media_bytes() > before + 50_000, 60, "the server takes the stream")

        self.daemon.nestbox("set", "camera.width", "1280")
        self.daemon.nestbox("set", "camera.height", "720")
        rig.wait_until(lambda: "1278 x 720" in " ".join(self.camera()["notes"]), 60, self.camera)
        self.wait_for_pictures()
        self.assertEqual(picture_of(self.daemon, self.folder)[:2], (1278, 720))

        # Without udev libcamera is not told, and its cameras come back in a new process alone. So the daemon ends in an
        # orderly way, and systemd starts it again; here the test does.
        (DRIVER / "unbind").write_text("vimc.0")
        rig.wait_until(lambda: not self.daemon.process.running(), 60, self.daemon.log)
        self.assertEqual(self.daemon.process.child.returncode, 1, self.daemon.log())
        self.assertIn("ending, to be started anew", self.daemon.log())
        self.daemon.start()
        rig.wait_until(lambda: "no camera found" in (self.camera()["last_error"] or ""), 60, self.camera)
        self.assertEqual(self.camera()["state"], "absent")
        self.daemon.wait_for_output("slate", 60)
        before = self.server.media_bytes()
        rig.wait_until(lambda: self.server.media_bytes() > before + 10_000, 60, "the server takes the slate")

        bind()
        self.wait_for("running")
        self.wait_for_pictures()
        self.daemon.wait_for_output("live", 60)
        status, _ = self.daemon.stop()
        self.assertEqual(status, 0, self.daemon.log())


if __name__ == "__main__":
    unittest.main(verbosity=2)
