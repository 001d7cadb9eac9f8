import { type Argon2Parameters, argon2, randomBytes, timingSafeEqual } from 'node:crypto';
import { promisify } from 'node:util';

const derive = promisify(argon2) as (algorithm: 'argon2id', parameters: Argon2Parameters) => Promise<Buffer>;

/** OWASP's first choice for argon2id: 19 MiB, two passes, one lane; 46 ms on a core of a small machine. */
const MEMORY_KIB = 19_456;
const PASSES = 2;
const LANES = 1;
const SALT_BYTES = 16;
const HASH_BYTES = 32;
/** At once, of 19 MiB each. More wait: a flood of sign-ins must not take the threads that files and names are read with. */
const MOST_AT_ONCE = 2;
const MOST_WAITING = 200;

/** `$argon2id$v=19$m=…,t=…,p=…$salt$hash`, the PHC string format. */
const PHC =
  /^\$argon2id\$v=19\$m=(\d{1,7}),t=(\d{1,3}),p=(\d{1,2})\$([A-Za-z0-9+/]{22})\$([A-Za-z0-9+/]{43})$/;

export type PasswordHashes = {
  /** The PHC string to store. */
  make(password: string): Promise<string>;
  /** Whether it is that password; with null (nobody of that name, no password) false after just as long. */
  isSame(password: string, stored: string | null): Promise<boolean>;
};

/** Where more wait than this, `tooBusy` is what is thrown. */
export function createPasswordHashes(tooBusy: () => Error): PasswordHashes {
  let running = 0;
  const waiting: (() => void)[] = [];
  /** Of a random password: what an unknown name is compared with. */
  const nobody = run(randomBytes(SALT_BYTES).toString('hex'), randomBytes(SALT_BYTES));

  return {
    make: (password) => run(password, randomBytes(SALT_BYTES)),
    async isSame(password, stored) {
      const [, m, t, p, salt = '', hash = ''] = PHC.exec(stored ?? (await nobody)) ?? [];
      if (hash === '') throw new Error('a stored password hash is not argon2id in PHC format');
      const given = await inTurn(password, Buffer.from(salt, 'base64'), {
        ...{ memory: Number(m), passes: Number(t), parallelism: Number(p) },
      });
      return timingSafeEqual(given, Buffer.from(hash, 'base64')) && stored !== null;
    },
  };

  async function run(password: string, salt: Buffer): Promise<string> {
    const hash = await inTurn(password, salt, { memory: MEMORY_KIB, passes: PASSES, parallelism: LANES });
    return `$argon2id$v=19$m=${MEMORY_KIB},t=${PASSES},p=${LANES}$${unpadded(salt)}$${unpadded(hash)}`;
  }

  async function inTurn(
    password: string,
    salt: Buffer,
    cost: Pick<Argon2Parameters, 'memory' | 'passes' | 'parallelism'>,
  ): Promise<Buffer> {
    if (running >= MOST_AT_ONCE) {
      if (waiting.length >= MOST_WAITING) throw tooBusy();
      await new Promise<void>((resolve) => waiting.push(resolve));
    } else running += 1;
    try {
      // One letter may be spelt as one or two code points, as the keyboard likes (RFC 8265 §4.2.3).
      const message = password.normalize('NFC');
      return await derive('argon2id', { message, nonce: salt, tagLength: HASH_BYTES, ...cost });
    } finally {
      const next = waiting.shift();
      if (next === undefined) running -= 1;
      else next();
    }
  }
}

function unpadded(bytes: Buffer): string {
  return bytes.toString('base64').replace(/=+$/, '');
}
