import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import {
  chosenServices,
  DeepLink,
  DeepLinksAnswer,
  isForViewer,
  type LaunchLink,
  launchLink,
  reportLink,
  ServicesAnswer,
} from '../../src/features/deep-links/index.ts';
import { type CommunityRoom, openCommunityRoom } from '../support/community-room.ts';

let room: CommunityRoom;
type Somebody = Awaited<ReturnType<CommunityRoom['as']>>;
let moderator: Somebody;
let user: Somebody;
let other: Somebody;

beforeAll(async () => {
  room = await openCommunityRoom();
  await room.as('owner', 'admin');
  moderator = await room.as('mo', 'moderator');
  user = await room.as('una');
  other = await room.as('otto');
});
beforeEach(async () => {
  await room.empty();
});
afterAll(() => room.close());

const NETFLIX = 'https://www.netflix.com/watch/80100172';
/** Id of the third account. */
const UNA = 3;

async function tell(who: Somebody, more: object, status = 201) {
  const { status: given, body } = await who.ask('POST', '/deep-links', {
    service: 'netflix',
    url: NETFLIX,
    ...more,
  });
  expect({ given, body }).toMatchObject({ given: status });
  return status < 300 ? DeepLink.parse(body) : body;
}

describe('A8: services of a family', () => {
  test('known ones are kept, each account its own', async () => {
    const put = await user.ask('PUT', '/services', { services: ['netflix', 'disney_plus'] });
    expect(put).toMatchObject({ status: 200, body: { services: ['netflix', 'disney_plus'] } });
    const { services, known } = ServicesAnswer.parse((await user.ask('GET', '/services')).body);
    expect(services).toEqual(['netflix', 'disney_plus']);
    expect(known).toHaveLength(16);
    expect(ServicesAnswer.parse((await other.ask('GET', '/services')).body).services).toEqual([]);
    expect(await chosenServices(room.db, UNA)).toEqual(['disney_plus', 'netflix']);
  });

  test('an unknown one is refused with those that are known, and nothing changes', async () => {
    await user.ask('PUT', '/services', { services: ['netflix'] });
    const { status, body } = await user.ask('PUT', '/services', { services: ['foo'] });
    expect({ status, body }).toMatchObject({ status: 400, body: { code: 'request.invalid' } });
    expect(JSON.stringify(body)).toContain('netflix, disney_plus, prime_video');
    expect(ServicesAnswer.parse((await user.ask('GET', '/services')).body).services).toEqual(['netflix']);
  });

  test('a choice replaces the one before; none is a choice too', async () => {
    await user.ask('PUT', '/services', { services: ['netflix', 'hulu'] });
    await user.ask('PUT', '/services', { services: ['hulu', 'hulu', 'max'] });
    expect(ServicesAnswer.parse((await user.ask('GET', '/services')).body).services).toEqual(['hulu', 'max']);
    await user.ask('PUT', '/services', { services: [] });
    expect(ServicesAnswer.parse((await user.ask('GET', '/services')).body).services).toEqual([]);
  });

  test('they are a matter of an account', async () => {
    expect((await room.ask('GET', '/services')).status).toBe(401);
    expect(await room.asAdmin('GET', '/services')).toMatchObject({
      status: 403,
      body: { code: 'auth.not_a_user' },
    });
  });
});

describe('A7: links that are told of', () => {
  test('two devices and a user tell of one page: one link, counted thrice; each counts once', async () => {
    const { id, mediaId } = await room.series();
    const place = { mediaId: id, season: 1, episode: 1 };
    const link = await tell(user, place);
    expect(link).toMatchObject({
      service: 'netflix',
      season: 1,
      episode: 1,
      isVerified: false,
      reportedCount: 1,
    });
    const { episodeId } = { episodeId: 1 };
    const told = { service: 'netflix', url: `${NETFLIX}?trackId=7#now` };
    for (const device of ['tv', 'tablet', 'tv'])
      await reportLink(room, { mediaId, episodeId }, told, { userId: UNA, device });
    await tell(user, place, 200);
    const { links } = DeepLinksAnswer.parse(
      (await user.ask('GET', `/deep-links?mediaId=${id}&season=1&episode=1`)).body,
    );
    expect(links).toEqual([expect.objectContaining({ url: NETFLIX, reportedCount: 3 })]);
  });

  test('two devices at once make one link, counted twice', async () => {
    const { mediaId } = await room.series();
    const tellBy = (device: string) =>
      reportLink(
        room,
        { mediaId, episodeId: 1 },
        { service: 'netflix', url: NETFLIX },
        { userId: UNA, device },
      );
    const told = await Promise.all([tellBy('tv'), tellBy('tablet')]);
    expect(new Set(told.map(({ streamId }) => streamId)).size).toBe(1);
    await expectLaunch(mediaId, ['netflix'], { url: NETFLIX, reportedCount: 2 });
  });

  test('a page leads to one title or episode', async () => {
    const { id } = await room.series();
    const film = await room.title({ kind: 'movie', title: 'A Film' });
    await tell(user, { mediaId: id, season: 1, episode: 1 });
    for (const place of [{ mediaId: id, season: 1, episode: 2 }, { mediaId: id }, { mediaId: film.id }])
      expect(await tell(other, place, 409)).toMatchObject({ code: 'deep_links.elsewhere' });
  });

  test.each<[what: string, url: string]>([
    ['another host', 'https://evil.example/netflix.com/watch/1'],
    ['a host that only ends like it', 'https://notnetflix.com/watch/1'],
    ['a host that begins like it', 'https://netflix.com.evil.example/watch/1'],
    ['http', 'http://www.netflix.com/watch/1'],
    ['a script', 'javascript:alert(1)//netflix.com'],
    ['a name and a password', 'https://user:secret@www.netflix.com/watch/1'],
    ['a port', 'https://www.netflix.com:8443/watch/1'],
    ['no address', 'netflix'],
  ])('%s is refused, and not repeated', async (_what, url) => {
    const { id } = await room.series();
    const body = await tell(user, { mediaId: id, url }, 400);
    expect(body).toMatchObject({ code: 'deep_links.bad_url', issues: [{ path: 'url' }] });
    expect(JSON.stringify(body)).not.toContain(url);
  });

  test('guests and strangers tell of none, nor of a title they may not know of', async () => {
    const { id, mediaId } = await room.series();
    const body = { mediaId: id, service: 'netflix', url: NETFLIX };
    const guest = await room.as('gast', 'guest');
    expect((await room.ask('POST', '/deep-links', body)).status).toBe(401);
    expect((await guest.ask('POST', '/deep-links', body)).status).toBe(403);
    await room.run(`UPDATE media SET is_published = false WHERE id = ${mediaId}`);
    await tell(user, { mediaId: id }, 404);
    expect((await user.ask('GET', `/deep-links?mediaId=${id}`)).status).toBe(404);
  });

  test('after 200 in a day there is a pause', async () => {
    const { id } = await room.series();
    await tell(user, { mediaId: id });
    await room.run(
      `INSERT INTO deep_link_report (stream_id, user_id, device) SELECT stream_id, user_id, 'd' || g FROM deep_link_report, generate_series(1, 199) g`,
    );
    const answer = await user.ask('POST', '/deep-links', { mediaId: id, service: 'netflix', url: NETFLIX });
    expect(answer.status).toBe(429);
    expect(answer.headers.get('retry-after')).toBe('3600');
  });
});

async function expectLaunch(mediaId: number, services: readonly string[], wanted: Partial<LaunchLink>) {
  const link = await launchLink(room.db, { mediaId, season: 1, episode: 1, services });
  expect(link).toMatchObject(wanted);
}

describe('where a device is sent', () => {
  test('the episode before the title before the search; verified before told of by many', async () => {
    const { id, mediaId } = await room.series();
    const page = (number: number) => `https://www.netflix.com/watch/${number}`;
    const first = { mediaId: id, season: 1, episode: 1 };
    const services = ['netflix', 'hulu'];
    await expectLaunch(mediaId, services, {
      ...{ opens: 'search', service: 'netflix' },
      url: 'https://www.netflix.com/search?q=The%20House%20on%20the%20Hill',
    });
    await tell(user, { mediaId: id, url: page(1) });
    await expectLaunch(mediaId, services, { opens: 'title', url: page(1) });
    await tell(user, { ...first, url: page(2) });
    const verified = DeepLink.parse(await tell(user, { ...first, url: page(3) }));
    await tell(other, { ...first, url: page(2) }, 200);
    await expectLaunch(mediaId, services, { opens: 'episode', url: page(2), reportedCount: 2 });
    expect((await moderator.ask('PATCH', `/deep-links/${verified.id}`, { isVerified: true })).status).toBe(
      204,
    );
    await expectLaunch(mediaId, services, { opens: 'episode', url: page(3), isVerified: true });
    await moderator.ask('PATCH', `/deep-links/${verified.id}`, { isHidden: true });
    await expectLaunch(mediaId, services, { opens: 'episode', url: page(2) });
    await expectLaunch(mediaId, ['hulu'], { opens: 'search', service: 'hulu' });
    expect(await launchLink(room.db, { mediaId, services: ['web', 'foo'] })).toBeNull();
  });

  test('the search is that of a service which is said to have the title', async () => {
    const { mediaId } = await room.series();
    await room.run(`INSERT INTO media_provider (media_id, region, service, offer, provider_id)
      SELECT ${mediaId}, 'DE', 'Disney Plus', 'subscription', id FROM metadata_provider WHERE name = 'tmdb'`);
    await expectLaunch(mediaId, ['netflix', 'disney_plus'], { opens: 'search', service: 'disney_plus' });
  });

  test('only moderators judge a link, and only links to services', async () => {
    const { id } = await room.series();
    const link = DeepLink.parse(await tell(user, { mediaId: id }));
    expect((await user.ask('PATCH', `/deep-links/${link.id}`, { isVerified: true })).status).toBe(403);
    expect((await moderator.ask('PATCH', `/deep-links/${link.id}`, {})).status).toBe(400);
    await room.run(`UPDATE stream_external SET service = 'web'`);
    expect((await moderator.ask('PATCH', `/deep-links/${link.id}`, { isVerified: true })).status).toBe(404);
  });
});

test('links of a service are for who has it; of no service for all', () => {
  expect(isForViewer('netflix', null)).toBe(true);
  expect(isForViewer('netflix', undefined)).toBe(true);
  expect(isForViewer('netflix', ['hulu'])).toBe(false);
  expect(isForViewer('netflix', ['hulu', 'netflix'])).toBe(true);
  expect(isForViewer('web', [])).toBe(true);
});
