import { Socket } from 'node:net';
import { Client } from 'pg';
import { type Credentials, type Paths, systemIdentifierOf } from './cluster.ts';
import { errorCode, failure } from './failures.ts';
import { DATABASE, ROLE } from './make-cluster.ts';
import { createDatabase, holdServer, type Role } from './queries.ts';

/**
 * Our connection to the server for as long as we use it. Its session carries the locks by which processes know of each other
 * (queries.ts), so a process that dies lets go at once, without files to clean; and its end tells that the server died.
 */
export type Hold = {
  /** Runs `ask` on the connection. Only meanwhile does the connection keep the process from ending. */
  use<T>(ask: (client: Client) => Promise<T>): Promise<T>;
  close(): Promise<void>;
  pid: number;
  port: number;
  /** Resolves when the connection is gone, whoever ended it. */
  lost: Promise<void>;
};

const CONNECT_TIMEOUT_MS = 2000;
/** A process that stops the server holds us up for as long as the shutdown takes; past this we look again, or leave it to that one. */
const QUERY_TIMEOUT_MS = 2000;
const CLOSE_TIMEOUT_MS = 500;

/** Starting, shutting down, killed, full: ask again. 08*: connection. */
const PASSING = new Set(['ECONNREFUSED', 'ECONNRESET', 'EPIPE', '57P01', '57P02', '57P03', '53300']);

/**
 * Takes hold of the server on `port`. Answers why not when asking again may help: `gone` when nothing listens there,
 * `stranger` when another cluster does, `busy` otherwise. Throws `postgres.credentials_refused` when our password is not taken.
 */
export async function takeHold(
  server: { pid: number; port: number },
  credentials: Credentials,
  paths: Paths,
  role: Role,
): Promise<Hold | 'gone' | 'stranger' | 'busy'> {
  const socket = new Socket();
  const client = newClient(server.port, credentials.password, socket);
  const lost = new Promise<void>((resolve) => client.once('end', () => resolve()));
  const close = async () => {
    socket.ref();
    const deadline = setTimeout(() => socket.destroy(), CLOSE_TIMEOUT_MS);
    await client.end().catch(() => {});
    clearTimeout(deadline);
  };
  const use = <T>(ask: (client: Client) => Promise<T>) => {
    socket.ref();
    return ask(client).finally(() => socket.unref());
  };
  // Told by `lost`; without a listener it would end the process.
  client.on('error', () => {});
  try {
    await client.connect();
    const { systemIdentifier, hasDatabase } = await holdServer(client, role, DATABASE);
    if (systemIdentifier !== (await systemIdentifierOf(paths.cluster))) {
      await close();
      return 'stranger';
    }
    if (!hasDatabase) await createDatabase(client, DATABASE);
    socket.unref();
    return { use, close, pid: server.pid, port: server.port, lost };
  } catch (error) {
    await close();
    return verdictOn(error);
  }
}

function verdictOn(error: unknown): 'gone' | 'busy' {
  const code = errorCode(error) ?? '';
  if (code === '28P01' || code === '28000') throw failure('postgres.credentials_refused', error);
  if (code === 'ECONNREFUSED') return 'gone';
  if (PASSING.has(code) || isCutConnection(error)) return 'busy';
  throw failure('postgres.start_failed', error);
}

/** pg has no code for these. */
function isCutConnection(error: unknown): boolean {
  return error instanceof Error && /Connection terminated|timeout/i.test(error.message);
}

/** Logs in to the `postgres` database, so that ours may be dropped and restored while processes hold the server. */
function newClient(port: number, password: string, socket: Socket): Client {
  return new Client({
    host: '127.0.0.1',
    port,
    stream: () => socket,
    user: ROLE,
    password,
    database: 'postgres',
    ssl: false,
    application_name: 'tributary hold',
    connectionTimeoutMillis: CONNECT_TIMEOUT_MS,
    query_timeout: QUERY_TIMEOUT_MS,
    keepAlive: false,
  });
}
