// The Runtime API over one kept connection. An idle connection does not keep the process alive:
// only waiting for the next invocation does.
'use strict';

const http = require('http');

const ROOT = '/2018-06-01/runtime';

class Client {
  constructor(address) {
    const colon = address.lastIndexOf(':');
    this.hostname = address.slice(0, colon);
    this.port = Number(address.slice(colon + 1));
    this.agent = new http.Agent({ keepAlive: true, maxSockets: 1 });
  }

  options(method, path, headers) {
    const { hostname, port, agent } = this;
    return { method, path: ROOT + path, hostname, port, agent, headers };
  }

  request(method, path, body, headers) {
    return new Promise((resolve, reject) => {
      const request = http.request(this.options(method, path, headers), (response) => {
        const parts = [];
        response.on('data', (part) => parts.push(part));
        response.on('end', () => {
          const text = Buffer.concat(parts).toString('utf8');
          resolve({ status: response.statusCode, headers: response.headers, body: text });
        });
        response.on('error', reject);
      });
      request.on('error', reject);
      request.end(body);
    });
  }

  next() {
    return this.request('GET', '/invocation/next');
  }

  post(path, body, headers) {
    const data = Buffer.from(body, 'utf8');
    const common = { 'Content-Type': 'application/json', 'Content-Length': data.length };
    return this.request('POST', path, data, { ...common, ...headers });
  }

  response(id, result) {
    let body;
    try {
      body = JSON.stringify(result === undefined ? null : result) ?? 'null';
    } catch (error) {
      throw new Error('Unable to stringify response body');
    }
    return this.post(`/invocation/${id}/response`, body);
  }

  error(id, fault) {
    return this.post(`/invocation/${id}/error`, JSON.stringify(fault), {
      'Lambda-Runtime-Function-Error-Type': header(fault.errorType),
    });
  }

  initError(fault) {
    return this.post('/init/error', JSON.stringify(fault), {
      'Lambda-Runtime-Function-Error-Type': header(fault.errorType),
    });
  }
}

// What a header may hold.
function header(text) {
  return String(text).replace(/[^\x20-\x7e]/g, '?');
}

module.exports = { Client, header };
