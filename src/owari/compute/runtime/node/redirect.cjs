// What still goes to AWS comes to Owari: an SDK too old to know AWS_ENDPOINT_URL, or bundled with
// the function, asks *.amazonaws.com. Its calls, and the data in them, must not leave the machine.
'use strict';

const http = require('http');
const https = require('https');
const { syncBuiltinESMExports } = require('module');

const AWS = /(^|\.)amazonaws\.com(\.cn)?$/;

function install(endpoint) {
  if (!endpoint) return;
  const place = new URL(endpoint);
  const plain = place.protocol === 'http:';
  const target = { http: http.request, https: https.request };
  const send = plain ? target.http : target.https;
  for (const [own, from] of [[http, target.http], [https, target.https]]) {
    own.request = function request(...given) {
      const asked = options(given);
      const host = asked.options.hostname || asked.options.host || '';
      if (!AWS.test(String(host).split(':')[0])) return from.apply(this, given);
      return send.call(this, moved(asked.options, String(host)), asked.done);
    };
    own.get = function get(...given) {
      const asked = own.request(...given);
      asked.end();
      return asked;
    };
  }
  syncBuiltinESMExports();

  // The name goes on as one of ours: bucket.s3.eu-west-1.localhost.
  function moved(options, host) {
    const port = place.port || (plain ? '80' : '443');
    const name = `${host.split(':')[0].replace(AWS, '$1localhost')}:${port}`;
    const headers = { ...options.headers };
    for (const key of Object.keys(headers)) if (key.toLowerCase() === 'host') delete headers[key];
    return {
      ...options, headers: { ...headers, host: name }, agent: undefined,
      protocol: place.protocol, host: undefined, hostname: place.hostname, port,
    };
  }
}

// The forms of http.request: (url[, options][, callback]) and (options[, callback]).
function options(given) {
  const rest = [...given];
  const first = rest.shift();
  const done = typeof rest.at(-1) === 'function' ? rest.pop() : undefined;
  if (typeof first === 'string' || first instanceof URL) {
    const { protocol, hostname, port, pathname, search, username, password } = new URL(first);
    const auth = username ? { auth: `${username}:${password}` } : {};
    const from = { protocol, hostname, path: pathname + search, ...(port ? { port } : {}), ...auth };
    return { options: { ...from, ...rest[0] }, done };
  }
  return { options: first || {}, done };
}

module.exports = { install };
