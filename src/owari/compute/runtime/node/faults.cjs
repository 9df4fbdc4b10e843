// Errors as AWS's Node.js runtime words them: for the caller, and for the log.
'use strict';

class RuntimeFault extends Error {
  constructor(message) {
    super(message);
    this.name = `Runtime.${this.constructor.name}`;
  }
}

class ImportModuleError extends RuntimeFault {}
class HandlerNotFound extends RuntimeFault {}
class MalformedHandlerName extends RuntimeFault {}
class UserCodeSyntaxError extends RuntimeFault {}

class UnhandledPromiseRejection extends RuntimeFault {
  constructor(reason) {
    super(String(reason));
    this.reason = reason;
  }
}

class NodeJsExit extends RuntimeFault {
  constructor() {
    super(
      'The Lambda runtime client detected an unexpected Node.js exit code. This is most commonly ' +
        'caused by a Promise that was never settled. For more information, see ' +
        'https://nodejs.org/docs/latest/api/process.html#exit-codes',
    );
  }
}

function isError(value) {
  return value instanceof Error ||
    Boolean(value && value.name && value.message !== undefined && value.stack);
}

// `{errorType, errorMessage, trace}`: the payload of a failed invocation.
function forClient(error) {
  if (isError(error)) {
    return {
      errorType: String(error.name),
      errorMessage: String(error.message),
      trace: String(error.stack || '').split('\n'),
    };
  }
  return { errorType: typeof error, errorMessage: String(error), trace: [] };
}

// For the log: with everything else the error carries.
function forLog(error) {
  if (!isError(error)) return { errorType: typeof error, errorMessage: String(error), stack: [] };
  const told = { errorType: error.name, errorMessage: error.message, code: error.code, ...error };
  if (typeof error.stack === 'string') told.stack = error.stack.split('\n');
  delete told.name;
  return told;
}

module.exports = {
  ImportModuleError, HandlerNotFound, MalformedHandlerName, UserCodeSyntaxError,
  UnhandledPromiseRejection, NodeJsExit, forClient, forLog, isError,
};
