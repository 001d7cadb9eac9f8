import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { TaggedEpisodes, TagsAnswer, TitleTags } from '../../src/features/tags/index.ts';
import { command } from '../../src/platform/db.ts';
import { type CommunityRoom, openCommunityRoom } from '../support/community-room.ts';

let room: CommunityRoom;
type Somebody = Awaited<ReturnType<CommunityRoom['as']>>;
let moderator: Somebody;
let user: Somebody;

beforeAll(async () => {
  room = await openCommunityRoom();
  await room.as('owner', 'admin');
  moderator = await room.as('mo', 'moderator');
  user = await room.as('una');
});
beforeEach(async () => {
  await room.empty();
});
afterAll(() => room.close());

const tagsOf = async (id: string) => {
  const { status, body } = await user.ask('GET', `/media/${id}/tags`);
  expect(status).toBe(200);
  return TitleTags.parse(body);
};
const slugs = (tags: readonly { tag: string }[]) => tags.map(({ tag }) => tag).sort();
const episodesWith = async (id: string, tag: string) => {
  const { body } = await user.ask('GET', `/media/${id}/tags/${tag}`);
  return TaggedEpisodes.parse(body).episodes.map(({ season, episode }) => [season, episode]);
};

test('the taxonomy comes with the schema: more than 72 tags, in nine categories', async () => {
  const { tags } = TagsAnswer.parse((await user.ask('GET', '/tags')).body);
  expect(tags.length).toBeGreaterThanOrEqual(72);
  expect(new Set(tags.map(({ tag }) => tag)).size).toBe(tags.length);
  expect(new Set(tags.map(({ category }) => category)).size).toBe(9);
  expect(tags).toContainEqual({ tag: 'monsters', category: 'creatures', name: 'Monsters' });
});

describe('rules', () => {
  test('go by genre and by the age rating of the household’s country', async () => {
    const { id } = await room.title({
      ...{ kind: 'movie', title: 'A Film', genres: ['War', 'Romance'] },
      certifications: [
        { country: 'US', code: 'R' },
        { country: 'DE', code: '12' },
      ],
    });
    await room.follow();
    const { tags } = await tagsOf(id);
    expect(slugs(tags)).toEqual(['intense_action', 'rating_r', 'romance', 'teens', 'violence', 'war'].sort());
    expect(tags.find(({ tag }) => tag === 'war')).toMatchObject({ source: 'rule', confidence: 0.95 });
  });

  test('go by keywords, and by words of overviews with less certainty', async () => {
    const { id } = await room.title({
      ...{ kind: 'movie', title: 'A Film', keywords: ['kidnapping'], overview: 'A haunted lighthouse.' },
    });
    await room.follow();
    const { tags } = await tagsOf(id);
    const sure = Object.fromEntries(tags.map(({ tag, confidence }) => [tag, Math.round(confidence * 10)]));
    expect(sure).toEqual({ kidnapping: 8, ghosts: 6 });
  });

  test('follow a title: what no rule gives any more goes, and a second run changes nothing', async () => {
    const { id, mediaId } = await room.title({ kind: 'movie', title: 'A Film', genres: ['Western'] });
    await room.follow();
    expect(slugs((await tagsOf(id)).tags)).toEqual(['guns', 'violence']);
    await room.run(`DELETE FROM media_genre WHERE media_id = ${mediaId}`);
    await room.run(`UPDATE media SET overview = 'Vampires.' WHERE id = ${mediaId}`);
    await room.follow();
    expect(slugs((await tagsOf(id)).tags)).toEqual(['vampires']);
    await room.run(`CREATE TABLE seen AS SELECT xmin::text AS x, id FROM media_tag`);
    await room.run(`INSERT INTO media_tag_due (media_id) VALUES (${mediaId}), (${mediaId}), (424242)`);
    await room.follow();
    await room.run(
      `DO $$ BEGIN ASSERT (SELECT count(*) = 1 FROM seen JOIN media_tag t ON t.id = seen.id AND t.xmin::text = seen.x)
        AND NOT EXISTS (SELECT FROM media_tag_due); END $$; DROP TABLE seen`,
    );
  });

  test('titles from before there were rules are looked at, and once', async () => {
    const { id } = await room.title({ kind: 'movie', title: 'A Film', genres: ['War'] });
    await room.run('TRUNCATE media_tag_due');
    await room.follow();
    expect(slugs((await tagsOf(id)).tags)).toContain('war');
    await room.run('TRUNCATE media_tag');
    await room.follow();
    expect((await tagsOf(id)).tags).toEqual([]);
  });

  test('an adult title and nudity are told', async () => {
    const { id } = await room.title({ kind: 'movie', title: 'A Film', isAdult: true });
    await room.follow();
    expect(slugs((await moderatorTags(id)).tags)).toEqual(['adults_only', 'nudity', 'sexual_content']);
  });
});

const moderatorTags = async (id: string) =>
  TitleTags.parse((await moderator.ask('GET', `/media/${id}/tags`)).body);

describe('A5: by tag', () => {
  test('exactly the episodes that have a tag are told, whoever gave it', async () => {
    const { id } = await room.series();
    await room.follow();
    expect(await episodesWith(id, 'monsters')).toEqual([
      [1, 2],
      [1, 3],
    ]);
    expect(await episodesWith(id, 'spiders')).toEqual([]);
    const path = `/media/${id}/tags/monsters?season=1`;
    expect((await moderator.ask('PUT', `${path}&episode=1`)).status).toBe(204);
    expect((await moderator.ask('DELETE', `${path}&episode=3`)).status).toBe(204);
    expect(await episodesWith(id, 'monsters')).toEqual([
      [1, 1],
      [1, 2],
    ]);
  });

  test('what a moderator took away stays away, until one gives it again; what one gave no rule takes', async () => {
    const { id, mediaId } = await room.series();
    const path = `/media/${id}/tags/monsters?season=1&episode=2`;
    await moderator.ask('DELETE', path);
    await moderator.ask('PUT', `/media/${id}/tags/spiders`);
    await room.follow();
    expect(await episodesWith(id, 'monsters')).toEqual([[1, 3]]);
    await room.run(`INSERT INTO media_tag_due (media_id) VALUES (${mediaId})`);
    await room.follow();
    expect(slugs((await tagsOf(id)).tags)).toEqual(['spiders']);
    await moderator.ask('PUT', path);
    await room.follow();
    expect(await episodesWith(id, 'monsters')).toEqual([
      [1, 2],
      [1, 3],
    ]);
  });

  test('who does what is noted', async () => {
    const { id } = await room.series();
    const before = await room.count('audit_log');
    await moderator.ask('PUT', `/media/${id}/tags/spiders`);
    await moderator.ask('DELETE', `/media/${id}/tags/spiders`);
    expect((await room.count('audit_log')) - before).toBe(2);
  });
});

describe('who may', () => {
  test.each(['PUT', 'DELETE'])('%s is for moderators and the admin token', async (method) => {
    const { id } = await room.series();
    const path = `/media/${id}/tags/spiders`;
    expect((await room.ask(method, path)).status).toBe(401);
    expect(await user.ask(method, path)).toMatchObject({ status: 403, body: { code: 'auth.not_moderator' } });
    expect((await room.asAdmin(method, path)).status).toBe(204);
  });

  test('reading needs an account that is no guest’s', async () => {
    const { id } = await room.series();
    const guest = await room.as('gast', 'guest');
    for (const path of ['/tags', `/media/${id}/tags`, `/media/${id}/tags/monsters`]) {
      expect((await room.ask('GET', path)).status).toBe(401);
      expect((await guest.ask('GET', path)).status).toBe(403);
    }
  });

  test('a title that is hidden, or private and another’s, is not found', async () => {
    const { id, mediaId } = await room.series();
    const paths = [`/media/${id}/tags`, `/media/${id}/tags/monsters`];
    await room.run(`UPDATE media SET is_public = false WHERE id = ${mediaId}`);
    for (const path of paths) expect((await user.ask('GET', path)).status).toBe(404);
    await room.db.query(command('test.own')`
      UPDATE media SET owner_id = (SELECT id FROM app_user WHERE username = 'una') WHERE id = ${mediaId}
    `);
    for (const path of paths) expect((await user.ask('GET', path)).status).toBe(200);
    await room.run(
      `UPDATE media SET is_public = true, is_published = false, owner_id = NULL WHERE id = ${mediaId}`,
    );
    for (const path of paths) expect((await user.ask('GET', path)).status).toBe(404);
    expect((await moderator.ask('GET', paths[0] ?? '')).status).toBe(200);
  });
});

test.each<[what: string, path: string, status: number, code: string]>([
  ['an unknown tag', 'ID/tags/dragonflies', 404, 'tags.unknown'],
  ['an episode there is not', 'ID/tags/monsters?season=1&episode=9', 404, 'media.no_episode'],
  ['half an episode', 'ID/tags/monsters?season=1', 400, 'media.half_an_episode'],
  ['no number', 'ID/tags/monsters?season=one&episode=1', 400, 'request.invalid'],
  ['no such title', '00000000-0000-4000-8000-000000000000/tags/monsters', 404, 'media.not_found'],
])('%s is refused in words', async (_what, path, status, code) => {
  const { id } = await room.series();
  const answer = await moderator.ask('PUT', `/media/${path.replace('ID', id)}`);
  expect(answer).toMatchObject({ status, body: { code } });
});
