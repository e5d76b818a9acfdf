"""Visits on disks and machines that fail: kill -9, a full card, one that can only be read. The stream must not notice.

    /usr/bin/python3 visits_faults_test.py [-v]
"""

import json
import os
import pathlib
import random
import sqlite3
import subprocess
import sys
import threading
import time
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).parent))
import rig

SETTINGS = ["retain.min_free=1M", "overlay.enabled=false", "encoder.preset=ultrafast", "visits.event_gap=2s",
            "visits.post_capture=1s", "visits.max_length=10s", "camera.width=640", "camera.height=360"]


def restless_clip(folder):
    """A square that goes to and fro all the time."""
    clip = folder / "restless.mp4"
    subprocess.run(["ffmpeg", "-v", "error", "-y",
                    "-f", "lavfi", "-i", "color=0x606060:s=640x360:r=15:d=20,noise=alls=6:allf=t",
                    "-f", "lavfi", "-i", "color=0xF0F0F0:s=70x70:r=15:d=20",
                    "-filter_complex", "[0][1]overlay=x='285+260*sin(2*PI*t/5)':y=140",
                    "-c:v", "libx264", "-preset", "ultrafast", "-crf", "18", "-pix_fmt", "yuv420p", clip], check=True)
    return clip


def length_of(clip):
    out = subprocess.run(["ffprobe", "-v", "error", "-show_entries", "format=duration", "-of", "csv=p=0", clip],
                         check=True, capture_output=True, text=True).stdout
    return float(out)


class Killed(threading.Thread):
    """One box that is killed again and again in the middle of a clip, and started anew each time."""

    def __init__(self, folder, source, rounds, seed):
        super().__init__()
        self.folder, self.source, self.rounds, self.chance = folder, source, rounds, random.Random(seed)
        self.lost_s, self.error = [], None
        folder.mkdir()

    def daemon(self):
        return rig.Daemon(self.folder, f"file:{self.source}?loop=1", settings=SETTINGS).start()

    def run(self):
        try:
            for _ in range(self.rounds):
                self.one_round()
            last = self.daemon()
            try:
                rig.wait_until(lambda: not list(last.state.rglob("*.part")) or last.status()["visit_id"], 30, last.log)
                self.visits = json.loads(last.nestbox("--json", "visits").stdout)["visits"]
            finally:
                last.stop()
        except BaseException as error:  # shown by the test's own thread
            self.error = error

    def one_round(self):
        daemon = self.daemon()
        try:
            growing = lambda: [part for part in daemon.state.rglob("*.mp4.part") if part.stat().st_size > 100_000]
            rig.wait_until(growing, 60, daemon.log)
            time.sleep(self.chance.uniform(0, 3))
            parts = growing()
        finally:
            daemon.process.child.kill()
            daemon.process.child.wait()
        killed_at = time.time()
        for part in parts:
            self.expect_whole(part, killed_at)

    def expect_whole(self, part, killed_at):
        """The next start has made a clip of it, which plays up to the kill."""
        daemon = rig.Daemon(self.folder, "scene:1", settings=[*SETTINGS, "motion.enabled=false"]).start()
        clip = part.with_suffix("")
        try:
            rig.wait_until(lambda: clip.exists() and not part.exists(), 60, daemon.log)
        finally:
            daemon.process.child.kill()
            daemon.process.child.wait()
        subprocess.run(["ffmpeg", "-v", "error", "-xerror", "-i", clip, "-f", "null", "-"], check=True)
        made = subprocess.run(["ffprobe", "-v", "error", "-show_entries", "format_tags=creation_time", "-of", "csv=p=0", clip],
                              check=True, capture_output=True, text=True).stdout.strip()
        began_at = time.mktime(time.strptime(made[:19], "%Y-%m-%dT%H:%M:%S")) - time.timezone
        self.lost_s.append(killed_at - began_at - length_of(clip))


class Faults(unittest.TestCase):
    def setUp(self):
        kept = rig.folder()
        self.folder = kept.__enter__()
        self.addCleanup(kept.__exit__, None, None, None)
        self.clip = restless_clip(self.folder)

    def test_killed_fifty_times(self):
        boxes = [Killed(self.folder / f"box{n}", self.clip, 25, n) for n in range(2)]
        for box in boxes:
            box.start()
        for box in boxes:
            box.join()
        for box in boxes:
            if box.error:
                raise box.error
            self.assertGreaterEqual(len(box.lost_s), 25)
            # A clip's creation time is a whole second, rounded down: of what is missing here, up to one is that.
            self.assertLess(max(box.lost_s), 2.0 + 0.5, sorted(box.lost_s))
            state = box.folder / "state"
            self.assertEqual([], list(state.rglob("*.part")))
            known = {visit["clip"] for visit in box.visits}
            for clip in state.rglob("*.mp4"):
                self.assertIn(str(clip.relative_to(state)), known, "no clip without a visit")
            for visit in box.visits:
                self.assertTrue(visit["end"], visit)
            with sqlite3.connect(state / "nestbox.db") as database:
                self.assertEqual(database.execute("PRAGMA integrity_check").fetchall(), [("ok",)])
        worst = sorted(second for box in boxes for second in box.lost_s)
        print(f"missing at the end of {len(worst)} clips: median {worst[len(worst) // 2]:.1f} s, worst {worst[-1]:.1f} s "
              "(up to 1 s of it by the clip's own clock)")

    def streaming_box(self, disk_mb, options=""):
        """A box whose state is on a disk of its own, live all the time."""
        if os.geteuid() != 0:
            self.skipTest("mounts need root")
        disk = self.folder / "box" / "state"
        disk.mkdir(parents=True)
        if subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={disk_mb}M", "tmpfs", disk], capture_output=True).returncode:
            self.skipTest("this machine mounts no tmpfs")
        self.addCleanup(subprocess.run, ["umount", "-l", disk], check=True)
        server = rig.RtmpServer(self.folder / "nginx").start()
        self.addCleanup(server.stop)
        key = self.folder / "key"
        key.write_text("canary\n")
        key.chmod(0o600)
        yaml = f"live:\n  when: always\n  outputs:\n    - {{name: out, url: \"{server.url()}\", key_file: \"{key}\"}}\n"
        daemon = rig.Daemon(self.folder / "box", f"file:{self.clip}?loop=1", yaml=yaml,
                            settings=[*SETTINGS, "retain.min_free=8M"])
        if options:
            self.remount(disk, options)
        daemon.start()
        self.addCleanup(daemon.stop)
        daemon.wait_for_output("live", 60)
        return daemon, disk

    @staticmethod
    def remount(disk, options):
        subprocess.run(["mount", "-o", f"remount,{options}", disk], check=True, capture_output=True)

    def expect_stream_untouched(self, daemon, before):
        now = daemon.status()
        output = daemon.output()
        self.assertEqual(output["state"], "live", daemon.log())
        self.assertEqual(output["reconnects"], before["outputs"][0]["reconnects"])
        self.assertEqual(output["packets_dropped"], 0)
        self.assertLess(now["camera"]["frames_lost"], 0.02 * now["camera"]["frames"])
        self.assertGreater(now["encoder"]["frames"], before["encoder"]["frames"])

    def clips(self, disk):
        return sorted(disk.rglob("*.mp4"))

    def test_a_card_that_fills(self):
        daemon, disk = self.streaming_box(48)
        rig.wait_until(lambda: len(self.clips(disk)) >= 2, 60, daemon.log)
        before = daemon.status()
        ballast = disk / "ballast"
        with open(ballast, "wb") as file:
            try:
                while True:
                    file.write(bytes(1 << 20))
            except OSError:
                pass
        free = lambda: os.statvfs(disk).f_bavail * os.statvfs(disk).f_frsize
        self.assertLess(free(), 4 << 20)
        first = self.clips(disk)[0]
        rig.wait_until(lambda: not first.exists(), 45, daemon.log)  # the oldest recordings make room
        self.expect_stream_untouched(daemon, before)
        ballast.unlink()
        count = len(self.clips(disk))
        rig.wait_until(lambda: len(self.clips(disk)) > count, 60, daemon.log)
        rig.wait_until(lambda: daemon.status()["disk"]["state"] == "ok", 60, daemon.log)
        self.expect_stream_untouched(daemon, before)
        subprocess.run(["ffmpeg", "-v", "error", "-xerror", "-i", self.clips(disk)[-1], "-f", "null", "-"], check=True)

    def test_a_card_that_can_only_be_read_and_recovers(self):
        daemon, disk = self.streaming_box(200, "ro")
        rig.wait_until(lambda: daemon.status()["motion"]["active"], 60, daemon.log)
        before = daemon.status()
        self.assertIn("state_absent", [problem["code"] for problem in before["problems"]])
        self.assertEqual(daemon.nestbox("visits", check=False).returncode, 1)
        encoded = before["encoder"]["frames"] + 75  # 5 s of pictures
        rig.wait_until(lambda: daemon.status()["encoder"]["frames"] > encoded, 60, daemon.log)
        self.expect_stream_untouched(daemon, before)
        self.remount(disk, "rw")
        rig.wait_until(lambda: self.clips(disk), 60, daemon.log)
        self.expect_stream_untouched(daemon, before)
        rig.wait_until(lambda: not daemon.status()["problems"], 60, lambda: f"{daemon.status()['problems']}\n{daemon.log()}")
        self.assertTrue(json.loads(daemon.nestbox("--json", "visits").stdout)["visits"])


if __name__ == "__main__":
    unittest.main(verbosity=2)
