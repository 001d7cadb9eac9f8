import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { z } from 'zod';
import { Report, ReportsAnswer } from '../../src/features/content-reports/index.ts';
import { DeepLink } from '../../src/features/deep-links/index.ts';
import { TitleTags } from '../../src/features/tags/index.ts';
import { rows } from '../../src/platform/db.ts';
import { type CommunityRoom, openCommunityRoom } from '../support/community-room.ts';

let room: CommunityRoom;
type Somebody = Awaited<ReturnType<CommunityRoom['as']>>;
let moderator: Somebody;
let user: Somebody;
let other: Somebody;
let series: { id: string; mediaId: number };

beforeAll(async () => {
  room = await openCommunityRoom();
  await room.as('owner', 'admin');
  moderator = await room.as('mo', 'moderator');
  user = await room.as('una');
  other = await room.as('otto');
});
beforeEach(async () => {
  await room.empty();
  series = await room.series();
});
afterAll(() => room.close());

async function report(who: Somebody, body: object, status = 201) {
  const answer = await who.ask('POST', '/content-reports', body);
  expect({ given: answer.status, body: answer.body }).toMatchObject({ given: status });
  return status < 300 ? Report.parse(answer.body) : Report.parse({});
}
const list = async (who: Somebody, query = '') =>
  ReportsAnswer.parse((await who.ask('GET', `/content-reports${query}`)).body);
const decide = (who: Somebody, id: string, body: object) => who.ask('PATCH', `/content-reports/${id}`, body);

async function linkOf(): Promise<string> {
  const { body } = await user.ask('POST', '/deep-links', {
    ...{ mediaId: series.id, season: 1, episode: 1, service: 'hulu', url: 'https://www.hulu.com/watch/1' },
  });
  return DeepLink.parse(body).id;
}

describe('what is reported', () => {
  test('a title, an episode, a tag of one, a stream that is a link', async () => {
    const link = await linkOf();
    const mediaId = series.id;
    const numbers = { season: 1, episode: 2 };
    await report(user, { kind: 'wrong_details', mediaId, description: 'It was made in 1999.' });
    await report(user, { kind: 'not_for_children', mediaId, ...numbers });
    await report(user, { kind: 'missing_tag', mediaId, ...numbers, tag: 'spiders' });
    await report(user, { kind: 'broken', streamId: link });
    const { reports, counts } = await list(user);
    expect(reports).toMatchObject([
      { target: 'stream', stream: { id: link, kind: 'external', service: 'hulu' }, season: 1, episode: 1 },
      { target: 'episode', season: 1, episode: 2, tag: { tag: 'spiders', name: 'Spiders' } },
      { target: 'episode', title: { id: mediaId, title: 'The House on the Hill' }, season: 1, episode: 2 },
      { target: 'title', description: 'It was made in 1999.', state: 'pending', isOwn: true, reporter: null },
    ]);
    expect(counts).toEqual({ pending: 4, resolved: 0, dismissed: 0 });
  });

  test('the same again while it waits is the one there is', async () => {
    const first = await report(user, { kind: 'other', mediaId: series.id });
    const again = await report(user, { kind: 'other', mediaId: series.id, description: 'More.' }, 200);
    expect(again).toMatchObject({ id: first.id, description: 'More.' });
    expect((await report(other, { kind: 'other', mediaId: series.id })).id).not.toBe(first.id);
  });

  test.each<[what: string, body: object, status: number, code: string]>([
    ['nothing', { kind: 'other' }, 400, 'request.invalid'],
    ['two things', { kind: 'other', mediaId: 'ID', streamId: 'x' }, 400, 'request.invalid'],
    [
      'an episode of a stream',
      { kind: 'other', streamId: 'x', season: 1, episode: 1 },
      400,
      'request.invalid',
    ],
    ['a tag without its name', { kind: 'wrong_tag', mediaId: 'ID' }, 400, 'request.invalid'],
    ['an unknown kind', { kind: 'boring', mediaId: 'ID' }, 400, 'request.invalid'],
    ['a novel', { kind: 'other', mediaId: 'ID', description: 'a'.repeat(2001) }, 400, 'request.invalid'],
    ['somebody else’s name', { kind: 'other', mediaId: 'ID', reporterId: 1 }, 400, 'request.invalid'],
    ['an unknown tag', { kind: 'wrong_tag', mediaId: 'ID', tag: 'nope' }, 404, 'tags.unknown'],
    ['an unknown stream', { kind: 'other', streamId: 'x' }, 404, 'streams.not_found'],
    ['an unknown title', { kind: 'other', mediaId: 'tt0000001' }, 404, 'media.not_found'],
  ])('%s is refused in words', async (_what, body, status, code) => {
    const given = JSON.parse(JSON.stringify(body).replace('"ID"', JSON.stringify(series.id)));
    expect(await user.ask('POST', '/content-reports', given)).toMatchObject({ status, body: { code } });
  });

  test('nothing a user may not know of', async () => {
    const link = await linkOf();
    await room.run(`UPDATE media SET is_public = false WHERE id = ${series.mediaId}`);
    for (const body of [{ mediaId: series.id }, { streamId: link }]) {
      expect((await user.ask('POST', '/content-reports', { kind: 'other', ...body })).status).toBe(404);
      expect((await moderator.ask('POST', '/content-reports', { kind: 'other', ...body })).status).toBe(201);
    }
  });

  test('20 may wait, and 50 are taken in a day', async () => {
    const fill = (state: string, count: number) =>
      room.run(`INSERT INTO content_report (reporter_id, media_id, kind, tag_id, state, resolved_at)
        SELECT u.id, ${series.mediaId}, 'wrong_tag', g, '${state}', CASE WHEN '${state}' <> 'pending' THEN now() END
        FROM app_user u, generate_series(1, ${count}) g WHERE u.username = 'una'`);
    await fill('pending', 20);
    const ask = () => user.ask('POST', '/content-reports', { kind: 'other', mediaId: series.id });
    expect(await ask()).toMatchObject({ status: 409, body: { code: 'reports.too_many_pending' } });
    await room.run(`UPDATE content_report SET state = 'dismissed', resolved_at = now()`);
    await fill('resolved', 30);
    const answer = await ask();
    expect({ status: answer.status, after: answer.headers.get('retry-after') }).toEqual({
      status: 429,
      after: '3600',
    });
  });
});

describe('who sees which', () => {
  test('users their own, moderators all, by state, kind and target, in pages', async () => {
    const mine = await report(user, { kind: 'other', mediaId: series.id });
    const theirs = await report(other, {
      kind: 'not_for_children',
      mediaId: series.id,
      season: 1,
      episode: 1,
    });
    expect((await list(user)).reports.map(({ id }) => id)).toEqual([mine.id]);
    expect((await list(user, '?mine=false')).reports).toHaveLength(1);
    const all = await list(moderator);
    expect(all.reports.map(({ id, reporter }) => [id, reporter])).toEqual([
      [theirs.id, 'otto'],
      [mine.id, 'una'],
    ]);
    expect((await list(moderator, '?mine=true')).reports).toEqual([]);
    expect((await list(moderator, '?kind=other')).reports).toHaveLength(1);
    expect((await list(moderator, '?target=episode')).reports.map(({ id }) => id)).toEqual([theirs.id]);
    expect((await list(moderator, '?state=resolved')).reports).toEqual([]);
    const first = await list(moderator, '?limit=1');
    expect(first.nextCursor).toBe(theirs.id);
    const second = await list(moderator, `?limit=1&cursor=${first.nextCursor}`);
    expect(second).toMatchObject({ reports: [{ id: mine.id }], nextCursor: null });
  });

  test('neither guests nor strangers', async () => {
    const guest = await room.as('gast', 'guest');
    const body = { kind: 'other', mediaId: series.id };
    expect((await room.ask('GET', '/content-reports')).status).toBe(401);
    expect((await guest.ask('GET', '/content-reports')).status).toBe(403);
    expect((await guest.ask('POST', '/content-reports', body)).status).toBe(403);
    expect((await room.asAdmin('POST', '/content-reports', body)).status).toBe(403);
  });

  test('who reported takes it back, nobody else, and not once it is decided', async () => {
    const { id } = await report(user, { kind: 'other', mediaId: series.id });
    expect((await other.ask('DELETE', `/content-reports/${id}`)).status).toBe(404);
    expect((await user.ask('DELETE', `/content-reports/${id}`)).status).toBe(204);
    const again = await report(user, { kind: 'other', mediaId: series.id });
    await decide(moderator, again.id, { state: 'dismissed' });
    expect((await user.ask('DELETE', `/content-reports/${again.id}`)).status).toBe(409);
  });
});

describe('who decides', () => {
  test('a moderator, once, with a note the reporter reads, and it is written down', async () => {
    const { id } = await report(user, { kind: 'other', mediaId: series.id });
    expect((await decide(user, id, { state: 'resolved' })).status).toBe(403);
    expect((await decide(other, id, { state: 'resolved' })).status).toBe(403);
    const decided = await decide(moderator, id, { state: 'dismissed', note: 'It is right as it is.' });
    expect(decided).toMatchObject({ status: 200, body: { state: 'dismissed', reviewer: 'mo' } });
    expect(await decide(moderator, id, { state: 'resolved' })).toMatchObject({
      status: 409,
      body: { code: 'reports.decided' },
    });
    expect((await list(user)).reports).toMatchObject([
      { state: 'dismissed', note: 'It is right as it is.', reviewer: null },
    ]);
    const { actions } = await room.db.one(
      rows('test.audited', z.object({ actions: z.array(z.string()) }))`
        SELECT array_agg(action ORDER BY id) AS actions FROM audit_log WHERE action LIKE 'reports.%'`,
    );
    expect(actions).toEqual(['reports.made', 'reports.dismissed']);
  });

  test('nobody on a report of their own, an administrator neither', async () => {
    const admin = await room.as('adele', 'admin');
    for (const who of [moderator, admin]) {
      const { id } = await report(who, { kind: 'other', mediaId: series.id });
      expect(await decide(who, id, { state: 'dismissed' })).toMatchObject({
        status: 403,
        body: { code: 'reports.own' },
      });
    }
    const [first] = (await list(admin, '?mine=true')).reports;
    expect((await room.asAdmin('PATCH', `/content-reports/${first?.id}`, { state: 'resolved' })).status).toBe(
      200,
    );
  });
});

describe('what is done with it', () => {
  test('a stream is hidden', async () => {
    const { id } = await report(other, { kind: 'takedown', streamId: await linkOf() });
    const answer = await decide(moderator, id, { state: 'resolved', act: { hideStream: true } });
    expect(answer).toMatchObject({ status: 200, body: { stream: { isHidden: true } } });
    const { body } = await user.ask('GET', `/deep-links?mediaId=${series.id}&season=1&episode=1`);
    expect(body).toEqual({ links: [] });
  });

  test('an episode gets a tag, and loses one for good', async () => {
    await room.follow();
    const place = { mediaId: series.id, season: 1, episode: 2 };
    const { id } = await report(user, { kind: 'wrong_tag', ...place, tag: 'monsters' });
    const act = { takeTag: 'monsters', giveTag: 'spiders' };
    expect((await decide(moderator, id, { state: 'resolved', act })).status).toBe(200);
    await room.run(`INSERT INTO media_tag_due (media_id) VALUES (${series.mediaId})`);
    await room.follow();
    const { episodes } = TitleTags.parse((await user.ask('GET', `/media/${series.id}/tags`)).body);
    expect(episodes.find(({ episode }) => episode === 2)?.tags).toMatchObject([
      { tag: 'spiders', source: 'report', confidence: 1 },
    ]);
  });

  test.each<[what: string, state: string, act: object]>([
    ['hiding the stream of a title', 'resolved', { hideStream: true }],
    ['doing something with what is dismissed', 'dismissed', { giveTag: 'spiders' }],
  ])('%s is refused, and nothing is decided', async (_what, state, act) => {
    const { id } = await report(user, { kind: 'other', mediaId: series.id });
    expect(await decide(moderator, id, { state, act })).toMatchObject({
      status: 400,
      body: { code: 'reports.unfitting_act' },
    });
    expect((await list(user)).reports).toMatchObject([{ state: 'pending' }]);
  });
});

test('with an account its reports go, with a reviewer only the name', async () => {
  const { id } = await report(user, { kind: 'other', mediaId: series.id });
  await report(other, { kind: 'other', mediaId: series.id });
  await decide(moderator, id, { state: 'resolved' });
  await room.run(`DELETE FROM app_user WHERE username = 'mo'`);
  expect((await list(user)).reports).toMatchObject([{ state: 'resolved' }]);
  await room.run(`DELETE FROM app_user WHERE username = 'una'`);
  const owner = await room.asAdmin('GET', '/content-reports');
  expect(ReportsAnswer.parse(owner.body).reports.map(({ reporter }) => reporter)).toEqual(['otto']);
});
