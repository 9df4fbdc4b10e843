// Where Node.js has no synchronous hooks: look along NODE_PATH for what is found nowhere else.
import { createRequire } from 'node:module';
import { pathToFileURL } from 'node:url';

const require = createRequire(import.meta.url);

export async function resolve(specifier, context, next) {
  try {
    return await next(specifier, context);
  } catch (error) {
    if (error.code !== 'ERR_MODULE_NOT_FOUND' || /^[./]/.test(specifier)) throw error;
    return next(pathToFileURL(require.resolve(specifier)).href, context);
  }
}
