// `console` in Lambda's formats, text or JSON; each call is one event of the log.
//
// Source: "Log and monitor Node.js Lambda functions", "Configuring advanced logging controls".
'use strict';

const fs = require('fs');
const util = require('util');
const faults = require('./faults.cjs');

const LEVELS = ['TRACE', 'DEBUG', 'INFO', 'WARN', 'ERROR', 'FATAL'];
const RECORD = '\x1e'; // a line break inside one event (agent/lines.py)

let requestId = '';
let structured = false;

function begin(id) {
  requestId = id;
}

function write(text) {
  try {
    fs.writeSync(1, `${text.replace(/\n/g, RECORD)}\n`);
  } catch (error) {
    if (error.code === 'EAGAIN') process.stdout.write(`${text.replace(/\n/g, RECORD)}\n`);
  }
}

function entry(level, args) {
  const timestamp = new Date().toISOString();
  if (!structured) {
    const id = requestId || 'undefined';
    return `${timestamp}\t${id}\t${level}\t${util.format(...args)}`;
  }
  const told = { timestamp, level, requestId: requestId || undefined };
  if (args.length === 1) {
    told.message = faults.isError(args[0]) ? inJson(args[0]) : args[0];
  } else {
    told.message = util.format(...args);
  }
  const error = args.find(faults.isError);
  if (error) Object.assign(told, inJson(error));
  try {
    return JSON.stringify(told);
  } catch {
    return JSON.stringify({ ...told, message: util.format(...args) });
  }
}

function inJson(error) {
  const { errorType, errorMessage, stack } = faults.forLog(error);
  return { errorType, errorMessage, stackTrace: stack };
}

function setUp() {
  structured = (process.env.AWS_LAMBDA_LOG_FORMAT || '').toUpperCase() === 'JSON';
  const least = Math.max(LEVELS.indexOf((process.env.AWS_LAMBDA_LOG_LEVEL || '').toUpperCase()), 0);
  const at = (level) =>
    LEVELS.indexOf(level) < least ? () => {} : (...args) => write(entry(level, args));
  console.trace = at('TRACE');
  console.debug = at('DEBUG');
  console.info = at('INFO');
  console.log = console.info;
  console.warn = at('WARN');
  console.error = at('ERROR');
  console.fatal = at('FATAL');
}

// An error that ends an invocation, or the runtime.
function error(words, fault) {
  if (structured) console.error(fault);
  else console.error(words, `\t${JSON.stringify(faults.forLog(fault))}`);
}

module.exports = { begin, setUp, error };
