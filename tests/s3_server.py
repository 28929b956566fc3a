"""A real S3-protocol server on loopback, and a proxy in front of it that fails on request."""

import http.client
import logging
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import boto3
import pytest
import requests
from moto.server import ThreadedMotoServer

BUCKET = "recordings"
Fault = Callable[[BaseHTTPRequestHandler], None]


def unavailable(request: BaseHTTPRequestHandler) -> None:
    """A 503, as a storage under load gives."""
    body = b"<Error><Code>ServiceUnavailable</Code><Message>come back later</Message></Error>"
    request.send_response(503)
    request.send_header("Content-Length", str(len(body)))
    request.end_headers()
    if request.command != "HEAD":
        request.wfile.write(body)


def forbidden(request: BaseHTTPRequestHandler) -> None:
    """A 403, as when a key has expired."""
    body = b"<Error><Code>ExpiredToken</Code><Message>AKIASHOWN has expired</Message></Error>"
    request.send_response(403)
    request.send_header("Content-Length", str(len(body)))
    request.end_headers()
    request.wfile.write(body)


def dropped(request: BaseHTTPRequestHandler) -> None:
    """A connection that ends without an answer."""
    request.close_connection = True


def cut_short(request: BaseHTTPRequestHandler) -> None:
    """A connection that ends in the middle of a body."""
    request.send_response(206)
    request.send_header("Content-Length", "1000000")
    request.end_headers()
    request.wfile.write(b"x" * 1000)
    request.close_connection = True


class Proxy:
    """Forwards every request, except those that the next fault in ``faults`` is meant for."""

    def __init__(self, port: int) -> None:
        self.faults: list[Fault] = []
        self.failing: Callable[[BaseHTTPRequestHandler], bool] = lambda request: True
        self.always: Fault | None = None
        self.before: Callable[[BaseHTTPRequestHandler], None] = lambda request: None
        self.seen: list[tuple[str, str, str | None]] = []
        self._lock = threading.Lock()
        proxy = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def log_message(self, *arguments: object) -> None:
                pass

            def handle_any(self) -> None:
                proxy.seen.append((self.command, self.path, self.headers.get("Range")))
                proxy.before(self)
                if fault := proxy.next_fault(self):
                    fault(self)
                    return
                size = int(self.headers.get("Content-Length", 0))
                upstream = http.client.HTTPConnection("127.0.0.1", port)
                upstream.putrequest(self.command, self.path, skip_host=True)
                for name, value in self.headers.items():
                    upstream.putheader(name, value)
                upstream.endheaders(self.rfile.read(size) if size else None)
                answer = upstream.getresponse()
                body = answer.read()
                self.send_response_only(answer.status)
                for name, value in answer.getheaders():
                    if name.lower() not in ("transfer-encoding", "connection", "content-length"):
                        self.send_header(name, value)
                length = answer.getheader("Content-Length") if self.command == "HEAD" else len(body)
                self.send_header("Content-Length", str(length))
                self.end_headers()
                self.wfile.write(body)
                upstream.close()

            do_GET = do_HEAD = do_PUT = do_POST = handle_any

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        threading.Thread(target=self._server.serve_forever, daemon=True).start()
        self.url = f"http://127.0.0.1:{self._server.server_port}"

    def next_fault(self, request: BaseHTTPRequestHandler) -> Fault | None:
        with self._lock:
            if not self.failing(request):
                return None
            return self.faults.pop(0) if self.faults else self.always

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()


class Storage:
    """The server, the proxy, and a client that goes around the proxy."""

    def __init__(self, server_url: str, proxy: Proxy) -> None:
        self.proxy = proxy
        self.server_url = server_url
        self._client = boto3.client(
            "s3",
            endpoint_url=server_url,
            region_name="us-east-1",
            aws_access_key_id="test",
            aws_secret_access_key="test",
        )

    def put(self, key: str, content: bytes) -> str:
        self._client.put_object(Bucket=BUCKET, Key=key, Body=content, ACL="public-read")
        return f"s3://{BUCKET}/{key}"

    def delete(self, key: str) -> None:
        """Take an object away."""
        self._client.delete_object(Bucket=BUCKET, Key=key)

    @contextmanager
    def with_keys(self) -> Iterator[tuple[str, str]]:
        """Let the server check keys, and yield a good one with its secret."""
        requests.post(f"{self.server_url}/moto-api/reset-auth", data=b"3", timeout=100)
        try:
            iam = boto3.client(
                "iam",
                endpoint_url=self.server_url,
                region_name="us-east-1",
                aws_access_key_id="test",
                aws_secret_access_key="test",
            )
            iam.create_user(UserName="reader")
            iam.put_user_policy(
                UserName="reader",
                PolicyName="all",
                PolicyDocument='{"Version": "2012-10-17", "Statement": '
                '[{"Effect": "Allow", "Action": "s3:*", "Resource": "*"}]}',
            )
            key = iam.create_access_key(UserName="reader")["AccessKey"]
            yield key["AccessKeyId"], key["SecretAccessKey"]
        finally:
            requests.post(f"{self.server_url}/moto-api/reset-auth", data=b"Infinity", timeout=100)
            requests.post(f"{self.server_url}/moto-api/reset", timeout=100)


@pytest.fixture(scope="session")
def moto_server() -> Iterator[str]:
    logging.getLogger("werkzeug").setLevel(logging.ERROR)
    server = ThreadedMotoServer("127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    yield f"http://{host}:{port}"
    server.stop()


@pytest.fixture
def storage(moto_server: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[Storage]:
    """An empty bucket behind a proxy, and the environment that leads there."""
    requests.post(f"{moto_server}/moto-api/reset", timeout=100)
    proxy = Proxy(int(moto_server.rpartition(":")[2]))
    for name, value in {
        "AWS_ENDPOINT_URL": proxy.url,
        "AWS_ACCESS_KEY_ID": "test",
        "AWS_SECRET_ACCESS_KEY": "test",
        "AWS_DEFAULT_REGION": "us-east-1",
        "AWS_CONFIG_FILE": "/nowhere",
        "AWS_SHARED_CREDENTIALS_FILE": "/nowhere",
        "AWS_EC2_METADATA_DISABLED": "true",
    }.items():
        monkeypatch.setenv(name, value)
    storage = Storage(moto_server, proxy)
    storage._client.create_bucket(Bucket=BUCKET)
    yield storage
    proxy.close()
    import fsspec

    for scheme in ("s3", "http"):
        fsspec.get_filesystem_class(scheme).clear_instance_cache()
