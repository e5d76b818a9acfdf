#!/usr/bin/env python3
"""The hardware encoder's buffers against the kernel's virtual codec: dmabufs in, packets out, and what came out is what
went in once vicodec's own decoder has had it."""

import os
import pathlib
import re
import subprocess
import tempfile
import unittest

WIDTH, HEIGHT = 640, 480
PICTURE_BYTES = WIDTH * HEIGHT * 3 // 2


def device(name):
    for path in pathlib.Path("/sys/class/video4linux").glob("video*/name"):
        if path.read_text(encoding="ascii").strip() == name:
            return f"/dev/{path.parent.name}"
    raise LookupError(f"no {name} in this guest")


class Encoder(unittest.TestCase):
    def test_pictures_go_through_the_driver_and_come_back(self):
        with tempfile.TemporaryDirectory() as folder:
            said = subprocess.run(
                [f"{os.environ['RIG_BIN']}/integration_encode", "--gtest_filter=Vicodec.*"],
                env={**os.environ, "KEEP_FWHT": folder}, text=True, check=False, stdout=subprocess.PIPE)
            print(said.stdout)
            self.assertEqual(said.returncode, 0)
            self.assertRegex(said.stdout, r"330 pictures, \d+ bytes coded, at most 2 leased at once, 0 bytes of pixels copied")
            self.assertFalse(re.search("SKIPPED", said.stdout))
            self.compare(pathlib.Path(folder))

    def compare(self, folder):
        subprocess.run(
            ["v4l2-ctl", "-d", device("stateful-decoder"),
             f"--set-fmt-video-out=width={WIDTH},height={HEIGHT},pixelformat=FWHT",
             "--stream-mmap", "--stream-out-mmap", "--stream-from", folder / "coded.fwht",
             "--stream-to", folder / "decoded.yuv"],
            check=True, timeout=120, capture_output=True)
        decoded = (folder / "decoded.yuv").read_bytes()
        pictures = (folder / "pictures.yuv").read_bytes()
        count = len(decoded) // PICTURE_BYTES
        self.assertGreaterEqual(count, 60, "of 64")
        for number in range(0, count, 10):
            span = slice(number * PICTURE_BYTES, (number + 1) * PICTURE_BYTES, 7)
            came, went = decoded[span], pictures[span]
            error = sum(abs(a - b) for a, b in zip(came, went)) / len(went)
            self.assertLess(error, 2, f"picture {number}: mean error {error:.2f} of 255")
            self.assertNotEqual(went, pictures[:PICTURE_BYTES:7] if number else b"", "the picture moves")


if __name__ == "__main__":
    unittest.main(verbosity=2)
