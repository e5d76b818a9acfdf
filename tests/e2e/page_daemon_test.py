"""The page of the real daemon in a real browser: page_test.py, given the daemon's address."""

import pathlib
import subprocess
import sys

sys.path.insert(0, str(pathlib.Path(__file__).parent))
import rig

with rig.folder() as folder:
    daemon = rig.Daemon(folder, f"file:{rig.stamped_clip()}?loop=1").start()
    try:
        rig.wait_until(lambda: daemon.status()["camera"]["frames"] > 0, 10, daemon.log)
        test = pathlib.Path(__file__).with_name("page_test.py")
        sys.exit(subprocess.run([sys.executable, test, "--url", daemon.status()["page"], "-v", *sys.argv[1:]]).returncode)
    finally:
        daemon.stop()
