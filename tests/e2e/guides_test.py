"""Every YAML block of the guides is a configuration that the daemon takes."""

import pathlib
import re
import subprocess
import tempfile
import unittest

from rig import BIN, ROOT


def blocks(guide):
    return re.findall(r"^```yaml\n(.*?)^```", guide.read_text(encoding="utf-8"), re.MULTILINE | re.DOTALL)


class Guides(unittest.TestCase):
    def test_yaml_blocks_are_taken(self):
        checked = 0
        for guide in sorted((ROOT / "docs/guide").glob("*.md")):
            for block in blocks(guide):
                with self.subTest(guide=guide.name, block=block), tempfile.NamedTemporaryFile("w", suffix=".yaml") as file:
                    file.write(block)
                    file.flush()
                    check = subprocess.run([BIN / "nestboxd", "--config", file.name, "--check-config"], text=True,
                                           capture_output=True, timeout=60)
                    self.assertEqual(check.returncode, 0, check.stderr)
                    checked += 1
        self.assertGreater(checked, 0, "no guide shows a configuration")


if __name__ == "__main__":
    unittest.main()
