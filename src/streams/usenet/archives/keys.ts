import { createHash, pbkdf2, timingSafeEqual } from 'node:crypto';
import { promisify } from 'node:util';
import { ArchiveRefused } from './archive.ts';

const derive = promisify(pbkdf2);

/** RAR and 7z take up to 2^24 rounds as well; more would only keep a processor busy. */
const MOST_ROUNDS_LG2 = 24;
/** RAR's own limit, in characters. */
const LONGEST_PASSWORD = 127;

export type Rar5Lock = { lg2: number; salt: Buffer; check: Buffer | null };

/** Makes keys of one password, each once. Refuses where there is none, or where a check value says that it is wrong. */
export type ArchiveKeys = {
  /** PBKDF2-HMAC-SHA256 (RAR 5.0 technical note). */
  rar5(lock: Rar5Lock): Promise<Buffer>;
  /** 2^18 rounds of SHA-1; the IV comes with it. There is no check value: a wrong password shows in what is decrypted. */
  rar4(salt: Buffer | null): Promise<{ key: Buffer; iv: Buffer }>;
  /** 2^power rounds of SHA-256. No check value either. */
  sevenZip(power: number, salt: Buffer, signal: AbortSignal): Promise<Buffer>;
};

export function createKeys(password: string | null): ArchiveKeys {
  const held = new Map<string, Promise<unknown>>();
  const once = <T>(id: string, make: (password: string) => Promise<T>): Promise<T> => {
    const known = held.get(id) as Promise<T> | undefined;
    const made = known ?? make(passwordOr(password));
    held.set(id, made);
    made.catch(() => held.delete(id));
    return made;
  };
  return {
    rar5: (lock) =>
      once(`5:${lock.lg2}:${lock.salt.toString('hex')}:${lock.check?.toString('hex')}`, (text) =>
        rar5Key(text, lock),
      ),
    rar4: (salt) => once(`4:${salt?.toString('hex')}`, async (text) => rar4Key(text, salt)),
    sevenZip: (power, salt, signal) =>
      once(`7:${power}:${salt.toString('hex')}`, (text) => sevenZipKey(text, power, salt, signal)),
  };
}

export function wrongPassword(): ArchiveRefused {
  return new ArchiveRefused('password', 'The password of the archive is wrong.');
}

function passwordOr(password: string | null): string {
  if (password === null || password === '')
    throw new ArchiveRefused('password', 'The archive is encrypted and there is no password for it.');
  if (password.length > LONGEST_PASSWORD)
    throw new ArchiveRefused('password', `The password is longer than ${LONGEST_PASSWORD} characters.`);
  return password;
}

function boundRounds(lg2: number): void {
  if (lg2 > MOST_ROUNDS_LG2)
    throw new ArchiveRefused(
      'unsupported',
      `The archive asks for 2^${lg2} rounds to make a key of its password.`,
    );
}

async function rar5Key(password: string, { lg2, salt, check }: Rar5Lock): Promise<Buffer> {
  boundRounds(lg2);
  if (check && isWhole(check)) {
    const long = await derive(password, salt, 2 ** lg2 + 32, 32, 'sha256');
    const folded = Buffer.alloc(8);
    for (const [index, byte] of long.entries()) folded[index % 8] = (folded[index % 8] ?? 0) ^ byte;
    if (!timingSafeEqual(folded, check.subarray(0, 8))) throw wrongPassword();
  }
  return derive(password, salt, 2 ** lg2, 32, 'sha256');
}

/** The check value's own check: the first 4 bytes of its SHA-256. Where that is wrong the value says nothing. */
function isWhole(check: Buffer): boolean {
  return createHash('sha256')
    .update(check.subarray(0, 8))
    .digest()
    .subarray(0, 4)
    .equals(check.subarray(8, 12));
}

function rar4Key(password: string, salt: Buffer | null): { key: Buffer; iv: Buffer } {
  const secret = Buffer.concat([Buffer.from(password, 'utf16le'), salt ?? Buffer.alloc(0)]);
  // Behind 64 bytes RAR's own SHA-1 spoils its input between rounds, which nothing else does.
  if (secret.length > 64)
    throw new ArchiveRefused('unsupported', 'A RAR4 password of more than 28 characters is not supported.');
  const hash = createHash('sha1');
  const iv = Buffer.alloc(16);
  for (let sixteenth = 0; sixteenth < 16; sixteenth += 1) {
    const from = sixteenth * 0x4000;
    hash.update(numbered(secret, 3, from, from + 1));
    iv[sixteenth] = hash.copy().digest()[19] ?? 0;
    hash.update(numbered(secret, 3, from + 1, from + 0x4000));
  }
  return { key: hash.digest().subarray(0, 16).swap32(), iv };
}

async function sevenZipKey(
  password: string,
  power: number,
  salt: Buffer,
  signal: AbortSignal,
): Promise<Buffer> {
  const secret = Buffer.concat([salt, Buffer.from(password, 'utf16le')]);
  if (power === 0x3f) return Buffer.concat([secret, Buffer.alloc(32)]).subarray(0, 32);
  boundRounds(power);
  const hash = createHash('sha256');
  const [rounds, step] = [2 ** power, 2 ** 14];
  for (let from = 0; from < rounds; from += step) {
    hash.update(numbered(secret, 8, from, Math.min(rounds, from + step)));
    // 2^24 rounds take seconds: others must have their turn, and whoever waits may leave.
    await new Promise(setImmediate);
    signal.throwIfAborted();
  }
  return hash.digest();
}

/** The secret and the number of its round, again and again. */
function numbered(secret: Buffer, width: 3 | 8, from: number, to: number): Buffer {
  const each = secret.length + width;
  const all = Buffer.alloc(each * (to - from));
  for (let round = from, at = 0; round < to; round += 1, at += each) {
    secret.copy(all, at);
    all.writeUIntLE(round, at + secret.length, width === 3 ? 3 : 6);
  }
  return all;
}
