"""A transcription endpoint on this machine that says what a test wants."""

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from tests.conftest import find_free_port


@contextmanager
def endpoint(
    answer: Any, status: int = 200, **headers: str
) -> Iterator[tuple[str, list[tuple[str, dict[str, str], bytes]]]]:
    """An endpoint that notes what it is sent and always answers the same."""
    heard: list[tuple[str, dict[str, str], bytes]] = []

    class Answers(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            heard.append((self.path, dict(self.headers), body))
            sent = answer if isinstance(answer, bytes) else json.dumps(answer).encode()
            self.send_response(status)
            for name, value in {"Content-Length": str(len(sent)), **headers}.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(sent)

        def log_message(self, *_anything: Any) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", find_free_port()), Answers) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.05,))
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}", heard
        finally:
            server.shutdown()
            thread.join()
