// The Node.js runtime of a function: loads its handler, then answers invocations, one at a time.
// It speaks the Lambda Runtime API (compute/runtime/host.py serves it).
//
// Sources: "Building Lambda functions with Node.js", "Define Lambda function handler in Node.js",
// "Response streaming for Lambda functions" (developer guide).
'use strict';

const { Client } = require('./client.cjs');
const faults = require('./faults.cjs');
const logs = require('./logs.cjs');
const { load } = require('./loading.cjs');
const redirect = require('./redirect.cjs');
const sdk2 = require('./sdk2.cjs');
const { ResponseStream, STREAMS, installGlobal } = require('./streaming.cjs');

const EXIT_UNHANDLED = 128;
const EXIT_UNCAUGHT = 129;

const client = new Client(process.env.AWS_LAMBDA_RUNTIME_API);
let onEmptyLoop = null; // what to do once nothing is left to happen
let current = ''; // the id of the invocation under way

process.on('beforeExit', () => {
  const todo = onEmptyLoop;
  onEmptyLoop = null;
  if (todo) todo();
});

function report(fault) {
  if (current) return client.error(current, fault);
  return client.initError(fault);
}

function giveUp(words, error, status) {
  logs.error(words, error);
  report(faults.forClient(error)).then(() => process.exit(status), () => process.exit(status));
}

process.on('uncaughtException', (error) => giveUp('Uncaught Exception', error, EXIT_UNCAUGHT));
process.on('unhandledRejection', (reason) => {
  giveUp('Unhandled Promise Rejection', new faults.UnhandledPromiseRejection(reason), EXIT_UNHANDLED);
});

function contextOf(headers, settle) {
  const deadline = Number(headers['lambda-runtime-deadline-ms']);
  const environ = process.env;
  const parsed = (name) => (headers[name] === undefined ? undefined : JSON.parse(headers[name]));
  return {
    callbackWaitsForEmptyEventLoop: true,
    functionVersion: environ.AWS_LAMBDA_FUNCTION_VERSION,
    functionName: environ.AWS_LAMBDA_FUNCTION_NAME,
    memoryLimitInMB: environ.AWS_LAMBDA_FUNCTION_MEMORY_SIZE,
    logGroupName: environ.AWS_LAMBDA_LOG_GROUP_NAME,
    logStreamName: environ.AWS_LAMBDA_LOG_STREAM_NAME,
    clientContext: parsed('lambda-runtime-client-context'),
    identity: parsed('lambda-runtime-cognito-identity'),
    invokedFunctionArn: headers['lambda-runtime-invoked-function-arn'],
    awsRequestId: headers['lambda-runtime-aws-request-id'],
    getRemainingTimeInMillis: () => deadline - Date.now(),
    ...settle,
  };
}

// An answer is given once; `settled` is called with it.
function once(settled) {
  let given = false;
  return (...args) => {
    if (given) return;
    given = true;
    settled(...args);
  };
}

function invokeOnce(handler, event, headers) {
  return new Promise((resolve) => {
    const answer = once((error, result) => {
      onEmptyLoop = null;
      if (error === undefined || error === null) return resolve(client.response(current, result));
      logs.error('Invoke Error', error);
      return resolve(client.error(current, faults.forClient(error)));
    });
    const context = contextOf(headers, {
      succeed: (result) => answer(null, result),
      fail: (error) => answer(error === undefined || error === null ? 'handled' : error),
      done: (error, result) => answer(error, result),
    });
    const callback = once((error, result) => {
      const failed = error !== undefined && error !== null;
      if (failed || !context.callbackWaitsForEmptyEventLoop) answer(error, result);
      else onEmptyLoop = () => answer(null, result);
    });
    onEmptyLoop = () => answer(null, null); // nothing will call back any more
    try {
      const result = handler(JSON.parse(event), context, callback);
      if (result && typeof result.then === 'function') {
        onEmptyLoop = () => answer(new faults.NodeJsExit());
        result.then((value) => answer(null, value), (error) => answer(error ?? 'handled'));
      }
    } catch (error) {
      answer(error ?? 'handled');
    }
  });
}

async function streamOnce(handler, event, headers) {
  const stream = new ResponseStream(client, current, handler[STREAMS]);
  const context = contextOf(headers, {});
  onEmptyLoop = () => fail(new Error('Response stream is not finished.'));
  let failed = false;
  async function fail(error) {
    if (failed) return;
    failed = true;
    logs.error('Invoke Error', error);
    await stream.fail(faults.forClient(error));
  }
  try {
    const result = handler(JSON.parse(event), stream, context);
    if (!result || typeof result.then !== 'function') {
      await fail('Streaming does not support non-async handlers.');
      return;
    }
    if ((await result) !== undefined) console.warn('Streaming handlers ignore return values.');
    if (stream.writableEnded) await stream.sent();
    else await fail('Response stream is not finished.');
  } catch (error) {
    await fail(error);
  } finally {
    onEmptyLoop = null;
  }
}

async function main() {
  logs.setUp();
  installGlobal();
  redirect.install(process.env.AWS_ENDPOINT_URL);
  sdk2.install(process.env.AWS_ENDPOINT_URL);
  let handler;
  try {
    handler = await load(process.env.LAMBDA_TASK_ROOT, process.env._HANDLER);
  } catch (error) {
    giveUp('Uncaught Exception', error, EXIT_UNCAUGHT);
    return;
  }
  const serve = handler[STREAMS] ? streamOnce : invokeOnce;
  for (;;) {
    const { body, headers } = await client.next();
    current = headers['lambda-runtime-aws-request-id'];
    logs.begin(current);
    if (headers['lambda-runtime-trace-id']) {
      process.env._X_AMZN_TRACE_ID = headers['lambda-runtime-trace-id'];
    } else {
      delete process.env._X_AMZN_TRACE_ID;
    }
    await serve(handler, body, headers);
    current = '';
  }
}

main();
