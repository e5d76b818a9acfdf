"""The daemon as its owner meets it: options, signals, the command line, systemd, faults of its own machine."""

import json
import os
import pathlib
import re
import signal
import socket
import subprocess
import sys
import time
import unittest
import urllib.error
import urllib.request

sys.path.insert(0, str(pathlib.Path(__file__).parent))
import rig


def nestboxd(*arguments, **options):
    return subprocess.run([rig.BIN / "nestboxd", *arguments], capture_output=True, text=True, timeout=20, **options)


class Options(unittest.TestCase):
    def test_version_and_help(self):
        self.assertRegex(nestboxd("--version").stdout, r"^nestboxd \d+\.\d+\.\d+")
        self.assertIn("--check-config", nestboxd("--help").stdout)

    def test_unknown_option_is_bad_usage(self):
        self.assertEqual(nestboxd("--frobnicate").returncode, 2)

    def test_check_config(self):
        with rig.folder() as folder:
            path = folder / "nestbox.yaml"
            path.write_text("camera:\n  widht: 640\nencoder: {bitrate: fast}\n")
            checked = nestboxd("--config", path, "--check-config")
            self.assertEqual(checked.returncode, 2)
            self.assertIn(f"{path}:2:3: camera.widht", checked.stderr.replace("nestbox.yaml:2:3", "nestbox.yaml:2:3"))
            self.assertIn("camera.width", checked.stderr)
            self.assertIn(":3:", checked.stderr, "every mistake is named, not the first alone")
            path.write_text("")
            self.assertEqual(nestboxd("--config", path, "--check-config").returncode, 0)

    def test_print_config_loads_to_itself(self):
        with rig.folder() as folder:
            first = nestboxd("--set", "camera.width=640", "--print-config")
            self.assertEqual(first.returncode, 0, first.stderr)
            path = folder / "printed.yaml"
            path.write_text(first.stdout)
            strip = lambda text: [re.sub(r"\s*#.*", "", line) for line in text.splitlines() if not line.lstrip().startswith("#")]
            second = nestboxd("--config", path, "--print-config")
            self.assertEqual(second.returncode, 0, second.stderr)
            self.assertEqual(strip(second.stdout), strip(first.stdout))

    def test_a_secret_in_the_file_is_refused(self):
        with rig.folder() as folder:
            path = folder / "nestbox.yaml"
            path.write_text('live: {outputs: [{name: a, url: "rtmp://me:canary-pw@example.org/live"}]}\n')
            checked = nestboxd("--config", path, "--check-config")
            self.assertEqual(checked.returncode, 2)
            self.assertNotIn("canary-pw", checked.stderr + checked.stdout)


class Running(unittest.TestCase):
    def setUp(self):
        self.folder = self.enterContext(rig.folder())
        self.daemon = None

    def tearDown(self):
        if self.daemon:
            self.daemon.stop()

    def start(self, source="scene:7", **options):
        self.daemon = rig.Daemon(self.folder, source, **options).start()
        rig.wait_until(lambda: self.daemon.status()["camera"]["frames"] > 0, 10, self.daemon.log)
        return self.daemon

    def test_status_of_a_box_that_is_well(self):
        status = self.start().status()
        self.assertEqual(status["state"], "ok", status)
        self.assertEqual(status["camera"]["state"], "running")
        self.assertTrue(status["camera"]["source"].startswith("scene"))
        self.assertEqual((status["camera"]["width"], status["camera"]["height"]), (1280, 720))
        self.assertEqual(status["encoder"]["state"], "running", "the pre-roll is kept")
        self.assertEqual(status["outputs"], [])
        self.assertEqual(status["problems"], [])

    def test_without_recording_the_encoder_sleeps(self):
        daemon = self.start(settings=["visits.record=false"])
        encoder = daemon.status()["encoder"]
        self.assertEqual((encoder["state"], encoder["frames"]), ("sleeping", 0), "nobody takes packets")

    def test_no_camera_is_absent_and_shown_as_a_slate(self):
        self.daemon = rig.Daemon(self.folder, "auto").start()
        rig.wait_until(lambda: self.daemon.status()["camera"]["last_error"], 10, self.daemon.log)
        status = self.daemon.status()
        self.assertEqual((status["state"], status["camera"]["state"]), ("degraded", "absent"))
        picture = self.folder / "slate.jpg"
        self.daemon.nestbox("snapshot", "-o", picture)
        self.assertTrue(picture.read_bytes().startswith(b"\xff\xd8\xff"))

    def test_the_night_has_values_of_its_own(self):
        clip = self.folder / "colours.mp4"
        subprocess.run(["ffmpeg", "-v", "error", "-f", "lavfi", "-i", "testsrc=size=640x360:rate=15:duration=2", "-pix_fmt", "yuv420p",
                        clip], check=True, timeout=60)
        daemon = self.start(f"file:{clip}?loop=1", settings=["camera.night.saturation=0", "camera.night.brightness=0.2"])
        by_day = self.seen()
        self.assertEqual(daemon.status()["mode"], "day")
        self.assertGreater(by_day["SATAVG"], 20)
        daemon.nestbox("set", "day_night.mode", "night")
        rig.wait_until(lambda: daemon.status()["mode"] == "night", 10, daemon.log)
        rig.wait_until(lambda: self.seen()["SATAVG"] < 2, 10, self.seen)
        self.assertGreater(self.seen()["YAVG"], by_day["YAVG"] + 10)
        daemon.nestbox("set", "day_night.mode", "day")
        rig.wait_until(lambda: self.seen()["SATAVG"] > 20, 10, self.seen)
        self.assertEqual(daemon.status()["camera"]["rebuilds"], 0)

    def seen(self):
        """FFmpeg's signalstats of the picture now."""
        picture = self.folder / "now.jpg"
        self.daemon.nestbox("snapshot", "-o", picture)
        told = subprocess.run(["ffprobe", "-v", "error", "-f", "lavfi", f"movie={picture},signalstats", "-show_entries", "frame_tags",
                               "-of", "json"], capture_output=True, text=True, check=True, timeout=20).stdout
        tags = json.loads(told)["frames"][0]["tags"]
        return {name: float(tags[f"lavfi.signalstats.{name}"]) for name in ("YAVG", "SATAVG")}

    def test_settings_change_while_it_runs(self):
        daemon = self.start()
        changed = json.loads(daemon.nestbox("--json", "set", "overlay.text", "{name} at {time}").stdout)
        self.assertEqual(changed["changed"], ["overlay.text"])
        self.assertEqual(json.loads(daemon.nestbox("--json", "get", "overlay.text").stdout)["settings"][0]["value"], "{name} at {time}")
        self.assertIn("overlay.text", daemon.nestbox("diff").stdout)
        rebuilds = daemon.status()["camera"]["rebuilds"]
        daemon.nestbox("set", "camera.width", "640")
        daemon.nestbox("set", "camera.height", "360")
        rig.wait_until(lambda: daemon.status()["camera"]["width"] == 640, 10, daemon.log)
        self.assertEqual(daemon.status()["camera"]["rebuilds"], rebuilds, "a change of settings is no fault")
        self.assertEqual(daemon.nestbox("set", "camera.widht", "640", check=False).returncode, 2)
        self.assertEqual(daemon.nestbox("set", "paths.state", "/elsewhere", check=False).returncode, 2)
        daemon.nestbox("reset")
        rig.wait_until(lambda: daemon.status()["camera"]["width"] == 1280, 10, daemon.log)
        self.assertEqual(json.loads(daemon.nestbox("--json", "diff").stdout)["changes"], [])

    def test_settings_survive_a_restart(self):
        self.start().nestbox("set", "overlay.size", "40")
        self.assertEqual(self.daemon.stop()[0], 0)
        self.start()
        self.assertEqual(json.loads(self.daemon.nestbox("--json", "get", "overlay.size").stdout)["settings"][0]["value"], 40)

    def test_reload_keeps_the_settings_when_the_file_is_bad(self):
        daemon = self.start(yaml="overlay: {size: 30}\n")
        path = self.folder / "nestbox.yaml"
        path.write_text("overlay: {size: 31}\n")
        daemon.process.send(signal.SIGHUP)
        size = lambda: json.loads(daemon.nestbox("--json", "get", "overlay.size").stdout)["settings"][0]["value"]
        rig.wait_until(lambda: size() == 31, 5, daemon.log)
        path.write_text("overlay: {size: [\n")
        self.assertEqual(daemon.nestbox("reload", check=False).returncode, 2)
        daemon.process.send(signal.SIGHUP)
        rig.wait_until(lambda: "settings stay as they were" in daemon.log(), 5, daemon.log)
        self.assertEqual(size(), 31)

    def test_a_second_daemon_is_refused_the_folder(self):
        self.start()
        other = nestboxd("--source", "scene", "--set", f"paths.state={self.daemon.state}", "--set",
                         f"control.socket={self.folder}/other.sock", "--set", "web.listen=127.0.0.1:0")
        self.assertEqual(other.returncode, 1)
        self.assertIn("another nestboxd", other.stderr)
        again = nestboxd("--source", "scene", "--set", f"paths.state={self.folder}/other", "--set",
                         f"control.socket={self.daemon.socket}", "--set", "web.listen=127.0.0.1:0")
        self.assertEqual(again.returncode, 1)
        self.assertIn("answers on", again.stderr)
        self.assertEqual(self.daemon.status()["state"], "ok")

    def test_a_taken_port_degrades_the_page_alone_and_heals(self):
        with socket.create_server(("127.0.0.1", 0)) as holder:
            port = holder.getsockname()[1]
            daemon = self.start(settings=[f"web.listen=127.0.0.1:{port}"])
            self.assertEqual([p["code"] for p in daemon.status()["problems"]], ["page_off"])
            self.assertIn(str(port), daemon.status()["problems"][0]["text"])
        rig.wait_until(lambda: daemon.status()["state"] == "ok", 15, daemon.log)

    def test_the_page_answers_as_the_command_line(self):
        daemon = self.start()
        page = daemon.status()["page"]
        with urllib.request.urlopen(page + "api/v1/status") as answer:
            body = json.load(answer)
        self.assertEqual(body.keys(), daemon.status().keys())
        with urllib.request.urlopen(page + "healthz") as answer:
            self.assertEqual(answer.status, 200)
        with urllib.request.urlopen(page + "snapshot") as answer:
            self.assertTrue(answer.read().startswith(b"\xff\xd8\xff"))
        foreign = urllib.request.Request(page, headers={"Host": "evil.example"})
        with self.assertRaises(urllib.error.HTTPError) as refused:
            urllib.request.urlopen(foreign)
        self.assertEqual(refused.exception.code, 421)

    def test_outputs_refuse_a_simulated_picture(self):
        server = rig.RtmpServer(self.folder / "nginx").start()
        self.addCleanup(server.stop)
        daemon = self.start(yaml=f'live: {{when: always, outputs: [{{name: out, url: "{server.url()}"}}]}}\n', keys={"out": "k3y-of-mine"})
        rig.wait_until(lambda: daemon.output()["state"] == "failed", 5, lambda: daemon.output())
        self.assertIn("simulated", daemon.output()["last_error"])
        self.assertEqual(daemon.output()["bytes"], 0)
        daemon.nestbox("set", "camera.allow_simulated", "true")
        daemon.wait_for_output("live", 10)
        daemon.nestbox("set", "camera.allow_simulated", "false")
        rig.wait_until(lambda: daemon.output()["state"] == "failed", 5, lambda: daemon.output())

    def test_a_key_others_can_read_disables_its_output_alone(self):
        server = rig.RtmpServer(self.folder / "nginx").start()
        self.addCleanup(server.stop)
        yaml = ("camera: {allow_simulated: true}\nlive: {when: always, outputs: ["
                f'{{name: out, url: "{server.url()}"}}, {{name: other, url: "{server.url()}"}}]}}\n')
        keys = {"out": "k3y-of-mine", "other": "canary-other"}
        daemon = rig.Daemon(self.folder, "scene", yaml=yaml, keys=keys)
        (daemon.state / "keys/other").chmod(0o644)
        self.daemon = daemon.start()
        daemon.wait_for_output("live", 10)
        self.assertEqual(daemon.output("other")["state"], "failed")
        self.assertIn("chmod 600", daemon.output("other")["last_error"])
        daemon.nestbox("key", "set", "other", stdin="canary-other\n")
        daemon.wait_for_output("live", 10, "other")
        self.assertNotIn("canary-other", daemon.log() + json.dumps(daemon.status()))

    def test_live_by_hand_and_the_slate_between(self):
        server = rig.RtmpServer(self.folder / "nginx").start()
        self.addCleanup(server.stop)
        yaml = ("camera: {allow_simulated: true}\n"
                f'live: {{when: manual, idle: slate, outputs: [{{name: out, url: "{server.url()}"}}]}}\n')
        daemon = self.start(yaml=yaml, keys={"out": "k3y-of-mine"})
        daemon.wait_for_output("slate", 10)
        daemon.nestbox("live", "start")
        daemon.wait_for_output("live", 5)
        self.assertIn("check Studio", daemon.nestbox("status").stdout)
        daemon.nestbox("live", "stop")
        daemon.wait_for_output("slate", 5)
        self.assertEqual(daemon.output()["reconnects"], 0, "the session stays up")

    def test_live_test_tells_faults_apart(self):
        server = rig.RtmpServer(self.folder / "nginx").start()
        self.addCleanup(server.stop)
        yaml = ("camera: {allow_simulated: true}\nlive: {when: manual, idle: 'off', outputs: ["
                f'{{name: good, url: "{server.url()}"}}, {{name: closed, url: "rtmp://127.0.0.1:1/live"}}, '
                '{name: nameless, url: "rtmp://ingest.invalid/live"}]}\n')
        daemon = self.start(yaml=yaml, keys={"good": "k3y-of-mine", "closed": "k3y-of-mine", "nameless": "k3y-of-mine"})
        verdict = lambda name: json.loads(daemon.nestbox("--json", "live", "test", name, check=False).stdout.splitlines()[-1])["verdict"]
        self.assertEqual(verdict("closed"), "refused")
        self.assertIn(verdict("nameless"), ("no_name", "no_network"))
        self.assertEqual(verdict("good"), "sending")

    def test_sigterm_at_any_moment(self):
        for wait_s in (0, 0.05, 0.2, 1):
            daemon = rig.Daemon(self.folder / f"t{wait_s}", "scene")
            daemon.folder.mkdir(exist_ok=True)
            daemon.process = rig.Process(daemon.command, daemon.folder / "nestboxd.log", env=daemon.env)
            time.sleep(wait_s)
            code, took = daemon.stop()
            self.assertLess(took, 3, daemon.log())
            self.assertIn(code, (0, -signal.SIGTERM))  # before it has taken the signal over, the kernel's own way

    def test_systemd_is_told(self):
        path = self.folder / "notify"
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as manager:
            manager.bind(str(path))
            manager.settimeout(10)
            daemon = self.start(env={"NOTIFY_SOCKET": str(path), "WATCHDOG_USEC": "20000000"})
            said = [manager.recv(4096).decode()]
            self.assertIn("READY=1", said[0])
            self.assertIn("WATCHDOG=1", manager.recv(4096).decode())
            daemon.process.send(signal.SIGHUP)
            self.assertIn("RELOADING=1", manager.recv(4096).decode())
            self.assertIn("READY=1", manager.recv(4096).decode())
            daemon.stop()
            self.assertIn("STOPPING=1", manager.recv(4096).decode())

    def test_state_on_a_mount_that_is_absent_and_comes(self):
        if os.geteuid() != 0:
            self.skipTest("mounts need root")
        disk = self.folder / "disk"
        disk.mkdir()
        (self.folder / "fstab").write_text(f"tmpfs {disk} tmpfs nofail 0 0\n")
        daemon = rig.Daemon(self.folder, "scene", settings=[f"paths.state={disk}/state"])
        # a mount namespace of its own, in which the system's table promises the disk
        script = f"mount --bind {self.folder}/fstab /etc/fstab; exec \"$@\""
        daemon.command = ["unshare", "--mount", "--propagation", "private", "sh", "-ec", script, "sh", *daemon.command]
        self.daemon = daemon.start()
        self.assertIn("is not mounted", daemon.status()["problems"][0]["text"])
        self.assertEqual(daemon.nestbox("set", "overlay.size", "40", check=False).returncode, 1)
        self.assertEqual(daemon.nestbox("key", "set", "out", stdin="k3y-of-mine\n", check=False).returncode, 1)
        self.assertEqual(list(disk.iterdir()), [], "nothing was written into the empty folder")
        rig.wait_until(lambda: daemon.status()["camera"]["state"] == "running", 5, daemon.log)
        subprocess.run(["nsenter", "--mount", "--target", str(daemon.pid()), "mount", "-t", "tmpfs", "tmpfs", disk], check=True)
        rig.wait_until(lambda: daemon.status()["problems"] == [], 10, lambda: daemon.status())
        daemon.nestbox("set", "overlay.size", "40")

    def test_state_on_a_read_only_place_is_said(self):
        if os.geteuid() != 0:
            self.skipTest("a read-only mount needs root")
        place = self.folder / "ro"
        place.mkdir()
        subprocess.run(["mount", "-t", "tmpfs", "-o", "ro", "tmpfs", place], check=True)
        self.addCleanup(subprocess.run, ["umount", place], check=True)
        daemon = self.start(settings=[f"paths.state={place}/state"])
        self.assertIn("state_absent", [p["code"] for p in daemon.status()["problems"]])
        self.assertEqual(daemon.status()["camera"]["state"], "running")
        self.daemon.stop()


if __name__ == "__main__":
    unittest.main(verbosity=2)
