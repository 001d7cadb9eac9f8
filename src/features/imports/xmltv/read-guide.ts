import { SaxesParser } from 'saxes';
import { createAmpersandMender } from '../../../kit/bare-ampersands.ts';
import { BadInput } from '../../../kit/errors.ts';
import { xmlText } from '../../../kit/xml-encoding.ts';
import { type GuideChannel, type GuideEntry, openEntry } from './guide-entry.ts';

/** The largest guides are of some 500 MB. */
const MAX_BYTES = 2 * 1024 * 1024 * 1024;
const MAX_DEPTH = 20;
const MAX_ATTRIBUTES = 50;
/** The longest text, tag or comment: until it ends the parser holds all of it. */
const MAX_QUIET_CHARS = 512 * 1024;

export type GuideItem = { channel: GuideChannel } | { programme: GuideEntry };

/**
 * Channels and programmes of an XMLTV guide, in their order, a piece of the file at a time. No entity is expanded but XML's five, and a DTD
 * of its own is refused. Throws BadInput `imports.broken_guide` where it is no well-formed guide, after what came before.
 */
export async function* readGuide(
  chunks: AsyncIterable<Uint8Array>,
  isCut: () => boolean,
): AsyncGenerator<readonly GuideItem[]> {
  let found: GuideItem[] = [];
  const mend = createAmpersandMender();
  const { parser, quiet } = parserInto((item) => found.push(item));
  const take = () => {
    const items = found;
    found = [];
    return items;
  };
  try {
    for await (const piece of xmlText(bounded(chunks), () =>
      broken('Its encoding is not read here: UTF-8 and Latin-1 are.'),
    )) {
      if (piece === '') continue;
      quiet.chars += piece.length;
      parser.write(mend(piece));
      if (quiet.chars > MAX_QUIET_CHARS) throw broken('One text or tag of it is longer than 512 KiB.');
      yield take();
    }
    // A file that broke off is told so by its reader.
    if (!isCut()) parser.write(mend('')).close();
  } catch (error) {
    yield take();
    throw error;
  }
  yield take();
}

function parserInto(onItem: (item: GuideItem) => void) {
  const quiet = { chars: 0 };
  const entry = openEntry(onItem);
  let depth = 0;
  let attributes = 0;
  const parser = new SaxesParser<{ xmlns: false; position: false }>({ xmlns: false, position: false });
  parser.on('error', (error) => {
    if (!/entity|disallowed character/.test(error.message)) throw broken(sentence(error));
  });
  parser.on('doctype', (text) => {
    if (text.includes('[')) throw broken('It brings entities or a DTD of its own, which is not allowed.');
  });
  parser.on('attribute', () => {
    attributes += 1;
    if (attributes > MAX_ATTRIBUTES) throw broken('One of its tags has too many attributes.');
  });
  parser.on('opentag', ({ name, attributes: given }) => {
    [quiet.chars, attributes] = [0, 0];
    depth += 1;
    if (depth > MAX_DEPTH) throw broken('It is nested too deeply.');
    if (depth === 1 && name !== 'tv') throw broken('It does not begin with <tv>.');
    entry.open(name, given);
  });
  parser.on('text', entry.text);
  parser.on('cdata', entry.text);
  parser.on('closetag', ({ name }) => {
    quiet.chars = 0;
    depth -= 1;
    entry.close(name);
  });
  return { parser, quiet };
}

async function* bounded(chunks: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  let size = 0;
  for await (const chunk of chunks) {
    size += chunk.length;
    if (size > MAX_BYTES) throw broken('It unpacks to more than 2 GiB.');
    yield chunk;
  }
}

function sentence({ message }: Error): string {
  if (/unclosed|unexpected end|must contain a root/.test(message)) return 'It ends in the middle.';
  return `It is no well-formed XML (${message.replace(/^[\d:\s]+/, '').slice(0, 100)}).`;
}

function broken(reason: string): BadInput {
  return new BadInput('imports.broken_guide', reason);
}
