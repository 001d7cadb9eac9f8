/** The declaration stands first and names what follows; a longer one is none. */
const DECLARATION_BYTES = 256;
/** Names of it as they are written; for the web Latin-1 is Windows-1252. */
const ENCODINGS: Readonly<Record<string, string>> = {
  ...{ 'utf-8': 'utf-8', utf8: 'utf-8', 'us-ascii': 'utf-8', ascii: 'utf-8' },
  ...{ 'iso-8859-1': 'windows-1252', latin1: 'windows-1252', 'windows-1252': 'windows-1252' },
};

/** What reads an XML document, by its first bytes; null for an encoding other than UTF-8 and Latin-1. */
function xmlDecoder(head: Uint8Array): TextDecoder | null {
  const text = Buffer.from(head.subarray(0, DECLARATION_BYTES)).toString('latin1');
  const isMarked = text.startsWith('\xef\xbb\xbf');
  const declared =
    /^<\?xml\s[^>]*encoding\s*=\s*["']([\w.:-]{1,40})["']/.exec(text)?.[1]?.toLowerCase() ?? 'utf-8';
  const encoding = isMarked ? 'utf-8' : ENCODINGS[declared];
  return encoding === undefined || /^(\xff\xfe|\xfe\xff|\0<|<\0)/.test(text)
    ? null
    : new TextDecoder(encoding);
}

/** The text of an XML document, piece by piece. Throws what `refused` gives for an encoding that is not read here. */
export async function* xmlText(
  chunks: AsyncIterable<Uint8Array>,
  refused: () => Error,
): AsyncGenerator<string> {
  let decoder: TextDecoder | null = null;
  let head: Uint8Array = new Uint8Array(0);
  const open = () => {
    const found = xmlDecoder(head);
    if (found === null) throw refused();
    return found;
  };
  for await (const chunk of chunks) {
    if (decoder === null) {
      head = head.length === 0 ? chunk : Buffer.concat([head, chunk]);
      if (head.length < DECLARATION_BYTES) continue;
      decoder = open();
      yield decoder.decode(head, { stream: true });
    } else yield decoder.decode(chunk, { stream: true });
  }
  if (decoder === null) {
    decoder = open();
    yield decoder.decode(head, { stream: true });
  }
  yield decoder.decode();
}
