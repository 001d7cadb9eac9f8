import { chown, lchown, readdir, readFile, stat } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { failure } from './failures.ts';
import { type Command, run } from './processes.ts';

/** How Postgres programs are run: Postgres refuses to run as root, so root has to step down first. */
export type RunAs = {
  /** For the log. */
  kind: 'same-user' | 'user-namespace' | 'other-user' | 'other-user-with-access';
  /** Who must own the cluster; null leaves it to whoever makes it. */
  owner: Account | null;
  /** The command that runs `file` that way. */
  command(file: string, args: readonly string[]): Command;
};

type Account = { uid: number; gid: number };
type NamedAccount = Account & { name: string };

const PROBE_TIMEOUT_MS = 5000;

/**
 * Picks how to run Postgres on `dataDir` with the programs of `nativeDir`. As an ordinary user: plainly. As root, the first that works:
 * 1. `unshare -U`: in a user namespace without a mapping root has no uid 0, while the files stay root's. Works below a 0700 folder.
 *    Docker's default seccomp profile forbids it.
 * 2. As the owner of the data folder, `postgres` or `nobody`, when that account can enter both folders; the cluster becomes its own.
 * 3. As that account with CAP_DAC_OVERRIDE (in Docker's default set), which lets it pass folders only root may enter.
 * Throws `postgres.root_refused` when none does.
 */
export async function chooseRunAs(options: {
  dataDir: string;
  nativeDir: string;
  env: Record<string, string>;
}): Promise<RunAs> {
  const { env } = options;
  if (process.getuid?.() !== 0) {
    return { kind: 'same-user', owner: null, command: (file, args) => ({ file, args, env }) };
  }
  const accounts = await readAccounts();
  const root = { uid: 0, gid: 0 };
  const works = (runAs: RunAs) => canRun(runAs, options);
  // initdb looks its user up by name, and outside any mapping that is the overflow user 65534.
  if (accounts.has(OVERFLOW_UID) && (await canEnterBoth(root, options))) {
    const inNamespace = userNamespace(env);
    if (await works(inNamespace)) return inNamespace;
  }
  for (const account of await candidates(accounts, options.dataDir)) {
    const plain = otherUser(account, env);
    if ((await canEnterBoth(account, options)) && (await works(plain))) return plain;
    const withAccess = otherUserWithAccess(account, env);
    if (await works(withAccess)) return withAccess;
  }
  // `--version` works as root too: when it fails even so, root is not the reason.
  const asRoot = programOf(options, ['--version']);
  const { exitCode, output } = await run({ ...asRoot, env }, { timeoutMs: PROBE_TIMEOUT_MS });
  if (exitCode !== 0) throw failure('postgres.start_failed', new Error(`postgres --version: ${output}`));
  throw failure('postgres.root_refused');
}

/** `command` for a user without a name, whom initdb refuses (a container run with `--user 1026`): in a user namespace it sees nobody's. */
export function withName(command: Command): Command {
  return { ...command, file: 'unshare', args: ['--user', command.file, ...command.args] };
}

const OVERFLOW_UID = 65534;

function userNamespace(env: Record<string, string>): RunAs {
  return {
    kind: 'user-namespace',
    owner: { uid: 0, gid: 0 },
    command: (file, args) => ({ file: 'unshare', args: ['--user', file, ...args], env }),
  };
}

function otherUser(account: Account, env: Record<string, string>): RunAs {
  return {
    kind: 'other-user',
    owner: account,
    command: (file, args) => ({ file, args, env, uid: account.uid, gid: account.gid }),
  };
}

function otherUserWithAccess(account: Account, env: Record<string, string>): RunAs {
  const drop = ['--reuid', String(account.uid), '--regid', String(account.gid), '--clear-groups'];
  const keep = ['--inh-caps', '+dac_override', '--ambient-caps', '+dac_override'];
  return {
    kind: 'other-user-with-access',
    owner: account,
    command: (file, args) => ({ file: 'setpriv', args: [...drop, ...keep, file, ...args], env }),
  };
}

async function canRun(runAs: RunAs, options: { nativeDir: string }): Promise<boolean> {
  const { file, args } = programOf(options, ['--version']);
  return (await run(runAs.command(file, args), { timeoutMs: PROBE_TIMEOUT_MS })).exitCode === 0;
}

function programOf({ nativeDir }: { nativeDir: string }, args: readonly string[]) {
  return { file: join(nativeDir, 'bin', 'postgres'), args };
}

/** The owner of the data folder first: a bind mount of an ordinary user keeps one owner that way. */
async function candidates(accounts: ReadonlyMap<number, NamedAccount>, dataDir: string): Promise<Account[]> {
  const { uid } = await stat(dataDir);
  const named = [...accounts.values()].filter((account) => account.uid !== 0);
  const first = named.filter((account) => account.uid === uid);
  const postgres = named.filter((account) => account.name === 'postgres');
  const nobody = named.filter((account) => account.name === 'nobody');
  return [...new Set([...first, ...postgres, ...nobody])];
}

async function readAccounts() {
  const passwd = await readFile('/etc/passwd', 'utf8').catch(() => '');
  const accounts = new Map<number, NamedAccount>();
  for (const line of passwd.split('\n')) {
    const [name = '', , uid, gid] = line.split(':');
    if (uid && gid && !accounts.has(Number(uid)))
      accounts.set(Number(uid), { name, uid: Number(uid), gid: Number(gid) });
  }
  return accounts;
}

async function canEnterBoth(
  account: Account,
  options: { dataDir: string; nativeDir: string },
): Promise<boolean> {
  return (await canEnter(account, options.dataDir)) && (await canEnter(account, options.nativeDir));
}

/** Whether `account`, without capabilities, may pass every folder down to `dir`, by the mode bits. */
async function canEnter(account: Account, dir: string): Promise<boolean> {
  const { mode, uid, gid } = await stat(dir);
  const bit = uid === account.uid ? 0o100 : gid === account.gid ? 0o010 : 0o001;
  if ((mode & bit) === 0) return false;
  return dir === dirname(dir) || canEnter(account, dirname(dir));
}

/** Gives a stopped cluster to `owner` when it is another's: the way Postgres is run may change between two starts. */
export async function giveTo(dir: string, owner: Account | null): Promise<void> {
  if (owner === null) return;
  const { uid } = await stat(dir);
  if (uid === owner.uid) return;
  for (const entry of await readdir(dir, { recursive: true }))
    await lchown(join(dir, entry), owner.uid, owner.gid);
  // The folder itself last: when this is cut short, the next start sees the old owner and does it again.
  await chown(dir, owner.uid, owner.gid);
}
