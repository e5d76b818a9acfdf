#!/usr/bin/env python3
"""The house's own rules, held by machine. Standard library only.

    lint.py [--root FOLDER] CHECK...

Prints one line for each violation (file:line: what is wrong and what would be right). Exit status: 0 none, 1 some, 2 bad
usage, 77 when a check's tool is missing on this machine (it says which). lint_test.py plants a violation of every rule.
"""

import pathlib
import re
import shutil
import subprocess
import sys
import unicodedata

# Which folder stands on which floor. A folder sees lower floors and itself.
FLOORS = {
    "base": 0,
    "media": 1, "rules": 1, "options": 1,
    "av": 2, "config": 2, "image": 2,
    "capture": 3, "encode": 3, "gpio": 3, "publish": 3, "record": 3, "store": 3, "tune": 3, "vision": 3, "web": 3,
    "app": 4,
}
# Beside each other, and yet: rules read what the owner has set, and options are plain values without a line of code.
NEIGHBOURS = {("rules", "options")}

# Third parties, by how their headers begin, and the folders that may include them. Nobody else knows that they exist.
FFMPEG_FOLDERS = {"av", "capture", "encode", "publish", "record"}
THIRD_PARTY = {
    "libcamera/": {"capture"},
    "libav": FFMPEG_FOLDERS, "libsw": FFMPEG_FOLDERS,
    "alsa/": {"encode"},
    "av/": FFMPEG_FOLDERS,  # our own pieces around FFmpeg, which show its types
    "boost/": {"app", "tune", "web"},
    "CLI/": {"app"},
    "date/": {"base"},
    "fmt/": set(FLOORS),
    "gpiod.h": {"gpio"},
    "ft2build.h": {"image"}, "freetype/": {"image"}, "turbojpeg.h": {"image"},
    "libnova/": {"app"},
    "nlohmann/": {"app", "store", "tune", "web"},
    "openssl/": {"web"},
    "qrencode.h": {"app"},
    "sodium.h": {"app"},
    "SQLiteCpp/": {"store"}, "sqlite3.h": {"store"},
    "spdlog/": {"base"},
    "systemd/": {"app"},
    "tl/": {"app", "base", "config"},
    "yaml-cpp/": {"config"},
}
# What a public header may show of them: text formatting and results.
PUBLIC_THIRD_PARTY = ("fmt/", "tl/")
# Rules think: no thread, lock, file or clock of the system gets in.
UNTHINKING = re.compile(
    r"^(nestbox/base/(bounded_queue|file|log|mutex|thread)\.h|atomic|condition_variable|filesystem|fstream|future|iostream"
    r"|mutex|thread|[a-z_0-9]+\.h|(sys|linux|net|netinet|arpa)/.*)$")
PURE_FOLDERS = {"rules"}
SYSTEM_HEADER = re.compile(r"^([a-z_0-9]+|(sys|linux|net|netinet|arpa)/[a-z_0-9-]+\.h|[a-z_0-9]+\.h)$")

LINES_MAX = 600
CODE = {".cpp", ".h", ".py", ".ts", ".js", ".cmake", ".in"}


class Skipped(Exception):
    """A tool that a check needs is not on this machine."""


class Tree:
    """The files of the project: what git knows or would add; in a tree without git, everything."""

    def __init__(self, root):
        self.root = pathlib.Path(root).resolve()

    def files(self, *suffixes):
        for path in self._all():
            if not suffixes or path.suffix in suffixes:
                yield path

    def _all(self):
        if (self.root / ".git").exists():
            listed = subprocess.run(
                ["git", "-C", self.root, "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
                check=True, capture_output=True).stdout
            paths = [self.root / name.decode() for name in listed.split(b"\0") if name]
        else:
            paths = self.root.rglob("*")
        return sorted(p for p in paths if p.is_file() and not p.is_symlink())

    def name(self, path):
        return path.relative_to(self.root).as_posix()

    def lines(self, path):
        return list(enumerate(path.read_text(encoding="utf-8", errors="replace").splitlines(), 1))

    def is_script(self, path):
        if path.suffix not in ("", ".sh"):
            return False
        with open(path, "rb") as file:
            return re.match(rb"#!.*\b(ba|da)?sh\b", file.readline(100)) is not None


def folder_of(name):
    """The house's folder of include/nestbox/FOLDER/... or src/FOLDER/..., and whether it is public."""
    parts = name.split("/")
    if parts[:2] == ["include", "nestbox"] and len(parts) > 3:
        return parts[2], True
    if parts[0] == "src" and len(parts) > 2:
        return parts[1], False
    return None, False


def includes(tree):
    """(path, line number, folder, is public, header, is quoted) of every #include of the house."""
    for path in tree.files(".cpp", ".h"):
        folder, public = folder_of(tree.name(path))
        if folder is None:
            continue
        for number, line in tree.lines(path):
            match = re.match(r'\s*#\s*include\s*(["<])([^">]+)[">]', line)
            if match:
                yield path, number, folder, public, match[2], match[1] == '"'


def check_floors(tree):
    """A folder includes itself and lower floors; private headers stay in their folder."""
    for path, number, folder, public, header, quoted in includes(tree):
        where = f"{tree.name(path)}:{number}"
        if folder not in FLOORS:
            yield f"{where}: the folder {folder} has no floor; give it one in FLOORS"
            continue
        parts = header.split("/")
        if parts[0] == "nestbox":
            other = parts[1]
            if other not in FLOORS:
                yield f"{where}: {header}: no such folder of the house"
            elif other != folder and FLOORS[other] >= FLOORS[folder] and (folder, other) not in NEIGHBOURS:
                yield (f"{where}: {folder} (floor {FLOORS[folder]}) must not see {other} (floor {FLOORS[other]}): "
                       "only itself and lower floors")
        elif quoted and (".." in parts or (parts[0] in FLOORS and parts[0] not in (folder, "av"))):
            yield f"{where}: {header} is private to its folder; what others may see is include/nestbox/"
        elif quoted and public:
            yield f"{where}: a public header includes {header}, which its readers cannot see"
        own_header = quoted and parts[0] != "nestbox"
        if folder in PURE_FOLDERS and not own_header and UNTHINKING.match(header):
            yield f"{where}: {folder} is pure: it takes time and measurements, and includes no {header}"


def check_third_party(tree):
    """A third party's header appears in the folders that wrap it, and in no public header."""
    for path, number, folder, public, header, quoted in includes(tree):
        where = f"{tree.name(path)}:{number}"
        prefix = next((p for p in THIRD_PARTY if header.startswith(p)), None)
        if prefix is None:
            if not quoted and not SYSTEM_HEADER.match(header):
                yield f"{where}: {header}: whose is it? Say in THIRD_PARTY which folder may include it"
        elif folder not in THIRD_PARTY[prefix]:
            yield f"{where}: {header} in {folder}; it belongs to {', '.join(sorted(THIRD_PARTY[prefix]))}"
        elif public and prefix not in PUBLIC_THIRD_PARTY:
            yield f"{where}: {header} in a public header; keep it in src/{folder}/"


def anchor(heading):
    """What a heading is called in a link, as GitHub does it."""
    text = re.sub(r"\[([^\]]*)\]\([^)]*\)", r"\1", heading.strip())
    text = re.sub(r"[`*]", "", text).lower()
    kept = (c for c in text if c in " -_" or unicodedata.category(c)[0] in "LNM")
    return "".join(kept).replace(" ", "-")


def prose(tree, path):
    """The lines of a Markdown file that are not code."""
    fenced = False
    for number, line in tree.lines(path):
        if re.match(r"\s*(```|~~~)", line):
            fenced = not fenced
        elif not fenced:
            yield number, line


def anchors(tree, path):
    seen = {}
    for _, line in prose(tree, path):
        match = re.match(r"#{1,6}\s+(.*?)\s*#*$", line)
        if match:
            name = anchor(match[1])
            count = seen.get(name, 0)
            seen[name] = count + 1
            yield f"{name}-{count}" if count else name
        yield from re.findall(r'<a (?:id|name)="([^"]+)"', line)


def check_links(tree):
    """Links in *.md lead somewhere: file and heading."""
    for path in tree.files(".md"):
        for number, line in prose(tree, path):
            line = re.sub(r"`[^`]*`", "", line)
            for target in re.findall(r"\]\(\s*<?([^)\s>]+)", line) + re.findall(r"^\[[^\]]+\]:\s*(\S+)", line):
                if re.match(r"[a-z][a-z0-9+.-]*:", target):
                    continue  # the outside world is not asked
                where = f"{tree.name(path)}:{number}"
                file, _, fragment = target.partition("#")
                goal = (path.parent / file).resolve() if file else path
                if not goal.exists():
                    yield f"{where}: {target}: there is no {file}"
                elif tree.root not in [goal, *goal.parents]:
                    yield f"{where}: {target} leads out of the project"
                elif fragment and goal.suffix == ".md" and fragment not in set(anchors(tree, goal)):
                    yield f"{where}: {target}: {tree.name(goal)} has no heading of that name"


def text_files(tree):
    """Everything people write; not this folder, which has to name what it forbids."""
    for path in tree.files():
        name = tree.name(path)
        if not name.startswith(("tests/lint/", "LICENSE")) and b"\0" not in path.read_bytes()[:4096]:
            yield path


def search(tree, paths, pattern, reason):
    for path in paths:
        for number, line in tree.lines(path):
            match = re.search(pattern, line)
            if match:
                yield f"{tree.name(path)}:{number}: {match[0].strip()}: {reason}"


def check_words(tree):
    """Nothing half done, no path of somebody's own machine, nothing that only its authors can follow."""
    files = list(text_files(tree))
    yield from search(tree, files, r"\b(TODO|FIXME|XXX)\b|\b[Nn]ot (yet )?implemented\b", "finish it or leave it out")
    yield from search(tree, files, r"(?<![\w.])/(work|Users/\w+|home/(?!(me|pi|you)\b)\w+)/", "a path of one machine")
    outside = [p for p in files if not tree.name(p).startswith("tests/")]
    yield from search(tree, outside, r"\.\./shared\b", "only tests may look beside the checkout")
    yield from search(tree, tree.files(".cpp", ".h"), r"GTEST_SKIP\(\)\s*;", "a skipped test says why: GTEST_SKIP() << ...")
    units = [p for p in tree.files(".cpp", ".h") if tree.name(p).startswith("tests/unit/")]
    yield from search(tree, units, r"\b(sleep_for|sleep_until|usleep|nanosleep)\b", "a unit test waits for a state, not for time")
    code = [p for p in tree.files(".cpp", ".h") if folder_of(tree.name(p))[0]]
    yield from search(tree, code, r"\b(class|struct)\s+\w*(Manager|Helper|Util|Utils)\b", "say what it does instead")
    headers = [p for p in code if folder_of(tree.name(p))[1]]
    yield from search(tree, headers, r"^\s*[\w:<>&*, ]+\s+get_\w+\(", "a value is named for what it is, without get_")
    yield from search(tree, headers, r"[(,]\s*bool\s+\w+\s*[,)=]", "a bool parameter says nothing where it is called: use an enum")


def check_length(tree):
    """A file that nobody can keep in mind is two files."""
    for path in tree.files():
        if path.suffix in CODE or tree.is_script(path):
            count = len(tree.lines(path))
            if count > LINES_MAX:
                yield f"{tree.name(path)}:{count}: {count} lines; at most {LINES_MAX}, and 500 want a second look"


def tool(name):
    found = shutil.which(name)
    if found is None:
        raise Skipped(f"{name} is missing; scripts/setup --full installs it")
    return found


def check_shell(tree):
    """Shell scripts stop at errors, say how they are used, and please shellcheck."""
    scripts = [p for p in tree.files() if tree.is_script(p)]
    for path in scripts:
        text = path.read_text(encoding="utf-8")
        if not re.search(r"^set -[eu]*u", text, re.MULTILINE):
            yield f"{tree.name(path)}:1: no `set -euo pipefail`"
        if not re.match(r"#!.*\n# \S", text):
            yield f"{tree.name(path)}:2: say first what it does and how it is called"
        if not path.stat().st_mode & 0o100:
            yield f"{tree.name(path)}:1: is not executable"
    if scripts:
        said = subprocess.run([tool("shellcheck"), "--format=gcc", *scripts], capture_output=True, text=True, check=False)
        yield from (line.replace(f"{tree.root}/", "") for line in said.stdout.splitlines())
        if said.returncode > 1:
            yield f"shellcheck failed: {said.stderr.strip()}"


def check_format(tree):
    """C++ stands as .clang-format of version 14 would put it; other versions put some things otherwise."""
    program = shutil.which("clang-format-14") or tool("clang-format")
    version = subprocess.run([program, "--version"], capture_output=True, text=True, check=True).stdout
    if "version 14." not in version:
        raise Skipped(f"the layout is clang-format 14's, and this is{version.strip().rpartition('clang-format')[2]}")
    files = list(tree.files(".cpp", ".h"))
    if files:
        said = subprocess.run([program, "--dry-run", "--Werror", *files], capture_output=True, text=True, check=False)
        wrong = sorted(set(re.findall(r"^(.*?):\d+:\d+: error", said.stderr, re.MULTILINE)))
        yield from (f"{tree.name(pathlib.Path(path))}:1: not formatted; clang-format -i mends it" for path in wrong)
        if said.returncode != 0 and not wrong:
            yield f"clang-format failed: {said.stderr.strip()}"


def check_unit(tree):
    """The service's sandbox: at most 2.0 of 10 by systemd's own count."""
    unit = tree.root / "systemd/nestbox.service"
    said = subprocess.run([tool("systemd-analyze"), "security", "--offline=true", "--threshold=20", "--no-pager", unit],
                          capture_output=True, text=True, check=False)
    if said.returncode != 0:
        overall = [line for line in said.stdout.splitlines() if "Overall" in line]
        yield f"systemd/nestbox.service:1: {(overall or [said.stderr.strip()])[0].strip(' →')}; at most 2.0 is allowed"


# What scripts/setup installs and Debian's build machines have, or a build does without, or only a running daemon needs.
NO_BUILD_DEPENDENCY = {"build-essential", "ccache", "git", "ca-certificates", "fonts-dejavu-core", "tzdata", "debhelper"}


def check_package(tree):
    """The package's version is the project's, and it is built with what scripts/setup installs."""
    version = re.search(r"project\(nestbox VERSION ([\d.]+)", (tree.root / "CMakeLists.txt").read_text())[1]
    packed = re.match(r"nestbox \(([^)~]*)", (tree.root / "debian/changelog").read_text())[1]
    if packed != version:
        yield f"debian/changelog:1: {packed}, and project() in CMakeLists.txt says {version}"
    setup = (tree.root / "scripts/setup").read_text()
    lists = re.findall(r"^(?:tools|libraries)=\(\n(.*?)^\)", setup, re.MULTILINE | re.DOTALL)
    installed = {word for line in "\n".join(lists).splitlines() for word in line.partition(" #")[0].split()}
    installed = {"libboost-dev" if "boost" in word else word for word in installed} - NO_BUILD_DEPENDENCY
    field = re.search(r"^Build-Depends:\n((?: .*\n)*)", (tree.root / "debian/control").read_text(), re.MULTILINE)[1]
    built = {re.match(r"[\w.+-]+", entry.split("|")[-1].strip())[0] for entry in field.split(",") if entry.strip()}
    built -= {"debhelper-compat"}
    for name in sorted(installed - built):
        yield f"debian/control:1: Build-Depends lacks {name}, which scripts/setup installs"
    for name in sorted(built - installed):
        yield f"debian/control:1: Build-Depends has {name}, and scripts/setup does not install it"


CHECKS = {name[6:].replace("_", "-"): function for name, function in globals().items() if name.startswith("check_")}


def main(arguments):
    root = pathlib.Path(__file__).resolve().parents[2]
    if arguments[:1] == ["--root"]:
        root, arguments = arguments[1], arguments[2:]
    if not arguments or any(name not in CHECKS for name in arguments):
        print(f"{__doc__}\nChecks: {', '.join(CHECKS)}", file=sys.stderr)
        return 2
    found = 0
    for name in arguments:
        try:
            for violation in CHECKS[name](Tree(root)):
                print(violation)
                found += 1
        except Skipped as reason:
            print(f"skipped: {reason}")
            return 77
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
