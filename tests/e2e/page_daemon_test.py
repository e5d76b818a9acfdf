"""The page of the real daemon in a real browser: page_test.py, given the daemon's address."""

import pathlib
import subprocess
import sys

sys.path.insert(0, str(pathlib.Path(__file__).parent))
import rig

with rig.folder() as folder:
    clip = folder / "pattern.mp4"  # moves, and has edges to focus on
    subprocess.run(["ffmpeg", "-v", "error", "-f", "lavfi", "-i", "testsrc2=size=1280x720:rate=30", "-t", "10", "-c:v", "libx264",
                    "-preset", "ultrafast", "-pix_fmt", "yuv420p", clip], check=True)
    daemon = rig.Daemon(folder, f"file:{clip}?loop=1").start()
    try:
        rig.wait_until(lambda: daemon.status()["camera"]["frames"] > 0, 10, daemon.log)
        test = pathlib.Path(__file__).with_name("page_test.py")
        sys.exit(subprocess.run([sys.executable, test, "--url", daemon.status()["page"], "-v", *sys.argv[1:]]).returncode)
    finally:
        daemon.stop()
