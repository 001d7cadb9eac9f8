import { createCipheriv, randomBytes } from 'node:crypto';

/** How samples are encrypted (ISO/IEC 23001-7): AES-CTR of all, or AES-CBC of one block in ten. */
export type Scheme = 'cenc' | 'cbcs';
export type Protection = { scheme: Scheme; kid: Buffer; key: Buffer };

type Box = { type: string; body: Buffer };
type Run = { clearBytes: number; lockedBytes: number };

const CONSTANT_IV = Buffer.from('0123456789abcdeffedcba9876543210', 'hex');
/** What stays readable of a NAL unit: its length, and the headers that some decoders look into first. */
const CLEAR_OF_NAL = 4 + 96;

/** The header of a track (ftyp, moov) as one whose samples are encrypted. */
export function protectInit(bytes: Buffer, protection: Protection): Buffer {
  const within = new Set(['moov', 'trak', 'mdia', 'minf', 'stbl']);
  const walk = (part: Buffer): Buffer =>
    Buffer.concat(
      boxesIn(part).map(({ type, body }) => {
        if (within.has(type)) return box(type, walk(body));
        return type === 'stsd'
          ? box('stsd', body.subarray(0, 8), entries(body.subarray(8)))
          : box(type, body);
      }),
    );
  const entries = (part: Buffer) =>
    Buffer.concat(
      boxesIn(part).map(({ type, body }) =>
        box(type.startsWith('mp4a') ? 'enca' : 'encv', body, sinf(type, protection)),
      ),
    );
  return walk(bytes);
}

function sinf(type: string, { scheme, kid }: Protection): Buffer {
  const pattern = type === 'mp4a' ? 0 : 0x19;
  const tenc =
    scheme === 'cenc'
      ? box('tenc', Buffer.from([0, 0, 0, 0, 0, 0, 1, 8]), kid)
      : box('tenc', Buffer.from([1, 0, 0, 0, 0, pattern, 1, 0]), kid, Buffer.from([16]), CONSTANT_IV);
  return box(
    'sinf',
    box('frma', Buffer.from(type)),
    box('schm', u32(0), Buffer.from(scheme), u32(0x10000)),
    box('schi', tenc),
  );
}

/** A segment of one track (styp, sidx, moof, mdat, …) with its samples encrypted. */
export function protectSegment(bytes: Buffer, isVideo: boolean, protection: Protection): Buffer {
  const out: Buffer[] = [];
  const boxes = boxesIn(bytes);
  let added = 0;
  for (const [at, { type, body }] of boxes.entries()) {
    const mdat = boxes[at + 1];
    if (type === 'moof' && mdat?.type === 'mdat') {
      const { moof, data } = fragment(body, mdat.body, isVideo, protection);
      added += moof.length - (8 + body.length);
      out.push(moof, box('mdat', data));
    } else if (type !== 'mdat') out.push(box(type, body));
  }
  const sidx = out.find((part) => part.toString('latin1', 4, 8) === 'sidx');
  // One reference to all that follows: its size is the first number after the head.
  const sizeAt = sidx?.[8] === 0 ? 32 : 40;
  sidx?.writeUInt32BE(sidx.readUInt32BE(sizeAt) + added, sizeAt);
  return Buffer.concat(out);
}

function fragment(moofBody: Buffer, data: Buffer, isVideo: boolean, protection: Protection) {
  const [mfhd, traf] = boxesIn(moofBody);
  if (mfhd?.type !== 'mfhd' || traf?.type !== 'traf') throw new Error('a fragment of another make');
  const parts = boxesIn(traf.body);
  const tfhd = parts.find(({ type }) => type === 'tfhd');
  const truns = parts.filter(({ type }) => type === 'trun');
  if (tfhd === undefined) throw new Error('no tfhd');
  const sizes = truns.flatMap((trun) => sizesOf(trun.body, tfhd.body));
  const locked: Buffer[] = [];
  const infos: Buffer[] = [];
  let at = 0;
  for (const size of sizes) {
    const { bytes, info } = lock(data.subarray(at, at + size), isVideo, protection);
    locked.push(bytes);
    infos.push(info);
    at += size;
  }
  if (at !== data.length) throw new Error('samples and data do not agree');
  const flags = isVideo ? 2 : 0;
  const senc = box('senc', u32(flags), u32(infos.length), ...infos);
  const saiz = box(
    'saiz',
    u32(0),
    Buffer.from([0]),
    u32(infos.length),
    ...infos.map(({ length }) => Buffer.from([length])),
  );
  const hasInfo = infos.some(({ length }) => length > 0);
  const before = parts.reduce((sum, { body }) => sum + 8 + body.length, 0);
  const saio = box('saio', u32(0), u32(1), u32(8 + 8 + mfhd.body.length + 8 + before + 16));
  const extra = hasInfo ? [senc, saiz, saio] : [];
  const added = extra.reduce((sum, { length }) => sum + length, 0);
  for (const { body } of truns) body.writeInt32BE(body.readInt32BE(8) + added, 8);
  const moof = box(
    'moof',
    box('mfhd', mfhd.body),
    box('traf', ...parts.map(({ type, body }) => box(type, body)), ...extra),
  );
  return { moof, data: Buffer.concat(locked) };
}

/** One sample, and what its decryption needs to be told (ISO/IEC 23001-7 §7.2). */
function lock(sample: Buffer, isVideo: boolean, { scheme, key }: Protection) {
  const iv = scheme === 'cenc' ? randomBytes(8) : CONSTANT_IV;
  const runs = isVideo ? runsOf(sample) : [{ clearBytes: 0, lockedBytes: sample.length }];
  const bytes = Buffer.from(sample);
  const stream = createCipheriv('aes-128-ctr', key, Buffer.concat([iv, Buffer.alloc(16)]).subarray(0, 16));
  let at = 0;
  for (const { clearBytes, lockedBytes } of runs) {
    const part = bytes.subarray(at + clearBytes, at + clearBytes + lockedBytes);
    if (scheme === 'cenc') stream.update(part).copy(part);
    else lockPattern(part, key, isVideo ? 9 : 0);
    at += clearBytes + lockedBytes;
  }
  const told = Buffer.concat([
    u16(runs.length),
    ...runs.flatMap(({ clearBytes, lockedBytes }) => [u16(clearBytes), u32(lockedBytes)]),
  ]);
  const info = Buffer.concat([scheme === 'cenc' ? iv : Buffer.alloc(0), isVideo ? told : Buffer.alloc(0)]);
  return { bytes, info };
}

/** One block encrypted, `skip` left as they are; what is no whole block stays. */
function lockPattern(part: Buffer, key: Buffer, skip: number): void {
  const chain = createCipheriv('aes-128-cbc', key, CONSTANT_IV).setAutoPadding(false);
  for (let at = 0; at + 16 <= part.length; at += 16 * (1 + skip))
    chain.update(part.subarray(at, at + 16)).copy(part, at);
}

function runsOf(sample: Buffer): Run[] {
  const runs: Run[] = [];
  let clearBytes = 0;
  for (let at = 0; at < sample.length; ) {
    const size = 4 + sample.readUInt32BE(at);
    const lockedBytes = Math.max(0, size - CLEAR_OF_NAL) & ~15;
    clearBytes += size - lockedBytes;
    if (lockedBytes > 0) {
      runs.push({ clearBytes, lockedBytes });
      clearBytes = 0;
    }
    at += size;
  }
  return clearBytes > 0 || runs.length === 0 ? [...runs, { clearBytes, lockedBytes: 0 }] : runs;
}

function sizesOf(trun: Buffer, tfhd: Buffer): number[] {
  const flags = trun.readUInt32BE(0) & 0xffffff;
  const count = trun.readUInt32BE(4);
  let at = 8 + (flags & 1 ? 4 : 0) + (flags & 4 ? 4 : 0);
  return Array.from({ length: count }, () => {
    const size = flags & 0x200 ? trun.readUInt32BE(at + (flags & 0x100 ? 4 : 0)) : defaultSize(tfhd);
    at += 4 * [0x100, 0x200, 0x400, 0x800].filter((bit) => flags & bit).length;
    return size;
  });
}

function defaultSize(tfhd: Buffer): number {
  const flags = tfhd.readUInt32BE(0) & 0xffffff;
  return tfhd.readUInt32BE(8 + (flags & 1 ? 8 : 0) + (flags & 2 ? 4 : 0) + (flags & 8 ? 4 : 0));
}

function boxesIn(bytes: Buffer): Box[] {
  const found: Box[] = [];
  for (let at = 0; at < bytes.length; ) {
    const size = bytes.readUInt32BE(at);
    found.push({
      type: bytes.toString('latin1', at + 4, at + 8),
      body: Buffer.from(bytes.subarray(at + 8, at + size)),
    });
    at += size;
  }
  return found;
}

function box(type: string, ...bodies: readonly Buffer[]): Buffer {
  const body = Buffer.concat(bodies);
  return Buffer.concat([u32(8 + body.length), Buffer.from(type, 'latin1'), body]);
}

function u16(value: number): Buffer {
  const bytes = Buffer.alloc(2);
  bytes.writeUInt16BE(value);
  return bytes;
}

function u32(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(value);
  return bytes;
}
