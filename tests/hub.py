"""A model hub on this machine for the tests: enough of its HTTP interface for `huggingface_hub` to list and fetch."""

import hashlib
import json
import re
import threading
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import unquote, urlsplit

COMMIT = hashlib.sha1(b"the only commit").hexdigest()


class Hub(ThreadingHTTPServer):
    """`models`: hub id -> file name -> bytes. `fetched`: names of the files asked for so far.

    `missing` files answer 404; of a `stalled` file all but the last byte is sent until `go_on` is set. `revisions`: by
    name, beside main; all have the same files. A `private` or `gated` id is for who brings a token that `may_read` it,
    another token is a stranger's, and `invalid` ones are refused. `facts`: what a listing says besides, by hub id.
    """

    daemon_threads = True

    def __init__(self, models: dict[str, dict[str, bytes]]):
        super().__init__(("127.0.0.1", 0), Handler)
        self.models, self.fetched, self.missing = models, [], set()
        self.stalled, self.go_on = set(), threading.Event()
        self.revisions: dict[str, str] = {}  # name -> commit
        self.private, self.gated, self.may_read, self.invalid = set(), set(), set(), set()
        self.facts: dict[str, dict] = {}
        self.tokens: list[tuple[str, str]] = []  # (path, token) of every request about a model

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
        path = unquote(urlsplit(self.path).path).strip("/")
        token = self.headers.get("Authorization", "").removeprefix("Bearer ")
        listing = re.fullmatch(r"api/models/([^/]+/[^/]+)(?:/revision/(.+))?", path)
        file = re.fullmatch(r"([^/]+/[^/]+)/resolve/([0-9a-f]{40})/(.+)", path)
        if listing or file:
            self.server.tokens.append((path, token))
        if token in self.server.invalid:
            self.answer(401, {"X-Error-Message": "Invalid credentials in Authorization header"})
        elif listing:
            self.list_files(listing[1], listing[2] or "main", token)
        elif file:
            self.send_file(*file.groups(), token)
        else:
            self.answer(404)

    do_HEAD = do_GET

    def refuses(self, hub_id: str, token: str, listing: bool = False) -> bool:
        """Answers as the hub does where a model is not there, or not for the owner of that token.

        Without a token it does not tell a private model from one that is not there. The listing of a gated one is open.
        """
        allowed = token in self.server.may_read
        if hub_id not in self.server.models or (hub_id in self.server.private and not allowed):
            told = {"X-Error-Code": "RepoNotFound", "X-Error-Message": "Repository not found"}
            self.answer(404, told) if token else self.answer(401, {"X-Error-Message": "Invalid username or password."})
        elif hub_id in self.server.gated and not allowed and not listing:
            self.answer(403 if token else 401, {"X-Error-Code": "GatedRepo"})
        else:
            return False
        return True

    def list_files(self, hub_id: str, revision: str, token: str):
        if self.refuses(hub_id, token, listing=True):
            return
        commit = {"main": COMMIT, COMMIT: COMMIT, **self.server.revisions}.get(revision)
        if not commit:
            return self.answer(404, {"X-Error-Code": "RevisionNotFound"})
        files = self.server.models[hub_id]
        listed = [{"rfilename": name, "size": len(content)} for name, content in files.items()]
        about = {"id": hub_id, "sha": commit, "siblings": listed, "gated": hub_id in self.server.gated and "auto"}
        body = json.dumps(about | self.server.facts.get(hub_id, {})).encode()
        self.answer(200, {"Content-Type": "application/json"}, body)

    def send_file(self, hub_id: str, commit: str, name: str, token: str):
        if self.refuses(hub_id, token):
            return
        content = self.server.models[hub_id].get(name)
        if content is None or name in self.server.missing:
            return self.answer(404, {"X-Error-Code": "EntryNotFound", "X-Repo-Commit": commit})
        if self.command == "GET":
            self.server.fetched.append(name)
        etag = f'"{hashlib.sha256(content).hexdigest()}"'
        self.answer(200, {"ETag": etag, "X-Repo-Commit": commit}, content, stalled=name in self.server.stalled)

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
