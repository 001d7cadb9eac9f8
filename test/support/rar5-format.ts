import { randomBytes } from 'node:crypto';
import { crc32 } from 'node:zlib';
import { aesCbc, bits, type RarFormat, type RarOptions, rar5Secrets } from './rar-format.ts';

/** RAR 5.0: https://www.rarlab.com/technote.htm */
export function rar5Format(options: RarOptions): RarFormat {
  const { password = '', encryptHeaders = false, lg2 = 4, comment, isSolid = false } = options;
  const salt = randomBytes(16);
  const secrets = password ? rar5Secrets(password, salt, lg2) : null;
  const seal = (header: Buffer) => {
    if (!encryptHeaders || !secrets) return header;
    const iv = randomBytes(16);
    return Buffer.concat([iv, aesCbc(secrets.key, iv, header)]);
  };

  const lockFields = [vint(0), vint(1), Buffer.from([lg2])];
  const crypt =
    encryptHeaders && secrets ? header(4, 0, [...lockFields, salt, secrets.check]) : Buffer.alloc(0);

  return {
    begin(number, isVolume) {
      const flags = bits([isVolume, 1], [number > 0, 2], [isSolid, 4]);
      const main = header(1, 0, [vint(flags), ...(number > 0 ? [vint(number)] : [])]);
      const note = comment && number === 0 ? service('CMT', Buffer.from(comment)) : null;
      const notes = note ? [seal(note.head), note.data] : [];
      return Buffer.concat([Buffer.from('526172211a070100', 'hex'), crypt, seal(main), ...notes]);
    },

    file({ file, data, fromPrevious, intoNext, lock }) {
      const crc = Buffer.alloc(4);
      crc.writeUInt32LE(crc32(intoNext ? data : file.bytes));
      const extra = lock && secrets ? record(1, [...lockFields, lock.salt, lock.iv, secrets.check]) : null;
      const flags = bits([extra !== null, 1], [true, 2], [fromPrevious, 8], [intoNext, 16]);
      const method = ((file.method ?? 0) << 7) | bits([isSolid, 0x40]);
      const name = Buffer.from(file.path);
      const sums = file.isFolder
        ? [vint(1), vint(0), vint(0x10)]
        : [vint(4), vint(file.bytes.length), vint(0x20), crc];
      const fields = [...sums, vint(method), vint(1), vint(name.length), name];
      return seal(header(2, flags, fields, { extra, data }));
    },

    recovery(bytes) {
      const { head, data } = service('RR', bytes);
      return Buffer.concat([seal(head), data]);
    },

    end: (_number, hasNext) => seal(header(5, 0, [vint(hasNext ? 1 : 0)])),

    encrypt(plain) {
      const iv = randomBytes(16);
      const key = secrets?.key ?? Buffer.alloc(32);
      return { data: aesCbc(key, iv, plain), lock: { salt, iv } };
    },
  };
}

function service(name: string, data: Buffer): { head: Buffer; data: Buffer } {
  const crc = Buffer.alloc(4);
  crc.writeUInt32LE(crc32(data));
  const bytes = Buffer.from(name);
  const fields = [vint(4), vint(data.length), vint(0), crc, vint(0), vint(1), vint(bytes.length), bytes];
  return { head: header(3, 2, fields, { extra: null, data }), data };
}

export function vint(value: number, width = 1): Buffer {
  const bytes: number[] = [];
  let left = BigInt(value);
  do {
    bytes.push(Number(left & 0x7fn));
    left >>= 7n;
  } while (left > 0n || bytes.length < width);
  return Buffer.from(bytes.map((byte, at) => (at < bytes.length - 1 ? byte | 0x80 : byte)));
}

function record(type: number, fields: Buffer[]): Buffer {
  const body = Buffer.concat([vint(type), ...fields]);
  return Buffer.concat([vint(body.length), body]);
}

export function header(
  type: number,
  flags: number,
  fields: readonly Buffer[],
  { extra = null, data = null }: { extra?: Buffer | null; data?: Buffer | null } = {},
): Buffer {
  const body = Buffer.concat([
    vint(type),
    vint(flags),
    ...(extra ? [vint(extra.length)] : []),
    ...(data ? [vint(data.length)] : []),
    ...fields,
    ...(extra ? [extra] : []),
  ]);
  const sized = Buffer.concat([vint(body.length), body]);
  const crc = Buffer.alloc(4);
  crc.writeUInt32LE(crc32(sized));
  return Buffer.concat([crc, sized]);
}
