// From the name of a handler to the function: CommonJS or ES module, nested names too.
//
// Source: "Define Lambda function handler in Node.js" (developer guide).
'use strict';

const fs = require('fs');
const module_ = require('module');
const path = require('path');
const { pathToFileURL } = require('url');
const faults = require('./faults.cjs');

const SDK = /Cannot find (?:module|package) '((?:@aws-sdk|@smithy)\/[^'/]+|aws-sdk)/;
const NAME = /^([^.]*)\.(.*)$/;

async function load(root, name) {
  if (name.includes('..')) {
    throw new faults.MalformedHandlerName(
      `'${name}' is not a valid handler name. Use absolute paths when specifying root directories in handler names.`,
    );
  }
  const base = path.basename(name);
  const match = base.match(NAME);
  if (!match) throw new faults.MalformedHandlerName('Bad handler');
  const folder = name.slice(0, name.length - base.length);
  const exported = await loadModule(path.resolve(root, folder, match[1]), root, match[1]);
  const found = match[2].split('.').reduce((value, key) => value && value[key], exported);
  if (!found) throw new faults.HandlerNotFound(`${name} is undefined or not exported`);
  if (typeof found !== 'function') throw new faults.HandlerNotFound(`${name} is not a function`);
  return found;
}

async function loadModule(file, root, name) {
  try {
    return await find(file, root, name);
  } catch (error) {
    if (error instanceof SyntaxError) throw worded(faults.UserCodeSyntaxError, error);
    if (error && (error.code === 'MODULE_NOT_FOUND' || error.code === 'ERR_MODULE_NOT_FOUND')) {
      throw worded(faults.ImportModuleError, error, remedy(error));
    }
    throw error;
  }
}

// AWS's runtime brings the SDK; here it is a folder, last on NODE_PATH, that a user may have filled.
function remedy(error) {
  const missing = error.message.match(SDK);
  const folder = (process.env.NODE_PATH || '').split(path.delimiter).pop();
  if (!missing || !folder) return '';
  return `\nThe runtime's own SDK is looked for in ${folder}: npm install --prefix ${path.dirname(folder)} ${missing[1]}`;
}

function worded(Fault, error, more = '') {
  const fault = new Fault(`${error.name}: ${error.message}${more}`);
  fault.stack = `${fault.name}: ${error.stack}`;
  return fault;
}

async function find(file, root, name) {
  const isFile = (place) => fs.existsSync(place) && fs.statSync(place).isFile();
  if (isFile(file)) return require(file);
  if (isFile(`${file}.js`)) {
    return typeOf(path.dirname(file)) === 'module' ? esModule(`${file}.js`) : require(`${file}.js`);
  }
  if (isFile(`${file}.mjs`)) return esModule(`${file}.mjs`);
  if (isFile(`${file}.cjs`)) return require(`${file}.cjs`);
  return require(require.resolve(name, { paths: [root, path.dirname(file)] }));
}

// Of the nearest package.json.
function typeOf(folder) {
  for (let place = folder; ; place = path.dirname(place)) {
    if (place.endsWith('/node_modules')) return 'commonjs';
    const file = path.join(place, 'package.json');
    if (fs.existsSync(file)) {
      try {
        return JSON.parse(fs.readFileSync(file, 'utf8')).type;
      } catch (error) {
        console.warn(`${file} cannot be read, it will be ignored for ES module detection purposes.`, error);
        return 'commonjs';
      }
    }
    if (place === path.dirname(place)) return 'commonjs';
  }
}

async function esModule(file) {
  alsoFromNodePath();
  return import(pathToFileURL(file).href);
}

// Node.js does not look along NODE_PATH for what an ES module imports; Lambda's does.
function alsoFromNodePath() {
  const hooks = path.join(__dirname, 'resolving.mjs');
  if (typeof module_.registerHooks === 'function') {
    const paths = module_.globalPaths;
    module_.registerHooks({
      resolve(specifier, context, next) {
        try {
          return next(specifier, context);
        } catch (error) {
          if (error.code !== 'ERR_MODULE_NOT_FOUND' || /^[./]/.test(specifier)) throw error;
          const found = require.resolve(specifier, { paths });
          return next(pathToFileURL(found).href, context);
        }
      },
    });
  } else if (typeof module_.register === 'function') {
    module_.register(pathToFileURL(hooks).href);
  }
}

module.exports = { load };
