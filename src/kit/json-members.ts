/** A member of the outermost object, as its JSON text: of the list that was named one entry after the other, of every other member its value. */
export type JsonMember = { key: string; index: number | null; text: string };

/** Said of a text that is no JSON, or has one entry that is too long. */
export class NotJson extends Error {}

/**
 * Reads one JSON object that is too large for memory: the entries of its member `list` come one by one. Holds one entry of at most
 * `maxChars` and one chunk. What a member holds is not looked into (`JSON.parse` of `text` may still throw). Throws NotJson.
 */
export async function* jsonMembers(
  chunks: AsyncIterable<string>,
  { list, maxChars }: { list: string; maxChars: number },
): AsyncGenerator<JsonMember> {
  const reader = openReader(chunks, maxChars);
  await expect(reader, '{');
  if ((await reader.peek()) === '}') reader.take();
  else
    do {
      const key = keyOf(await reader.value());
      await expect(reader, ':');
      if (key === list && (await reader.peek()) === '[') yield* entries(reader, key);
      else yield { key, index: null, text: await reader.value() };
    } while (await hasNext(reader, '}'));
  if ((await reader.peek()) !== '') throw new NotJson('There is something behind its end.');
}

async function* entries(reader: Reader, key: string): AsyncGenerator<JsonMember> {
  await expect(reader, '[');
  if ((await reader.peek()) === ']') {
    reader.take();
    return yield { key, index: null, text: '[]' };
  }
  let index = 0;
  do {
    yield { key, index, text: await reader.value() };
    index += 1;
  } while (await hasNext(reader, ']'));
}

type Reader = {
  /** The next character that is no blank; '' at the end. */
  peek(): Promise<string>;
  /** Goes past it. */
  take(): void;
  /** The text of the value that begins here. */
  value(): Promise<string>;
};

async function expect(reader: Reader, wanted: string): Promise<void> {
  const found = await reader.peek();
  if (found !== wanted) throw new NotJson(found === '' ? 'It ends too early.' : `${wanted} is missing.`);
  reader.take();
}

async function hasNext(reader: Reader, close: string): Promise<boolean> {
  const found = await reader.peek();
  if (found !== ',') {
    await expect(reader, close);
    return false;
  }
  reader.take();
  return true;
}

function keyOf(text: string): string {
  try {
    return String(JSON.parse(text));
  } catch {
    throw new NotJson('A name of a field is not in quotes.');
  }
}

function openReader(chunks: AsyncIterable<string>, maxChars: number): Reader {
  const source = chunks[Symbol.asyncIterator]();
  let text = '';
  let at = 0;

  /** False at the end. What was read is let go. */
  async function more(): Promise<boolean> {
    const { value, done } = await source.next();
    if (done === true) return false;
    text = text.slice(at) + value;
    at = 0;
    return true;
  }
  async function peek(): Promise<string> {
    for (;;) {
      while (at < text.length && BLANK.has(text.charCodeAt(at))) at += 1;
      if (at < text.length) return text.charAt(at);
      if (!(await more())) return '';
    }
  }
  async function value(): Promise<string> {
    if ((await peek()) === '') throw new NotJson('It ends too early.');
    const scan: Scan = { offset: 0, depth: 0, isInString: false, isEscaped: false };
    while (!scanValue(text, at, scan)) {
      if (scan.offset > maxChars) throw new NotJson('One entry of it is too long.');
      if (!(await more())) throw new NotJson('It ends too early.');
    }
    const found = text.slice(at, at + scan.offset);
    if (found === '') throw new NotJson('A value is missing.');
    at += scan.offset;
    return found;
  }
  return {
    peek,
    take() {
      at += 1;
    },
    value,
  };
}

type Scan = {
  /** Characters of the value seen. */
  offset: number;
  depth: number;
  isInString: boolean;
  isEscaped: boolean;
};
/** Is the value's end behind this character, or before it? */
type Step = 'on' | 'last' | 'before';

const codeOf = (char: string) => char.charCodeAt(0);
const [QUOTE, BACKSLASH] = [codeOf('"'), codeOf('\\')];
const OPENING = new Set([...'[{'].map(codeOf));
const CLOSING = new Set([...']}'].map(codeOf));
const BLANK = new Set([...' \t\r\n\uFEFF'].map(codeOf));
const ENDING = new Set([...BLANK, ...[...',:'].map(codeOf)]);

/** Goes on to the value's end; false where the text ends before. */
function scanValue(text: string, start: number, scan: Scan): boolean {
  while (start + scan.offset < text.length) {
    const step = stepOf(text.charCodeAt(start + scan.offset), scan);
    if (step === 'before') return true;
    scan.offset += 1;
    if (step === 'last') return true;
  }
  return false;
}

function stepOf(code: number, scan: Scan): Step {
  if (scan.isInString) return stepInString(code, scan);
  if (code === QUOTE) {
    scan.isInString = true;
  } else if (OPENING.has(code)) {
    scan.depth += 1;
  } else if (CLOSING.has(code)) {
    if (scan.depth === 0) return 'before';
    scan.depth -= 1;
    if (scan.depth === 0) return 'last';
  } else if (scan.depth === 0 && ENDING.has(code)) return 'before';
  return 'on';
}

function stepInString(code: number, scan: Scan): Step {
  if (scan.isEscaped) {
    scan.isEscaped = false;
  } else if (code === BACKSLASH) {
    scan.isEscaped = true;
  } else if (code === QUOTE) {
    scan.isInString = false;
    if (scan.depth === 0) return 'last';
  }
  return 'on';
}
