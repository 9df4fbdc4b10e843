// Version 2 of the AWS SDK knows no AWS_ENDPOINT_URL: it is told by its configuration, as it loads.
'use strict';

const module_ = require('module');

const NAME = /^aws-sdk($|\/(global|lib|clients)($|\/))/;

function install(endpoint) {
  if (!endpoint) return;
  const load = module_._load;
  const told = new WeakSet();
  module_._load = function loadAndTell(request, parent, ...rest) {
    const loaded = load.call(this, request, parent, ...rest);
    if (typeof request === 'string' && NAME.test(request)) tell(request, parent);
    return loaded;
  };
  function tell(request, parent) {
    let core;
    try {
      core = load('aws-sdk/lib/core', parent, false);
    } catch {
      return; // something else of that name
    }
    const { config } = core;
    if (!config || told.has(config)) return;
    told.add(config);
    if (!config.endpoint) config.update({ endpoint, s3ForcePathStyle: true });
  }
}

module.exports = { install };
