"""`nestbox setup` and `nestbox passwd` as an owner types them over SSH: on a pseudo terminal, line by line."""

import json
import os
import pathlib
import pty
import re
import select
import shutil
import signal
import subprocess
import sys
import time
import unittest
import urllib.error
import urllib.request

sys.path.insert(0, str(pathlib.Path(__file__).parent))
import rig

PASSWORD = "canary owl in the oak 7"
KEY = "canary-abcd-efgh-ijkl"
PATIENCE_S = 30


class Terminal:
    """A pseudo terminal with `nestbox` on it. What it printed is in `seen`."""

    def __init__(self, daemon, *arguments, folder=None, locale="C.UTF-8"):
        self.seen, self._read_to = "", 0
        command = [str(rig.BIN / "nestbox"), "--socket", str(daemon.socket), *arguments]
        self.pid, self.master = pty.fork()
        if self.pid == 0:
            if folder:
                os.chdir(folder)
            os.execve(command[0], command, dict(os.environ, TERM="xterm", LC_ALL=locale))

    def _hear(self, seconds):
        ready, _, _ = select.select([self.master], [], [], seconds)
        if not ready:
            return False
        try:
            heard = os.read(self.master, 65536)
        except OSError:  # the other end has gone
            heard = b""
        self.seen += heard.decode(errors="replace").replace("\r\n", "\n")
        return bool(heard)

    def wait_for(self, text):
        """What was printed up to and with `text`, since the last wait."""
        deadline = time.monotonic() + PATIENCE_S
        while (at := self.seen.find(text, self._read_to)) < 0:
            if time.monotonic() > deadline or not self._hear(1) and self._ended():
                raise AssertionError(f"no {text!r} after: {self.seen[self._read_to:]!r}")
        heard = self.seen[self._read_to:at + len(text)]
        self._read_to = at + len(text)
        return heard

    def answer(self, question, line):
        heard = self.wait_for(question)
        self.wait_for(": ")
        os.write(self.master, (line + "\n").encode())
        return heard

    def _ended(self):
        return subprocess.run(["ps", "-o", "stat=", "-p", str(self.pid)], capture_output=True, text=True).stdout.strip()[:1] in ("", "Z")

    def interrupt(self):
        os.write(self.master, b"\x03")

    def end(self):
        """The exit status, or minus the signal; after all that was printed."""
        while self._hear(PATIENCE_S):
            pass
        _, status = os.waitpid(self.pid, 0)
        os.close(self.master)
        return os.waitstatus_to_exitcode(status)


def qr_content(lines):
    """What a phone would read in lines of half blocks, light on dark."""
    rows = []
    for line in lines:
        rows.append([c in "█▀" for c in line])
        rows.append([c in "█▄" for c in line])
    scale = 8
    pixels = b"".join(bytes(255 if light else 0 for light in row for _ in range(scale)) * scale for row in rows)
    header = f"P5 {len(rows[0]) * scale} {len(rows) * scale} 255\n".encode()
    read = subprocess.run(["zbarimg", "--quiet", "--raw", "-"], input=header + pixels, capture_output=True)
    return read.stdout.decode().strip()


class SetupCase(unittest.TestCase):
    def start(self, folder, **options):
        self.port = rig.free_port()
        yaml = f'web: {{listen: "127.0.0.1:{self.port}"}}\ncamera: {{width: 320, height: 240}}\n'
        self.daemon = rig.Daemon(folder, f"file:{rig.stamped_clip()}?loop=1", yaml=yaml, listen=None, **options).start()
        self.addCleanup(self.daemon.stop)
        rig.wait_until(lambda: self.daemon.status()["camera"]["frames"] > 0, 20, self.daemon.log)
        return self.daemon

    def http_status(self, path="/api/v1/status"):
        try:
            return urllib.request.urlopen(f"http://127.0.0.1:{self.port}{path}", timeout=10).status
        except urllib.error.HTTPError as error:
            return error.code

    def setting(self, key):
        return json.loads(self.daemon.nestbox("--json", "get", key).stdout)["settings"][0]["value"]


class Setup(SetupCase):
    def test_first_ten_minutes(self):
        with rig.folder() as folder:
            daemon = self.start(folder)
            terminal = Terminal(daemon, "setup", folder=folder)
            heard = terminal.answer("What is the box called?", "Owl Box")
            self.assertIn(" works: 320 x 240", heard)
            picture = re.search(r"A picture is in (\S+)", heard)[1]
            self.assertEqual(pathlib.Path(picture).read_bytes()[:2], b"\xff\xd8")
            self.assertIn("lower-case letters", terminal.answer("What is the box called?", "owl-box"))
            terminal.answer("Set one now?", "")
            terminal.answer("New password", "owl-box1")
            self.assertIn("name of the box", terminal.answer("Try again?", "y"))
            terminal.answer("New password", PASSWORD)
            terminal.answer("The same again", PASSWORD + "!")
            self.assertIn("the two differ", terminal.answer("Try again?", ""))
            terminal.answer("New password", PASSWORD)
            terminal.answer("The same again", PASSWORD)
            terminal.answer("May phones and computers", "perhaps")
            self.assertIn("answer y or n", terminal.answer("May phones and computers", ""))
            self.assertIn(f"answers on port {self.port}", terminal.answer("Stream to YouTube?", "y"))
            terminal.answer("Give it to the box now?", "")
            terminal.answer("Key for youtube", KEY)
            terminal.answer("upside down", "y")
            terminal.answer("Name and time on the picture?", "")
            terminal.wait_for("7 Where to look")
            self.assertEqual(terminal.end(), 0)
            end = terminal.seen[terminal.seen.rindex("7 Where to look"):]
            self.assertRegex(end, rf"http://\S+\.local:{self.port}\n")

            self.assertNotIn("canary", terminal.seen)
            self.assertEqual(self.http_status(), 401)
            self.assertEqual(self.setting("web.listen"), f"0.0.0.0:{self.port}")
            self.assertEqual(self.setting("name"), "owl-box")
            self.assertEqual(self.setting("camera.rotation"), 180)
            self.assertEqual((daemon.state / "keys/youtube").read_text().strip(), KEY)
            self.check_code(end)

    def check_code(self, end):
        lines = [re.sub(r"\x1b\[[0-9;]*m", "", line) for line in end.splitlines()]
        code = [line for line in lines if line and set(line) <= set("█▀▄ ") and "█" in line]
        self.assertGreater(len(code), 14)
        self.assertEqual(len({len(line) for line in code}), 1)
        self.assertTrue(all(line.startswith("████") and line.endswith("████") for line in code[2:-2]), "quiet zone")
        if not shutil.which("zbarimg"):
            self.skipTest("no zbarimg here (Debian: zbar-tools) to read the QR code")
        self.assertEqual(qr_content(code), lines[-1].strip())

    def test_enter_changes_nothing_and_stopping_keeps_what_was_answered(self):
        with rig.folder() as folder:
            daemon = self.start(folder)
            terminal = Terminal(daemon, "setup", folder=folder)
            terminal.answer("What is the box called?", "robins")
            terminal.wait_for("Set one now?")
            terminal.interrupt()
            self.assertEqual(terminal.end(), -signal.SIGINT)
            self.assertEqual(self.setting("name"), "robins")

            terminal = Terminal(daemon, "setup", folder=folder)
            terminal.answer("What is the box called? [robins]", "")
            terminal.answer("Set one now?", "n")
            self.assertIn("this machine alone", terminal.answer("Stream to YouTube?", ""))
            terminal.answer("upside down", "")
            terminal.answer("Name and time on the picture?", "")
            self.assertEqual(terminal.end(), 0)
            self.assertIn("ssh -L", terminal.seen)
            self.assertEqual(json.loads(daemon.nestbox("--json", "diff").stdout)["changes"][0]["key"], "name")
            self.assertEqual(len(json.loads(daemon.nestbox("--json", "diff").stdout)["changes"]), 1)
            self.assertEqual(self.http_status(), 200)

    def test_a_daemon_that_goes_away_ends_it_in_words(self):
        with rig.folder() as folder:
            daemon = self.start(folder)
            terminal = Terminal(daemon, "setup", folder=folder)
            terminal.wait_for("What is the box called?")
            daemon.stop()
            os.write(terminal.master, b"owls\n")
            self.assertEqual(terminal.end(), 1)
            self.assertIn("not running", terminal.seen)
            self.assertIn("Run it again at any time", terminal.seen)

    def test_a_terminal_without_utf8_gets_the_address_alone(self):
        with rig.folder() as folder:
            daemon = self.start(folder)
            daemon.nestbox("passwd", stdin=PASSWORD + "\n")
            daemon.nestbox("set", "web.listen", f"0.0.0.0:{self.port}")
            terminal = Terminal(daemon, "setup", folder=folder, locale="C")
            for question in ("called?", "another one?", "network open the page", "YouTube?", "upside down", "on the picture?"):
                terminal.answer(question, "")
            self.assertEqual(terminal.end(), 0)
            self.assertIn(f".local:{self.port}", terminal.seen)
            self.assertNotIn("█", terminal.seen)

    def test_without_a_terminal_it_names_the_commands(self):
        with rig.folder() as folder:
            daemon = self.start(folder)
            for arguments in (("setup",), ("setup", "--yes"), ("--json", "setup")):
                refused = daemon.nestbox(*arguments, check=False, stdin="")
                self.assertEqual(refused.returncode, 2)
                self.assertIn("nestbox passwd < FILE", refused.stderr)
                self.assertIn("nestbox set web.listen", refused.stderr)


class Passwd(SetupCase):
    def test_asks_twice_on_a_terminal(self):
        with rig.folder() as folder:
            daemon = self.start(folder)
            terminal = Terminal(daemon, "passwd")
            terminal.answer("New password", PASSWORD)
            terminal.answer("The same again", PASSWORD)
            self.assertEqual(terminal.end(), 0)
            self.assertNotIn(PASSWORD, terminal.seen)
            self.assertTrue(daemon.status()["password_set"])
            self.assertEqual((daemon.state / "auth.json").stat().st_mode & 0o777, 0o600)

    def test_weak_ones_are_refused_with_what_is_weak(self):
        with rig.folder() as folder:
            daemon = self.start(folder)
            for weak, why in (("short", "at least 8"), ("aaaaaaaa", "different characters"), ("12345678", "digits"),
                              ("Password2026", "anybody would try"), ("", "no password was given")):
                refused = daemon.nestbox("passwd", stdin=weak + "\n", check=False)
                self.assertEqual(refused.returncode, 2, weak)
                self.assertIn(why, refused.stderr)
            self.assertFalse(daemon.status()["password_set"])

    def test_without_a_state_folder_it_says_so(self):
        with rig.folder() as folder:
            blocked = folder / "file"
            blocked.write_text("")
            daemon = rig.Daemon(folder, "scene", settings=["camera.allow_simulated=true", f"paths.state={blocked}/x"])
            daemon.start()
            self.addCleanup(daemon.stop)
            refused = daemon.nestbox("passwd", stdin=PASSWORD + "\n", check=False)
            self.assertEqual(refused.returncode, 1)
            self.assertIn("state folder", refused.stderr)


if __name__ == "__main__":
    unittest.main()
