import { randomBytes } from 'node:crypto';
import { chmod, link, mkdir, open, readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { AppError } from '../kit/errors.ts';

export type Secrets = {
  /** The first seals, all open. */
  secretKeys: string[];
  adminToken: string;
  /** Made by this very call: print it once. */
  adminTokenIsNew: boolean;
};

const MIN_SECRET_CHARS = 32;
const MIN_TOKEN_CHARS = 16;

/**
 * The keys and the admin's token: from the settings when given, else from DATA_DIR/secret-key and DATA_DIR/admin-token,
 * which are made (0600) when they are not there. Starts that race agree on one file. To change the key, move the line of
 * `secret-key` to `secret-key.old` (one old key a line), or the value of SECRET_KEY to SECRET_KEYS_OLD, and start again:
 * old ones still open what they sealed.
 * Throws an AppError that says what to do when the data folder cannot be used.
 */
export async function loadSecrets(options: {
  dataDir: string;
  secretKey: string | null;
  secretKeysOld: readonly string[];
  adminToken: string | null;
}): Promise<Secrets> {
  const { dataDir } = options;
  try {
    if (options.secretKey === null || options.adminToken === null)
      await mkdir(dataDir, { recursive: true, mode: 0o700 });
    const key =
      options.secretKey === null
        ? await readOrMake(join(dataDir, 'secret-key'), MIN_SECRET_CHARS)
        : { value: options.secretKey };
    const token =
      options.adminToken === null
        ? await readOrMake(join(dataDir, 'admin-token'), MIN_TOKEN_CHARS)
        : { value: options.adminToken, isNew: false };
    const former = await formerKeys(dataDir);
    const secretKeys = [...new Set([key.value, ...options.secretKeysOld, ...former])];
    return { secretKeys, adminToken: token.value, adminTokenIsNew: token.isNew };
  } catch (error) {
    throw explain(error, dataDir);
  }
}

/** Old keys, and the file's own key where SECRET_KEY now stands above it: what it sealed stays readable. */
async function formerKeys(dataDir: string): Promise<string[]> {
  const texts = await Promise.all(
    ['secret-key', 'secret-key.old'].map((name) => readIfThere(join(dataDir, name))),
  );
  const lines = texts.flatMap((text) => (text ?? '').split('\n').map((line) => line.trim()));
  return [...new Set(lines.filter((line) => line.length >= MIN_SECRET_CHARS))];
}

async function readOrMake(path: string, minChars: number): Promise<{ value: string; isNew: boolean }> {
  const found = await readIfThere(path);
  if (found !== null) return { value: checked(found, path, minChars), isNew: false };
  const value = randomBytes(32).toString('base64url');
  if (await createWith(path, `${value}\n`)) return { value, isNew: true };
  // Another start was first: its file is the one that counts.
  return { value: checked(await readFile(path, 'utf8'), path, minChars), isNew: false };
}

/**
 * Creates the file whole or not at all; false when it is there already. A finished file is linked to its name (fails
 * when the name is taken, like O_EXCL), so that a start which loses the race never reads a half-written key.
 */
async function createWith(path: string, text: string): Promise<boolean> {
  const draft = `${path}.${process.pid}.${randomBytes(4).toString('hex')}`;
  await writeNew(draft, text);
  try {
    await link(draft, path);
    return true;
  } catch (error) {
    if (codeOf(error) === 'EEXIST') return false;
    // No hard links here (FAT, some network mounts): O_EXCL on the name itself.
    return await writeNew(path, text).then(
      () => true,
      (second) => {
        if (codeOf(second) === 'EEXIST') return false;
        throw second;
      },
    );
  } finally {
    await rm(draft, { force: true });
  }
}

async function writeNew(path: string, text: string): Promise<void> {
  const file = await open(path, 'wx', 0o600);
  try {
    await file.writeFile(text);
    await file.sync();
  } finally {
    await file.close();
  }
}

async function readIfThere(path: string): Promise<string | null> {
  try {
    const text = await readFile(path, 'utf8');
    // A copy or a restore may have left it readable for others; a read-only mount keeps it as it is.
    await chmod(path, 0o600).catch(() => undefined);
    return text;
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return null;
    throw error;
  }
}

function checked(text: string, path: string, minChars: number): string {
  const value = text.trim();
  if (value.length >= minChars && !/\s/.test(value)) return value;
  throw new AppError(
    'secrets.damaged',
    `${path} is damaged. Put it back from a backup, or delete it to have a new one made (links and secrets sealed with the old one are then lost).`,
    { status: 503 },
  );
}

function codeOf(error: unknown): string | undefined {
  return error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : undefined;
}

function explain(error: unknown, dataDir: string): unknown {
  const code = codeOf(error);
  if (code === undefined || error instanceof AppError) return error;
  const reasons: Record<string, string> = {
    EACCES: 'this user may not write there',
    EPERM: 'this user may not write there',
    EROFS: 'it is on a read-only disk',
    ENOSPC: 'the disk is full',
    EDQUOT: 'the disk quota is used up',
    ENOTDIR: 'a part of its path is a file',
    EEXIST: 'a file has its name',
  };
  return new AppError(
    'secrets.data_dir',
    `The data folder ${dataDir} cannot be used: ${reasons[code] ?? code}. Set DATA_DIR to a folder this user may write to, or set SECRET_KEY and ADMIN_TOKEN.`,
    { status: 503, cause: error },
  );
}
