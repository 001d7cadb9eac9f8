import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { z } from 'zod';
import { command, rows } from '../../src/platform/db.ts';
import { type Household, openHousehold, type Person } from '../support/household-room.ts';
import { type RangeServer, startRangeServer } from '../support/range-server.ts';

// What only one member may use (a passkey, an indexer's key, a login) is used by nobody else, and goes with the account.

let house: Household;
let ann: Person;
let bob: Person;
let origin: RangeServer;

beforeAll(async () => {
  house = await openHousehold();
  ann = await house.person('ann');
  bob = await house.person('bob');
  const clip = join(import.meta.dirname, '../../scripts/starter/clip.mp4');
  origin = await startRangeServer({ files: { '/both.mkv': clip, '/given.mkv': clip } });
}, 120_000);
afterAll(async () => {
  await house?.close();
  await origin?.stop();
});

const HASH = 'c12fe1c06bba254a9dc9f519b335aa7c1367a88b';
const MAGNET = `magnet:?xt=urn:btih:${HASH}&dn=Ours.mkv`;
const Made = z.object({ id: z.uuid() });
async function add(person: Person, title = 'Ours'): Promise<string> {
  const { body } = await house.by(person, 'POST', '/api/own-titles', { kind: 'movie', title });
  return Made.parse(body).id;
}
const link = (person: Person, id: string, url: string) =>
  house.by(person, 'POST', `/api/own-titles/${id}/streams`, { url });
const streamsOf = async (person: Person, id: string) =>
  z
    .object({ streams: z.array(z.object({ kind: z.string(), isPublic: z.boolean() })) })
    .parse((await house.by(person, 'GET', `/api/own-titles/${id}/streams`)).body).streams;

test('a passkey is not everybody’s when the catalogue finds the torrent', async () => {
  const id = await add(ann);
  expect((await link(ann, id, MAGNET)).status).toBe(201);
  await house.db.query(command('test.seal')`
    UPDATE stream_torrent SET visibility = 'private', magnet_sealed = '\\x01', file_sealed = '\\x02', web_seeds = '{http://a.example/key}'
    WHERE info_hash = ${HASH}`);
  await house.db.query(command('test.track')`
    WITH t AS (INSERT INTO tracker (url) VALUES ('http://127.0.0.1:9/key/announce') RETURNING id)
    INSERT INTO torrent_tracker (stream_id, tracker_id, tier)
    SELECT s.stream_id, t.id, 0 FROM stream_torrent s, t WHERE s.info_hash = ${HASH}`);
  const found = { mediaId: await house.title('Found'), infoHash: HASH, name: 'Found.mkv' };
  expect((await house.asAdmin('POST', '/api/streams', found)).body).toMatchObject({
    ...{ isNew: false, isPublic: true },
  });
  const Row = z.object({ visibility: z.string(), sealed: z.boolean(), seeds: z.int(), trackers: z.int() });
  const row = await house.db.one(rows('test.torrent', Row)`
    SELECT visibility, (magnet_sealed IS NOT NULL OR file_sealed IS NOT NULL) AS sealed, cardinality(web_seeds) AS seeds,
      (SELECT count(*)::int FROM torrent_tracker k WHERE k.stream_id = t.stream_id) AS trackers
    FROM stream_torrent t WHERE info_hash = ${HASH}`);
  expect(row).toEqual({ visibility: 'public', sealed: false, seeds: 0, trackers: 0 });
  expect(await streamsOf(ann, id)).toEqual([{ kind: 'torrent', isPublic: true }]);
});

test('nor an indexer’s key when the catalogue finds the post', async () => {
  const id = await add(ann);
  const film = await house.title('Posted');
  const post = { mediaId: film, guid: 'post-1', name: 'Posted.mkv' };
  expect((await house.asAdmin('POST', '/api/streams', post)).status).toBe(201);
  await house.db.query(command('test.own')`
    WITH u AS (
      UPDATE stream_usenet SET nzb_url_sealed = '\\x01', password_sealed = '\\x02' WHERE nzb_guid = 'post-1' RETURNING stream_id
    ), l AS (
      UPDATE stream_media_link SET media_id = (SELECT id FROM media WHERE public_id = ${id}::uuid)
      WHERE stream_id IN (SELECT stream_id FROM u)
    )
    UPDATE stream SET origin = 'own-title', is_public = false, owner_id = (SELECT id FROM app_user WHERE public_id = ${ann.userId}::uuid)
    WHERE id IN (SELECT stream_id FROM u)`);
  expect((await house.asAdmin('POST', '/api/streams', post)).body).toMatchObject({
    ...{ isNew: false, isPublic: true },
  });
  const sealed = await house.db.one(rows('test.post', z.object({ url: z.boolean(), password: z.boolean() }))`
    SELECT nzb_url_sealed IS NOT NULL AS url, password_sealed IS NOT NULL AS password FROM stream_usenet WHERE nzb_guid = 'post-1'`);
  expect(sealed).toEqual({ url: false, password: false });
  expect(await streamsOf(ann, id)).toEqual([{ kind: 'usenet', isPublic: true }]);
});

test('whoever adds a link again with a login keeps it; it leaves the titles of others', async () => {
  const url = `${origin.url}/both.mkv`;
  const [anns, bobs] = [await add(ann), await add(bob)];
  expect((await link(ann, anns, url)).status).toBe(201);
  expect((await link(bob, bobs, url)).status).toBe(201);
  expect(await streamsOf(bob, bobs)).toHaveLength(1);
  expect((await link(ann, anns, url)).status).toBe(201);
  expect(await streamsOf(bob, bobs)).toHaveLength(1);
  expect((await link(ann, anns, url.replace('://', '://alice:pw@'))).body).toMatchObject({ isNew: false });
  expect(await streamsOf(bob, bobs)).toEqual([]);
  expect(await streamsOf(ann, anns)).toHaveLength(1);
});

test('an account takes its hidden streams along, also of titles that are public by now; the export tells of them', async () => {
  const eve = await house.person('eve');
  const id = await add(eve, 'Given');
  const url = `${origin.url}/given.mkv`;
  const added = await link(eve, id, url.replace('://', '://eve:secret-of-eve@'));
  expect(added.status).toBe(201);
  const shared = 'https://youtu.be/abcdefghijk';
  expect((await link(eve, id, shared)).status).toBe(201);
  const bobs = await add(bob);
  expect((await link(bob, bobs, shared)).status).toBe(201);
  await house.asAdmin('PATCH', `/api/media/${id}`, { isPublic: true });
  const data = (await house.by(eve, 'GET', '/api/auth/data')).body;
  expect(data).toMatchObject({
    ...{ streams: [{ kind: 'http', titles: [id] }, { kind: 'youtube' }], titles: [{ title: 'Given' }] },
    ...{ reports: [], toldLinks: [], services: [], finders: [] },
  });
  expect(JSON.stringify(data)).not.toContain('secret-of-eve');
  expect((await house.asAdmin('DELETE', `/api/users/${eve.userId}`)).status).toBe(204);
  const left = await house.db.any(rows('test.left', z.object({ kind: z.string() }))`
    SELECT s.kind FROM stream s JOIN stream_media_link l ON l.stream_id = s.id JOIN media m ON m.id = l.media_id
    WHERE m.public_id = ${id}::uuid`);
  expect(left).toEqual([{ kind: 'youtube' }]);
  expect(await streamsOf(bob, bobs)).toHaveLength(1);
});
