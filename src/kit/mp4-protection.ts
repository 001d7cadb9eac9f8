import { BadMp4, blank, type Mp4Box, mp4Boxes, mp4BoxesAt, versionOf } from './mp4-boxes.ts';

/** How the samples of a track are encrypted unless a fragment says otherwise (`tenc`, ISO/IEC 23001-7 §8.2). */
export type Protection = {
  scheme: 'cenc' | 'cbcs';
  /** Which key, in hex. */
  kid: string;
  /** Bytes of the IV that each sample brings; 0 = all have the constant one. */
  ivBytes: number;
  constantIv: Buffer | null;
  /** Blocks that are encrypted and blocks that are left, in turns; 0 and 0 = all are encrypted. */
  pattern: { locked: number; open: number };
};

export type ProtectedTrack = {
  /** By sample description; null = that one is not encrypted. */
  entries: readonly (Protection | null)[];
  /** What `trex` says for fragments that do not: description (from 1) and size of a sample. */
  defaults: { entry: number; sampleBytes: number };
};

/** What stands before the first fragment: who needs which key, and the same bytes for players that know of no encryption. */
export type UnlockedInit = { tracks: ReadonlyMap<number, ProtectedTrack>; bytes: Buffer };

const MAX_ENTRIES = 16;

/** Reads an init section. Encrypted sample entries get the names of clear ones; every box keeps its size. Throws BadMp4. */
export function unlockInit(init: Buffer): UnlockedInit {
  const bytes = Buffer.from(init);
  try {
    const defaults = new Map(
      mp4BoxesAt(bytes, null, ['moov', 'mvex', 'trex']).map((box) => trexOf(bytes, box)),
    );
    const tracks = new Map(
      mp4BoxesAt(bytes, null, ['moov', 'trak']).map((trak): [number, ProtectedTrack] => {
        const id = trackIdOf(bytes, trak);
        const entries = mp4BoxesAt(bytes, trak, ['mdia', 'minf', 'stbl', 'stsd']).flatMap((stsd) =>
          unlockEntries(bytes, stsd),
        );
        return [id, { entries, defaults: defaults.get(id) ?? { entry: 1, sampleBytes: 0 } }];
      }),
    );
    for (const pssh of mp4BoxesAt(bytes, null, ['moov', 'pssh'])) blank(bytes, pssh);
    if (tracks.size === 0) throw new BadMp4('there is no track');
    return { tracks, bytes };
  } catch (error) {
    throw error instanceof RangeError ? new BadMp4('a box is cut off', { cause: error }) : error;
  }
}

function trackIdOf(bytes: Buffer, trak: Mp4Box): number {
  const [tkhd] = mp4BoxesAt(bytes, trak, ['tkhd']);
  if (tkhd === undefined) throw new BadMp4('a track has no head');
  return bytes.readUInt32BE(tkhd.begin + (versionOf(bytes, tkhd).version === 1 ? 20 : 12));
}

function trexOf(bytes: Buffer, { begin }: Mp4Box): [number, ProtectedTrack['defaults']] {
  return [
    bytes.readUInt32BE(begin + 4),
    { entry: bytes.readUInt32BE(begin + 8), sampleBytes: bytes.readUInt32BE(begin + 16) },
  ];
}

function unlockEntries(bytes: Buffer, stsd: Mp4Box): (Protection | null)[] {
  const entries = [...mp4Boxes(bytes, stsd.begin + 8, stsd.end)];
  if (entries.length > MAX_ENTRIES) throw new BadMp4('too many sample descriptions');
  return entries.map((entry) => (/^enc/.test(entry.type) ? unlockEntry(bytes, entry) : null));
}

function unlockEntry(bytes: Buffer, entry: Mp4Box): Protection {
  const boxes = { ...entry, begin: entry.begin + fieldsOf(bytes, entry) };
  const [sinf] = mp4BoxesAt(bytes, boxes, ['sinf']);
  if (sinf === undefined) throw new BadMp4('an encrypted track does not say how');
  const [frma] = mp4BoxesAt(bytes, sinf, ['frma']);
  const [schm] = mp4BoxesAt(bytes, sinf, ['schm']);
  const [tenc] = mp4BoxesAt(bytes, sinf, ['schi', 'tenc']);
  if (frma === undefined || schm === undefined || tenc === undefined)
    throw new BadMp4('an encrypted track does not say how');
  const scheme = bytes.toString('latin1', schm.begin + 4, schm.begin + 8);
  if (scheme !== 'cenc' && scheme !== 'cbcs') throw new BadMp4(`encrypted by ${scheme}`);
  const protection = { scheme, ...tencOf(bytes, tenc) } as const;
  bytes.copy(bytes, entry.start + 4, frma.begin, frma.begin + 4);
  blank(bytes, sinf);
  return protection;
}

/** Bytes of a sample entry before its boxes: of pictures 78, of sound 28, or QuickTime's longer ones. */
function fieldsOf(bytes: Buffer, { type, begin }: Mp4Box): number {
  if (type === 'encv') return 78;
  if (type !== 'enca') throw new BadMp4(`an encrypted track of the kind ${type}`);
  const version = bytes.readUInt16BE(begin + 8);
  return 28 + ([0, 16, 36][version] ?? 0);
}

function tencOf(bytes: Buffer, tenc: Mp4Box): Omit<Protection, 'scheme'> {
  const { begin } = tenc;
  const [pattern, isProtected, ivBytes] = [5, 6, 7].map((at) => bytes.readUInt8(begin + at));
  if (isProtected !== 1 || ivBytes === undefined || ![0, 8, 16].includes(ivBytes))
    throw new BadMp4('an encryption of an unknown kind');
  const constantBytes = ivBytes === 0 ? bytes.readUInt8(begin + 24) : 0;
  if (ivBytes === 0 && constantBytes !== 8 && constantBytes !== 16) throw new BadMp4('there is no IV');
  const hasPattern = versionOf(bytes, tenc).version > 0 && pattern !== undefined;
  return {
    kid: bytes.toString('hex', begin + 8, begin + 24),
    ivBytes,
    constantIv: ivBytes === 0 ? Buffer.from(bytes.subarray(begin + 25, begin + 25 + constantBytes)) : null,
    pattern: hasPattern ? { locked: pattern >> 4, open: pattern & 15 } : { locked: 0, open: 0 },
  };
}
