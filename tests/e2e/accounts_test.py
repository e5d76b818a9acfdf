"""The page beyond loopback: the real daemon on every address, a browser that logs in, and people who should not.

    /usr/bin/python3 accounts_test.py [-v]

127.0.0.1 reaches a listener on 0.0.0.0 as any other address does: no address makes a visitor less of a stranger.
"""

import http.client
import json
import os
import pathlib
import re
import shutil
import sys
import tempfile
import time
import unittest
import urllib.parse

sys.path.insert(0, str(pathlib.Path(__file__).parent))
import rig

PASSWORD = "canary owl in the oak 7"
OTHER_PASSWORD = "canary tit in the birch 8"
FORM = {"Content-Type": "application/x-www-form-urlencoded"}


class AccountsCase(unittest.TestCase):
    def start(self, folder, password=PASSWORD, address="0.0.0.0", more=""):
        self.port = rig.free_port()
        yaml = f'web: {{listen: "{address}:{self.port}"{more}}}\n'
        self.daemon = rig.Daemon(folder, f"file:{rig.stamped_clip()}?loop=1", yaml=yaml, listen=None).start()
        self.addCleanup(self.daemon.stop)
        if password:
            self.daemon.nestbox("passwd", stdin=password + "\n")
        return self.daemon

    def ask(self, method, path, headers=None, body=None):
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=15)
        try:
            connection.request(method, path, body=body, headers=headers or {})
            reply = connection.getresponse()
            return reply, reply.read().decode(errors="replace")
        finally:
            connection.close()

    def status_of(self, path, cookie=""):
        return self.ask("GET", path, {"Cookie": cookie})[0].status

    def visit(self):
        reply, page = self.ask("GET", "/login")
        return reply.headers["Set-Cookie"].split(";")[0], re.search(r'name="csrf" value="([0-9a-f]{64})"', page)[1]

    def log_in(self, password=PASSWORD):
        cookie, token = self.visit()
        body = urllib.parse.urlencode({"csrf": token, "password": password})
        return self.ask("POST", "/login", {**FORM, "Cookie": cookie}, body)

    def session(self):
        reply, _ = self.log_in()
        self.assertEqual(reply.status, 303)
        return reply.headers["Set-Cookie"].split(";")[0]


class Accounts(AccountsCase):
    def test_without_a_password_the_page_stays_on_this_machine_and_the_rest_runs(self):
        with rig.folder() as folder:
            daemon = self.start(folder, password=None)
            rig.wait_until(lambda: daemon.status()["camera"]["frames"] > 0, 20, daemon.log)
            status = daemon.status()
            self.assertEqual(status["page"], f"http://127.0.0.1:{self.port}/")
            problem = next(p for p in status["problems"] if p["code"] == "page_without_password")
            self.assertIn("nestbox passwd", problem["text"])
            self.assertIn("nestbox passwd", daemon.log())
            self.assertEqual(self.status_of("/api/v1/status"), 200)
            listeners = pathlib.Path(f"/proc/{daemon.pid()}/net/tcp").read_text()
            self.assertIn(f"0100007F:{self.port:04X}", listeners)
            self.assertNotIn(f"00000000:{self.port:04X}", listeners)

            daemon.nestbox("passwd", stdin=PASSWORD + "\n")
            rig.wait_until(lambda: self.status_of("/api/v1/status") == 401, 20, daemon.log)
            self.assertEqual([p for p in daemon.status()["problems"] if p["code"] == "page_without_password"], [])
            self.assertIn(f"00000000:{self.port:04X}", pathlib.Path(f"/proc/{daemon.pid()}/net/tcp").read_text())

    def test_listening_is_changed_while_it_runs(self):
        with rig.folder() as folder:
            daemon = self.start(folder, address="127.0.0.1")
            self.assertEqual(self.status_of("/api/v1/status"), 200)
            daemon.nestbox("set", "web.listen", f"0.0.0.0:{self.port}")
            rig.wait_until(lambda: self.status_of("/api/v1/status") == 401, 20, daemon.log)
            daemon.nestbox("reset", "web.listen")
            rig.wait_until(lambda: self.status_of("/api/v1/status") == 200, 20, daemon.log)

    def test_ten_wrong_passwords_are_answered_alike_and_then_must_wait(self):
        with rig.folder() as folder:
            self.start(folder)
            answers = [self.log_in(f"wrong guess {i}") for i in range(10)]
            statuses = [reply.status for reply, _ in answers]
            self.assertEqual(statuses[:5], [403] * 5)
            self.assertIn(429, statuses)
            self.assertEqual(set(statuses), {403, 429})
            plain = {re.sub(r'value="[0-9a-f]{64}"', "", page) for reply, page in answers if reply.status == 403}
            self.assertEqual(len(plain), 1)
            held = next(reply for reply, _ in answers if reply.status == 429)
            self.assertGreaterEqual(int(held.headers["Retry-After"]), 1)
            rig.wait_until(lambda: self.log_in()[0].status == 303, 60, "the wait ends")

    def test_sessions_survive_a_restart_and_end_with_the_password(self):
        with rig.folder() as folder:
            daemon = self.start(folder)
            cookie = self.session()
            self.assertEqual(self.status_of("/api/v1/status", cookie), 200)
            daemon.stop()
            daemon.start()
            rig.wait_until(lambda: self.status_of("/api/v1/status", cookie) == 200, 20, daemon.log)
            viewer = http.client.HTTPConnection("127.0.0.1", self.port, timeout=15)
            self.addCleanup(viewer.close)
            viewer.request("GET", "/live.mp4", headers={"Cookie": cookie})
            watched = viewer.getresponse()
            self.assertEqual(watched.status, 200)
            daemon.nestbox("passwd", stdin=OTHER_PASSWORD + "\n")
            with self.assertRaises((http.client.IncompleteRead, ConnectionError)):
                watched.read()  # it would never end while the session held
            rig.wait_until(lambda: self.status_of("/api/v1/status", cookie) == 401, 20, daemon.log)
            self.assertEqual(self.log_in(PASSWORD)[0].status, 403)
            self.assertEqual(self.log_in(OTHER_PASSWORD)[0].status, 303)

    def test_the_password_is_nowhere(self):
        with rig.folder() as folder:
            daemon = self.start(folder)
            cookie = self.session()
            self.log_in("canary guess of a stranger")
            self.log_in("canary\r\nSet-Cookie: a=b")
            self.assertNotEqual(daemon.nestbox("passwd", stdin="canary\n", check=False).returncode, 0)
            said = [daemon.log(), json.dumps(daemon.status()), self.ask("GET", "/api/v1/status", {"Cookie": cookie})[1],
                    self.ask("GET", "/api/v1/session", {"Cookie": cookie})[1], daemon.nestbox("get").stdout,
                    pathlib.Path(f"/proc/{daemon.pid()}/cmdline").read_text(),
                    pathlib.Path(f"/proc/{daemon.pid()}/environ").read_text()]
            said += [path.read_text(errors="replace") for path in daemon.state.rglob("*") if path.is_file()]
            session = cookie.split("=")[1]
            for text in said:
                self.assertNotIn("canary", text)
                self.assertNotIn(session, text)

    def test_a_damaged_file_closes_the_door_and_the_command_mends_it(self):
        with rig.folder() as folder:
            daemon = self.start(folder)
            daemon.stop()
            (daemon.state / "auth.json").write_text("{")
            daemon.start()
            problem = next(p["text"] for p in daemon.status()["problems"] if p["code"] == "page_without_password")
            self.assertIn("damaged", problem)
            self.assertIn("nestbox passwd", problem)
            self.assertEqual(daemon.status()["page"], f"http://127.0.0.1:{self.port}/")
            daemon.nestbox("passwd", stdin=PASSWORD + "\n")
            rig.wait_until(lambda: self.status_of("/api/v1/status") == 401, 20, daemon.log)
            self.session()


try:
    from page_test import open_browser
    from selenium.webdriver.common.by import By
    from selenium.webdriver.common.keys import Keys
    NO_BROWSER = "" if shutil.which("chromium") and shutil.which("chromedriver") else "no chromium with chromedriver here"
except (ImportError, SystemExit):
    NO_BROWSER = "no selenium here (Debian: python3-selenium)"


@unittest.skipIf(NO_BROWSER, NO_BROWSER)
class Browser(AccountsCase):
    def open(self, *arguments):
        folder = tempfile.mkdtemp(prefix="nestbox-accounts-")
        self.addCleanup(shutil.rmtree, folder, ignore_errors=True)
        self.browser = open_browser(folder, arguments=arguments)
        self.addCleanup(self.browser.quit)
        self.browser.get(f"http://127.0.0.1:{self.port}/")

    def see(self, selector):
        return self.browser.find_element(By.CSS_SELECTOR, selector)

    def until(self, condition, what):
        def safely():
            try:
                return condition()
            except Exception:  # the page is on its way to another
                return False
        rig.wait_until(safely, 30, lambda: f"{what}: {self.browser.current_url}: {self.browser.page_source[:2000]}")

    def type_password(self, password):
        field = self.see("#password")
        field.send_keys(password, Keys.ENTER)

    def shoot(self, name):
        if os.environ.get("RIG_SHOTS"):
            self.browser.save_screenshot(os.path.join(os.environ["RIG_SHOTS"], name + ".png"))

    def test_logs_in_watches_and_logs_out(self):
        with rig.folder() as folder:
            self.start(folder)
            self.open()
            self.until(lambda: self.browser.current_url.endswith("/login"), "the log-in page")
            self.shoot("login")
            self.assertEqual(self.browser.switch_to.active_element.get_attribute("id"), "password")
            self.assertGreater(self.see("#password").size["width"], 250)
            self.type_password("a wrong one")
            self.until(lambda: "That is not the password" in self.see("[role=alert]").text, "the refusal")
            self.shoot("login-wrong")
            self.type_password(PASSWORD)
            self.until(lambda: self.see("#health").text in ("All is well", "Has a problem"), "the page")
            self.until(lambda: self.browser.execute_script("return document.getElementById('video').currentTime") > 0.5, "the picture")
            cookie = next(c for c in self.browser.get_cookies() if c["name"] == "nestbox-session")
            self.assertEqual((cookie["httpOnly"], cookie["sameSite"], cookie["secure"]), (True, "Strict", False))
            self.assertAlmostEqual(cookie["expiry"], time.time() + 30 * 86400, delta=600)
            self.assertEqual(self.browser.execute_script("return document.cookie"), "")
            self.shoot("page")

            self.see("#log-out button").click()
            self.until(lambda: self.browser.current_url.endswith("/login"), "logged out")
            self.assertEqual(self.status_of("/api/v1/status", f"nestbox-session={cookie['value']}"), 401)

    def test_a_page_whose_session_ends_asks_for_the_password(self):
        with rig.folder() as folder:
            daemon = self.start(folder)
            self.open()
            self.type_password(PASSWORD)
            self.until(lambda: self.see("#health").text in ("All is well", "Has a problem"), "the page")
            daemon.nestbox("passwd", stdin=OTHER_PASSWORD + "\n")
            self.until(lambda: self.browser.current_url.endswith("/login"), "the log-in page")

    def test_without_script_one_can_still_log_in(self):
        with rig.folder() as folder:
            self.start(folder)
            self.open("--blink-settings=scriptEnabled=false")
            self.type_password(PASSWORD)
            self.until(lambda: self.browser.current_url.endswith(f":{self.port}/"), "the page")

    def test_the_public_sees_the_picture_and_a_way_in(self):
        with rig.folder() as folder:
            daemon = self.start(folder, more=", public_page: true")
            self.open()
            self.until(lambda: self.browser.execute_script("return document.getElementById('video').currentTime") > 0.5, "the picture")
            self.until(lambda: self.see("#health").text == "Picture only", "the public's view")
            self.assertFalse(self.see("#status").is_displayed())
            self.assertFalse(self.see("#log-out").is_displayed())
            self.shoot("public")
            self.see("#log-in").click()
            self.type_password(PASSWORD)
            self.until(lambda: self.see("#status").is_displayed(), "the status")
            self.assertTrue(daemon.status()["password_set"])


if __name__ == "__main__":
    unittest.main()
