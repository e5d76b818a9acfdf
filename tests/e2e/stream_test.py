"""The main job on real input: a clip, the ring, x264, a real RTMP server, and a viewer who decodes picture and sound."""

import json
import pathlib
import subprocess
import sys
import time
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).parent))
import rig

CLIP = rig.ROOT.parent / "shared/data/motion/bottles.mp4"
PICTURES = rig.ROOT / "build/test-pictures"


def probe(path, *arguments):
    command = ["ffprobe", "-v", "error", "-of", "json", *arguments, str(path)]
    return json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout)


def grey_picture(path, at_s, width=1280, height=720):
    command = ["ffmpeg", "-v", "error", "-ss", str(at_s), "-i", str(path), "-frames:v", "1", "-pix_fmt", "gray", "-f", "rawvideo", "-"]
    picture = subprocess.run(command, check=True, capture_output=True).stdout
    assert len(picture) == width * height, f"{len(picture)} bytes"
    return [picture[row * width:(row + 1) * width] for row in range(height)]


class Stream(unittest.TestCase):
    SECONDS = 60

    def test_a_viewer_gets_picture_text_and_sound_for_a_minute(self):
        clip = CLIP if CLIP.exists() else rig.stamped_clip()
        if clip != CLIP:
            print("the recorded clip is not there; the numbered one stands in")
        with rig.folder() as folder:
            server = rig.RtmpServer(folder / "nginx").start()
            yaml = (
                "name: e2e\nlive:\n  when: always\n  outputs:\n"
                f"    - {{name: out, url: \"{server.url()}\"}}\n"
                "privacy:\n  - polygon: [[0.9, 0], [1, 0], [1, 0.2], [0.9, 0.2]]\n"
            )
            daemon = rig.Daemon(folder, f"file:{clip}?loop=1", yaml=yaml, keys={"out": "canary-5up3r"}).start()
            try:
                daemon.wait_for_output("live", 10)
                recording = folder / "seen.flv"
                subprocess.run(
                    ["ffmpeg", "-v", "error", "-i", f"{server.url()}/canary-5up3r", "-t", str(self.SECONDS), "-c", "copy", str(recording)],
                    check=True, timeout=self.SECONDS + 30,
                )
                status = daemon.status()
                self.assertEqual(daemon.output()["state"], "live")
                dropped, encoded = status["drops"]["encode"], status["encoder"]["frames"]
                print(f"pictures dropped before the encoder: {dropped} of {encoded}")
                self.assertLess(dropped, encoded * 0.05)  # none on an idle machine
                self.assertNotIn("canary-5up3r", json.dumps(status) + daemon.log())
            finally:
                code, took = daemon.stop()
                server.stop()
            self.assertEqual(code, 0, daemon.log())
            self.assertLess(took, 3)
            self.check_recording(recording)

    def check_recording(self, recording):
        streams = {s["codec_type"]: s for s in probe(recording, "-show_streams", "-count_frames")["streams"]}
        self.assertEqual((streams["video"]["codec_name"], streams["audio"]["codec_name"]), ("h264", "aac"))
        self.assertEqual((streams["video"]["width"], streams["video"]["height"]), (1280, 720))
        self.assertEqual(streams["video"]["has_b_frames"], 0)
        frames = int(streams["video"]["nb_read_frames"])
        self.assertGreater(frames, 28 * self.SECONDS)
        sound = int(streams["audio"]["nb_read_frames"]) * 1024 / int(streams["audio"]["sample_rate"])
        self.assertAlmostEqual(sound, self.SECONDS, delta=0.5)
        complaints = subprocess.run(
            ["ffmpeg", "-v", "warning", "-i", str(recording), "-f", "null", "-"], capture_output=True, text=True, check=True
        ).stderr
        self.assertEqual(complaints, "", "the decoder had nothing to complain about")
        stamps = [float(p["pts_time"]) for p in probe(recording, "-select_streams", "v", "-show_entries", "packet=pts_time,flags")["packets"]]
        self.assertLess(max(b - a for a, b in zip(stamps, stamps[1:])), 0.5)
        keys = [float(p["pts_time"]) for p in probe(recording, "-select_streams", "v", "-show_entries", "packet=pts_time,flags")["packets"] if "K" in p["flags"]]
        self.assertLess(max(b - a for a, b in zip(keys, keys[1:])), 2.1)
        self.check_pictures(recording)

    def check_pictures(self, recording):
        PICTURES.mkdir(parents=True, exist_ok=True)
        subprocess.run(
            ["ffmpeg", "-v", "error", "-y", "-i", str(recording), "-vf", "fps=1/12", str(PICTURES / "stream-%02d.png")], check=True
        )
        early, late = grey_picture(recording, 10), grey_picture(recording, 50)
        self.assertNotEqual(early, late, "the picture moves")
        # the text: white letters with a dark edge at the lower left, and the clock in it differs
        text = [row[:400] for row in early[660:716]]
        self.assertGreater(max(max(row) for row in text), 200)
        self.assertLess(min(min(row) for row in text), 40)
        self.assertNotEqual(text, [row[:400] for row in late[660:716]])
        hidden = [row[1160:1278] for row in early[2:140]]
        self.assertLess(max(max(row) for row in hidden), 24, "the private corner is black")


if __name__ == "__main__":
    unittest.main(verbosity=2)
