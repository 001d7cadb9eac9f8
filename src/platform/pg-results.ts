import { Client } from 'pg';

type Query = (
  this: Client,
  config: unknown,
  values?: unknown,
  callback?: (error: Error | null, result: unknown) => void,
) => unknown;

/**
 * Lets go of results that were read. A query of node-postgres that answers by a promise hangs a `catch` on it whose closure holds the promise, and
 * through a connection's queries V8's young collections find all results of the last minutes still reachable: of 50 kB that a query answered,
 * 49 outlived them, against 0.7 when it answers by a callback. They were what collections of the whole heap were for. So every query
 * answers by a callback; only the error's stack is another, which ends where the database answered.
 */
export function letGoOfResults(): void {
  const { prototype } = Client as unknown as { prototype: { query: Query } };
  if (changed.has(prototype)) return;
  changed.add(prototype);
  const { query } = prototype;
  prototype.query = function queryByCallback(config, values, callback) {
    const isPlain = callback === undefined && typeof values !== 'function' && !isQuery(config);
    if (!isPlain) return query.call(this, config, values, callback);
    return new Promise((resolve, reject) => {
      query.call(this, config, values, (error, result) => (error ? reject(error) : resolve(result)));
    });
  };
}

const changed = new WeakSet<object>();

/** A stream or a cursor, or a query that has its own callback. */
function isQuery(config: unknown): boolean {
  return typeof config === 'object' && config !== null && ('submit' in config || 'callback' in config);
}
