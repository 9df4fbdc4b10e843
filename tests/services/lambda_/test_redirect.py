"""A Node.js function whose SDK knows no AWS_ENDPOINT_URL still reaches Owari, and never AWS."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from tests.support.server import Server
from tests.support.zips import zipped

pytestmark = pytest.mark.skipif(shutil.which("node") is None, reason="needs node on PATH")

SOURCE = """
import http, { request } from 'node:http';
import https from 'node:https';
const signed = (service) => ({ authorization: 'AWS4-HMAC-SHA256 Credential=test/20260101/us-east-1/'
  + service + '/aws4_request, SignedHeaders=host, Signature=0' });
const read = (resolve, reject) => (answer) => {
  let text = '';
  answer.on('data', (d) => { text += d; }).on('end', () => resolve([answer.statusCode, text]))
    .on('error', reject);
};
const get = (...given) => new Promise((yes, no) =>
  https.get(...given, read(yes, no)).on('error', no));
export const handler = async ({ own }) => ({
  url: await get('https://files.s3.us-east-1.amazonaws.com/a/b', { headers: signed('s3') }),
  path: await get({ hostname: 's3.amazonaws.com', path: '/files/a/b', headers: signed('s3') }),
  named: await new Promise((yes, no) => {
    const asked = request({ host: 'sqs.us-east-1.amazonaws.com', method: 'POST', path: '/',
      headers: { ...signed('sqs'), host: 'sqs.us-east-1.amazonaws.com',
        'x-amz-target': 'AmazonSQS.ListQueues', 'content-type': 'application/x-amz-json-1.0' } },
      read(yes, no));
    asked.on('error', no);
    asked.end('{}');
  }),
  other: await new Promise((yes, no) => http.get(own, read(yes, no)).on('error', no)),
});
"""


def test_calls_of_an_old_sdk_stay_here(tmp_path: Path) -> None:
    with Server(tmp_path / "data") as server:
        s3 = server.client("s3")
        s3.create_bucket(Bucket="files")
        s3.put_object(Bucket="files", Key="a/b", Body=b"here")
        code = {"ZipFile": zipped({"index.mjs": SOURCE})}
        server.function("old", "", Runtime="nodejs20.x", Code=code)
        own = json.dumps({"own": f"{server.endpoint}/_owari/health"})
        answer = server.client("lambda").invoke(FunctionName="old", Payload=own)
        found = json.load(answer["Payload"])
        assert found["url"] == found["path"] == [200, "here"], found
        assert found["named"][0] == 200, found
        assert json.loads(found["other"][1])["status"] == "ok", found
