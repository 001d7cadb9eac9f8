import { ArchiveRefused } from './archive.ts';
import { damaged, HeaderBytes } from './header-bytes.ts';

// 7z as 7zFormat.txt of the LZMA SDK (public domain) tells it.
const ID = {
  end: 0x00,
  header: 0x01,
  archiveProperties: 0x02,
  additionalStreams: 0x03,
  mainStreams: 0x04,
  files: 0x05,
  packInfo: 0x06,
  unpackInfo: 0x07,
  subStreams: 0x08,
  size: 0x09,
  crc: 0x0a,
  folder: 0x0b,
  unpackSize: 0x0c,
  unpackCount: 0x0d,
  emptyStream: 0x0e,
  names: 0x11,
  encodedHeader: 0x17,
} as const;

const MOST_FILES = 10_000;
/** Copy, BCJ, LZMA and AES in one are four. */
const MOST_CODERS = 8;

export type Coder = { id: string; properties: Buffer; isSimple: boolean };

/** What is packed together. `coders`: in the order in which packed bytes go through them; null: not one after the other. */
export type Folder = {
  coders: Coder[] | null;
  packOffset: number;
  packSize: number;
  unpackSize: number;
  crc: number | null;
  /** Of the files in it. */
  sizes: number[];
};

export type SevenZipHeader =
  | { kind: 'encoded'; folder: Folder }
  | { kind: 'plain'; folders: Folder[]; names: string[]; hasStream: boolean[] };

/** The header at the end of an archive: what it says, or what it is packed as. */
export function parseHeader(bytes: Buffer): SevenZipHeader {
  const head = new HeaderBytes(bytes);
  const id = head.u8();
  if (id === ID.encodedHeader) {
    const [folder] = streamsOf(head);
    if (!folder) throw damaged('its header is packed in nothing');
    return { kind: 'encoded', folder };
  }
  if (id !== ID.header) throw damaged('its header begins with something else');
  return plainHeader(head);
}

function plainHeader(head: HeaderBytes): SevenZipHeader {
  let folders: Folder[] = [];
  let files: { names: string[]; hasStream: boolean[] } = { names: [], hasStream: [] };
  for (let id = head.u8(); id !== ID.end; id = head.u8()) {
    if (id === ID.archiveProperties) skipProperties(head);
    else if (id === ID.additionalStreams) streamsOf(head);
    else if (id === ID.mainStreams) folders = streamsOf(head);
    else if (id === ID.files) files = filesOf(head);
    else throw unknownPart();
  }
  return { kind: 'plain', folders, ...files };
}

function unknownPart(): ArchiveRefused {
  return damaged('its header has a part that is not known');
}

function skipProperties(head: HeaderBytes): void {
  while (head.u8() !== ID.end) head.skip(head.number7z());
}

function count(head: HeaderBytes, most: number, what: string): number {
  const found = head.number7z();
  if (found > most) throw damaged(`it says that it has ${found} ${what}`);
  return found;
}

function streamsOf(head: HeaderBytes): Folder[] {
  let packed = { position: 0, sizes: [] as number[] };
  let folders: Folder[] = [];
  for (let id = head.u8(); id !== ID.end; id = head.u8()) {
    if (id === ID.packInfo) packed = packInfo(head);
    else if (id === ID.unpackInfo) folders = unpackInfo(head, packed);
    else if (id === ID.subStreams) subStreams(head, folders);
    else throw unknownPart();
  }
  return folders;
}

function packInfo(head: HeaderBytes): { position: number; sizes: number[] } {
  const position = head.number7z();
  const streams = count(head, MOST_FILES, 'streams');
  let sizes: number[] = [];
  for (let id = head.u8(); id !== ID.end; id = head.u8()) {
    if (id === ID.size) sizes = Array.from({ length: streams }, () => head.number7z());
    else if (id === ID.crc) digests(head, streams);
    else throw unknownPart();
  }
  return { position, sizes };
}

/** A bit for each, highest first. */
function bits(head: HeaderBytes, length: number): boolean[] {
  const bytes = head.take(Math.ceil(length / 8));
  return Array.from({ length }, (_, at) => ((bytes[at >> 3] ?? 0) & (0x80 >> (at & 7))) !== 0);
}

function digests(head: HeaderBytes, length: number): (number | null)[] {
  const isThere = head.u8() !== 0 ? new Array<boolean>(length).fill(true) : bits(head, length);
  return isThere.map((there) => (there ? head.u32() : null));
}

type RawFolder = { coders: Coder[] | null; outputs: number; mainOutput: number; packedStreams: number };

function unpackInfo(head: HeaderBytes, packed: { position: number; sizes: number[] }): Folder[] {
  if (head.u8() !== ID.folder) throw unknownPart();
  const total = count(head, MOST_FILES, 'folders');
  if (head.u8() !== 0)
    throw new ArchiveRefused('unsupported', 'The header of the archive lies in several places.');
  const raw = Array.from({ length: total }, () => folderOf(head));
  if (head.u8() !== ID.unpackSize) throw unknownPart();
  const sizes = raw.map(({ outputs, mainOutput }) => {
    const all = Array.from({ length: outputs }, () => head.number7z());
    return all[mainOutput] ?? 0;
  });
  let crcs: (number | null)[] = [];
  for (let id = head.u8(); id !== ID.end; id = head.u8()) {
    if (id !== ID.crc) throw unknownPart();
    crcs = digests(head, total);
  }
  return placed(raw, sizes, crcs, packed);
}

/** Packed streams lie one after the other, in the order of the folders. */
function placed(
  raw: readonly RawFolder[],
  unpackSizes: readonly number[],
  crcs: readonly (number | null)[],
  { position, sizes }: { position: number; sizes: readonly number[] },
): Folder[] {
  let [stream, packOffset] = [0, position];
  return raw.map(({ coders, packedStreams }, index) => {
    const own = sizes.slice(stream, stream + packedStreams);
    if (own.length < packedStreams) throw damaged('its header names more streams than there are');
    const packSize = own.reduce((sum, size) => sum + size, 0);
    const unpackSize = unpackSizes[index] ?? 0;
    const folder = {
      coders,
      packOffset,
      packSize,
      unpackSize,
      crc: crcs[index] ?? null,
      sizes: [unpackSize],
    };
    stream += packedStreams;
    packOffset += packSize;
    if (!Number.isSafeInteger(packOffset)) throw damaged('a number in a header is above 2^53');
    return folder;
  });
}

function folderOf(head: HeaderBytes): RawFolder {
  const coders: Coder[] = [];
  let [inputs, outputs] = [0, 0];
  for (let left = count(head, MOST_CODERS, 'methods in one folder'); left > 0; left -= 1) {
    const coder = coderOf(head);
    coders.push(coder);
    inputs += coder.inputs;
    outputs += coder.outputs;
  }
  if (outputs === 0) throw damaged('it has a folder without a method');
  const pairs = Array.from({ length: outputs - 1 }, () => ({
    input: head.number7z(),
    output: head.number7z(),
  }));
  const packedStreams = inputs - pairs.length;
  if (packedStreams < 1) throw damaged('it has a folder without packed bytes');
  if (packedStreams > 1) for (let left = packedStreams; left > 0; left -= 1) head.number7z();
  const bound = new Set(pairs.map(({ output }) => output));
  const mainOutput = Array.from({ length: outputs }, (_, at) => at).find((at) => !bound.has(at)) ?? 0;
  return { coders: chained(coders, pairs), outputs, mainOutput, packedStreams };
}

function coderOf(head: HeaderBytes): Coder & { inputs: number; outputs: number } {
  const flags = head.u8();
  const id = head.take(flags & 0x0f).toString('hex');
  const isSimple = (flags & 0x10) === 0;
  const inputs = isSimple ? 1 : count(head, MOST_CODERS, 'inputs of a method');
  const outputs = isSimple ? 1 : count(head, MOST_CODERS, 'outputs of a method');
  const properties =
    flags & 0x20 ? Buffer.from(head.take(count(head, 1024, 'bytes of properties'))) : Buffer.alloc(0);
  if (flags & 0xc0) throw unknownPart();
  return { id, properties, isSimple, inputs, outputs };
}

/** From the coder that reads packed bytes on to the last. */
function chained(coders: Coder[], pairs: readonly { input: number; output: number }[]): Coder[] | null {
  if (coders.some(({ isSimple }) => !isSimple)) return null;
  const chain: Coder[] = [];
  let next = coders.findIndex((_, at) => !pairs.some(({ input }) => input === at));
  while (next >= 0 && chain.length < coders.length) {
    const coder = coders[next];
    if (!coder) return null;
    chain.push(coder);
    const from = next;
    next = pairs.find(({ output }) => output === from)?.input ?? -1;
  }
  return next < 0 && chain.length === coders.length ? chain : null;
}

function subStreams(head: HeaderBytes, folders: Folder[]): void {
  let counts = folders.map(() => 1);
  let id = head.u8();
  if (id === ID.unpackCount) {
    counts = folders.map(() => count(head, MOST_FILES, 'files in one folder'));
    id = head.u8();
  }
  if (counts.reduce((sum, each) => sum + each, 0) > MOST_FILES)
    throw damaged(`it has more than ${MOST_FILES} files`);
  // The last size of a folder is what the others leave.
  for (const [at, folder] of folders.entries())
    folder.sizes = sizesIn(head, folder, counts[at] ?? 0, id === ID.size);
  if (id === ID.size) id = head.u8();
  // Of single files the folder's CRC may be the file's, the others are told here; none is looked at.
  const told = counts.reduce(
    (sum, each, at) => sum + (each === 1 && folders[at]?.crc !== null ? 0 : each),
    0,
  );
  for (; id !== ID.end; id = head.u8()) {
    if (id !== ID.crc) throw unknownPart();
    digests(head, told);
  }
}

function sizesIn(head: HeaderBytes, { unpackSize }: Folder, files: number, areTold: boolean): number[] {
  if (files === 0) return [];
  if (files > 1 && !areTold) throw damaged('the sizes of its files are lacking');
  const sizes = Array.from({ length: files - 1 }, () => head.number7z());
  const last = sizes.reduce((left, size) => left - size, unpackSize);
  if (last < 0) throw damaged('its files are longer than what they lie in');
  return [...sizes, last];
}

function filesOf(head: HeaderBytes): { names: string[]; hasStream: boolean[] } {
  const total = count(head, MOST_FILES, 'files');
  let names: string[] = [];
  let hasStream = new Array<boolean>(total).fill(true);
  for (let id = head.u8(); id !== ID.end; id = head.u8()) {
    const property = new HeaderBytes(head.take(head.number7z()));
    if (id === ID.emptyStream) hasStream = bits(property, total).map((isEmpty) => !isEmpty);
    if (id === ID.names) names = namesOf(property, total);
  }
  return { names, hasStream };
}

function namesOf(property: HeaderBytes, total: number): string[] {
  if (property.u8() !== 0)
    throw new ArchiveRefused('unsupported', 'The names in the archive lie in several places.');
  const names = property.take(property.left).toString('utf16le').split('\0');
  if (names.length < total) throw damaged('names of its files are lacking');
  return names.slice(0, total);
}
