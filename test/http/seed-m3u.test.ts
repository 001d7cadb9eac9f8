import { once } from 'node:events';
import { createServer } from 'node:http';
import { expect, test } from 'vitest';
import { z } from 'zod';
import { rows } from '../../src/platform/db.ts';
import { seedRoom } from '../support/seed-room.ts';

const { db, put, run, seed } = seedRoom();

const Address = z.object({ port: z.int() });
const portOf = (address: unknown) => Address.parse(address).port;

const Row = z.object({
  ...{ kind: z.string(), title: z.string(), countries: z.array(z.string()), languages: z.array(z.string()) },
  ...{
    genres: z.array(z.string()),
    logo: z.string().nullable(),
    guide: z.string().nullable(),
    active: z.int(),
    isPublished: z.boolean(),
  },
});
const catalogue = () =>
  db().any(rows('test.catalogue', Row)`
    SELECT m.kind, m.title, m.countries, m.languages, m.genres, m.logo_url AS logo,
      (SELECT external_id FROM media_external_id e WHERE e.media_id = m.id AND e.provider = 'xmltv') AS guide,
      (SELECT count(*)::int FROM stream_media_link l JOIN stream s ON s.id = l.stream_id WHERE l.media_id = m.id AND s.is_active) AS active, m.is_published AS "isPublished"
    FROM media m ORDER BY m.kind, m.title`);

const channel = (name: string, url: string) =>
  `#EXTINF:-1 tvg-id="${name}.nl" tvg-logo="https://l.example/${name}.png" tvg-country="NL" tvg-language="nl" group-title="News",${name}\n${url}`;

test('an IPTV list by its address becomes channels, films and series; read again it hides what is gone', async () => {
  let list = [
    '#EXTM3U',
    channel('One', 'https://tv.example/live/u/p/1.m3u8'),
    channel('One', 'https://tv.example/live/u/p/1-hd.m3u8'),
    channel('Two', 'https://tv.example/live/u/p/2.m3u8'),
    '#EXTINF:-1 group-title="Films",The Matrix (1999)\nhttps://tv.example/movie/u/p/5.mkv',
    '#EXTINF:-1 group-title="Series",Some Show S01E02\nhttps://tv.example/series/u/p/6.mp4',
    '#EXTINF:-1,Nowhere\nrtsp://tv.example/7',
  ];
  const server = createServer((_request, response) => response.end(list.join('\n'))).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const url = `http://127.0.0.1:${portOf(server.address())}/get.php?username=u&password=secret-word`;
  try {
    expect(await seed('m3u', url)).toMatchObject({
      entries: 6,
      refused: 1,
      newTitles: 4,
      newStreams: 5,
      goneStreams: 0,
    });
    const [film, show, one, two] = await catalogue();
    expect(film).toMatchObject({
      kind: 'movie',
      title: 'The Matrix',
      genres: ['Films'],
      active: 1,
      isPublished: false,
    });
    expect(show).toMatchObject({ kind: 'series', title: 'Some Show', active: 1, isPublished: false });
    expect(one).toEqual({
      ...{ kind: 'tv', title: 'One', countries: ['NL'], languages: ['nl'], genres: ['News'] },
      ...{ logo: 'https://l.example/One.png', guide: 'One.nl', active: 2, isPublished: true },
    });
    expect(two).toMatchObject({ active: 1 });
    list = list.filter((entry) => !entry.includes('/2.m3u8'));
    expect(await seed('m3u', url)).toMatchObject({
      newTitles: 0,
      changedTitles: 0,
      newStreams: 0,
      goneStreams: 1,
    });
    expect((await catalogue())[3]).toMatchObject({ title: 'Two', active: 0 });
    list = ['<html>sorry</html>'];
    expect(await seed('m3u', url)).toMatchObject({ goneStreams: 0 });
    list.push(channel('Two', 'https://tv.example/live/u/p/2.m3u8'));
    expect(await seed('m3u', url)).toMatchObject({ newStreams: 0, goneStreams: 4 });
    expect((await catalogue())[3]).toMatchObject({ title: 'Two', active: 1 });
  } finally {
    server.close();
    server.closeAllConnections();
  }
  const down = await run('m3u', url);
  expect(down.code).toBe(1);
  expect(down.complained).not.toContain('secret-word');
  expect((await catalogue()).filter(({ active }) => active > 0)).toHaveLength(1);
});

test('a list by its path, with the headers it asks for kept sealed', async () => {
  const file = await put(
    'list.m3u',
    '#EXTM3U\n#EXTVLCOPT:http-user-agent=Agent 1\n#EXTINF:-1,Three\nhttps://tv.example/3.m3u8\n',
  );
  expect(await seed('m3u', file)).toMatchObject({ entries: 1, newTitles: 1, newStreams: 1 });
  const { sealed } = await db().one(rows('test.headers', z.object({ sealed: z.int() }))`
    SELECT count(headers_sealed)::int AS sealed FROM stream_http WHERE url = 'https://tv.example/3.m3u8'`);
  expect(sealed).toBe(1);
});
