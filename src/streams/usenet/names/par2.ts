import { createHash } from 'node:crypto';

// Parity Volume Set Specification 2.0: http://parchive.sourceforge.net/docs/specifications/parity-volume-spec/article-spec.html
const MAGIC = Buffer.from('PAR2\0PKT');
const FILE_DESCRIPTION = Buffer.from('PAR 2.0\0FileDesc', 'latin1');
const HEAD_BYTES = 64;
/** Ids, sums and length before the name. */
const BODY_BYTES = 56;
/** A description is little more than a name. */
const LONGEST_PACKET = 8 * 1024;
/** The specification's own limit of files in a set, twice, as packets are repeated. */
const MOST_TRIES = 65_536;
/** An index file has some hundred bytes a file. */
const MOST_BYTES = 32 * 1024 * 1024;

/** A file as a par2 set describes it. */
export type Par2File = {
  name: string;
  sizeBytes: number;
  /** Of its first 16 KiB, or of all of it where it is shorter; as hex. */
  md5Of16k: string;
};

/** File descriptions in a par2 file, each once. What is broken is passed over. */
export function readPar2(bytes: Buffer): Par2File[] {
  const found = new Map<string, Par2File>();
  const end = Math.min(bytes.length, MOST_BYTES);
  let at = bytes.indexOf(MAGIC);
  for (let tried = 0; at >= 0 && at + HEAD_BYTES <= end && tried < MOST_TRIES; ) {
    const packet = descriptionAt(bytes, at);
    if (packet) tried += 1;
    const file = packet && descriptionOf(packet);
    if (file) found.set(file.id, file.file);
    // Only a description that is right tells where the next begins; others are searched through, they may lie.
    at = bytes.indexOf(MAGIC, at + (file ? packet.length : MAGIC.length));
  }
  return [...found.values()];
}

/** The packet at `at`, where it looks like a description. */
function descriptionAt(bytes: Buffer, at: number): Buffer | null {
  const length = Number(bytes.readBigUInt64LE(at + 8));
  if (length > LONGEST_PACKET || length < HEAD_BYTES + BODY_BYTES || length % 4 > 0) return null;
  if (at + length > bytes.length) return null;
  const packet = bytes.subarray(at, at + length);
  return packet.subarray(48, 64).equals(FILE_DESCRIPTION) ? packet : null;
}

function descriptionOf(packet: Buffer): { id: string; file: Par2File } | null {
  const md5 = createHash('md5').update(packet.subarray(32)).digest();
  if (!md5.equals(packet.subarray(16, 32))) return null;
  const body = packet.subarray(HEAD_BYTES);
  const sizeBytes = Number(body.readBigUInt64LE(48));
  const name = nameOf(body.subarray(BODY_BYTES));
  if (!Number.isSafeInteger(sizeBytes) || name === '') return null;
  const id = body.toString('hex', 0, 16);
  return { id, file: { name, sizeBytes, md5Of16k: body.toString('hex', 32, 48) } };
}

/** Padded with zeros; ASCII by the specification, UTF-8 or Latin-1 in practice. Never with folders. */
function nameOf(field: Buffer): string {
  const zero = field.indexOf(0);
  const bytes = zero < 0 ? field : field.subarray(0, zero);
  const text = bytes.toString('utf8');
  const name = text.includes('\ufffd') ? bytes.toString('latin1') : text;
  const last = name.split(/[\\/]/).at(-1) ?? '';
  return last === '..' || last === '.' ? '' : last.replace(/\p{Cc}/gu, '');
}

/** What `md5Of16k` is of a file: give it its first 16 KiB, or all it has. */
export function md5Of16k(head: Buffer): string {
  return createHash('md5')
    .update(head.subarray(0, 16 * 1024))
    .digest('hex');
}
