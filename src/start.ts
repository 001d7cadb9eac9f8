import { setTimeout as sleep } from 'node:timers/promises';
import { AppError } from './kit/errors.ts';
import { CannotStart, listen } from './listen.ts';
import { BadSettings, type Config, loadConfig, readEnvironment } from './platform/config.ts';
import { createLog, type Log } from './platform/log.ts';

/** What must be closed when the program ends, last opened first. */
type Closer = () => Promise<void> | void;

/** A stop takes no longer, whatever hangs: the contract says 10 s. */
const STOP_DEADLINE_MS = 9000;
/** Costs one system call. */
const PARENT_CHECK_MS = 250;
/** Streams that still run get this long to end by themselves. */
const DRAIN_MS = 2000;

/** Starts the program as the settings say and stops it cleanly on SIGTERM or SIGINT. */
export async function run(): Promise<void> {
  const config = readConfig();
  const log = createLog(config.logLevel);
  const stopping = new AbortController();
  const closers: Closer[] = [];
  const stop = stopOnce(closers, stopping, log);
  for (const signal of ['SIGTERM', 'SIGINT'] as const) process.on(signal, () => void stop(0));
  if (process.env.npm_lifecycle_event !== undefined) stopWithParent(() => void stop(0));
  process.on('unhandledRejection', (error) => log.error({ err: error }, 'a rejection nobody handled'));
  try {
    await begin(config, log, closers, stopping.signal, () => void stop(1));
  } catch (error) {
    if (!stopping.signal.aborted) complain(error, log);
    await stop(1);
  }
}

/**
 * Under npm a shell stands between: npm hands SIGTERM to it, and a shell dies of it without handing it on (dash 0.5.12,
 * bash 5.2). So a parent that is gone counts as the signal it got.
 */
function stopWithParent(stop: () => void): void {
  const parent = process.ppid;
  setInterval(() => {
    if (process.ppid !== parent) stop();
  }, PARENT_CHECK_MS).unref();
}

async function begin(
  config: Config,
  log: Log,
  closers: Closer[],
  signal: AbortSignal,
  end: () => void,
): Promise<void> {
  const { beginEarly } = await import('./early.ts');
  const options = {
    config,
    log,
    signal,
    onLost: end,
    onClose: (closer: Closer) => void closers.push(closer),
  };
  const early = beginEarly(options);
  // Awaited by compose; until then a failure is nobody's unhandled rejection. When the rest fails sooner, the stop
  // waits for it, and then closes what it opened: a database half-started would be left running.
  const begun = early.then(
    () => undefined,
    () => undefined,
  );
  closers.push(() => begun);
  const { compose } = await import('./compose.ts');
  const program = await compose({ ...options, early });
  signal.throwIfAborted();
  const listening = await listen(config, program.app, program.direct);
  closers.push(() => listening.close(DRAIN_MS));
  program.listening(listening.port);
  greet(config, listening.port, program.newAdminToken);
  await program.afterListening();
}

function stopOnce(
  closers: Closer[],
  stopping: AbortController,
  log: Log,
): (exitCode: number) => Promise<void> {
  let stopped: Promise<void> | null = null;
  return (exitCode) => {
    stopped ??= stopAll(closers, stopping, log).then(() => process.exit(exitCode));
    return stopped;
  };
}

async function stopAll(closers: Closer[], stopping: AbortController, log: Log): Promise<void> {
  stopping.abort(new Error('the program is stopping'));
  const inTurn = async () => {
    for (const close of closers.reverse()) {
      await Promise.resolve(close()).catch((error: unknown) =>
        log.error({ err: error }, 'could not close cleanly'),
      );
    }
  };
  await Promise.race([inTurn(), sleep(STOP_DEADLINE_MS)]);
}

function readConfig(): Config {
  try {
    return loadConfig(readEnvironment(process.cwd(), process.env));
  } catch (error) {
    if (!(error instanceof BadSettings)) throw error;
    console.error(error.message);
    process.exit(1);
  }
}

/** One clear message for what a person can mend, the whole error for what only we can. */
function complain(error: unknown, log: Log): void {
  if (error instanceof CannotStart || error instanceof AppError)
    console.error(`Tributary cannot start: ${error.message}`);
  else if (error instanceof BadSettings) console.error(error.message);
  else log.fatal({ err: error }, 'Tributary cannot start');
}

/** What a newcomer needs: where to look, what to install, and, once, the admin's token. */
function greet(config: Config, port: number, newAdminToken: string | null): void {
  const scheme = config.http.tls === null ? 'http' : 'https';
  const shownHost = ['0.0.0.0', '::'].includes(config.http.host) ? '127.0.0.1' : config.http.host;
  const here =
    config.http.publicUrl ?? `${scheme}://${shownHost.includes(':') ? `[${shownHost}]` : shownHost}:${port}`;
  const lines = [
    '',
    `  Tributary is running.`,
    `  Open      ${here}/`,
    `  Install   ${here}/manifest.json   (paste it into Stremio's search for add-ons)`,
    ...(newAdminToken === null
      ? []
      : [`  Admin     ${newAdminToken}   (shown once; kept in ${config.dataDir}/admin-token)`]),
    ...(here.startsWith('https:')
      ? []
      : [
          '  A TV installs add-ons only over https: see "Watching on a TV" in README.md, or run npm run doctor.',
        ]),
    '',
  ];
  console.log(lines.join('\n'));
}
