import { afterAll, beforeAll, expect, test } from 'vitest';
import { createEnricher, type Enricher, onOpened } from '../../src/features/metadata/index.ts';
import { createLog } from '../../src/platform/log.ts';
import { metaIn } from '../support/addon-answers.ts';
import { type AddonServer, startAddonServer } from '../support/addon-server.ts';
import { teller } from '../support/told-titles.ts';

// The page of a title that came without details.

const cinemeta = teller('cinemeta', ['imdb']);
const STREAM = {
  kind: 'youtube' as const,
  licence: { code: 'CC-BY-3.0', attribution: 'Its makers' },
  videoId: 'aqz-KE-bpKQ',
};
let server: AddonServer;
let enricher: Enricher | undefined;

beforeAll(async () => {
  server = await startAddonServer(
    {},
    (kinds) => kinds,
    (db) => {
      enricher = createEnricher({ db, log: createLog('silent'), providers: [cinemeta], isOn: () => true });
      return onOpened(enricher);
    },
  );
});
afterAll(async () => {
  await enricher?.close();
  await server?.close();
});

const page = async (id: string) => metaIn((await server.ask(`/meta/movie/${id}.json`)).body);
const told = (id: string) => ({
  ...{ kind: 'movie' as const, title: 'The Lock', ids: { imdb: id }, overview: 'A lock keeper waits.' },
  images: [{ type: 'poster' as const, url: 'https://img.example/lock.jpg' }],
});

test('has them in the first answer where they come in a moment, and keeps them', async () => {
  cinemeta.titles.set('imdb tt0000061', told('tt0000061'));
  await server.add({ kind: 'movie', title: 'The Lock', ids: { imdb: 'tt0000061' } }, [STREAM]);
  await server.settled();
  for (let time = 0; time < 3; time += 1)
    expect(await page('tt0000061')).toMatchObject({
      description: 'A lock keeper waits.',
      poster: 'https://img.example/lock.jpg',
    });
  expect(cinemeta.asked).toEqual(['imdb tt0000061']);
});

test('is answered without them where nobody answers soon, and has them the next time', async () => {
  cinemeta.titles.set('imdb tt0000062', told('tt0000062'));
  cinemeta.thinksMs = 3000;
  const mediaId = await server.add(
    { kind: 'movie', title: 'The Lock', year: 1999, ids: { imdb: 'tt0000062' } },
    [{ ...STREAM, videoId: 'bqz-KE-bpKQ' }],
  );
  await server.settled();
  const began = performance.now();
  const first = await page('tt0000062');
  expect(performance.now() - began).toBeLessThan(2800);
  expect(first).toMatchObject({ name: 'The Lock' });
  expect(first).not.toHaveProperty('description');
  await enricher?.opened(mediaId, 10_000);
  await server.settled();
  expect(await page('tt0000062')).toMatchObject({ description: 'A lock keeper waits.' });
});
