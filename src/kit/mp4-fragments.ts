/** Heads of boxes (`moov`, `moof`, `sidx`) are kept whole while they are read; a real one is far smaller. */
const MAX_HEAD_BYTES = 16 * 1024 * 1024;

export type FragmentWindow = {
  /** Track whose first sample says when a fragment begins. */
  trackId: number;
  /** Ticks a second of that track. */
  timescale: number;
  /** Seconds, half-open: fragments that begin in here are passed on. */
  from: number;
  to: number;
  /** Nothing begins in the window: the fragment that runs through it begins earlier, so take the first there is. */
  isFirstTaken?: boolean;
};

/** A broken or foreign file: the caller says so in words. */
export class BadFragments extends Error {}

/** What stands before the first fragment: `ftyp` and `moov`, of a fragmented MP4 that arrives in pieces. */
export async function readInit(pieces: AsyncIterable<Buffer>): Promise<Buffer> {
  const kept: Buffer[] = [];
  for await (const { type, head } of boxesOf(pieces)) {
    if (type === 'moof') return Buffer.concat(kept);
    if (type === 'ftyp' || type === 'moov') kept.push(head);
  }
  if (kept.length < 2) throw new BadFragments('there is no moov');
  return Buffer.concat(kept);
}

/**
 * The fragments (`moof` + `mdat`, ISO/IEC 14496-12 §8.8) of the window, as they arrive. Stops reading at the first
 * fragment past it, so who made them can be ended.
 */
export async function* fragmentsIn(
  pieces: AsyncIterable<Buffer>,
  window: FragmentWindow,
): AsyncGenerator<Buffer> {
  let place: Place | null = null;
  for await (const { type, head, body } of boxesOf(pieces)) {
    if (type === 'moof') place = placeOf(head, window, place);
    if (place === 'past') return;
    if (place !== 'inside') continue;
    if (type === 'moof') yield head;
    else if (type === 'mdat') yield* body;
  }
}

type Place = 'before' | 'inside' | 'past';

/** A fragment with nothing of the window's track goes with the one before it. */
function placeOf(moof: Buffer, window: FragmentWindow, last: Place | null): Place {
  if (window.isFirstTaken === true) return last === null ? 'inside' : 'past';
  const seconds = beginOf(moof, window);
  if (seconds === null) return last ?? 'before';
  if (seconds >= window.to) return 'past';
  return seconds >= window.from ? 'inside' : 'before';
}

/** Track id and ticks a second of the first video track of an init section; null: it has none. */
export function videoClockOf(init: Buffer): { trackId: number; timescale: number } | null {
  for (const trak of childrenOf(init, ['moov', 'trak'])) {
    const isVideo = childrenOf(trak, ['mdia', 'hdlr']).some(
      (hdlr) => hdlr.toString('latin1', 8, 12) === 'vide',
    );
    const [tkhd] = childrenOf(trak, ['tkhd']);
    const [mdhd] = childrenOf(trak, ['mdia', 'mdhd']);
    if (!isVideo || tkhd === undefined || mdhd === undefined) continue;
    const [trackId, timescale] = [
      uint32(tkhd, tkhd[0] === 1 ? 20 : 12),
      uint32(mdhd, mdhd[0] === 1 ? 20 : 12),
    ];
    if (trackId !== null && timescale) return { trackId, timescale };
  }
  return null;
}

/** Seconds at which the fragment begins for the window's track; null: it has nothing of it. */
function beginOf(moof: Buffer, { trackId, timescale }: FragmentWindow): number | null {
  for (const traf of childrenOf(moof, ['moof', 'traf'])) {
    const [tfhd] = childrenOf(traf, ['tfhd']);
    const [tfdt] = childrenOf(traf, ['tfdt']);
    if (tfhd === undefined || tfdt === undefined || uint32(tfhd, 4) !== trackId) continue;
    const ticks = tfdt[0] === 1 && tfdt.length >= 12 ? Number(tfdt.readBigUInt64BE(4)) : uint32(tfdt, 4);
    if (ticks !== null) return ticks / timescale;
  }
  return null;
}

/** The contents of every box at this path. */
function childrenOf(content: Buffer, path: readonly string[]): Buffer[] {
  const [name, ...rest] = path;
  if (name === undefined) return [content];
  const found: Buffer[] = [];
  for (let at = 0; at + 8 <= content.length; ) {
    const length = content.readUInt32BE(at);
    if (length < 8 || at + length > content.length) break;
    if (content.toString('latin1', at + 4, at + 8) === name)
      found.push(...childrenOf(content.subarray(at + 8, at + length), rest));
    at += length;
  }
  return found;
}

function uint32(buffer: Buffer, at: number): number | null {
  return at + 4 <= buffer.length ? buffer.readUInt32BE(at) : null;
}

/** `head`: the whole box, of an `mdat` its first 8 or 16 bytes, which come first in `body` too. */
type Box = { type: string; head: Buffer; body: AsyncIterable<Buffer> };

async function* boxesOf(pieces: AsyncIterable<Buffer>): AsyncGenerator<Box> {
  const reader = createReader(pieces);
  try {
    for (let box = await nextBox(reader); box !== null; box = await nextBox(reader)) {
      yield box;
      // What the caller did not read is skipped.
      for await (const _rest of box.body);
    }
  } finally {
    await reader.close();
  }
}

async function nextBox(reader: Reader): Promise<Box | null> {
  const start = await reader.take(8);
  if (start.length < 8) return null;
  const type = start.toString('latin1', 4, 8);
  const isLong = start.readUInt32BE(0) === 1;
  const intro = isLong ? Buffer.concat([start, await reader.take(8)]) : start;
  if (isLong && intro.length < 16) return null;
  const size = isLong ? Number(intro.readBigUInt64BE(8)) : start.readUInt32BE(0);
  const left = size - intro.length;
  if (left < 0 || (type !== 'mdat' && left > MAX_HEAD_BYTES))
    throw new BadFragments(`a box ${type} of ${size} bytes`);
  if (type === 'mdat') return { type, head: intro, body: reader.pass(intro, left) };
  const content = await reader.take(left);
  return content.length < left ? null : { type, head: Buffer.concat([intro, content]), body: nothing() };
}

type Reader = ReturnType<typeof createReader>;

async function* nothing(): AsyncGenerator<Buffer> {}

function createReader(pieces: AsyncIterable<Buffer>) {
  const source = pieces[Symbol.asyncIterator]();
  let rest: Buffer = Buffer.alloc(0);

  async function more(): Promise<boolean> {
    const { done, value } = await source.next();
    if (done === true) return false;
    rest = rest.length === 0 ? value : Buffer.concat([rest, value]);
    return true;
  }

  return {
    /** So many bytes, or fewer at the end. */
    async take(count: number): Promise<Buffer> {
      while (rest.length < count && (await more()));
      const taken = rest.subarray(0, count);
      rest = rest.subarray(count);
      return taken;
    },
    async *pass(intro: Buffer, count: number): AsyncGenerator<Buffer> {
      yield intro;
      for (let left = count; left > 0; ) {
        if (rest.length === 0 && !(await more())) throw new BadFragments('it ends in the middle');
        const piece = rest.subarray(0, left);
        rest = rest.subarray(piece.length);
        left -= piece.length;
        yield piece;
      }
    },
    close: async () => void (await source.return?.()),
  };
}
