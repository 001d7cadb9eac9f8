import { afterAll, beforeAll, expect, test } from 'vitest';
import { z } from 'zod';
import { apiOperations, fieldNames, filled, type Operation } from '../support/api-operations.ts';
import { bodyOf } from '../support/api-samples.ts';
import type { Answer, Household, Person } from '../support/household-room.ts';
import { kindAt, kindOfField, openTwoMembers, type Things, unknownId } from '../support/owned-things.ts';
import { rowsOfUser } from '../support/user-rows.ts';

// Whose is it? (OWASP API1:2023, broken object level authorization.) Every id of the API, as its own description names them, with ids of
// another member in their places: the answer is that of an id nobody has. Routes that come are in by themselves.

let house: Household;
let ann: Person;
let bob: Person;
let hers: Things;
let his: Things;
let film: string;
let operations: Operation[];

beforeAll(async () => {
  ({ house, film, ann, bob, hers, his } = await openTwoMembers());
  operations = (await apiOperations(house.product.baseUrl)).filter(({ method }) => method !== 'HEAD');
}, 120_000);
afterAll(() => house?.close());

const named = ({ method, path }: Operation) => `${method} ${path}`;
/** Six digits are a secret that whoever has it may use: test/http/pairing-guesses.test.ts and owasp-pairing. */
const isSecret = (kind: string | null) => kind === 'code';
/** Moderators only: to whom it is refused whatever the id. */
const OF_MODERATORS = new Set([
  ...['PUT /api/media/{id}/tags/{tag}', 'DELETE /api/media/{id}/tags/{tag}', 'PATCH /api/deep-links/{id}'],
  ...['PUT /api/own-titles/{id}/publication', 'PATCH /api/content-reports/{id}'],
]);
const PLAIN: Readonly<Record<string, string>> = {
  season: '1',
  episode: '1',
  tag: 'monsters',
  provider: 'nobody',
};

/** A new kind of thing: test/support/owned-things.ts has to make one of it. */
const isStrange = ({ operation: { path, ways }, param }: { operation: Operation; param: string }) =>
  ways.has('user') && kindAt(path, param) === null && PLAIN[param] === undefined;

function valueAt({ path }: Operation, param: string, things: Things): string {
  const kind = kindAt(path, param);
  return kind === null ? (PLAIN[param] ?? unknownId('user')) : things[kind];
}

/** As he asks, with ids of his own but for `place`. */
function ask(
  operation: Operation,
  place: { param?: string; field?: string; query?: string; id: string },
): Promise<Answer> {
  const known = (name: string) => {
    if (name === place.field) return place.id;
    const kind = name === 'mediaId' ? null : kindOfField(name);
    return name === 'mediaId' ? film : kind === null ? { service: 'netflix' }[name] : his[kind];
  };
  const path = filled(operation.path, (param) =>
    param === place.param ? place.id : valueAt(operation, param, his),
  );
  const query = place.query === undefined ? '' : `?${place.query}=${place.id}&kind=movie`;
  const token = operation.ways.has('device') ? his.key : (bob.token ?? '');
  const body = bodyOf(operation, known, place.field === undefined ? [] : [place.field]);
  return house.ask(token, operation.method, path + query, body);
}

/** Without the id itself, which may stand in the words. */
const told = ({ status, body }: Answer, id: string) =>
  `${status} ${JSON.stringify(body)}`.replaceAll(id, 'ID');

test('another member’s id of every kind in every path is refused as one that nobody has, and nothing of hers changes', async () => {
  const before = await rowsOfUser(house.databaseUrl, hers.user);
  expect(before.length).toBeGreaterThan(15);
  const faults: string[] = [];
  const places = operations.flatMap((operation) => operation.params.map((param) => ({ operation, param })));
  faults.push(
    ...places.filter(isStrange).map(({ operation, param }) => `${named(operation)} {${param}}: of what?`),
  );
  let tries = 0;
  for (const { operation, param } of places) {
    const kind = kindAt(operation.path, param);
    if (kind === null || isSecret(kind)) continue;
    tries += 1;
    const unknown = unknownId(kind);
    const foreign = told(await ask(operation, { param, id: hers[kind] }), hers[kind]);
    const nobodys = told(await ask(operation, { param, id: unknown }), unknown);
    if (foreign !== nobodys || !/^40[34] /.test(foreign))
      faults.push(`${named(operation)} {${param}}: ${foreign} | ${nobodys}`);
  }
  expect(faults).toEqual([]);
  expect(tries).toBeGreaterThan(45);
  expect(await rowsOfUser(house.databaseUrl, hers.user)).toEqual(before);
});

test('another member’s id in every field of a body and every query tells and does what one that nobody has does', async () => {
  const before = await rowsOfUser(house.databaseUrl, hers.user);
  const faults: string[] = [];
  let tries = 0;
  for (const operation of operations) {
    const fields = operation.body === null ? [] : [...fieldNames(operation.body)];
    const places = [
      ...fields.map((field) => ({ field, kind: kindOfField(field) })),
      ...operation.query.map((query) => ({ query, kind: kindOfField(query) })),
    ];
    for (const { kind, ...place } of places) {
      if (kind === null || operation.params.some((param) => isSecret(kindAt(operation.path, param))))
        continue;
      tries += 1;
      const unknown = unknownId(kind);
      const foreign = told(await ask(operation, { ...place, id: hers[kind] }), hers[kind]);
      const nobodys = told(await ask(operation, { ...place, id: unknown }), unknown);
      if (foreign !== nobodys)
        faults.push(`${named(operation)} ${JSON.stringify(place)}: ${foreign} | ${nobodys}`);
    }
  }
  expect(faults).toEqual([]);
  expect(tries).toBeGreaterThan(12);
  expect(await rowsOfUser(house.databaseUrl, hers.user)).toEqual(before);
});

test('a report on a stream that titles of two members share names to each what is theirs, and nobody else’s', async () => {
  const shared = { videoId: 'sharedvideo', name: 'On video' };
  for (const mediaId of [hers.title, his.title])
    await house.asAdmin('POST', '/api/streams', { ...shared, mediaId });
  const Made = z.object({ streams: z.array(z.object({ streamId: z.uuid(), name: z.string() })) });
  const { body } = await house.asAdmin('GET', `/api/streams?mediaId=${hers.title}`);
  const ids = Made.parse(body).streams.map(({ streamId }) => streamId);
  const told: string[] = [];
  for (const streamId of ids.filter((id) => id !== hers.stream)) {
    for (const token of [ann.token, bob.token]) {
      const answer = await house.ask(token ?? '', 'POST', '/api/content-reports', {
        kind: 'broken',
        streamId,
      });
      told.push(/Home video of (\w+)/.exec(JSON.stringify(answer.body))?.[1] ?? `${answer.status}`);
    }
  }
  expect(told).toEqual(['ann', 'bob']);
});

test('the same requests with ids of one’s own are answered: what was refused was refused for the id', async () => {
  const mine = operations
    .filter(({ params, ways }) => params.length > 0 && (ways.has('user') || ways.has('device')))
    .filter(({ path, params }) =>
      params.some((param) => kindAt(path, param) !== null && !isSecret(kindAt(path, param))),
    );
  // What is deleted first is what hangs on others.
  const order = ({ method, path }: Operation) =>
    method === 'DELETE' ? 1000 - path.length + (path === '/api/profiles/{id}' ? 500 : 0) : 0;
  const faults: string[] = [];
  for (const operation of mine.toSorted((a, b) => order(a) - order(b))) {
    const { status, body } = await ask(operation, { id: '' });
    const isRefused = OF_MODERATORS.has(named(operation)) ? status !== 403 : status >= 400 && status !== 409;
    if (isRefused) faults.push(`${named(operation)}: ${status} ${JSON.stringify(body)}`);
  }
  expect(faults).toEqual([]);
});
