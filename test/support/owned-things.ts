import { randomUUID } from 'node:crypto';
import { z } from 'zod';
import { rows } from '../../src/platform/db.ts';
import { type Household, openHousehold, type Person } from './household-room.ts';

const Id = z.object({ id: z.uuid() });
const Code = z.object({ code: z.string() });

/** Of everything that has an id one that is this member's, by the name of its kind. */
export type Things = Awaited<ReturnType<typeof addThings>>;

/** The product behind a proxy that is known, with one public film, and two members with things of every kind. */
export async function openTwoMembers() {
  const house = await openHousehold({ TRUST_PROXY: '127.0.0.0/8' });
  const film = await house.title('Seen by all');
  const ann = await house.person('ann');
  const bob = await house.person('bob');
  const hers = await addThings(house, ann, film);
  const his = await addThings(house, bob, film);
  return { house, film, ann, bob, hers, his };
}

/** Makes them, by the routes of the API where there is one. `film`: a title everybody sees. */
export async function addThings(house: Household, person: Person, film: string) {
  const { username } = await house.db.one(rows('test.name', z.object({ username: z.string() }))`
    SELECT username FROM app_user WHERE public_id = ${person.userId}`);
  async function make<T extends z.ZodType>(schema: T, path: string, body: object): Promise<z.infer<T>> {
    const answer = await house.by(person, 'POST', `/api${path}`, body);
    const made = schema.safeParse(answer.body);
    if (!made.success) throw new Error(`${path}: ${answer.status} ${JSON.stringify(answer.body)}`);
    return made.data;
  }
  const login = { login: username, password: `${username} has a password` };
  await house.ask(null, 'POST', '/api/auth/login', login);
  const { sessions } = z
    .object({ sessions: z.array(z.object({ sessionId: z.uuid(), isThis: z.boolean() })) })
    .parse((await house.by(person, 'GET', '/api/auth/sessions')).body);
  const { tokenId } = await make(z.object({ tokenId: z.uuid() }), '/auth/tokens', { name: 'a script' });
  const identity = await house.db.one(rows('test.identity', Id)`
    INSERT INTO login_identity (user_id, issuer, subject) SELECT id, 'http://127.0.0.1/', ${username} FROM app_user
    WHERE public_id = ${person.userId} RETURNING public_id AS id`);
  const child = { kind: 'kid', name: 'Kit', pin: '1234' };
  const kid = (await make(z.object({ profileId: z.uuid() }), '/profiles', child)).profileId;
  const { installId } = await make(z.object({ installId: z.uuid() }), '/installs', {
    ...{ profileId: person.profileId, name: 'TV' },
  });
  const { code } = await make(Code, '/pairing-codes', {});
  const claimed = await house.ask(null, 'POST', `/api/pairing-codes/${code}/claim`, {
    ...{ name: 'Tablet', profileId: kid, pin: '1234' },
  });
  const device = z.object({ deviceId: z.uuid(), key: z.string() }).parse(claimed.body);
  const asked = await house.ask(device.key, 'POST', '/api/requests', { mediaId: film });
  const { requestId } = z.object({ requestId: z.uuid() }).parse(asked.body);
  const own = await make(Id, '/own-titles', { kind: 'movie', title: `Home video of ${username}` });
  const video = { mediaId: own.id, videoId: `video${number(username)}`.slice(0, 11), name: 'On video' };
  const streams = z.object({ streamId: z.uuid() });
  const { streamId } = streams.parse((await house.asAdmin('POST', '/api/streams', video)).body);
  const report = await make(Id, '/content-reports', { kind: 'other', mediaId: film, description: 'Odd' });
  const { entryId } = await make(
    z.object({ entryId: z.uuid() }),
    `/profiles/${person.profileId}/history/plays`,
    { mediaId: own.id },
  );
  const link = await make(Id, '/deep-links', {
    ...{ mediaId: film, service: 'netflix', url: `https://www.netflix.com/title/${number(username)}` },
  });
  for (const list of ['watchlist', 'favorites', 'library'])
    await house.by(person, 'PUT', `/api/profiles/${person.profileId}/${list}/${own.id}`);
  return {
    ...{ session: sessions.find(({ isThis }) => !isThis)?.sessionId ?? '', token: tokenId },
    ...{ identity: identity.id, profile: person.profileId, kid, install: installId, key: device.key },
    ...{ device: device.deviceId, request: requestId, title: own.id, stream: streamId, report: report.id },
    ...{
      entry: entryId,
      link: link.id,
      user: person.userId,
      code: (await make(Code, '/pairing-codes', {})).code,
    },
  };
}

/** Eight digits that are this name's. */
function number(name: string): number {
  return 10_000_000 + [...name].reduce((sum, letter) => (sum * 31 + letter.charCodeAt(0)) % 80_000_000, 7);
}

/** Which kind of thing stands behind a part of a path or has its id in a field; a new word needs an entry here, and a thing above. */
const KINDS: Readonly<Record<string, keyof Things>> = {
  ...{
    sessions: 'session',
    tokens: 'token',
    identities: 'identity',
    profiles: 'profile',
    installs: 'install',
  },
  ...{ devices: 'device', requests: 'request', 'own-titles': 'title', 'content-reports': 'report' },
  ...{ 'deep-links': 'link', media: 'title', titles: 'title', watchlist: 'title', favorites: 'title' },
  ...{ library: 'title', history: 'entry', 'pairing-codes': 'code', users: 'user', streams: 'stream' },
  ...{ profileId: 'profile', mediaId: 'title', streamId: 'stream' },
};

/** The kind of thing that `{param}` of the path names; null where nobody owns it (a tag, a number, a source). */
export function kindAt(path: string, param: string): keyof Things | null {
  const [before = ''] = path.split(`/{${param}}`);
  return KINDS[before.split('/').at(-1) ?? ''] ?? null;
}

/** The kind of thing whose id a field of a body or a query holds. */
export function kindOfField(name: string): keyof Things | null {
  return KINDS[name] ?? null;
}

/** An id that nobody has, of the same looks. */
export function unknownId(kind: keyof Things): string {
  return kind === 'code' ? '000001' : randomUUID();
}
