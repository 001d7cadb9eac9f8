import { mkdtemp, rm, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { importGuide } from '../../src/features/imports/index.ts';
import { forgetProgrammes, mediaDetail, upsertTitle } from '../../src/features/media/index.ts';
import { AppError } from '../../src/kit/errors.ts';
import { command } from '../../src/platform/db.ts';
import { createNet, type Net } from '../../src/platform/net.ts';
import { freshDatabase, type TestDatabase } from '../support/database.ts';

const HOUR_MS = 3_600_000;
let database: TestDatabase;
let folder: string;
let net: Net;
let [one, two] = [0, 0];
let written = 0;

beforeAll(async () => {
  database = await freshDatabase();
  folder = await mkdtemp(join(tmpdir(), 'tributary-guide-'));
  net = createNet({ mode: 'listed', allow: ['127.0.0.0/8'], ownPorts: () => new Set() });
  const channel = async (title: string, ids?: { xmltv: string }) =>
    (await upsertTitle(database.db, { kind: 'tv', title, ...(ids === undefined ? {} : { ids }) })).mediaId;
  one = await channel('One HD', { xmltv: 'One.nl' });
  two = await channel('Canal Deux');
  await channel('Twice');
  await upsertTitle(database.db, { kind: 'tv', title: 'Twice', year: 2001 });
}, 60_000);
beforeEach(async () => {
  await database.db.query(command('test.empty')`TRUNCATE tv_programme`);
});
afterAll(async () => {
  await net.close();
  await database.close();
  await rm(folder, { recursive: true });
});

/** `20261127183000 +0000`, so many hours from this one's beginning. */
const HOUR = Math.floor(Date.now() / HOUR_MS) * HOUR_MS;
const stamp = (hours: number, zone = ' +0000') =>
  `${new Date(HOUR + hours * HOUR_MS).toISOString().replace(/[-:T]|\..*/g, '')}${zone}`;
const iso = (hours: number) => new Date(HOUR + hours * HOUR_MS).toISOString().replace('.000', '');
const show = (channel: string, from: number | string, to: number | string | null, inside: string) => {
  const at = (time: number | string) => (typeof time === 'number' ? stamp(time) : time);
  return `<programme channel="${channel}" start="${at(from)}"${to === null ? '' : ` stop="${at(to)}"`}>${inside}</programme>`;
};
const named = (title: string) => `<title lang="nl">${title}</title>`;
const guideOf = (...parts: string[]) =>
  `<?xml version="1.0" encoding="UTF-8"?>\n<!DOCTYPE tv SYSTEM "xmltv.dtd">\n<tv>${parts.join('\n')}</tv>`;

async function put(content: string | Uint8Array): Promise<string> {
  written += 1;
  const path = join(folder, `guide-${written}.xml`);
  await writeFile(path, content);
  return path;
}
const silent = { begin: () => {}, add: () => {}, at: () => {}, end: () => {} };
const read = async (content: string | Uint8Array) => run(await put(content));
const run = (path: string) =>
  importGuide({ db: database.db, url: database.url, net }, path, {
    signal: AbortSignal.timeout(60_000),
    progress: silent,
  });
const shown = async (mediaId: number) => (await mediaDetail(database.db, mediaId, 'en'))?.programmes ?? [];
const titles = async (mediaId: number) => (await shown(mediaId)).map(({ title }) => title);
const failure = async (content: string | Uint8Array) => {
  const error = await read(content).then(
    () => null,
    (thrown: unknown) => thrown,
  );
  if (!(error instanceof AppError)) throw new Error('nothing was refused', { cause: error });
  return `${error.code}: ${error.message}`;
};

describe('a guide', () => {
  test('comes to the channels that have its id, whatever its case, or a name that only one has', async () => {
    const result = await read(
      gzipSync(
        guideOf(
          '<channel id="ONE.nl"><display-name>Something else</display-name></channel>',
          '<channel id="c2"><display-name>C2</display-name><display-name> canal  DEUX</display-name></channel>',
          '<channel id="c3"><display-name>Twice</display-name></channel>',
          show('ONE.nl', -1, 1, named('News')),
          show('c2', 0, 1, named('Le film')),
          show('c3', 0, 1, named('Whose?')),
        ),
      ),
    );
    expect(result).toMatchObject({
      ...{ channels: 3, unknownChannels: 1, programmes: 2, newProgrammes: 2, leftOut: 1, broken: 0 },
    });
    expect([await titles(one), await titles(two)]).toEqual([['News'], ['Le film']]);
  });

  test('tells all of a programme: texts, categories, icon, rating, number of the episode', async () => {
    await read(
      guideOf(
        show(
          'One.nl',
          0,
          1,
          `<title>Tom &amp; Jerry</title><title lang="fr">Deux</title><sub-title>Cat & mouse</sub-title><desc>They  run.
          Far.</desc><category>Kids</category><category>Kids</category><category>Cartoon</category><icon src="https://i.example/1.png"/>
          <icon src="javascript:alert(1)"/><episode-num system="xmltv_ns"> 1 . 4 . 0/2</episode-num><rating system="MPAA"><value>PG</value></rating>`,
        ),
        show(
          'One.nl',
          1,
          2,
          `${named('Other')}<icon src="file:///etc/passwd"/><episode-num system="onscreen">Ep 7</episode-num>`,
        ),
      ),
    );
    expect(await shown(one)).toEqual([
      {
        ...{
          startAt: iso(0),
          stopAt: iso(1),
          title: 'Tom & Jerry',
          subtitle: 'Cat & mouse',
          description: 'They run. Far.',
        },
        ...{
          categories: ['Kids', 'Cartoon'],
          iconUrl: 'https://i.example/1.png',
          rating: 'PG',
          episode: 'S02E05',
        },
      },
      expect.objectContaining({
        title: 'Other',
        iconUrl: null,
        episode: 'Ep 7',
        rating: null,
        categories: [],
      }),
    ]);
  });

  test('read again writes nothing; what is moved, renamed or gone is so afterwards', async () => {
    const first = guideOf(...[0, 1, 2, 3].map((hour) => show('One.nl', hour, hour + 1, named(`At ${hour}`))));
    expect(await read(first)).toMatchObject({ newProgrammes: 4 });
    expect(await read(first)).toMatchObject({ newProgrammes: 0, changedProgrammes: 0, removedProgrammes: 0 });
    const later = guideOf(
      show('One.nl', 0, 1, named('At 0')),
      show('One.nl', 1, 3, named('A long film')),
      show('One.nl', 3, 4, named('At 3')),
    );
    expect(await read(later)).toMatchObject({ newProgrammes: 0, changedProgrammes: 1, removedProgrammes: 1 });
    expect(await titles(one)).toEqual(['At 0', 'A long film', 'At 3']);
  });

  test('keeps a day behind and two weeks ahead, and the job deletes what is older', async () => {
    const result = await read(
      guideOf(
        show('One.nl', -30, -29, named('Too old')),
        show('One.nl', -3, -2, named('Today')),
        show('One.nl', 24 * 13, 24 * 13 + 1, named('In two weeks')),
        show('One.nl', 24 * 15, 24 * 15 + 1, named('Too far')),
      ),
    );
    expect(result).toMatchObject({ programmes: 2, leftOut: 2 });
    expect(await titles(one)).toEqual(['In two weeks']);
    await database.db.query(
      command(
        'test.age',
      )`UPDATE tv_programme SET start_at = start_at - interval '1 day', stop_at = stop_at - interval '1 day' WHERE title = 'Today'`,
    );
    expect([await forgetProgrammes(database.db, 10), await forgetProgrammes(database.db, 10)]).toEqual([
      1, 0,
    ]);
  });

  test('its times are of the zone they name', async () => {
    const local = (hours: number, offset: number, zone: string) => stamp(hours + offset, zone);
    await read(
      guideOf(
        show('One.nl', local(1, 1, ' +0100'), local(2, 1, ' +0100'), named('by number')),
        show('One.nl', local(2, -5.5, ' -0530'), local(3, -5.5, ' -0530'), named('west')),
        show('One.nl', local(3, 2, ' CEST'), local(4, 2, ' CEST'), named('by letters')),
        show('One.nl', stamp(4, '').slice(0, 12), stamp(5, ''), named('without any')),
      ),
    );
    expect((await shown(one)).map(({ startAt, title }) => `${startAt} ${title}`)).toEqual([
      ...[`${iso(1)} by number`, `${iso(2)} west`, `${iso(3)} by letters`, `${iso(4)} without any`],
    ]);
  });

  test('a programme without an end goes until the next; overlapping ones are both there; of two at once the first counts', async () => {
    const result = await read(
      guideOf(
        show('One.nl', 0, null, named('Open')),
        show('One.nl', 1, 4, named('Long')),
        show('One.nl', 2, 3, named('Between')),
        show('One.nl', 2, 3, named('Second')),
        show('One.nl', 5, null, named('Last')),
      ),
    );
    expect(result).toMatchObject({ newProgrammes: 3, leftOut: 1 });
    expect((await shown(one)).map(({ title, stopAt }) => `${title} ${stopAt}`)).toEqual([
      ...[`Open ${iso(1)}`, `Long ${iso(4)}`, `Between ${iso(3)}`],
    ]);
  });
});

describe('a bad guide', () => {
  test('programmes without a title or with times that are none are counted and left out', async () => {
    const result = await read(
      guideOf(
        show('One.nl', 0, 1, named('Good')),
        show('One.nl', 1, 2, '<title> </title>'),
        show('One.nl', 'soon', 2, named('When?')),
        show('One.nl', '20260230120000', '20260230130000', named('30th of February')),
        show('One.nl', 5, 4, named('Ends before it begins')),
        show('One.nl', 5, 50, named('Two days long')),
        show('One.nl', stamp(6, ' +9900'), 7, named('Of no zone')),
      ),
    );
    expect(result).toMatchObject({ newProgrammes: 1, broken: 6 });
  });

  test('half a gzip, or half a guide, is told and what was whole is kept; what was there behind it stays', async () => {
    const whole = guideOf(
      ...Array.from({ length: 300 }, (_, hour) =>
        show('One.nl', hour, hour + 1, `${named(`At ${hour}`)}<desc>${Math.random()}</desc>`),
      ),
    );
    await read(whole);
    const path = await put(gzipSync(whole));
    await truncate(path, 3000);
    const half = await run(path).then(
      () => null,
      (error: unknown) => error,
    );
    expect(half).toMatchObject({
      code: 'imports.cut',
      message: expect.stringMatching(/ends in the middle.*0 new programmes/),
    });
    expect(await failure(whole.slice(0, 20_000))).toMatch(
      /^imports.cut: guide-\d+.xml is broken. It ends in the middle. What came before is imported/,
    );
    const kept = await database.db.query(command('test.kept')`SELECT 1 FROM tv_programme`);
    expect(kept.rowCount).toBe(300);
  });

  test.each([
    ['a page', '<!doctype html><html><body>Not found</body></html>', /no well-formed XML/],
    ['a feed', '<rss><channel/></rss>', /does not begin with <tv>/],
    ['text', 'Not found', /no XMLTV guide that can be read/],
    ['nothing', '', /no XMLTV guide|no channels/],
    ['no programmes', guideOf(), /has no channels and no programmes/],
    [
      'an entity bomb',
      `<?xml version="1.0"?><!DOCTYPE tv [<!ENTITY a "${'x'.repeat(1000)}"><!ENTITY b "&a;&a;&a;">]><tv>${show('One.nl', 0, 1, '<title>&b;</title>')}</tv>`,
      /entities or a DTD of its own/,
    ],
    ['an endless text', `<tv><programme><title>${'x'.repeat(1024 * 1024)}`, /longer than 512 KiB/],
    ['a nest', `<tv>${'<a>'.repeat(1000)}`, /nested too deeply/],
    [
      'a tag of many attributes',
      `<tv><programme ${Array.from({ length: 60 }, (_, i) => `a${i}="1"`).join(' ')}/></tv>`,
      /too many attributes/,
    ],
    ['another encoding', '<?xml version="1.0" encoding="UTF-16"?><tv/>', /encoding is not read here/],
  ])('%s is refused and says why', async (_name, content, reason) => {
    const said = await failure(content);
    expect(said).toMatch(/^imports.broken_guide: /);
    expect(said).toMatch(reason);
    expect(await titles(one)).toEqual([]);
  });

  test('a huge one passes by in pieces', async () => {
    const desc = `<desc>${'Words of it. '.repeat(2000)}</desc>`;
    const programmes = Array.from({ length: 3000 }, (_, at) =>
      show('nobody', at % 300, (at % 300) + 1, `${named('x')}${desc}`),
    );
    const text = guideOf(...programmes, show('One.nl', 0, 1, `${named('Mine')}${desc}`));
    const path = await put(gzipSync(text, { level: 1 }));
    globalThis.gc?.();
    const before = process.memoryUsage.rss();
    expect(await run(path)).toMatchObject({ newProgrammes: 1, leftOut: 3000 });
    expect(text.length).toBeGreaterThan(70_000_000);
    expect(process.memoryUsage.rss() - before).toBeLessThan(150 * 1024 * 1024);
    expect((await shown(one))[0]?.description).toHaveLength(5000);
  });
});
