"""A small site on loopback for the tests of the browser check."""

from __future__ import annotations

import threading
from collections.abc import Generator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import ClassVar

NOTES = """
<title>Notes</title>
<link rel="icon" href="/favicon.ico">
<img src="/favicon.ico">
<h1>My notes</h1>
<p hidden>A secret that is in the page and cannot be seen</p>
<form>
  <label>Title <input name="title" placeholder="What to do"></label>
  <label>Kind <select name="kind"><option value="u">urgent</option><option value="l">later</option></select></label>
  <label>Picture <input type="file" name="picture"></label>
  <button>Add note</button>
</form>
<ul data-testid="list"></ul>
<p id="chosen"></p>
<p id="pressed"></p>
<script>
  const form = document.querySelector('form')
  form.addEventListener('submit', async (event) => {
    event.preventDefault()
    const answer = await fetch('/api/notes?from=page', {method: 'POST', body: form.title.value})
    const item = document.createElement('li')
    item.textContent = await answer.text() + ', ' + form.kind.value
    document.querySelector('ul').append(item)
    history.pushState({}, '', '/notes?added=1')
    document.title = 'One note'
  })
  form.picture.addEventListener('change', async () => {
    document.querySelector('#chosen').textContent = 'Chosen: ' + await form.picture.files[0].text()
  })
  document.addEventListener('keydown', (event) => {
    document.querySelector('#pressed').textContent = 'Pressed ' + event.key
  })
</script>
"""
PAGES = {
    "/notes": NOTES,
    "/quiet": "<title>Quiet</title><p>Nothing happens here</p>",
    "/printing": "<p>It prints</p><script>console.log('fine'); console.error('The list is broken')</script>",
    "/throwing": "<p>It throws</p><script>setTimeout(() => { throw new Error('Nobody caught this') }, 0)</script>",
    "/later": "<p>Wait</p><script>console.error('Slow'); setTimeout(() => fetch('/api/notes'), 500)</script>",
}


class _Site(BaseHTTPRequestHandler):
    statuses: ClassVar[dict[str, int]] = {"/api/notes": 200, "/broken": 500}

    def do_GET(self) -> None:
        path = self.path.partition("?")[0]
        found = path in PAGES or path in self.statuses
        self._answer(self.statuses.get(path, 200) if found else 404, PAGES.get(path, path))

    def do_POST(self) -> None:
        self._answer(201, self.rfile.read(int(self.headers["Content-Length"])).decode())

    def _answer(self, status: int, text: str) -> None:
        content = text.encode()
        self.send_response(status)
        self.send_header("Content-Type", "text/html; charset=utf-8")
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002  # the name in the standard library
        """Say nothing."""


@contextmanager
def served() -> Generator[str]:
    """The address of the site, while it is served."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), _Site)
    thread = threading.Thread(target=server.serve_forever, args=(0.05,))
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
