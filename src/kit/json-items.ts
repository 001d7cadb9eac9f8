import { BadInput } from './errors.ts';

const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const [OPEN_BRACE, CLOSE_BRACE, OPEN_BRACKET, CLOSE_BRACKET] = [0x7b, 0x7d, 0x5b, 0x5d];
const MAX_DEPTH = 64;
/** Enough of what stands before a list to see its key. */
const KEY_BYTES = 32;
const DATA_KEY = /"data"\s*:\s*$/;

/**
 * The objects of a large JSON document one by one, so that it never stands in memory as a whole: those of its list, of the list under
 * its key `data`, or one a line (JSON Lines). Throws BadInput `json.broken` for what ends in the middle, or has an object past `maxBytes`.
 * As `latin1` each byte is a character of its own, for texts that may be no UTF-8.
 */
export async function* jsonItems(
  chunks: AsyncIterable<Uint8Array>,
  maxBytes: number,
  encoding: 'utf8' | 'latin1' = 'utf8',
): AsyncGenerator<unknown> {
  const reader = createReader(maxBytes, encoding);
  for await (const chunk of chunks) {
    reader.begin(chunk);
    for (let at = 0; at < chunk.length; at += 1) {
      const text = reader.read(at);
      if (text !== null) yield parsed(text);
    }
    reader.end();
  }
  if (reader.isInside()) throw broken('ends in the middle');
}

function createReader(maxBytes: number, encoding: 'utf8' | 'latin1') {
  const depths = createDepths();
  let chunk: Uint8Array = new Uint8Array(0);
  /** Where items stand: 0 at the root (JSON Lines) until a list is found. */
  let itemDepth = 0;
  let isListFound = false;
  /** What earlier chunks held of the object being read, and where it goes on in this one; -1: none is being read. */
  let kept: Uint8Array[] = [];
  let keptBytes = 0;
  let start = -1;

  return {
    begin(next: Uint8Array) {
      chunk = next;
      if (start >= 0) start = 0;
    },
    /** The whole text of an item that ends here. */
    read(at: number): string | null {
      const change = depths.step(chunk[at] ?? 0);
      if (change > 0) opened(at);
      return change < 0 && start >= 0 && depths.now() === itemDepth ? taken(at) : null;
    },
    end() {
      if (start < 0) return;
      keptBytes += chunk.length - start;
      if (keptBytes > maxBytes) throw broken('has an entry that is too large');
      kept.push(Uint8Array.from(chunk.subarray(start)));
    },
    isInside: () => depths.isInside(),
  };

  function opened(at: number): void {
    const outer = depths.now() - 1;
    if (chunk[at] === OPEN_BRACE && outer === itemDepth && start < 0) start = at;
    if (chunk[at] !== OPEN_BRACKET || isListFound || !isItemList(outer, at)) return;
    isListFound = true;
    itemDepth = depths.now();
    forget();
  }

  function isItemList(outer: number, at: number): boolean {
    if (outer === 0) return true;
    if (outer !== 1 || start < 0) return false;
    const before = Buffer.concat([
      ...kept.slice(-KEY_BYTES),
      chunk.subarray(Math.max(start, at - KEY_BYTES), at),
    ]);
    return DATA_KEY.test(before.subarray(-KEY_BYTES).toString('latin1'));
  }

  function taken(at: number): string {
    const last = Buffer.from(chunk.buffer, chunk.byteOffset + start, at + 1 - start);
    const text = kept.length === 0 ? last : Buffer.concat([...kept, last]);
    if (text.length > maxBytes) throw broken('has an entry that is too large');
    forget();
    return text.toString(encoding);
  }

  function forget(): void {
    kept = [];
    keptBytes = 0;
    start = -1;
  }
}

/** How deep in braces and brackets the reading is; what stands in texts does not count. */
function createDepths() {
  let depth = 0;
  let isText = false;
  let isEscaped = false;
  return {
    now: () => depth,
    isInside: () => depth !== 0 || isText,
    /** 1: this byte opens; -1: it closes; else 0. */
    step(byte: number): number {
      if (isText) return inText(byte);
      if (byte === QUOTE) isText = true;
      if (byte === OPEN_BRACE || byte === OPEN_BRACKET) return moved(1);
      return byte === CLOSE_BRACE || byte === CLOSE_BRACKET ? moved(-1) : 0;
    },
  };

  function inText(byte: number): number {
    if (isEscaped) isEscaped = false;
    else if (byte === BACKSLASH) isEscaped = true;
    else if (byte === QUOTE) isText = false;
    return 0;
  }

  function moved(by: number): number {
    depth += by;
    if (depth < 0) throw broken('is not well formed');
    if (depth > MAX_DEPTH) throw broken('is nested too deeply');
    return by;
  }
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw broken('is not well formed');
  }
}

function broken(how: string): BadInput {
  return new BadInput('json.broken', `The JSON ${how}.`);
}
