"""Looking at the book in a browser."""

import re
import subprocess
import sys
import urllib.error
import urllib.request

from acceptance.program import ProgramTest


class Web(ProgramTest):
    def setUp(self) -> None:
        super().setUp()
        self.pennies("add", "12.50", "food", "--day", "2024-05-02", "--note", "<b>lunch</b>")
        server = subprocess.Popen(
            [sys.executable, "-m", "pennies", "web", "--port", "0"],
            env=self.environment("mine"),
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
        )
        self.addCleanup(server.stdout.close)
        self.addCleanup(server.wait)
        self.addCleanup(server.terminate)
        self.address = re.search(r"http://127\.0\.0\.1:\d+", server.stdout.readline())[0]

    def get(self, path: str) -> str:
        with urllib.request.urlopen(self.address + path, timeout=10) as answer:
            return answer.read().decode()

    def test_the_page_shows_what_was_spent(self):
        page = self.get("/")
        self.assertIn("12.50", page)
        self.assertIn("&lt;b&gt;lunch", page)

    def test_the_book_can_be_downloaded(self):
        self.assertEqual(self.get("/expenses.csv").splitlines()[0], "day,amount,category,note")

    def test_other_addresses_are_not_found(self):
        with self.assertRaises(urllib.error.HTTPError) as caught:
            self.get("/etc/passwd")
        self.addCleanup(caught.exception.close)
        self.assertEqual(caught.exception.code, 404)
