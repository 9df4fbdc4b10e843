// `awslambda.streamifyResponse`: a handler writes its response piece by piece.
//
// Source: "Writing response streaming-enabled Lambda functions" (developer guide).
'use strict';

const http = require('http');
const { Writable } = require('stream');
const { header } = require('./client.cjs');

const STREAMS = Symbol.for('aws.lambda.runtime.handler.streaming');
const PRELUDE_TYPE = 'application/vnd.awslambda.http-integration-response';
const DELIMITER = Buffer.alloc(8);

class ResponseStream extends Writable {
  constructor(client, id, options) {
    super(options && options.highWaterMark ? { highWaterMark: options.highWaterMark } : {});
    this.client = client;
    this.id = id;
    this.contentType = 'application/octet-stream';
    this.prelude = null;
    this.request = null;
    this.done = new Promise((resolve, reject) => {
      this.resolve = resolve;
      this.reject = reject;
    });
    this.done.catch(() => {});
  }

  setContentType(type) {
    if (this.request) throw new Error('Cannot set content-type, too late.');
    this.contentType = type;
  }

  write(chunk, encoding, callback) {
    const plain = typeof chunk === 'string' || chunk instanceof Uint8Array;
    return super.write(plain ? chunk : JSON.stringify(chunk), encoding, callback);
  }

  open() {
    if (this.request) return this.request;
    const headers = {
      'Lambda-Runtime-Function-Response-Mode': 'streaming',
      'Transfer-Encoding': 'chunked',
      Trailer: ['Lambda-Runtime-Function-Error-Type', 'Lambda-Runtime-Function-Error-Body'],
      'Content-Type': this.contentType,
    };
    const options = this.client.options('POST', `/invocation/${this.id}/response`, headers);
    this.request = http.request(options, (response) => {
      response.resume();
      response.on('end', this.resolve);
      response.on('error', this.reject);
    });
    this.request.on('error', this.reject);
    if (this.prelude !== null) {
      this.request.write(this.prelude);
      this.request.write(DELIMITER);
    }
    return this.request;
  }

  _write(chunk, encoding, callback) {
    this.open().write(chunk, encoding, callback);
  }

  _final(callback) {
    this.open().end(callback);
  }

  sent() {
    return this.done;
  }

  // The response so far stands; its end says that it failed.
  async fail(fault) {
    if (this.writableFinished) return this.done;
    if (!this.request) {
      this.resolve();
      return this.client.error(this.id, fault);
    }
    this.request.addTrailers({
      'Lambda-Runtime-Function-Error-Type': header(fault.errorType),
      'Lambda-Runtime-Function-Error-Body': Buffer.from(JSON.stringify(fault)).toString('base64'),
    });
    this.request.end();
    return this.done;
  }
}

class HttpResponseStream {
  static from(stream, prelude) {
    stream.setContentType(PRELUDE_TYPE);
    stream.prelude = JSON.stringify(prelude);
    return stream;
  }
}

function installGlobal() {
  globalThis.awslambda = {
    streamifyResponse(handler, options) {
      handler[STREAMS] = options || {};
      return handler;
    },
    HttpResponseStream,
  };
}

module.exports = { ResponseStream, STREAMS, installGlobal };
