"""A model hub on this machine for the tests: enough of its HTTP interface for `huggingface_hub` to list and fetch."""

import hashlib
import json
import re
import threading
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import urlsplit

COMMIT = hashlib.sha1(b"the only commit").hexdigest()


class Hub(ThreadingHTTPServer):
    """`models`: hub id -> file name -> bytes. `fetched`: names of the files asked for so far.

    `missing` files answer 404; of a `stalled` file all but the last byte is sent until `go_on` is set.
    """

    daemon_threads = True

    def __init__(self, models: dict[str, dict[str, bytes]]):
        super().__init__(("127.0.0.1", 0), Handler)
        self.models, self.fetched, self.missing = models, [], set()
        self.stalled, self.go_on = set(), threading.Event()

    @property
    def environment(self) -> dict[str, str]:
        """What a process needs in order to take this for the hub."""
        return {"HF_ENDPOINT": f"http://127.0.0.1:{self.server_port}", "HF_HUB_OFFLINE": "0", "HF_HUB_DISABLE_XET": "1"}


@contextmanager
def running(hub: Hub):
    threading.Thread(target=hub.serve_forever, args=(0.05,), daemon=True).start()
    try:
        yield hub
    finally:
        hub.go_on.set()
        hub.shutdown()
        hub.server_close()


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self):
        path = urlsplit(self.path).path.strip("/")
        if listing := re.fullmatch(r"api/models/([^/]+/[^/]+)", path):
            self.list_files(listing[1])
        elif file := re.fullmatch(r"([^/]+/[^/]+)/resolve/[^/]+/(.+)", path):
            self.send_file(*file.groups())
        else:
            self.answer(404)

    do_HEAD = do_GET

    def list_files(self, hub_id: str):
        files = self.server.models.get(hub_id)
        if files is None:
            return self.answer(404, {"X-Error-Code": "RepoNotFound"})
        listed = [{"rfilename": name, "size": len(content)} for name, content in files.items()]
        config = json.loads(files.get("config.json", b"{}"))
        body = json.dumps({"id": hub_id, "sha": COMMIT, "siblings": listed, "config": config}).encode()
        self.answer(200, {"Content-Type": "application/json"}, body)

    def send_file(self, hub_id: str, name: str):
        content = self.server.models[hub_id].get(name)
        if content is None or name in self.server.missing:
            return self.answer(404, {"X-Error-Code": "EntryNotFound", "X-Repo-Commit": COMMIT})
        if self.command == "GET":
            self.server.fetched.append(name)
        etag = f'"{hashlib.sha256(content).hexdigest()}"'
        self.answer(200, {"ETag": etag, "X-Repo-Commit": COMMIT}, content, stalled=name in self.server.stalled)

    def answer(self, status: int, headers: dict[str, str] | None = None, body: bytes = b"", stalled: bool = False):
        self.send_response(status)
        for name, value in (headers or {}).items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if self.command == "GET":
            self.wfile.write(body[:-1])
            if stalled:
                self.server.go_on.wait(30)
            self.wfile.write(body[-1:])

    def log_message(self, *_):
        """Quiet."""
