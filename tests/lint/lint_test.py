#!/usr/bin/env python3
"""Every rule of lint.py is broken on purpose, in a small tree of its own, and must be noticed at that place and no other."""

import os
import pathlib
import shutil
import subprocess
import sys
import tempfile
import unittest

LINT = pathlib.Path(__file__).with_name("lint.py")
RELAXED_UNIT = "[Service]\nExecStart=/bin/true\n"

# check, file, content, what must be said; {n} lines are counted from 1.
VIOLATIONS = [
    ("floors", "src/base/a.cpp", '#include "nestbox/media/frame.h"\n', "src/base/a.cpp:1: base (floor 0) must not see media"),
    ("floors", "include/nestbox/media/a.h", '\n#include "nestbox/options/options.h"\n', "a.h:2: media (floor 1) must not see options"),
    ("floors", "src/web/a.cpp", '#include "nestbox/publish/output.h"\n', "web (floor 3) must not see publish (floor 3)"),
    ("floors", "src/web/a.cpp", '# include <nestbox/app/app.h>\n', "must not see app"),
    ("floors", "src/options/a.cpp", '#include "nestbox/rules/live.h"\n', "options (floor 1) must not see rules"),
    ("floors", "src/web/a.cpp", '#include "encode/worker.h"\n', "encode/worker.h is private"),
    ("floors", "src/web/a.cpp", '#include "../encode/worker.h"\n', "../encode/worker.h is private"),
    ("floors", "src/attic/a.cpp", '#include <string>\n', "attic has no floor"),
    ("floors", "src/web/a.cpp", '#include "nestbox/attic/a.h"\n', "no such folder"),
    ("floors", "include/nestbox/web/a.h", '#include "session.h"\n', "a public header includes session.h"),
    ("floors", "src/rules/a.cpp", "#include <thread>\n", "rules is pure"),
    ("floors", "src/rules/a.cpp", "#include <unistd.h>\n", "rules is pure"),
    ("floors", "src/rules/a.cpp", '#include "nestbox/base/log.h"\n', "rules is pure"),
    ("third-party", "src/web/a.cpp", "#include <libavcodec/avcodec.h>\n", "libavcodec/avcodec.h in web"),
    ("third-party", "src/web/a.cpp", '#include "av/ffmpeg.h"\n', "av/ffmpeg.h in web"),
    ("third-party", "src/media/a.cpp", "#include <boost/asio.hpp>\n", "it belongs to app, tune, web"),
    ("third-party", "src/media/a.cpp", "#include <yaml-cpp/yaml.h>\n", "it belongs to config"),
    ("third-party", "include/nestbox/encode/a.h", "#include <libavutil/frame.h>\n", "in a public header"),
    ("third-party", "include/nestbox/web/a.h", "#include <boost/asio/io_context.hpp>\n", "in a public header"),
    ("third-party", "src/web/a.cpp", "#include <opencv2/core.hpp>\n", "whose is it?"),
    ("links", "README.md", "see [this](docs/nothing.md)\n", "README.md:1: docs/nothing.md: there is no"),
    ("links", "docs/a.md", "# A b\n[ok](#a-b) [wrong](#a-c)\n", "docs/a.md:2: #a-c"),
    ("links", "docs/a.md", "[beyond](../../elsewhere.md)\n", "there is no"),
    ("links", "docs/a.md", "[beyond](../..)\n", "leads out of the project"),
    ("links", "docs/a.md", "[named]\n\n[named]: gone.md\n", "docs/a.md:3: gone.md"),
    ("links", "docs/a.md", "[x](b.md#second)\n```\n# second\n```\n", "b.md has no heading"),
    ("words", "src/base/a.cpp", "int a;  // TODO later\n", "a.cpp:1: TODO: finish it"),
    ("words", "scripts/a", "# FIXME\n", "scripts/a:1: FIXME"),
    ("words", "src/base/a.cpp", 'fail("not implemented");\n', "finish it"),
    ("words", "docs/a.md", "in /home/alice/nestbox\n", "a path of one machine"),
    ("words", "CMakeLists.txt", 'set(X "/Users/alice/x")\n', "a path of one machine"),
    ("words", "docs/a.md", "see ../shared/notes\n", "only tests may look beside"),
    ("words", "tests/unit/base/a_test.cpp", "GTEST_SKIP();\n", "a skipped test says why"),
    ("words", "tests/unit/base/a_test.cpp", "std::this_thread::sleep_for(1s);\n", "waits for a state"),
    ("words", "src/base/a.h", "class FrameManager;\n", "class FrameManager"),
    ("words", "include/nestbox/base/a.h", "  int get_width() const;\n", "without get_"),
    ("words", "include/nestbox/base/a.h", "void draw(int x, bool filled);\n", "use an enum"),
    ("length", "src/base/a.cpp", "int a;\n" * 601, "601 lines; at most 600"),
    ("length", "scripts/a", "#!/bin/sh\n" * 601, "scripts/a:601"),
    ("shell", "scripts/a", "#!/usr/bin/env bash\n# Does it.\nset -euo pipefail\necho $1\n", "scripts/a:4"),
    ("shell", "scripts/a", "#!/usr/bin/env bash\n# Does it.\necho done\n", "no `set -euo pipefail`"),
    ("shell", "scripts/a", "#!/usr/bin/env bash\nset -euo pipefail\n", "say first what it does"),
    ("format", "src/base/a.cpp", "int   a ;\n", "src/base/a.cpp:1: not formatted"),
    ("unit", "systemd/nestbox.service", RELAXED_UNIT, "at most 2.0 is allowed"),
]

GOOD = {
    "README.md": "# Title\n\n## Two `parts`, & more!\n\n[a](docs/b.md#first) [c](#two-parts--more) [d](https://example.org/x)\n"
                 "`[not a link](gone.md)`\n",
    "docs/b.md": "# First\n\n# First\n[up](../README.md) [second](#first-1)\n",
    "include/nestbox/base/a.h": '#include <fmt/format.h>\n\n#include <tl/expected.hpp>\n',
    "src/av/ffmpeg.h": "#include <libavcodec/avcodec.h>\n",
    "src/encode/a.cpp": '#include "av/ffmpeg.h"\n#include "nestbox/base/a.h"\n#include "worker.h"\n',
    "src/rules/a.cpp": '#include <cmath>\n\n#include "nestbox/base/clock.h"\n#include "nestbox/options/options.h"\n#include "sun.h"\n',
    "src/web/a.cpp": "#include <boost/asio.hpp>\n#include <sys/socket.h>\n",
    "tests/unit/base/a_test.cpp": 'void f() { GTEST_SKIP() << "no ../shared here"; }\n',
    "scripts/a": "#!/usr/bin/env bash\n# Says so.\nset -euo pipefail\necho good\n",
    "docs/paths.md": "/home/me/owl.mp4 and nested/work/folder\n",
}


class Planted(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.root = pathlib.Path(folder.name)

    def plant(self, name, content):
        path = self.root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(content, encoding="utf-8")
        if content.startswith("#!"):
            path.chmod(0o755)

    def lint(self, check):
        said = subprocess.run([sys.executable, LINT, "--root", self.root, check], capture_output=True, text=True, check=False)
        if said.returncode == 77:
            self.skipTest(said.stdout.strip())
        self.assertEqual(said.stderr, "")
        return said

    def test_a_good_tree_is_left_in_peace(self):
        for name, content in GOOD.items():
            self.plant(name, content)
        for check in ("floors", "third-party", "links", "words", "length", "shell"):
            with self.subTest(check):
                said = self.lint(check)
                self.assertEqual((said.returncode, said.stdout), (0, ""))

    def test_a_package_that_parts_ways_with_the_project(self):
        control = "Build-Depends:\n cmake,\n debhelper-compat (= 13),\n libboost1.81-dev | libboost-dev (>= 1.81),\n libfmt-dev,\n"
        self.plant("CMakeLists.txt", "project(nestbox VERSION 1.2.3 LANGUAGES CXX)\n")
        self.plant("debian/changelog", "nestbox (1.2.3) unstable; urgency=medium\n")
        self.plant("debian/control", control)
        self.plant("scripts/setup", 'tools=(\n  cmake git # tools\n)\nlibraries=(\n  "$boost" libfmt-dev\n)\n')
        said = self.lint("package")
        self.assertEqual((said.returncode, said.stdout), (0, ""))
        self.plant("debian/changelog", "nestbox (1.2.2) unstable; urgency=medium\n")
        self.plant("debian/control", control.replace("libfmt-dev", "libssl-dev"))
        self.assertEqual(self.lint("package").stdout.splitlines(), [
            "debian/changelog:1: 1.2.2, and project() in CMakeLists.txt says 1.2.3",
            "debian/control:1: Build-Depends lacks libfmt-dev, which scripts/setup installs",
            "debian/control:1: Build-Depends has libssl-dev, and scripts/setup does not install it",
        ])

    def test_a_script_that_cannot_be_started(self):
        self.plant("scripts/a", GOOD["scripts/a"])
        os.chmod(self.root / "scripts/a", 0o644)
        self.assertIn("is not executable", self.lint("shell").stdout)

    def test_ignored_files_are_nobodys_business(self):
        if shutil.which("git") is None:
            self.skipTest("git is missing")
        subprocess.run(["git", "-C", self.root, "init", "-q"], check=True)
        self.plant(".gitignore", "/build/\n")
        self.plant("build/a.cpp", "// TODO\n")
        self.assertEqual(self.lint("words").returncode, 0)

    def test_an_unknown_check_is_bad_usage(self):
        said = subprocess.run([sys.executable, LINT, "no-such-check"], capture_output=True, check=False)
        self.assertEqual(said.returncode, 2)


def violation_test(check, name, content, expected):
    def test(self):
        self.plant(name, content)
        if check == "links":
            self.plant("docs/b.md", GOOD["docs/b.md"].replace("../README.md", "b.md"))
        said = self.lint(check)
        self.assertIn(expected, said.stdout)
        self.assertEqual(said.returncode, 1)
        for line in said.stdout.splitlines():
            self.assertTrue(line.startswith(name + ":"), line)
    return test


for index, case in enumerate(VIOLATIONS):
    setattr(Planted, f"test_{index:02}_{case[0].replace('-', '_')}", violation_test(*case))

if __name__ == "__main__":
    unittest.main()
