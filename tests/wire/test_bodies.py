"""aws-chunked bodies, POST forms and checksums, in pieces of every size."""

from __future__ import annotations

import base64
import gzip
import hashlib
import time
import zlib
from collections.abc import Callable
from typing import Any

import pytest
from botocore.exceptions import ClientError
from hypothesis import given, settings
from hypothesis import strategies as st

from owari.errors import ServiceError
from owari.wire import checksums
from owari.wire.chunked import Chunked, ChunkSigner
from owari.wire.form import Form
from owari.wire.message import Request, Upload
from owari.wire.sigv4 import signing_key
from tests.wire.client import (
    AKIA,
    OWNER,
    SECRET,
    Server,
    exchange,
    pieces,
    prepared,
    refusal,
)
from tests.wire.client import settings as wire_settings
from tests.wire.oracle import authorization

# ---- checksums


@pytest.mark.parametrize(
    ("algorithm", "digest"),  # the check values of the catalogue of CRCs, for "123456789"
    [("crc32", "cbf43926"), ("crc32c", "e3069283"), ("crc64nvme", "ae8b14860a799888")],
)
def test_crc_check_values(algorithm: str, digest: str) -> None:
    running = checksums.new(algorithm)
    running.update(b"1234")
    running.update(b"56789")
    assert running.digest().hex() == digest


def test_folding_is_the_crc_that_zlib_computes() -> None:
    folding = checksums.Folding(0x04C11DB7, 32)
    ones = 2**32 - 1
    for size in (0, 1, 63, 65_535, 65_536, 65_537, 200_000):
        data = hashlib.shake_128(b"seed").digest(size)
        assert folding.update(ones, data) ^ ones == zlib.crc32(data)


@settings(max_examples=20, deadline=None)
@given(st.lists(st.integers(0, 90_000), max_size=5))
def test_pieces_of_any_size_give_the_same(sizes: list[int]) -> None:
    whole = hashlib.shake_128(b"x").digest(sum(sizes))
    digests, once = checksums.Digests(checksums.ALGORITHMS), checksums.Digests(checksums.ALGORITHMS)
    at = 0
    for size in sizes:
        digests.update(whole[at : at + size])
        at += size
    once.update(whole)
    assert digests.checksums == once.checksums
    assert digests.md5 == once.md5 == hashlib.md5(whole).digest()
    assert digests.checksums["sha256"] == hashlib.sha256(whole).digest()


# ---- aws-chunked

# The examples of the S3 API reference, "Transferring Payload in Multiple Chunks".
SEED = "4f232c4386841ef735655705268965c44a0e4690baa4adea153f7db9fa80a0a9"
CHUNKS = (
    (65_536, "ad80c730a21e5b8d04586a2213dd63b9a0e99e0e2307b0ade35a65485a288648"),
    (1_024, "0055627c9e194cb4542bae2aa5492e3c1575bbb81b612b7d234b86a503ef5497"),
    (0, "b6c6ea8a5354eaf15b3cb7646744f4275b71ea724fed81ceb9323e279d449df9"),
)


def documented_chunks() -> bytes:
    out = b""
    for size, signature in CHUNKS:
        out += b"%x;chunk-signature=%s\r\n%s\r\n" % (size, signature.encode(), b"a" * size)
    return out


def documented_put() -> Request:
    headers = {
        "content-encoding": "aws-chunked",
        "content-length": "66824",
        "host": "s3.amazonaws.com",
        "x-amz-content-sha256": "STREAMING-AWS4-HMAC-SHA256-PAYLOAD",
        "x-amz-date": "20130524T000000Z",
        "x-amz-decoded-content-length": "66560",
        "x-amz-storage-class": "REDUCED_REDUNDANCY",
    }
    names = ";".join(headers)
    headers["authorization"] = (
        f"AWS4-HMAC-SHA256 Credential={AKIA}/20130524/us-east-1/s3/aws4_request,"
        f"SignedHeaders={names},Signature={SEED}"
    )
    return Request("PUT", "/examplebucket/chunkObject.txt", "", headers)


AT_THE_TIME = wire_settings(verify=True, now=lambda: 1_369_353_600.0)


@pytest.mark.parametrize("piece", [7, 1000, 1 << 20])
def test_the_documented_chunked_upload(piece: int) -> None:
    _, call = exchange(documented_put(), documented_chunks(), AT_THE_TIME, piece)
    assert call.params["Body"].data == b"a" * 66_560
    assert call.params["ContentLength"] == 66_560
    assert "ContentEncoding" not in call.params
    assert call.identity.account == OWNER


@pytest.mark.parametrize("at", [60_000, 100, 66_000, -20])
def test_any_changed_byte_of_it_is_noticed(at: int) -> None:
    body = bytearray(documented_chunks())
    body[at] ^= 1
    assert refusal(documented_put(), AT_THE_TIME, bytes(body)).code in (
        "SignatureDoesNotMatch",
        "InvalidRequest",
        "IncompleteBody",
    )


def test_the_documented_signed_trailer() -> None:
    """ "Including Trailing Headers": chunks as above, then a CRC32C and its signature."""
    signatures = (
        "b474d8862b1487a5145d686f57f013e54db672cee1c953b3010fb58501ef5aa2",
        "1c1344b170168f8e65b41376b44b20fe354e373826ccbbe2c1d40a8cae51e5c7",
        "2ca2aba2005185cf7159c6277faf83795951dd77a3a99e6e65d5c9f85863f992",
    )
    trailer = "d81f82fc3505edab99d459891051a732e8730629a2e4a59689829ca17fe2e435"
    seed = "106e2a8a18243abcf37539882f36619c00e2dfc72633413f02d3b74544bfeb8e"
    key = signing_key(SECRET, "20130524", "us-east-1", "s3")
    body = b""
    for (size, _), signature in zip(CHUNKS, signatures, strict=True):
        body += b"%x;chunk-signature=%s\r\n" % (size, signature.encode())
        body += b"a" * size + (b"\r\n" if size else b"")
    for ending in (
        f"x-amz-checksum-crc32c:sOO8/Q==\r\nx-amz-trailer-signature:{trailer}\r\n\r\n",
        f"x-amz-checksum-crc32c:sOO8/Q==\n\r\nx-amz-trailer-signature:{trailer}\r\n\r\n",
    ):
        scope = "20130524/us-east-1/s3/aws4_request"
        signer = ChunkSigner(key, "20130524T000000Z", scope, seed)
        decoder = Chunked(66_560, signer)
        payload = b"".join(decoder.feed(p) for p in pieces(body + ending.encode(), 999))
        decoder.finish()
        assert payload == b"a" * 66_560
        assert decoder.trailers["x-amz-checksum-crc32c"] == "sOO8/Q=="
    crc = checksums.new("crc32c")
    crc.update(payload)
    assert base64.b64encode(crc.digest()) == b"sOO8/Q=="
    signer = ChunkSigner(key, "20130524T000000Z", scope, seed)
    decoder = Chunked(66_560, signer)
    decoder.feed(body + ending.replace("sOO8", "sOO9").encode())
    with pytest.raises(ServiceError, match="SignatureDoesNotMatch"):
        decoder.finish()


@given(st.lists(st.binary(min_size=1, max_size=40), max_size=5), st.integers(1, 50))
def test_any_chunks_in_any_pieces(chunks: list[bytes], piece: int) -> None:
    body = b"".join(b"%X\r\n%s\r\n" % (len(c), c) for c in chunks) + b"0\r\nX-A: b\r\n\r\n"
    payload = b"".join(chunks)
    decoder = Chunked(len(payload))
    assert b"".join(decoder.feed(p) for p in pieces(body, piece)) == payload
    decoder.finish()
    assert decoder.trailers == {"x-a": "b"}


@given(st.binary(max_size=60), st.integers(0, 20))
def test_rubbish_is_refused_or_decoded_but_never_worse(rubbish: bytes, length: int) -> None:
    decoder = Chunked(length)
    try:
        payload = decoder.feed(rubbish)
        decoder.finish()
    except ServiceError as error:
        assert error.status == 400
    else:
        assert len(payload) == length


@pytest.mark.parametrize(
    "body",
    [b"", b"5\r\nhel", b"5\r\nhello\r\n", b"4\r\nhell\r\n0\r\n\r\n", b"6\r\nhello!\r\n0\r\n\r\n"],
)
def test_a_body_cut_short_or_too_long(body: bytes) -> None:
    decoder = Chunked(5)
    with pytest.raises(ServiceError, match="IncompleteBody"):
        decoder.feed(body)
        decoder.finish()


# ---- what SDKs send


@pytest.mark.parametrize("algorithm", ["CRC32", "SHA1", "SHA256"])
@pytest.mark.parametrize("scheme", ["http", "https"])
def test_todays_sdk_default(algorithm: str, scheme: str) -> None:
    """Over https a trailing checksum in an aws-chunked body, over http a header."""
    server = Server(wire_settings(verify=True), result={})
    client = server.client("s3", key=AKIA, endpoint=f"{scheme}://localhost:4566")
    client.put_object(Bucket="b", Key="k", Body=b"hello" * 999, ChecksumAlgorithm=algorithm)
    chunked = "aws-chunked" in server.requests[0].headers.get("content-encoding", "")
    assert chunked == (scheme == "https")
    upload = server.calls[0].params["Body"]
    wanted = checksums.new(algorithm.lower())
    wanted.update(b"hello" * 999)
    assert upload.data == b"hello" * 999
    assert upload.checksums == {algorithm.lower(): wanted.digest()}
    assert "ContentEncoding" not in server.calls[0].params


def put(body: bytes = b"hello", **headers: str) -> ServiceError | Upload:
    """A PUT by hand."""
    request = prepared("PUT", "http://localhost/b/k", **headers)
    request.headers["authorization"] = (
        "AWS4-HMAC-SHA256 Credential=test/20260101/us-east-1/s3/aws4_request, "
        "SignedHeaders=host, Signature=0"
    )
    request.headers["content-length"] = str(len(body))
    try:
        upload = exchange(request, body, wire_settings())[1].params["Body"]
    except ServiceError as error:
        return error
    assert isinstance(upload, Upload)
    return upload


def b64(data: bytes) -> str:
    return base64.b64encode(data).decode()


GOOD_MD5 = b64(hashlib.md5(b"hello").digest())
GOOD_SHA = hashlib.sha256(b"hello").hexdigest()
GOOD_CRC = b64(zlib.crc32(b"hello").to_bytes(4, "big"))


@pytest.mark.parametrize(
    ("headers", "code"),
    [
        ({"content_md5": b64(b"1" * 16)}, "BadDigest"),
        ({"content_md5": "xx"}, "InvalidDigest"),
        ({"x_amz_content_sha256": "0" * 64}, "XAmzContentSHA256Mismatch"),
        ({"x_amz_checksum_crc32": b64(b"1234")}, "BadDigest"),
        ({"x_amz_checksum_crc32": b64(b"12345")}, "InvalidRequest"),
        ({"x_amz_checksum_crc32": "="}, "InvalidRequest"),
        ({"x_amz_checksum_crc32c": b64(b"1234")}, "BadDigest"),
        ({"x_amz_checksum_crc64nvme": b64(b"12345678")}, "BadDigest"),
        ({"x_amz_checksum_sha1": b64(b"1" * 20)}, "BadDigest"),
        ({"x_amz_checksum_xxhash64": b64(b"1" * 8)}, "InvalidRequest"),
        ({"x_amz_checksum_crc32": GOOD_CRC, "x_amz_checksum_sha1": "x"}, "InvalidRequest"),
    ],
)
def test_a_wrong_digest(headers: dict[str, str], code: str) -> None:
    refused = put(**headers)
    assert isinstance(refused, ServiceError)
    assert (refused.code, refused.status) == (code, 400)


def test_right_ones() -> None:
    upload = put(content_md5=GOOD_MD5, x_amz_content_sha256=GOOD_SHA, x_amz_checksum_crc32=GOOD_CRC)
    assert isinstance(upload, Upload)
    assert upload.checksums == {"crc32": base64.b64decode(GOOD_CRC)}


@pytest.mark.parametrize("crc", [b64(b"1234"), None])
def test_a_wrong_or_missing_trailer(crc: str | None) -> None:
    trailer = b"" if crc is None else b"x-amz-checksum-crc32:" + crc.encode() + b"\r\n"
    refused = put(
        b"5\r\nhello\r\n0\r\n" + trailer + b"\r\n",
        x_amz_content_sha256="STREAMING-UNSIGNED-PAYLOAD-TRAILER",
        x_amz_decoded_content_length="5",
        x_amz_trailer="x-amz-checksum-crc32",
    )
    assert isinstance(refused, ServiceError)
    assert refused.code == ("MalformedTrailerError" if crc is None else "BadDigest")


def test_batch_delete_needs_a_digest_and_an_acl_none() -> None:
    server = Server(result={})
    client = server.client("s3")

    def strip(request: Any, **_named: Any) -> None:
        for name in list(request.headers):
            if name.lower().startswith(("x-amz-checksum", "content-md5")):
                del request.headers[name]

    client.meta.events.register_first("before-send", strip)
    with pytest.raises(ClientError, match="Missing required header"):
        client.delete_objects(Bucket="b", Delete={"Objects": [{"Key": "k"}]})
    owner = {"Owner": {"ID": "me"}, "Grants": []}
    client.put_object_acl(Bucket="b", Key="k", AccessControlPolicy=owner)  # as s3cmd does


# ---- compression


@pytest.mark.parametrize("verify", [True, False])
def test_gzipped_requests(verify: bool) -> None:
    server = Server(wire_settings(verify=verify), result=None)
    data = [{"MetricName": "m" * 200, "Value": float(n)} for n in range(99)]
    server.client("cloudwatch", key=AKIA).put_metric_data(Namespace="n", MetricData=data)
    assert server.requests[0].headers["content-encoding"] == "gzip"
    assert server.calls[0].params["MetricData"] == data


@pytest.mark.parametrize(
    ("body", "status"),
    [
        (lambda: b"no gzip", 400),
        (lambda: gzip.compress(b"{}")[:-3], 400),
        (lambda: gzip.compress(b" " * (81 * 1024 * 1024), 1), 413),
    ],
)
def test_gzip_that_is_none_or_a_bomb(body: Callable[[], bytes], status: int) -> None:
    request = prepared("POST", "http://localhost/", x_amz_target="AmazonSQS.SendMessage")
    request.headers["content-encoding"] = "gzip"
    request.headers["authorization"] = authorization("sqs")
    assert refusal(request, wire_settings(), body()).status == status


# ---- POST forms


def form_body(fields: dict[str, str], file: bytes, *, boundary: str = "XX") -> bytes:
    out = b"preamble is not allowed"[:0]
    for name, value in fields.items():
        out += f'--{boundary}\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n'.encode()
        out += value.encode() + b"\r\n"
    out += f'--{boundary}\r\nContent-Disposition: form-data; name="file"; '.encode()
    out += b'filename="C:\\dir\\pic.jpg"\r\nContent-Type: image/jpeg\r\n\r\n'
    out += file + f"\r\n--{boundary}\r\n".encode()
    out += b'Content-Disposition: form-data; name="submit"\r\n\r\nUpload\r\n'
    return out + f"--{boundary}--\r\n".encode()


@given(
    st.dictionaries(st.text("abc", min_size=1), st.text(max_size=20), max_size=3),
    st.binary(max_size=200).map(lambda b: b + b"\r\n--X" + b[:3]),
    st.integers(1, 60),
)
def test_any_form_in_any_pieces(fields: dict[str, str], file: bytes, piece: int) -> None:
    seen: list[dict[str, str]] = []
    form = Form(b"XX", lambda found: seen.append(dict(found)))
    body = form_body(fields, file)
    assert b"".join(form.feed(p) for p in pieces(body, piece)) == file
    form.finish()
    assert seen == [fields]
    assert form.filename == "pic.jpg"


@given(st.binary(max_size=80))
def test_rubbish_forms(rubbish: bytes) -> None:
    form = Form(b"XX", lambda _found: None)
    with pytest.raises(ServiceError) as caught:
        form.feed(rubbish)
        form.finish()
    assert caught.value.status == 400


def post(
    change: Callable[[dict[str, str]], None] = lambda _fields: None,
    file: bytes = b"hello",
    conditions: list[Any] | None = None,
    fields: dict[str, str] | None = None,
    key: str = AKIA,
    expires: int = 60,
    late: float = 0.0,
) -> Server:
    """A browser's upload, with botocore's own policy."""
    server = Server(wire_settings(now=lambda: time.time() + late), result={"ETag": '"e"'})
    made = server.client("s3", key=key, signature_version="s3v4").generate_presigned_post(
        "b", "up/${filename}", dict(fields or {}), conditions, ExpiresIn=expires
    )
    sent = dict(made["fields"])
    change(sent)
    headers = {"Content-Type": "multipart/form-data; boundary=XX"}
    request = prepared("POST", made["url"])
    request.headers.update({k.lower(): v for k, v in headers.items()})
    server.respond(request, form_body(sent, file))
    return server


def test_a_form_becomes_a_put() -> None:
    fields = {"acl": "private", "Content-Type": "a/b", "x-amz-meta-x": "y"}
    conditions: list[Any] = [{k: v} for k, v in fields.items()]
    conditions += [["content-length-range", 1, 10]]
    server = post(fields=fields, conditions=conditions)
    [call] = server.calls
    assert call.operation == "PutObject"
    assert call.params["Key"] == "up/pic.jpg"
    assert call.params["Body"].data == b"hello"
    assert call.params["Metadata"] == {"x": "y"}
    assert (call.params["ACL"], call.params["ContentType"]) == ("private", "a/b")
    assert call.identity.account == OWNER
    assert server.responses[0].status == 204


def changed(name: str, value: str) -> Callable[[dict[str, str]], None]:
    return lambda fields: fields.update({name: value})


def removed(name: str) -> Callable[[dict[str, str]], None]:
    return lambda fields: fields.pop(name) and None


@pytest.mark.parametrize(
    ("made", "code"),
    [
        ({"change": changed("key", "elsewhere")}, "AccessDenied"),
        ({"change": changed("extra", "field")}, "AccessDenied"),
        ({"change": changed("policy", "e30=")}, "SignatureDoesNotMatch"),
        ({"change": changed("policy", "e30="), "key": "test"}, "InvalidPolicyDocument"),
        ({"change": changed("policy", "=="), "key": "test"}, "InvalidPolicyDocument"),
        ({"change": changed("x-amz-signature", "0")}, "SignatureDoesNotMatch"),
        ({"change": removed("x-amz-signature")}, "AccessDenied"),
        ({"change": removed("key")}, "InvalidArgument"),
        ({"late": 61.0}, "AccessDenied"),
        ({"conditions": [["content-length-range", 6, 10]]}, "EntityTooSmall"),
        ({"conditions": [["content-length-range", 0, 4]]}, "EntityTooLarge"),
        ({"conditions": [["starts-with", "$key", "down/"]]}, "AccessDenied"),
        ({"conditions": [{"bucket": "other"}]}, "AccessDenied"),
    ],
)
def test_a_policy_is_kept(made: dict[str, Any], code: str) -> None:
    server = post(**made)
    assert [e.code for e in server.refused] == [code]
    assert not server.calls


@pytest.mark.parametrize(("status", "answered"), [("201", 201), ("200", 200), ("999", 204)])
def test_the_status_a_form_asks_for(status: str, answered: int) -> None:
    fields = {"success_action_status": status}
    server = post(fields=fields, conditions=[dict(fields)])
    response = server.responses[0]
    assert response.status == answered
    assert (b"<Key>up/pic.jpg</Key>" in bytes(response.body)) == (answered == 201)  # type: ignore[arg-type]


def test_a_form_may_redirect() -> None:
    fields = {"success_action_redirect": "http://example.com/done?a=b"}
    response = post(fields=fields, conditions=[dict(fields)]).responses[0]
    assert response.status == 303
    location = dict(response.headers)["Location"]
    assert location == "http://example.com/done?a=b&bucket=b&key=up%2Fpic.jpg&etag=%22e%22"
