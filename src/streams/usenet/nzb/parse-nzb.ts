import { SaxesParser } from 'saxes';
import { createAmpersandMender } from '../../../kit/bare-ampersands.ts';
import { BadInput } from '../../../kit/errors.ts';
import { xmlText } from '../../../kit/xml-encoding.ts';
import { nzbChunks, rested } from './chunks.ts';
import type { Nzb } from './nzb.ts';
import { createNzbReader, type NzbReader } from './reader.ts';

/** Others run in between: a viewer's next bytes wait no longer. */
const TURN_MS = 8;
/**
 * Reads an NZB, gzipped or not, in turns of 8 ms. What is wrong with single segments is left out (their numbers count as
 * missing); what makes the whole unusable throws BadInput `nzb.invalid`, `nzb.too_large`, `nzb.too_many`, `nzb.bomb` or
 * `nzb.refused` (an indexer's own error in its place). No entity is expanded but XML's five, and a DTD of its own is refused.
 */
export async function parseNzb(
  bytes: Uint8Array | AsyncIterable<Uint8Array>,
  signal?: AbortSignal,
): Promise<Nzb> {
  const reader = createNzbReader();
  const parser = parserInto(reader);
  const mend = createAmpersandMender();
  let turn = performance.now();
  for await (const piece of xmlText(nzbChunks(bytes), notRead)) {
    signal?.throwIfAborted();
    // An empty piece ends what is mended.
    if (piece !== '') parser.write(mend(piece));
    turn = await rested(turn, TURN_MS);
  }
  parser.write(mend('')).close();
  return reader.nzb();
}

/** At most seven listeners: V8 makes a dictionary of a parser with eight, and it takes four times as long. */
function parserInto(reader: NzbReader) {
  const parser = new SaxesParser<{ xmlns: false; position: false }>({ xmlns: false, position: false });
  let attributes = 0;
  parser.on('error', (error) => {
    // Posters write `&nbsp;` into subjects; as nothing is expanded it does no harm.
    if (!/entity/.test(error.message)) throw broken(error);
  });
  parser.on('doctype', (text) => {
    if (text.includes('['))
      throw new BadInput('nzb.invalid', 'An NZB may not bring a DTD or entities of its own.');
  });
  parser.on('attribute', () => {
    attributes += 1;
    if (attributes > MAX_ATTRIBUTES)
      throw new BadInput('nzb.invalid', 'A tag of this NZB has too many attributes.');
  });
  parser.on('opentag', ({ name, attributes: given }) => {
    attributes = 0;
    reader.open(localName(name), given);
  });
  parser.on('text', reader.text);
  parser.on('cdata', reader.text);
  parser.on('closetag', ({ name }) => reader.close(localName(name)));
  return parser;
}

/** DTD 1.1 has three on a tag. */
const MAX_ATTRIBUTES = 50;

/** Without its namespace's prefix, which few writers give. */
function localName(name: string): string {
  const colon = name.indexOf(':');
  return colon < 0 ? name : name.slice(colon + 1);
}

function notRead(): BadInput {
  return new BadInput(
    'nzb.invalid',
    'This NZB is in an encoding that is not read here: UTF-8 and Latin-1 are.',
  );
}

function broken(cause: Error): BadInput {
  const isCut = /unclosed|unexpected end/.test(cause.message);
  const error = new BadInput(
    'nzb.invalid',
    isCut ? 'This NZB ends in the middle.' : 'This is not an NZB: it is not well-formed XML.',
  );
  error.cause = cause;
  return error;
}
