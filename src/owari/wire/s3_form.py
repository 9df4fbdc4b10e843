"""POST Object as a PutObject: the form's fields stand for headers."""

from __future__ import annotations

from typing import Any
from urllib.parse import parse_qsl, quote, urlencode, urlsplit

from owari.errors import ServiceError
from owari.wire import presign
from owari.wire.auth import Authority, authenticate_form
from owari.wire.credential import parse_presigned
from owari.wire.form import Form, boundary_of
from owari.wire.message import ANONYMOUS, Identity, Request, Response, Upload
from owari.wire.protocols.base import Incoming
from owari.wire.s3_quirks import NAMESPACE, malformed
from owari.wire.xml import XmlError, escape
from owari.wire.xml import parse as parse_xml

_HEADERS = frozenset(
    {"cache-control", "content-disposition", "content-encoding", "content-type", "expires"}
)


class FormUpload:
    """One form, from its first byte to its answer."""

    def __init__(self, request: Request, bucket: str, authority: Authority) -> None:
        self._request = request
        self._bucket = bucket
        self._authority = authority
        self._identity: Identity | None = None
        self._form = Form(boundary_of(request.headers.get("content-type", "")), self._on_fields)

    def decoder(self) -> Form:
        return self._form

    def _on_fields(self, fields: dict[str, str]) -> None:
        """All fields are here, the file is yet to come: who is it, and may they?"""
        if not fields.get("key"):
            raise ServiceError(
                "InvalidArgument",
                "Bucket POST must contain a field named 'key'. If it is specified, please check "
                "the order of the fields.",
                status=400,
                fields={"ArgumentName": "key", "ArgumentValue": ""},
            )
        signed = parse_presigned(fields)
        self._identity = authenticate_form(self._authority, self._bucket, fields, signed)
        if self._identity.principal == ANONYMOUS:
            return  # anyone may do so here: no policy says how
        document = presign.read_policy(fields.get("policy", ""))
        presign.check_policy(document, {**fields, "bucket": self._bucket}, self._authority.now())
        self._form.length_range = presign.length_range(document)

    def finished(self, labels: dict[str, str], upload: Upload) -> tuple[Identity, Incoming]:
        """Who sent it, and the request PutObject would have been."""
        assert self._identity is not None
        fields = self._form.fields
        labels["Key"] = fields["key"]
        headers = {"content-length": str(upload.size)}
        for name, value in fields.items():
            if name in _HEADERS or name.startswith("x-amz-"):
                headers[name] = value
        if "acl" in fields:
            headers["x-amz-acl"] = fields["acl"]
        if "tagging" in fields:
            headers["x-amz-tagging"] = _tagging(fields["tagging"])
        return self._identity, Incoming(headers, labels, body=upload)

    def answer(
        self, labels: dict[str, str], result: dict[str, Any], response: Response
    ) -> Response:
        """As success_action_redirect or success_action_status ask; 204 otherwise."""
        fields, etag = self._form.fields, str(result.get("ETag", ""))
        where = fields.get("success_action_redirect") or fields.get("redirect", "")
        if urlsplit(where).scheme in ("http", "https"):
            return self._redirect(where, labels, etag, response)
        place = f"/{quote(labels['Bucket'])}/{quote(labels['Key'])}"
        location = f"http://{self._request.headers.get('host', '')}{place}"
        response.headers.append(("Location", location))
        match fields.get("success_action_status"):
            case "200":
                response.status = 200
            case "201":
                response.status = 201
                response.headers.append(("Content-Type", "application/xml"))
                response.body = _document(location, labels, etag)
            case _:
                response.status = 204
        return response

    def _redirect(
        self, where: str, labels: dict[str, str], etag: str, response: Response
    ) -> Response:
        parts = urlsplit(where)
        added = {"bucket": labels["Bucket"], "key": labels["Key"], "etag": etag}
        query = urlencode([*parse_qsl(parts.query, keep_blank_values=True), *added.items()])
        response.status = 303
        response.headers.append(("Location", parts._replace(query=query).geturl()))
        return response


def _tagging(text: str) -> str:
    """The form's `<Tagging>` document as the header's `key=value&…`."""
    try:
        root = parse_xml(text.encode())
    except XmlError:
        raise malformed("", "") from None
    pairs = []
    for tag in (tag for tags in root.children for tag in tags.children):
        key, value = tag.child("Key"), tag.child("Value")
        if key is None or value is None:
            raise malformed("", "")
        pairs.append((key.text, value.text))
    return urlencode(pairs)


def _document(location: str, labels: dict[str, str], etag: str) -> bytes:
    parts = {"Location": location, "Bucket": labels["Bucket"], "Key": labels["Key"], "ETag": etag}
    inside = "".join(f"<{name}>{escape(value)}</{name}>" for name, value in parts.items())
    head = '<?xml version="1.0" encoding="UTF-8"?>\n'
    return f'{head}<PostResponse xmlns="{NAMESPACE}">{inside}</PostResponse>'.encode()
