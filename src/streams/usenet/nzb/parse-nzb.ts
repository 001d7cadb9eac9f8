import { SaxesParser } from 'saxes';
import { BadInput } from '../../../kit/errors.ts';
import { nzbChunks, rested } from './chunks.ts';
import type { Nzb } from './nzb.ts';
import { createNzbReader, type NzbReader } from './reader.ts';

/** Others run in between: a viewer's next bytes wait no longer. */
const TURN_MS = 8;
/** The declaration stands first and names what follows; a longer one is none. */
const DECLARATION_BYTES = 256;
/** Names of it as they are written; for the web Latin-1 is Windows-1252. */
const ENCODINGS: Readonly<Record<string, string>> = {
  ...{ 'utf-8': 'utf-8', utf8: 'utf-8', 'us-ascii': 'utf-8', ascii: 'utf-8' },
  ...{ 'iso-8859-1': 'windows-1252', latin1: 'windows-1252', 'windows-1252': 'windows-1252' },
};

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
  let decoder: TextDecoder | null = null;
  let head: Uint8Array = new Uint8Array(0);
  let turn = performance.now();
  for await (const chunk of nzbChunks(bytes)) {
    signal?.throwIfAborted();
    if (decoder === null) {
      head = head.length === 0 ? chunk : Buffer.concat([head, chunk]);
      if (head.length < DECLARATION_BYTES) continue;
    }
    const part = decoder === null ? head : chunk;
    decoder ??= decoderOf(head);
    parser.write(decoder.decode(part, { stream: true }));
    turn = await rested(turn, TURN_MS);
  }
  if (decoder === null) {
    decoder = decoderOf(head);
    parser.write(decoder.decode(head, { stream: true }));
  }
  parser.write(decoder.decode());
  parser.close();
  return reader.nzb();
}

/** At most seven listeners: V8 makes a dictionary of a parser with eight, and it takes four times as long. */
function parserInto(reader: NzbReader) {
  const parser = new SaxesParser<{ xmlns: false; position: false }>({ xmlns: false, position: false });
  let attributes = 0;
  parser.on('error', (error) => {
    // Posters write `&nbsp;` and bare ampersands into subjects; as nothing is expanded they do no harm.
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

function decoderOf(head: Uint8Array): TextDecoder {
  const text = Buffer.from(head.subarray(0, DECLARATION_BYTES)).toString('latin1');
  const isMarked = text.startsWith('\xef\xbb\xbf');
  const declared =
    /^<\?xml\s[^>]*encoding\s*=\s*["']([\w.:-]{1,40})["']/.exec(text)?.[1]?.toLowerCase() ?? 'utf-8';
  const encoding = isMarked ? 'utf-8' : ENCODINGS[declared];
  if (encoding === undefined || /^(\xff\xfe|\xfe\xff|\0<|<\0)/.test(text))
    throw new BadInput(
      'nzb.invalid',
      'This NZB is in an encoding that is not read here: UTF-8 and Latin-1 are.',
    );
  return new TextDecoder(encoding);
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
