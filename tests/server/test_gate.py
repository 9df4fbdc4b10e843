"""Who may speak: host names, origins, users."""

from __future__ import annotations

import asyncio
import os
import socket
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from owari.config import Config
from owari.credentials import Issuer
from owari.http import peer as peers
from owari.http.bearer import holds_token
from owari.http.gate import Gate, host_name, make_gate
from owari.http.peer import Peer
from owari.wire.message import Request
from tests.server.fake import Answers, request, serving
from tests.support.server import ROLE, Server

ME = Peer("127.0.0.1", True, os.geteuid())
REMOTE = Peer("203.0.113.7", False, None)


def made(tmp_path: Path, **settings: Any) -> Gate:
    gate, warning = make_gate(Config(data=tmp_path, **settings))
    assert warning is None
    return gate


def asked(host: str | None = "localhost:4566", **headers: str) -> Request:
    given = {} if host is None else {"host": host}
    return Request("GET", "/", "", given | headers)


@pytest.mark.parametrize(
    "host",
    [
        "localhost",
        "localhost:4566",
        "LOCALHOST.:80",
        "127.0.0.1:4566",
        "[::1]:4566",
        "192.168.1.5:4566",
        "s3.localhost:4566",
        "bucket.s3.localhost:4566",
        "bucket.s3.us-east-1.localhost",
        "host.docker.internal:4566",
        None,
    ],
)
def test_local_names_and_addresses_pass(tmp_path: Path, host: str | None) -> None:
    assert made(tmp_path).refusal(asked(host), ME) is None


@pytest.mark.parametrize(
    "host",
    [
        "evil.example",
        "localhost.evil.example",
        "notlocalhost",
        "127.0.0.1.evil.example",
        "bucket.s3.amazonaws.com",
        "[evil]",
        "owari@evil.example",
    ],
)
def test_a_page_that_rebinds_its_name_is_refused(tmp_path: Path, host: str) -> None:
    gate = made(tmp_path)
    for _ in range(2):  # what was refused is not remembered as good
        error = gate.refusal(asked(host), ME)
        assert error is not None
        assert (error.code, error.status) == ("AccessDenied", 403)


def test_the_user_may_allow_names(tmp_path: Path) -> None:
    gate = made(tmp_path, allowed_hosts=("owari.lan", "*.amazonaws.com"))
    assert gate.refusal(asked("owari.lan:4566"), ME) is None
    assert gate.refusal(asked("bucket.s3.amazonaws.com"), ME) is None
    assert gate.refusal(asked("amazonaws.com"), ME) is not None
    assert gate.refusal(asked("sub.owari.lan"), ME) is not None


def test_bound_to_an_outer_address_its_own_names_pass(tmp_path: Path) -> None:
    gate = made(tmp_path, host="0.0.0.0")
    assert gate.refusal(asked(socket.gethostname()), REMOTE) is None
    assert made(tmp_path, host="owari.lan").refusal(asked("owari.lan:80"), REMOTE) is None


def test_foreign_origins_are_refused(tmp_path: Path) -> None:
    gate = made(tmp_path)
    assert gate.refusal(asked(origin="http://localhost:4566"), ME) is None
    for origin in ("https://evil.example", "null", "http://localhost:3000", ""):
        assert gate.refusal(asked(origin=origin), ME) is not None
    gate.cors = lambda request: request.headers["origin"] == "http://localhost:3000"
    assert gate.refusal(asked(origin="http://localhost:3000"), ME) is None
    assert gate.refusal(asked(origin="https://evil.example"), ME) is not None


def test_other_users_of_the_machine_are_refused(tmp_path: Path) -> None:
    gate = made(tmp_path)
    other = Peer("127.0.0.1", True, 54_321)
    unknown = Peer("127.0.0.1", True, None)
    root = Peer("127.0.0.1", True, 0)
    assert gate.refusal(asked(), other) is not None
    assert gate.refusal(asked(), unknown) is not None
    assert gate.refusal(asked(), root) is None
    assert gate.refusal(asked(), REMOTE) is None  # there signatures are required
    shared = made(tmp_path, shared=True)
    assert shared.refusal(asked(), other) is None


def test_what_owari_started_passes_as_any_user(tmp_path: Path) -> None:
    issuer, now = Issuer(b"secret"), 1_000.0
    gate = made(tmp_path)
    gate.trusts = lambda request: holds_token(request, issuer, lambda: now)
    other = Peer("127.0.0.1", True, 54_321)

    def with_token(issuer: Issuer, expires: float, key: str = "") -> Request:
        c = issuer.issue("000000000000", "arn:aws:sts::000000000000:assumed-role/r/s", expires)
        signed = f"Credential={key or c.access_key}/20260101/us-east-1/s3/aws4_request"
        header = f"AWS4-HMAC-SHA256 {signed}, SignedHeaders=host, Signature=0"
        return asked(authorization=header, **{"x-amz-security-token": c.token})

    assert gate.refusal(with_token(issuer, 2_000), other) is None
    assert gate.refusal(with_token(issuer, 500), other) is not None, "expired"
    assert gate.refusal(with_token(Issuer(b"forged"), 2_000), other) is not None
    assert gate.refusal(with_token(issuer, 2_000, "AKIAELSE"), other) is not None
    for token in ("", ".", "x", "é", "a.b.c"):
        odd = asked(authorization="AWS4-HMAC-SHA256 x", **{"x-amz-security-token": token})
        assert gate.refusal(odd, other) is not None


def test_where_nobody_tells_the_user_is_warned(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(peers, "owner_of", lambda *_: None)
    gate, warning = make_gate(Config(data=tmp_path))
    assert gate.users is None
    assert warning is not None
    assert "other users" in warning


@pytest.mark.parametrize(
    ("text", "name"),
    [("A.b:80", "a.b"), ("a.", "a"), ("[::1]:80", "::1"), ("[::1]", "::1"), ("", "")],
)
def test_host_names(text: str, name: str) -> None:
    assert host_name(text) == name


@pytest.mark.parametrize("family", [socket.AF_INET, socket.AF_INET6])
def test_both_ways_of_asking_find_the_owner(family: int) -> None:
    address = "127.0.0.1" if family == socket.AF_INET else "::1"
    try:
        server = socket.create_server((address, 0), family=family)
    except OSError:
        pytest.skip("no IPv6 on this machine")
    with server, socket.create_connection(server.getsockname()[:2]) as client:
        remote, local = client.getsockname()[:2], server.getsockname()[:2]
        uid = os.geteuid()
        assert peers.owner_of(family, remote, local) == uid
        assert peers._read_proc(family, remote, local) == uid
        assert peers._read_proc(family, (address, 1), local) is None
        accepted, _ = server.accept()
        with accepted:
            assert peers.identify(accepted) == Peer(address, True, uid)


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can make another user's connection")
def test_a_connection_of_another_user_is_seen_as_theirs() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        pid = os.fork()
        if pid == 0:
            os.setuid(54_321)
            with socket.create_connection(server.getsockname()) as client:
                client.recv(1)
            os._exit(0)
        accepted, _ = server.accept()
        with accepted:
            assert peers.identify(accepted).uid == 54_321
        os.waitpid(pid, 0)


@pytest.mark.parametrize(
    ("scope", "marker"), [("s3", b"<Code>AccessDenied</Code>"), ("sns", b"<ErrorResponse")]
)
def test_a_refusal_speaks_the_services_protocol(tmp_path: Path, scope: str, marker: bytes) -> None:
    with serving(tmp_path) as server, server.connect() as client:
        raw = request("POST", "/", body=b"Action=ListTopics&Version=2010-03-31")
        raw = raw.replace(b"/s3/", f"/{scope}/".encode())
        raw = raw.replace(b"Host: localhost", b"Host: evil.example")
        client.sendall(
            raw.replace(b"\r\n\r\n", b"\r\nContent-Type: application/x-www-form-urlencoded\r\n\r\n")
        )
        status, _, body = Answers(client).read()
        assert status == 403
        assert marker in body
        assert server.host.calls == []


def test_own_pages_pass_the_same_gate(tmp_path: Path) -> None:
    with serving(tmp_path) as server, server.connect() as client:
        answers = Answers(client)
        client.sendall(request("GET", "/_owari/health"))
        assert answers.read()[::2] == (200, b'{"status": "ok"}')
        client.sendall(request("GET", "/_owari/nothing") + request("POST", "/_owari/health"))
        assert answers.read()[0] == 404
        assert answers.read()[0] == 405
        client.sendall(request("GET", "/_owari/health", "Origin: https://evil.example"))
        assert answers.read()[0] == 403


class _NoFlow:
    def hold(self) -> None: ...

    def release(self) -> None: ...


def test_other_machines_see_only_whether_it_lives(tmp_path: Path) -> None:
    with serving(tmp_path) as server:
        server.api.pages["/_owari/status"] = lambda: {"server": "here"}
        for peer, path, status in (
            (ME, "/_owari/status", 200),
            (REMOTE, "/_owari/status", 403),
            (REMOTE, "/_owari/health", 200),
        ):
            turn = server.api.open(
                Request("GET", path, "", {"host": "localhost"}), 0, peer, _NoFlow()
            )
            assert asyncio.run(turn.answer()).status == status


JOB = """
import boto3, encodings.idna, os
s3 = boto3.client("s3")
os.setuid(65534)
print(s3.list_buckets()["Buckets"])
"""


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can run a job as another user")
def test_a_job_that_drops_its_rights_still_reaches_us(tmp_path: Path) -> None:
    with Server(tmp_path / "data") as server:
        session = server.client("sts").assume_role(RoleArn=ROLE, RoleSessionName="job")[
            "Credentials"
        ]
        env = {
            "AWS_ENDPOINT_URL": server.endpoint, "AWS_DEFAULT_REGION": "us-east-1",
            "AWS_ACCESS_KEY_ID": session["AccessKeyId"],
            "AWS_SECRET_ACCESS_KEY": session["SecretAccessKey"],
        }  # fmt: skip
        token = {"AWS_SESSION_TOKEN": session["SessionToken"]}
        for variables, status in ((env | token, 0), (env, 1)):
            command = [sys.executable, "-c", JOB]
            done = subprocess.run(command, env=variables, capture_output=True, timeout=120)
            assert done.returncode == status, done.stderr
