import { randomBytes } from 'node:crypto';
import { gzipSync } from 'node:zlib';
import { describe, expect, test } from 'vitest';
import { BadInput } from '../../src/kit/errors.ts';
import { parseNzb } from '../../src/streams/usenet/nzb/parse-nzb.ts';
import { nzbOf } from '../support/nzb-post.ts';

const MIB = 1024 * 1024;
const HEAD = '<?xml version="1.0" encoding="UTF-8"?>';
const parse = (text: string) => parseNzb(Buffer.from(text));
const segment = (number: number | string, id: string, bytes: number | string = 700_000) =>
  `<segment bytes="${bytes}" number="${number}">${id}</segment>`;
const file = (segments: string, attributes = 'subject="a.mkv" poster="p" date="1764000000"') =>
  `<file ${attributes}><groups><group>alt.b</group></groups><segments>${segments}</segments></file>`;
const nzb = (inside: string, head = HEAD) => `${head}<nzb>${inside}</nzb>`;

async function codeOf(given: string | Uint8Array | AsyncIterable<Uint8Array>): Promise<string> {
  try {
    await parseNzb(typeof given === 'string' ? Buffer.from(given) : given);
    return 'accepted';
  } catch (error) {
    if (!(error instanceof BadInput)) throw error;
    return `${error.code}: ${error.message}`;
  }
}

async function segmentsOf(segments: string, attributes?: string) {
  const { files } = await parse(nzb(file(segments, attributes)));
  return {
    ids: files[0]?.segments.map(({ number, id }) => `${number} ${id}`),
    bytes: files[0]?.segments.map(({ bytes }) => bytes),
    missing: files[0]?.missing,
  };
}

const part = (number: number) => ({ id: `part${number}@x`, number, bytes: 700_000 + number });

describe('an NZB', () => {
  test('says its title, password, files and their articles', async () => {
    const text = nzbOf([{ subject: '"a & b.mkv" yEnc (1/2)', parts: [part(1), part(2)] }], {
      title: 'A <title>',
      password: 'p&w',
    });
    expect(await parse(text)).toEqual({
      title: 'A <title>',
      password: 'p&w',
      files: [
        {
          subject: '"a & b.mkv" yEnc (1/2)',
          poster: 'poster <a@b.invalid>',
          postedAt: 1_764_000_000,
          groups: ['alt.binaries.test'],
          segments: [
            { number: 1, bytes: 700_001, id: 'part1@x' },
            { number: 2, bytes: 700_002, id: 'part2@x' },
          ],
          missing: [],
        },
      ],
    });
  });

  test('may come gzipped, in any pieces, with a byte order mark, a prefix, CDATA and ids in brackets', async () => {
    const text = `\ufeff${HEAD}<n:nzb xmlns:n="x"><n:head><n:meta type="Name"><![CDATA[T]]></n:meta></n:head><n:file subject="s"><n:segments><n:segment bytes="5" number="1">\n &lt;a$b@c&gt; \n</n:segment></n:segments></n:file></n:nzb>`;
    const whole = await parse(text);
    expect(whole).toMatchObject({ title: 'T', files: [{ postedAt: null, poster: null }] });
    expect(whole.files[0]?.segments).toEqual([{ number: 1, bytes: 5, id: 'a$b@c' }]);
    expect(await parseNzb(gzipSync(text))).toEqual(whole);
    for (const bytes of [Buffer.from(text), gzipSync(text)]) {
      const single = (async function* () {
        for (const byte of bytes) yield Uint8Array.of(byte);
      })();
      expect(await parseNzb(single)).toEqual(whole);
    }
  });

  test.each([
    ['UTF-8', Buffer.from('Käse', 'utf8')],
    ['iso-8859-1', Buffer.from('Käse', 'latin1')],
    ['Windows-1252', Buffer.from('Käse', 'latin1')],
  ])('is read as %s where it says so', async (encoding, name) => {
    const [before = '', after = ''] = nzb(
      file(segment(1, 'a@b'), 'subject="|"'),
      `<?xml version="1.0" encoding="${encoding}" ?>`,
    ).split('|');
    const { files } = await parseNzb(Buffer.concat([Buffer.from(before), name, Buffer.from(after)]));
    expect(files[0]?.subject).toBe('Käse');
  });

  test('has its articles in order, of each number and each id the first', async () => {
    const given = [
      segment(3, 'c@x'),
      segment(1, 'a@x'),
      segment(3, 'other@x'),
      segment(1, 'a@x'),
      segment(2, 'a@x'),
    ];
    expect(await segmentsOf(given.join(''))).toMatchObject({ ids: ['1 a@x', '3 c@x'], missing: [2] });
  });

  test('tells what lacks up to its last number, and up to what the subject says', async () => {
    expect(await segmentsOf(segment(2, 'b@x') + segment(4, 'd@x'))).toMatchObject({ missing: [1, 3] });
    const told = await segmentsOf(segment(1, 'a@x'), 'subject="[1/9] - &quot;a.mkv&quot; yEnc (1/3) 5 MB"');
    expect(told.missing).toEqual([2, 3]);
  });

  test('leaves out articles nobody could ask for', async () => {
    const bad = ['', '<>', 'a b@x', 'a@x\r\nQUIT', 'ä@x', `${'a'.repeat(250)}@x`, 'a>@x'].map((id, index) =>
      segment(index + 2, id.replaceAll('<', '&lt;').replaceAll('>', '&gt;')),
    );
    const numbers = ['0', '-1', 'x', '', '1.5', '1e9', '999999999'].map((number, index) =>
      segment(number, `n${index}@x`),
    );
    const { ids, missing } = await segmentsOf(
      [segment(1, 'a@x'), ...bad, ...numbers, segment(9, 'z@x')].join(''),
    );
    expect(ids).toEqual(['1 a@x', '9 z@x']);
    expect(missing).toEqual([2, 3, 4, 5, 6, 7, 8]);
  });

  test('whose sizes are no numbers takes the middle one', async () => {
    const given =
      segment(1, 'a@x', 'many') + segment(2, 'b@x', 500) + segment(3, 'c@x', 700) + segment(4, 'd@x', 0);
    expect((await segmentsOf(given)).bytes).toEqual([700, 500, 700, 700]);
  });

  test('with entities of HTML keeps them as they stand', async () => {
    const { files } = await parse(nzb(file(segment(1, 'a@x'), 'subject="a&nbsp;b"')));
    expect(files[0]?.subject).toBe('a&nbsp;b');
  });

  test('with a bare ampersand keeps all that follows it, wherever the pieces are cut', async () => {
    const text = nzb(
      `${file(segment(1, 'a&b@x'), 'subject="Tom & Jerry &amp; Co \'a&b.mkv\' R&;D &quot;x&quot;"')}${file(segment(1, 'c@x'))}`,
    );
    const whole = await parse(text);
    expect(whole.files.map(({ subject, segments }) => [subject, segments.map(({ id }) => id)])).toEqual([
      [`Tom & Jerry & Co 'a&b.mkv' R&;D "x"`, ['a&b@x']],
      ['a.mkv', ['c@x']],
    ]);
    async function* bytes() {
      for (const byte of Buffer.from(text)) yield Uint8Array.of(byte);
    }
    expect(await parseNzb(bytes())).toEqual(whole);
  });

  test('of thousands of files is read while others run', async () => {
    const files = Array.from({ length: 20_000 }, (_, index) => file(segment(1, `a${index}@x`)));
    let turns = 0;
    const ticking = setInterval(() => {
      turns += 1;
    }, 1);
    const parsed = await parse(nzb(files.join('')));
    clearInterval(ticking);
    expect(parsed.files).toHaveLength(20_000);
    expect(turns).toBeGreaterThan(3);
  });

  test('ends when it is not wanted any more', async () => {
    const reason = new Error('gone');
    await expect(parseNzb(Buffer.from(nzb(file(segment(1, 'a@x')))), AbortSignal.abort(reason))).rejects.toBe(
      reason,
    );
  });
});

/** So many of the same chunk. */
async function* repeated(head: string, chunk: Uint8Array, count: number): AsyncGenerator<Uint8Array> {
  yield Buffer.from(head);
  for (let index = 0; index < count; index += 1) yield chunk;
}

const LAUGHS = `<?xml version="1.0"?><!DOCTYPE nzb [<!ENTITY a "ha"><!ENTITY b "&a;&a;"><!ENTITY c "&b;&b;">]><nzb>${file(segment(1, '&c;@x'))}</nzb>`;
const OUTSIDE = `<?xml version="1.0"?><!DOCTYPE nzb [<!ENTITY x SYSTEM "file:///etc/passwd">]><nzb>${file(segment(1, '&x;'))}</nzb>`;

describe('what is no NZB is refused in words', () => {
  test.each([
    ['nothing', '', 'nzb.invalid: '],
    ['no XML', 'hello', 'nzb.invalid: This is not an NZB: it is not well-formed XML.'],
    ['other XML', '<rss><channel/></rss>', 'nzb.invalid: This is not an NZB: it is another kind of XML.'],
    ['a page', '<!DOCTYPE html><html><body><br></body></html>', 'nzb.invalid: This is not an NZB'],
    ['an empty one', nzb(''), 'nzb.invalid: This NZB names no article that could be fetched.'],
    ['one without articles', nzb(file('')), 'nzb.invalid: This NZB names no article'],
    [
      'one cut in the middle',
      nzb(file(segment(1, 'a@x'))).slice(0, -12),
      'nzb.invalid: This NZB ends in the middle.',
    ],
    ['one cut in a tag', `${HEAD}<nzb><file subject="`, 'nzb.invalid: This NZB ends in the middle.'],
    [
      'tags that close in another order',
      `${HEAD}<nzb><a><b></a></b></nzb>`,
      'nzb.invalid: This is not an NZB: it is not',
    ],
    [
      'a file in a file',
      nzb(file(file(segment(1, 'a@x')))),
      'nzb.invalid: This NZB has a file inside a file.',
    ],
    ['a billion laughs', LAUGHS, 'nzb.invalid: An NZB may not bring a DTD or entities of its own.'],
    ['an entity from outside', OUTSIDE, 'nzb.invalid: An NZB may not bring a DTD or entities of its own.'],
    [
      'one nested without end',
      `${HEAD}<nzb>${'<a>'.repeat(100_000)}`,
      'nzb.invalid: This NZB is nested too deep.',
    ],
    [
      'a tag of a million attributes',
      nzb(`<file ${Array.from({ length: 1_000_000 }, (_, index) => `a${index}=""`).join(' ')}/>`),
      'nzb.invalid: A tag of this NZB has too many attributes.',
    ],
    ['UTF-16', Buffer.from(`\ufeff${nzb('')}`, 'utf16le'), 'nzb.invalid: This NZB is in an encoding'],
    [
      'an encoding nobody reads',
      nzb('', '<?xml version="1.0" encoding="x-evil"?>'),
      'nzb.invalid: This NZB is in an encoding',
    ],
    [
      'a gzip cut in the middle',
      gzipSync(nzb(file(segment(1, 'a@x')))).subarray(0, -20),
      'nzb.invalid: This gzip is damaged, or cut off.',
    ],
    [
      'a gzip of noise',
      Buffer.concat([Buffer.from([0x1f, 0x8b]), randomBytes(500)]),
      'nzb.invalid: This gzip is damaged, or cut off.',
    ],
    [
      'an indexer that refuses',
      '<error code="100" description="key=secret"/>',
      'nzb.refused: The indexer gives no NZB: it does not accept the key.',
    ],
    [
      'an indexer whose limit is reached',
      '<error code="501" description="x"/>',
      'nzb.refused: The indexer gives no NZB: its limit of requests or downloads is used up.',
    ],
  ])('%s', async (_what, given, message) => {
    expect(await codeOf(given)).toContain(message);
  });

  test('more than 150 MiB', async () => {
    const chunk = Buffer.alloc(MIB, ' ');
    expect(await codeOf(repeated(`${HEAD}<nzb>`, chunk, 151))).toBe(
      'nzb.too_large: An NZB may have at most 150 MiB.',
    );
  }, 60_000);

  test('a gzip that unpacks without end', async () => {
    expect(await codeOf(gzipSync(Buffer.alloc(20 * MIB, ' ')))).toContain('nzb.bomb: ');
    // Noise that does not repeat unpacks to no hundred times, and still may not pass 150 MiB.
    const lines = Buffer.from(
      Array.from({ length: 20_000 }, (_, n) => `<!-- ${n} ${randomBytes(2).toString('hex')} -->`).join(''),
    );
    const whole = gzipSync(
      Buffer.concat([Buffer.from(`${HEAD}<nzb>`), ...Array.from({ length: 450 }, () => lines)]),
      { level: 1 },
    );
    expect(await codeOf(whole)).toBe('nzb.too_large: An NZB may have at most 150 MiB.');
  }, 120_000);

  test('more than 100,000 files, or numbers that claim millions of articles', async () => {
    const one = Buffer.from(file(segment(1, 'a@x')).repeat(1000));
    expect(await codeOf(repeated(`${HEAD}<nzb>`, one, 101))).toContain('nzb.too_many: ');
    const claims = file(segment(1, 'a@x') + segment(1_000_000, 'b@x'));
    expect(await codeOf(nzb(claims.repeat(6)))).toContain('nzb.too_many: ');
  }, 60_000);
});
