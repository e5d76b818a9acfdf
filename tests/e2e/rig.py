"""What the end-to-end tests stand on: the real daemon, real servers, network namespaces, and a viewer that measures.

Everything is started by its own object, ends with it (`with` or `stop()`), and lives below one temporary folder.
"""

import contextlib
import json
import os
import pathlib
import shutil
import signal
import socket
import subprocess
import tempfile
import threading
import time

ROOT = pathlib.Path(__file__).resolve().parents[2]
BIN = pathlib.Path(os.environ.get("RIG_BIN", ROOT / "build/release/bin"))
NGINX = shutil.which("nginx") or "/usr/sbin/nginx"
STUNNEL = shutil.which("stunnel4") or "/usr/bin/stunnel4"


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def wait_until(condition, seconds, what):
    """Returns how long it took until `condition()` was true; AssertionError with `what` after `seconds`."""
    start = time.monotonic()
    while True:
        if condition():
            return time.monotonic() - start
        if time.monotonic() - start > seconds:
            raise AssertionError(f"not within {seconds} s: {what() if callable(what) else what}")
        time.sleep(0.02)


class Process:
    """A child with its output in a file; ended by its id."""

    def __init__(self, command, log, netns=None, env=None, stdin=subprocess.DEVNULL):
        self.log_path = pathlib.Path(log)
        if netns:
            command = ["ip", "netns", "exec", netns] + [str(c) for c in command]
        with open(self.log_path, "ab") as sink:
            self.child = subprocess.Popen([str(c) for c in command], stdin=stdin, stdout=sink, stderr=sink, env=env)

    def running(self):
        return self.child.poll() is None

    def send(self, number):
        self.child.send_signal(number)

    def stop(self, seconds=5):
        """SIGTERM, then SIGKILL; returns (exit status, seconds it took)."""
        start = time.monotonic()
        if self.running():
            self.send(signal.SIGCONT)
            self.send(signal.SIGTERM)
        try:
            self.child.wait(seconds)
        except subprocess.TimeoutExpired:
            self.child.kill()
            self.child.wait()
        return self.child.returncode, time.monotonic() - start

    def log(self):
        return self.log_path.read_text(errors="replace")


class RtmpServer:
    """nginx with its RTMP module, one application `live`, in the foreground and without workers to lose."""

    def __init__(self, folder, host="127.0.0.1", port=None, netns=None, extra=""):
        self.folder = pathlib.Path(folder)
        self.folder.mkdir(parents=True, exist_ok=True)
        self.host, self.port, self.netns = host, port or free_port(), netns
        self.taken = self.folder / "taken"  # what publishers sent, as the server writes it down
        self.taken.mkdir(exist_ok=True)
        module = "/usr/lib/nginx/modules/ngx_rtmp_module.so"
        (self.folder / "nginx.conf").write_text(
            f"load_module {module};\n"
            f"daemon off; master_process off; pid {self.folder}/pid; error_log {self.folder}/error.log notice;\n"
            "events { worker_connections 64; }\n"
            f"rtmp {{ access_log off; server {{ listen {host}:{self.port}; chunk_size 4096;\n"
            f"  application live {{ live on; record all; record_path {self.taken}; record_unique on; {extra} }} }} }}\n"
        )
        self.process = None

    def start(self):
        self.process = Process(
            [NGINX, "-p", self.folder, "-c", self.folder / "nginx.conf", "-e", self.folder / "error.log"],
            self.folder / "nginx.log",
            self.netns,
        )
        wait_until(lambda: self.accepts() or not self.process.running(), 5, "nginx listens")
        assert self.process.running(), (self.folder / "error.log").read_text()
        return self

    def accepts(self):
        # /proc/net/tcp of the server's own namespace: 0A is LISTEN
        table = pathlib.Path(f"/proc/{self.process.child.pid}/net/tcp").read_text()
        return any(line.split()[1].endswith(f":{self.port:04X}") and line.split()[3] == "0A" for line in table.splitlines()[1:])

    def kill(self):
        self.process.child.kill()
        self.process.child.wait()

    def media_bytes(self):
        """All media that it has taken so far, whoever watches."""
        return sum(path.stat().st_size for path in self.taken.glob("*.flv"))

    def freeze(self):
        self.process.send(signal.SIGSTOP)

    def thaw(self):
        self.process.send(signal.SIGCONT)

    def stop(self):
        if self.process:
            self.process.stop()

    def url(self, scheme="rtmp"):
        return f"{scheme}://{self.host}:{self.port}/live"


class Authority:
    """A certificate authority of our own, and what it signs."""

    def __init__(self, folder):
        self.folder = pathlib.Path(folder)
        self.folder.mkdir(parents=True, exist_ok=True)
        self._run("req -x509 -newkey rsa:2048 -nodes -days 30 -keyout ca.key -out ca.pem -subj /CN=test-authority")

    def _run(self, arguments):
        subprocess.run(["openssl"] + arguments.split(), cwd=self.folder, check=True, capture_output=True)

    def certificate(self, name, host, days=30, self_signed=False):
        """A PEM with key and certificate; `days` below 0 is one that has expired."""
        ext = self.folder / f"{name}.ext"
        kind = "IP" if host[0].isdigit() else "DNS"
        ext.write_text(f"subjectAltName={kind}:{host}\n")
        self._run(f"req -newkey rsa:2048 -nodes -keyout {name}.key -out {name}.csr -subj /CN={host}")
        signer = f"-signkey {name}.key" if self_signed else "-CA ca.pem -CAkey ca.key -CAcreateserial"
        self._run(f"x509 -req -in {name}.csr {signer} -days {days} -extfile {name}.ext -out {name}.crt")
        pem = self.folder / f"{name}.pem"
        pem.write_text((self.folder / f"{name}.key").read_text() + (self.folder / f"{name}.crt").read_text())
        return pem


class Stunnel:
    """TLS in front of an RTMP server."""

    def __init__(self, folder, certificate, backend, host="127.0.0.1", port=None, netns=None):
        self.folder = pathlib.Path(folder)
        self.folder.mkdir(parents=True, exist_ok=True)
        self.host, self.port, self.netns = host, port or free_port(), netns
        (self.folder / "stunnel.conf").write_text(
            f"foreground = yes\npid =\nsyslog = no\n[rtmps]\naccept = {host}:{self.port}\n"
            f"connect = {backend.host}:{backend.port}\ncert = {certificate}\n"
        )
        self.process = None

    def start(self):
        self.process = Process([STUNNEL, self.folder / "stunnel.conf"], self.folder / "stunnel.log", self.netns)
        wait_until(lambda: "Configuration successful" in self.process.log(), 5, self.process.log)
        return self

    def stop(self):
        if self.process:
            self.process.stop()

    def url(self, host=None):
        return f"rtmps://{host or self.host}:{self.port}/live"


class Link:
    """Two namespaces, `box` and `server`, joined by one link that can be throttled and cut."""

    BOX, SERVER = "10.213.7.1", "10.213.7.2"

    def __init__(self):
        tag = f"nb{os.getpid() % 100000}"
        self.box, self.server = f"{tag}b", f"{tag}s"
        self._resolver = pathlib.Path("/etc/netns") / self.box / "resolv.conf"  # ip-netns(8) mounts it in the namespace

    @staticmethod
    def possible():
        """None, or why not."""
        if os.geteuid() != 0:
            return "network namespaces need root"
        probe = subprocess.run(["unshare", "--net", "true"], capture_output=True)
        return None if probe.returncode == 0 else "this machine gives no network namespaces"

    def start(self):
        for ns in (self.box, self.server):
            self._ip("netns", "add", ns)
            self._in(ns, "ip link set lo up")
        self._ip("link", "add", "to-server", "netns", self.box, "type", "veth", "peer", "name", "to-box", "netns", self.server)
        self._in(self.box, f"ip addr add {self.BOX}/30 dev to-server")
        self._in(self.server, f"ip addr add {self.SERVER}/30 dev to-box")
        self._in(self.box, "ip link set to-server up")
        self._in(self.server, "ip link set to-box up")
        self._in(self.box, f"ip route add default via {self.SERVER}")
        # its name server is the other end, where nobody answers
        self._resolver.parent.mkdir(parents=True, exist_ok=True)
        self._resolver.write_text(f"nameserver {self.SERVER}\n")
        # a machine's segmentation offload would hand the shaper packets of 64 kB, which no modem has
        self._in(self.box, "ip link set to-server gso_max_size 1514", check=False)
        return self

    def stop(self):
        for ns in (self.box, self.server):
            self._ip("netns", "del", ns, check=False)
        shutil.rmtree(self._resolver.parent, ignore_errors=True)

    def throttle(self, rate):
        self._in(self.box, f"tc qdisc replace dev to-server root tbf rate {rate} burst 8kb latency 200ms")

    def unthrottle(self):
        self._in(self.box, "tc qdisc del dev to-server root")

    def cut(self):
        for chain in ("INPUT", "OUTPUT"):
            self._in(self.server, f"iptables -A {chain} -j DROP")

    def mend(self):
        for chain in ("INPUT", "OUTPUT"):
            self._in(self.server, f"iptables -F {chain}")

    def _ip(self, *arguments, check=True):
        subprocess.run(["ip", *arguments], check=check, capture_output=True)

    def _in(self, ns, command, check=True):
        subprocess.run(["ip", "netns", "exec", ns, *command.split()], check=check, capture_output=True)


class Daemon:
    """nestboxd with a state folder of its own, spoken to by the command line as its owner would."""

    def __init__(self, folder, source, settings=(), yaml=None, netns=None, env=None, keys=None,
                 listen="127.0.0.1:0"):
        self.folder = pathlib.Path(folder)
        self.state = self.folder / "state"
        (self.state / "keys").mkdir(parents=True, exist_ok=True)
        for name, key in (keys or {}).items():
            path = self.state / "keys" / name
            path.write_text(key + "\n")
            path.chmod(0o600)
        self.socket = self.folder / "control.sock"
        self.netns = netns
        command = [BIN / "nestboxd"]
        if yaml is not None:
            (self.folder / "nestbox.yaml").write_text(yaml)
            command += ["--config", self.folder / "nestbox.yaml"]
        if source:
            command += ["--source", source]
        everything = [f"paths.state={self.state}", f"control.socket={self.socket}"]
        if listen:  # without: as the YAML and `nestbox set` say
            everything.append(f"web.listen={listen}")
        for setting in everything + list(settings):  # the last word is the test's
            command += ["--set", setting]
        self.command = command
        self.env = dict(os.environ, **(env or {}))
        self.process = None

    def start(self):
        self.started_at = time.monotonic()
        self.process = Process(self.command, self.folder / "nestboxd.log", self.netns, self.env)
        answers = lambda: self.nestbox("--json", "status", check=False).returncode == 0
        wait_until(lambda: not self.process.running() or answers(), 10, self.process.log)
        assert self.process.running(), self.process.log()
        return self

    def nestbox(self, *arguments, check=True, text=True, stdin=None):
        """Runs the command line; returns the finished process."""
        done = subprocess.run(
            [BIN / "nestbox", "--socket", self.socket, *arguments], capture_output=True, text=text, input=stdin, timeout=60
        )
        if check:
            assert done.returncode == 0, f"nestbox {' '.join(map(str, arguments))}: {done.returncode}: {done.stderr}"
        return done

    def status(self):
        return json.loads(self.nestbox("--json", "status").stdout)

    def output(self, name="out"):
        return next(o for o in self.status()["outputs"] if o["name"] == name)

    def wait_for_output(self, state, seconds, name="out"):
        return wait_until(lambda: self.output(name)["state"] == state, seconds, lambda: f"{state}: {self.output(name)}")

    def pid(self):
        # `ip netns exec` execs: the child is the daemon itself
        return self.process.child.pid

    def resident_bytes(self):
        for line in pathlib.Path(f"/proc/{self.pid()}/smaps_rollup").read_text().splitlines():
            if line.startswith("Rss:"):
                return int(line.split()[1]) * 1024
        raise AssertionError("no Rss in smaps_rollup")

    def log(self):
        return self.process.log()

    def stop(self):
        return self.process.stop(10) if self.process else (0, 0.0)


# The clip that the measuring viewer reads: each picture carries its number as a row of black and white blocks.

STAMP_BITS = 16
CLIP_WIDTH, CLIP_HEIGHT, CLIP_RATE = 640, 360, 30
CLIP_SECONDS = 60


def stamped_clip(seconds=CLIP_SECONDS):
    """Path of a clip whose pictures are numbered and noisy (so that the encoder needs the bit rate it is given)."""
    folder = pathlib.Path(os.environ.get("RIG_CACHE", ROOT / "build/test-cache"))
    folder.mkdir(parents=True, exist_ok=True)
    clip = folder / f"stamped-{seconds}s-v3.mp4"
    if clip.exists():
        return clip
    block, rows = CLIP_WIDTH // STAMP_BITS, 32
    unfinished = clip.with_suffix(f".{os.getpid()}.mp4")
    encoder = subprocess.Popen(
        ["ffmpeg", "-v", "error", "-y", "-f", "rawvideo", "-pix_fmt", "gray", "-s", f"{CLIP_WIDTH}x{CLIP_HEIGHT}",
         "-r", str(CLIP_RATE), "-i", "-", "-c:v", "libx264", "-preset", "ultrafast", "-tune", "fastdecode", "-crf", "23",
         "-pix_fmt", "yuv420p", str(unfinished)],
        stdin=subprocess.PIPE,
    )
    noise = os.urandom(CLIP_WIDTH * CLIP_HEIGHT * 2)
    softened = bytes(96 + (value & 15) for value in noise)
    for number in range(seconds * CLIP_RATE):
        bits = b"".join((b"\xeb" if number >> bit & 1 else b"\x10") * block for bit in range(STAMP_BITS))
        shift = number * 7919 % (CLIP_WIDTH * CLIP_HEIGHT)
        picture = bits * rows + softened[shift:shift + CLIP_WIDTH * (CLIP_HEIGHT - rows)]
        encoder.stdin.write(picture)
    encoder.stdin.close()
    assert encoder.wait() == 0
    unfinished.rename(clip)
    return clip


class Viewer:
    """Watches a stream as a viewer's player would, reading the number on each picture as it arrives.

    `arrivals` holds (monotonic seconds, seconds of the clip). It connects again whenever the server lets go of it.
    The clip is shown in a loop: seconds are those since its first start, told by the nearest multiple of its length.
    """

    def __init__(self, url, netns=None):
        self.url, self.netns = url, netns
        self.arrivals = []
        self._lock = threading.Lock()
        self._stopping = threading.Event()
        self._player = None
        self._thread = threading.Thread(target=self._watch, daemon=True)

    def start(self):
        self._thread.start()
        return self

    def stop(self):
        self._stopping.set()
        player = self._player
        if player:
            with contextlib.suppress(ProcessLookupError):
                player.kill()
        self._thread.join()

    def seen(self):
        with self._lock:
            return list(self.arrivals)

    def wait_for_picture(self, after, seconds):
        """The moment at which the first picture arrived that was not there before `after`."""
        wait_until(lambda: self.seen() and self.seen()[-1][0] > after, seconds, f"a picture from {self.url}")
        return next(at for at, _ in self.seen() if at > after)

    def longest_gap(self, begin, end):
        times = [begin] + [at for at, _ in self.seen() if begin <= at <= end] + [end]
        return max(b - a for a, b in zip(times, times[1:]))

    def lag(self, begin, end, reference):
        """Most seconds that a picture of [begin, end] arrived later than it would have with the delay `reference`."""
        late = [at - media - reference for at, media in self.seen() if begin <= at <= end]
        return max(late) if late else None

    def delay(self, begin, end):
        """The least (arrival minus clip time) in [begin, end]: the reference of an undisturbed stream."""
        return min(at - media for at, media in self.seen() if begin <= at <= end)

    def _unrolled(self, at, media):
        if not self.arrivals:
            return at, media
        first_at, first_media = self.arrivals[0]
        expected = first_media + at - first_at
        return at, media + round((expected - media) / CLIP_SECONDS) * CLIP_SECONDS

    def _watch(self):
        width, height = STAMP_BITS, 4  # each block of the number becomes one sample; the first row tells
        command = [
            "ffmpeg", "-v", "quiet", "-fflags", "nobuffer", "-flags", "low_delay", "-probesize", "5000000",
            "-analyzeduration", "3000000", "-fpsprobesize", "0", "-threads", "1", "-i", self.url, "-an", "-fps_mode", "passthrough",
            "-vf", f"crop=in_w:in_h*28/360:0:2,scale={width}:{height}:flags=area,format=gray", "-f", "rawvideo", "-",
        ]
        if self.netns:
            command = ["ip", "netns", "exec", self.netns] + command
        while not self._stopping.is_set():
            self._player = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
            while picture := self._player.stdout.read(width * height):
                if len(picture) < width * height:
                    break
                row = picture[width:2 * width]
                number = sum(1 << bit for bit in range(STAMP_BITS) if row[bit] > 128)
                with self._lock:
                    self.arrivals.append(self._unrolled(time.monotonic(), number / CLIP_RATE))
            self._player.stdout.close()
            self._player.wait()
            self._stopping.wait(0.1)


@contextlib.contextmanager
def folder():
    """A temporary folder; kept, and named, when RIG_KEEP is set."""
    path = pathlib.Path(tempfile.mkdtemp(prefix="nestbox-test-"))
    try:
        yield path
    finally:
        if os.environ.get("RIG_KEEP"):
            print(f"kept {path}")
        else:
            shutil.rmtree(path, ignore_errors=True)
