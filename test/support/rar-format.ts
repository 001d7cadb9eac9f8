import { createCipheriv, createHash, pbkdf2Sync } from 'node:crypto';

export type RarInput = {
  path: string;
  bytes: Buffer;
  isFolder?: boolean;
  /** Lies about the method: 0 is stored. */
  method?: number;
};
export type RarOptions = {
  version: 4 | 5;
  base?: string;
  /** Size of each volume; without it the archive is one file. */
  volumeBytes?: number;
  /** `new`: .part01.rar; `short`: .part1.rar; `old`: .rar, .r00 …; `random`: names that say nothing. */
  naming?: 'new' | 'short' | 'old' | 'random';
  password?: string;
  /** RAR's -hp. */
  encryptHeaders?: boolean;
  comment?: string;
  /** Bytes of a recovery record at the end of each volume. */
  recoveryBytes?: number;
  isSolid?: boolean;
  /** RAR4: writes 64-bit sizes even where 32 bits do. */
  isLarge?: boolean;
  lg2?: number;
  /** This volume is 100 bytes shorter, the next longer. */
  unevenAt?: number;
};
export type RarPart = {
  file: RarInput;
  data: Buffer;
  fromPrevious: boolean;
  intoNext: boolean;
  /** What is encrypted: of the whole file. */
  lock: { salt: Buffer; iv: Buffer } | null;
};

/** How one version of the format writes its headers. */
export type RarFormat = {
  begin(number: number, isVolume: boolean): Buffer;
  file(part: RarPart): Buffer;
  recovery(bytes: Buffer): Buffer;
  end(number: number, hasNext: boolean, isVolume: boolean): Buffer;
  encrypt(plain: Buffer): { data: Buffer; lock: { salt: Buffer; iv: Buffer } };
};

/** The bits whose conditions hold. */
export function bits(...pairs: readonly (readonly [boolean | undefined, number])[]): number {
  return pairs.reduce((sum, [holds, bit]) => (holds ? sum | bit : sum), 0);
}

export function padded(bytes: Buffer): Buffer {
  return Buffer.concat([bytes, Buffer.alloc((16 - (bytes.length % 16)) % 16)]);
}

export function aesCbc(key: Buffer, iv: Buffer, plain: Buffer): Buffer {
  return createCipheriv(`aes-${key.length * 8}-cbc`, key, iv)
    .setAutoPadding(false)
    .update(padded(plain));
}

/** RAR5's key and its check value. */
export function rar5Secrets(password: string, salt: Buffer, lg2: number): { key: Buffer; check: Buffer } {
  const key = pbkdf2Sync(password, salt, 2 ** lg2, 32, 'sha256');
  const long = pbkdf2Sync(password, salt, 2 ** lg2 + 32, 32, 'sha256');
  const folded = Buffer.alloc(8);
  for (let at = 0; at < 32; at += 1) folded.writeUInt8(folded.readUInt8(at % 8) ^ long.readUInt8(at), at % 8);
  const sum = createHash('sha256').update(folded).digest().subarray(0, 4);
  return { key, check: Buffer.concat([folded, sum]) };
}
