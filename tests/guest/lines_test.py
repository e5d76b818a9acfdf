#!/usr/bin/env python3
"""Lines against the kernel's simulated chip: lid, motion sensor, button, coil and lamp, a busy line, a storm of edges, and a
chip that comes back under another number."""

import os
import re
import subprocess
import unittest


class Lines(unittest.TestCase):
    def test_the_kernels_lines(self):
        said = subprocess.run(
            [f"{os.environ['RIG_BIN']}/integration_gpio", "--gtest_filter=KernelLines.*"],
            text=True, check=False, stdout=subprocess.PIPE)
        print(said.stdout)
        self.assertEqual(said.returncode, 0)
        self.assertRegex(said.stdout, r"edges in [\d.]+ s: one change, \d+ wakes")
        self.assertRegex(said.stdout, r"edge to callback: p50 \d+ us, p99 \d+ us")
        self.assertFalse(re.search("SKIPPED", said.stdout))


if __name__ == "__main__":
    unittest.main(verbosity=2)
