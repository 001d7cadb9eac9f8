import { AppError } from '../kit/errors.ts';
import { sqlState } from './db.ts';

/** What a server of the owner's may refuse with, by the system's or Postgres' code, each with what to do about it. */
const MESSAGES: Readonly<Record<string, string>> = {
  ECONNREFUSED: 'nothing takes connections at its address. Start that Postgres, or correct the address.',
  ENOTFOUND: 'its host name is not known. Correct it.',
  EAI_AGAIN: 'its host name cannot be looked up right now. Check the network, then start again.',
  EHOSTUNREACH: 'its host cannot be reached. Check the network, then start again.',
  ETIMEDOUT: 'the server there does not answer. Check that it is a Postgres and that it runs.',
  ECONNRESET: 'the server there hung up. Check that it is a Postgres and that it takes this connection.',
  '28P01': 'the server refuses this user or password. Correct them.',
  '28000': 'the server refuses this user or password, or wants TLS (add ?sslmode=require).',
  '3D000':
    "there is no database of that name. Create it (CREATE DATABASE … ENCODING 'UTF8'), or correct the name.",
  '42501': 'its user may not make tables there. Make it the owner of the database.',
  '53300': 'the server has no connection left. Raise its max_connections, or lower DB_POOL_MAX.',
  '57P03': 'the server is starting or stopping. Start again in a moment.',
};

/** The failure to open the database of `DATABASE_URL` as an AppError for people; other errors as they are. */
export function explainDatabase(error: unknown): unknown {
  const code = codesOf(error).find((candidate) => candidate in MESSAGES);
  if (code === undefined || error instanceof AppError) return error;
  return new AppError('database.unreachable', `DATABASE_URL: ${MESSAGES[code]}`, {
    status: 503,
    cause: error,
  });
}

/** Codes of an error, of its causes and of what it gathers (a name with several addresses). */
function codesOf(error: unknown, depth = 0): string[] {
  if (!(error instanceof Error) || depth > 4) return [];
  const gathered = error instanceof AggregateError ? error.errors : [];
  // pg has no code for these.
  const isSilent = /timeout expired|Connection terminated/.test(error.message);
  return [
    ...('code' in error && typeof error.code === 'string' ? [error.code] : []),
    ...(isSilent ? ['ETIMEDOUT'] : []),
    ...[error.cause, ...gathered].flatMap((inner) => codesOf(inner, depth + 1)),
  ];
}

/** Why the database did not do what was asked although nothing was wrong with it. */
export type DatabaseFailure = 'disk_full' | 'too_slow' | 'unavailable';

/** Null for errors of another sort. SQLSTATE classes: 08 connection, 57P server going down, 53 out of disk, memory or connections; 57014 a time-out. */
export function databaseFailureOf(error: unknown): DatabaseFailure | null {
  const state = sqlState(error) ?? '';
  if (state === '53100') return 'disk_full';
  if (state === '57014') return 'too_slow';
  return /^(08|57P|53)/.test(state) || isConnectionLost(error) ? 'unavailable' : null;
}

const LOST_NAMES = new Set([
  'ConnectionError',
  'BackendTerminatedError',
  'BackendTerminatedUnexpectedlyError',
]);
const LOST_CODES = new Set(['ECONNREFUSED', 'ECONNRESET', 'EPIPE', 'ETIMEDOUT']);

function isConnectionLost(error: unknown): boolean {
  for (
    let current = error, depth = 0;
    current instanceof Error && depth < 5;
    current = current.cause, depth += 1
  ) {
    if (LOST_NAMES.has(current.constructor.name)) return true;
    if ('code' in current && typeof current.code === 'string' && LOST_CODES.has(current.code)) return true;
  }
  return false;
}

const TOLD: Readonly<Record<DatabaseFailure, string>> = {
  disk_full: "The database's disk is full. Free some space, then run the same command again.",
  too_slow:
    'The database stopped a step that took too long. It is busy, or its disk is slow: let other work on it end, then run the same command again.',
  unavailable: 'The database went away. See that it runs, then run the same command again.',
};

/** For a command: such a failure in words for people, with what is known of what it did `before`; null for other errors. */
export function explainFailure(error: unknown, before = ''): AppError | null {
  const failure = databaseFailureOf(error);
  if (failure === null || error instanceof AppError) return null;
  const message = [TOLD[failure], before].filter((sentence) => sentence !== '').join(' ');
  return new AppError(`database.${failure}`, message, {
    status: failure === 'disk_full' ? 507 : 503,
    cause: error,
  });
}
