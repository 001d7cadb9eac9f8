import { afterEach, beforeAll, describe, expect, test } from 'vitest';
import { z } from 'zod';
import { PreferenceWords, PreviewAnswer } from '../../src/addon/preference-routes.ts';
import { StreamPreferences } from '../../src/features/preferences/index.ts';
import { Explanation, TitleExplanation } from '../../src/features/stream-index/index.ts';
import { command } from '../../src/platform/db.ts';
import { ADMIN_TOKEN } from '../support/addon-server.ts';
import { addonStreamsRoom } from '../support/addon-streams-room.ts';
import { problemIn } from '../support/problem-answer.ts';

const room = addonStreamsRoom({});
const { file, torrent, add, streamsOf, firstLines, FILM } = room;
let userToken = '';

const wish = (preferences: z.input<typeof StreamPreferences> | null) =>
  room.server.wish(preferences === null ? null : StreamPreferences.parse(preferences));
const asJson = (body: unknown, token: string | null) => ({
  method: 'POST',
  headers: {
    'Content-Type': 'application/json',
    ...(token === null ? {} : { Authorization: `Bearer ${token}` }),
  },
  body: JSON.stringify(body),
});
const preview = (body: unknown, token: string | null = ADMIN_TOKEN) =>
  room.server.ask('/api/stream-preferences/preview', asJson(body, token));
const admins = { headers: { Authorization: `Bearer ${ADMIN_TOKEN}` } };

beforeAll(async () => {
  await room.server.set({ publicCatalog: 'all' });
  const signUp = async (username: string) => {
    const person = { username, password: 'a password that is long' };
    const { status, body } = await room.server.ask('/api/auth/register', asJson(person, ADMIN_TOKEN));
    expect(status).toBe(201);
    return z.object({ accessToken: z.string() }).parse(body).accessToken;
  };
  await signUp('parent');
  userToken = await signUp('ann');
});
afterEach(async () => {
  room.server.wish(null);
  await room.server.set({ publicCatalog: 'all' });
});

describe('streams of who has preferences', () => {
  test('are those wanted, in the order and the words wanted; everyone else sees what they saw', async () => {
    for (const name of ['Film.2160p.x265-A', 'Film.1080p.x264-B', 'Film.2021.German.720p.x264-C'])
      await add(file(`${name}.mkv`));
    const everyones = await streamsOf();
    wish({});
    expect(await streamsOf()).toEqual(everyones);
    wish({ codec: { exclude: ['HEVC'] }, language: { prefer: ['de'] } });
    expect(await firstLines()).toEqual(['Film.2021.German.720p.x264-C.mkv', 'Film.1080p.x264-B.mkv']);
    wish({ templates: { name: '{resolution} [by {group}]', description: '{codec:lower}' } });
    expect((await streamsOf()).map(({ name, description }) => [name, description])).toEqual([
      ['2160p by A', 'hevc'],
      ['1080p by B', 'avc'],
      ['720p by C', 'avc'],
    ]);
    wish(null);
    expect(await streamsOf()).toEqual(everyones);
  });

  test('are chosen among all there are, not among the best that everyone is shown', async () => {
    for (let n = 0; n < 12; n += 1) await add(torrent(`Film.2160p.WEB-DL.x265-${n}`));
    await add(torrent('Film.2021.German.2160p.CAM.x264-LAST'));
    expect(await firstLines()).toHaveLength(10);
    wish({ language: { only: ['de'], unknown: 'hide' } });
    expect(await firstLines()).toEqual(['Film.2021.German.2160p.CAM.x264-LAST']);
  });

  test('with words of one’s own alone are the same in the same order', async () => {
    for (let n = 0; n < 12; n += 1)
      await add(n % 2 === 0 ? torrent(`F.2160p-${n}`) : file(`F.2160p-${n}.mkv`));
    const everyones = await firstLines();
    wish({ templates: { description: '{file}' } });
    expect(await firstLines()).toEqual(everyones);
  });

  test('are one entry that names the rule, where preferences hide all; nothing is looked for elsewhere', async () => {
    for (const name of ['Film.x265-A', 'Film.x265-B', 'Film.720p.x264-C']) await add(file(name));
    wish({ codec: { exclude: ['HEVC'] }, keywords: { exclude: ['c'] } });
    expect(await streamsOf()).toEqual([
      {
        name: 'Tributary',
        description:
          'ℹ️ Nothing to play: your preferences hide all 3 streams, most of them (2) by codec.exclude. Loosen them to see it.',
        externalUrl: `${room.server.baseUrl}/`,
      },
    ]);
  });

  test('know sizes of episodes, bit rates by the length of the title, and sources', async () => {
    await room.server.db.query(command('test.length')`UPDATE episode SET runtime_minutes = 50`);
    const episodeId = room.episodes[0] ?? 0;
    const link = { mediaId: room.show, episodeId };
    for (const [name, sizeBytes] of [
      ['big', 6_000_000_000],
      ['small', 375_000_000],
    ] as const)
      await room.server.addStream(file(`Show.S01E01.${name}.mkv`, { sizeBytes }), link);
    wish({ bitrate: { max: 2_000_000 }, templates: { description: '{file} {bitrate}' } });
    expect(await firstLines('tt0000062:1:1')).toEqual(['Show.S01E01.small.mkv 1 Mbit/s']);
    wish({ size: { episode: { min: 1_000_000_000 } } });
    expect(await firstLines('tt0000062:1:1')).toEqual(['Show.S01E01.big.mkv']);
  });
});

describe('a preview', () => {
  test('of samples is for who is signed in, and says what is shown and what is hidden', async () => {
    expect((await preview({ preferences: {} }, null)).status).toBe(401);
    expect((await room.server.ask('/api/stream-preferences')).status).toBe(401);
    const { status, body } = await preview(
      { preferences: { language: { only: ['de'], unknown: 'hide' }, sort: [{ key: 'size' }] } },
      userToken,
    );
    expect(status).toBe(200);
    const { shown, hidden, hiddenCount, note } = PreviewAnswer.parse(body);
    expect(shown.map(({ sortKeys }) => sortKeys[0]?.value)).toEqual(['62 GB', '18 GB', '9.8 GB']);
    expect(hidden).toHaveLength(hiddenCount);
    expect(new Set(hidden.map(({ rule }) => rule))).toEqual(new Set(['language.only', 'language.unknown']));
    expect(note).toBeNull();
  });

  test('of nothing left says so', async () => {
    const { body } = await preview({ preferences: { keywords: { only: ['nowhere'] } } });
    expect(PreviewAnswer.parse(body)).toMatchObject({
      shown: [],
      hiddenCount: 13,
      note: 'Nothing to play: your preferences hide all 13 streams, by keywords.only. Loosen them to see it.',
    });
  });

  test('of a title is what the add-on answers', async () => {
    for (const name of ['Film.2160p.x265-A', 'Film.1080p.x264-B']) await add(file(`${name}.mkv`));
    const preferences = {
      sort: [{ key: 'resolution', direction: 'ascending' }],
      templates: { name: '{resolution}' },
    } as const;
    const { body } = await preview({ preferences, title: { type: 'movie', id: FILM } }, userToken);
    wish({ ...preferences, sort: [...preferences.sort] });
    const names = (list: readonly { name: string; description: string }[]) =>
      list.map(({ name, description }) => ({ name, description }));
    expect(names(PreviewAnswer.parse(body).shown)).toEqual(names(await streamsOf()));
    expect(JSON.stringify(body)).not.toContain('files.example');
  });

  test('of a title shows a user what everyone may see, and an administrator all', async () => {
    await add(file('Film.1080p.mkv'));
    const statuses = async (id = FILM) => {
      const ask = { preferences: {}, title: { type: 'movie', id } };
      return [(await preview(ask, userToken)).status, (await preview(ask)).status];
    };
    const shownTo = async (token: string) => {
      const { body } = await preview({ preferences: {}, title: { type: 'movie', id: FILM } }, token);
      return PreviewAnswer.parse(body).shown.length;
    };
    expect(await statuses()).toEqual([200, 200]);
    expect(await statuses('tt9999999')).toEqual([404, 404]);
    await room.server.db.query(command('test.hide')`UPDATE media SET is_public = false`);
    await room.server.settled();
    expect(await statuses()).toEqual([404, 200]);
    await room.server.db.query(command('test.show')`UPDATE media SET is_public = true, is_published = false`);
    await room.server.settled();
    expect(await statuses()).toEqual([404, 200]);
    await room.server.db.query(command('test.show')`UPDATE media SET is_published = true`);
    await room.server.settled();
    await room.server.set({ publicCatalog: 'off' });
    expect(await statuses()).toEqual([404, 200]);
    await room.server.set({ publicCatalog: 'licensed' });
    expect(await statuses()).toEqual([404, 200]);
    expect(await shownTo(ADMIN_TOKEN)).toBe(1);
  });

  test.each([
    ['a wrong word', { preferences: { codec: { only: ['h265'] } } }, 'preferences.codec.only.0'],
    ['a broken template', { preferences: { templates: { name: 'a\n{' } } }, 'preferences.templates.name'],
    ['no preferences', {}, 'preferences'],
    ['a title without a type', { preferences: {}, title: { id: 'tt1' } }, 'title.type'],
  ])('refuses %s and names it', async (_what, body, path) => {
    const { status, body: problem } = await preview(body, userToken);
    expect(status).toBe(400);
    expect(problemIn(problem).issues?.map((issue) => issue.path)).toContain(path);
  });

  test('has words to choose from', async () => {
    const { body } = await room.server.ask('/api/stream-preferences', admins);
    const { vocabulary, templateFields } = PreferenceWords.parse(body);
    expect(vocabulary.codec).toContain('HEVC');
    expect(templateFields.map(({ name }) => name)).toContain('sharpness');
  });
});

describe('why', () => {
  const under = (preferences: object) => `preferences=${encodeURIComponent(JSON.stringify(preferences))}`;

  test('a stream is where it is, or hidden, is told of one and of all of a title', async () => {
    await add(file('Film.2160p.x265-A.mkv'));
    await add(file('Film.2021.German.1080p.x264-B.mkv'));
    await room.server.set({ weakTorrents: 'hide' });
    const query = under({ codec: { exclude: ['HEVC'] }, language: { prefer: ['de'] } });
    const all = await room.server.ask(`/api/streams/explain?mediaId=${FILM}&${query}`, admins);
    const { streams } = TitleExplanation.parse(all.body);
    expect(streams).toMatchObject([
      { name: 'Film.2021.German.1080p.x264-B.mkv', position: 1, preferred: ['language: German'], rule: null },
      { name: 'Film.2160p.x265-A.mkv', isShown: false, position: null, rule: 'codec.exclude' },
    ]);
    for (const { streamId, isShown, rule } of streams) {
      const { body } = await room.server.ask(`/api/streams/${streamId}/explain?${query}`, admins);
      expect(Explanation.parse(body).links[0]?.preferences).toMatchObject({ isShown, rule });
      const plain = await room.server.ask(`/api/streams/${streamId}/explain`, admins);
      expect(Explanation.parse(plain.body).links[0]?.preferences).toBeNull();
    }
  });

  test('names the owner’s settings too', async () => {
    await add(file('Film.2160p.x265-A.mkv'));
    await add(file('Film.1080p.x264-B.mkv'));
    await room.server.set({ hevc: 'hide' });
    const { body } = await room.server.ask(`/api/streams/explain?mediaId=${FILM}`, admins);
    await room.server.set({ hevc: null });
    expect(TitleExplanation.parse(body).streams.map(({ rule }) => rule)).toEqual([null, 'hevc']);
  });

  test('is for administrators, and wants preferences that are some', async () => {
    const user = { headers: { Authorization: `Bearer ${userToken}` } };
    expect((await room.server.ask(`/api/streams/explain?mediaId=${FILM}`, user)).status).toBe(403);
    for (const bad of ['preferences=nonsense', under({ codec: 1 })]) {
      const { status, body } = await room.server.ask(`/api/streams/explain?mediaId=${FILM}&${bad}`, admins);
      expect([status, problemIn(body).code]).toEqual([400, 'request.invalid']);
    }
  });
});
