/**
 * A small program that uses the embedded Postgres, for the tests to start, signal and kill.
 * Arguments: the data folder, the role (`serve` stays until SIGTERM or SIGINT, `visit` too, `once` stops by itself), the native folder.
 * Prints one JSON object a line: `ready`, `restored`, `leaving` (with what the database answered at that moment), `stopped`, `failed`.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { Client } from 'pg';
import { AppError } from '../../src/kit/errors.ts';
import { startEmbeddedPostgres } from '../../src/platform/embedded-postgres/index.ts';

const [dataDir = '', mode = 'serve', nativeDir] = process.argv.slice(2);
const say = (event: string, more: object = {}) =>
  process.stdout.write(`${JSON.stringify({ event, ...more })}\n`);
const log = {
  info: (_: object, message: string) => say(message.endsWith('is back') ? 'restored' : 'info', { message }),
  warn: (_: object, message: string) => say('warn', { message }),
};

/** Resolves on the first signal; a second one changes nothing. Nothing but `open` keeps the program running. */
const signalled = new Promise<void>((resolve) => {
  for (const signal of ['SIGTERM', 'SIGINT'] as const) process.on(signal, () => resolve());
});

// The server it stands for has sockets open; the connection to Postgres alone does not keep a program from ending.
// It ends by itself when the test that started it is no longer there to do so.
const open = setTimeout(() => process.exit(3), 55_000);
try {
  const startedAt = performance.now();
  const server = await startEmbeddedPostgres({
    dataDir,
    log,
    role: mode === 'serve' ? 'serve' : 'visit',
    signal: AbortSignal.timeout(30_000),
    ...(nativeDir === undefined ? {} : { nativeDir }),
  });
  const { url, port, started } = server;
  say('ready', { url, port, started, tookMs: performance.now() - startedAt, answer: await ask(url) });
  if (mode !== 'once') await signalled;
  // Long enough for a server in the same process group to die of the Ctrl-C that reached us.
  if (mode !== 'once') await sleep(100);
  say('leaving', { answer: await ask(url) });
  await server.stop();
  say('stopped');
} catch (error) {
  if (!(error instanceof AppError)) throw error;
  say('failed', { code: error.code, message: error.message, cause: String(error.cause) });
}
clearTimeout(open);

async function ask(url: string): Promise<number | string> {
  const client = new Client({ connectionString: url, connectionTimeoutMillis: 2000 });
  client.on('error', () => {});
  try {
    await client.connect();
    const { rows } = await client.query('SELECT 42 AS answer');
    return rows[0].answer;
  } catch (error) {
    return String(error);
  } finally {
    await client.end().catch(() => {});
  }
}
