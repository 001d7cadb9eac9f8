import { AppError } from '../kit/errors.ts';

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
