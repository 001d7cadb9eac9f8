import { createHash } from 'node:crypto';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { BadInput } from '../../src/kit/errors.ts';
import { command } from '../../src/platform/db.ts';
import { offerKey, type StreamKind } from '../../src/streams/kind.ts';
import { resourceKey } from '../../src/streams/resource.ts';
import { torrentKind } from '../../src/streams/torrent/index.ts';
import { type Bencodable, bencode } from '../support/bencode.ts';
import { addStream, openKindDeps, type TestKindDeps } from '../support/kind-deps.ts';
import { storedKindContract } from './stream-kind.ts';

const HASH = 'dd8255ecdc7ca55fb0bbf81323d87062db1f6d1c';
const NEVER = new AbortController().signal;

storedKindContract('torrent', torrentKind, {
  input: { infoHash: HASH, name: 'Big Buck Bunny' },
  // The same hash in base32, and capitals.
  sameInput: { magnet: 'magnet:?xt.1=urn:btih:3WBFL3G4PSSV7MF37AJSHWDQMLNR63I4&dn=bunny' },
  otherInput: { url: `magnet:?xt=urn%3Abtih%3A${HASH.replace('d', 'c').toUpperCase()}` },
  badInputs: [
    {},
    { infoHash: 'xyz' },
    { magnet: 'magnet:?xt=urn:btih:abc' },
    { magnet: `http://example.org/?xt=urn:btih:${HASH}` },
    { magnet: `magnet:?xt=urn:btmh:1220${'a'.repeat(64)}` },
    { torrent: Buffer.from('<html>') },
    { torrent: Buffer.from('d4:infod5:filesi-5:') },
    { torrent: Buffer.from('l'.repeat(100_000)) },
    { torrent: Buffer.alloc(11 * 1024 * 1024) },
  ],
  target: (fileIndex) => ({
    ...{ via: 'torrent', infoHash: HASH, resource: resourceKey('torrent', HASH), fileIndex },
    sources: [`dht:${HASH}`],
  }),
});

let held: TestKindDeps;
let kind: StreamKind;
beforeAll(async () => {
  held = await openKindDeps();
  kind = torrentKind(held.deps);
});
afterAll(() => held.close());

const PIECES = { 'piece length': 16384, pieces: Buffer.alloc(40) };

function torrentOf(info: { [key: string]: Bencodable }, rest: { [key: string]: Bencodable } = {}): Buffer {
  return bencode({
    announce: 'udp://tracker.example.org:6969/announce',
    ...rest,
    info: { ...info, ...PIECES },
  });
}

test('takes the info hash from the bytes as they stand, also where the keys are not sorted', () => {
  const info = { zebra: 1, name: 'film.mkv', length: 20_000 };
  const parsed = kind.parse({ torrent: torrentOf(info) });
  const expected = createHash('sha1')
    .update(bencode({ ...info, ...PIECES }))
    .digest('hex');
  expect(parsed).toMatchObject({ infoHash: expected });
});

test('tells files with their indexes and sizes, hides padding and links, and lets no path out', async () => {
  const torrent = torrentOf(
    {
      files: [
        { length: 700, path: ['film.mkv'] },
        { attr: 'p', length: 300, path: ['.pad', '300'] },
        { length: 300, path: ['.pad', '301'] },
        { length: 50, path: ['..', '..', 'subs', 'en.srt'] },
        { attr: 'l', length: 0, path: ['link.mkv'], 'symlink path': ['film.mkv'] },
      ],
      name: 'Film\n2008',
    },
    {
      'announce-list': [
        ['udp://one.example.org:80/announce'],
        ['file:///x', 'https://two.example.org/a?passkey=1'],
      ],
    },
  );
  const described = await kind.describe(kind.parse({ torrent }), NEVER);
  expect(described).toEqual({
    name: 'Film2008',
    sizeBytes: 750,
    contentType: null,
    files: [
      { index: 0, name: 'Film2008/film.mkv', sizeBytes: 700, contentType: 'video/x-matroska' },
      { index: 3, name: 'subs/en.srt', sizeBytes: 50, contentType: 'application/x-subrip' },
    ],
    trackers: ['udp://one.example.org:80/announce', 'https://two.example.org/a?passkey=1'],
  });
});

test('reads a magnet’s name and trackers without asking anyone', async () => {
  const magnet = `magnet:?xt=urn:btih:${HASH}&dn=Big+Buck%20Bunny&tr=udp%3A%2F%2Fa.example.org%3A1337&tr.2=udp%3A%2F%2Fb.example.org%3A1337`;
  const described = await kind.describe(kind.parse({ magnet }), NEVER);
  expect(described.name).toBe('Big Buck Bunny');
  expect(described.trackers).toEqual(['udp://a.example.org:1337', 'udp://b.example.org:1337']);
});

test('offers a private torrent with its own trackers and never with the DHT', async () => {
  const { db } = held.deps;
  const announce = 'https://private.example.org/0123456789abcdef/announce';
  const detail = kind.parse({ torrent: torrentOf({ length: 5, name: 'a.mkv', private: 1 }, { announce }) });
  const streamId = await addStream(db, 'torrent');
  await kind.save(db, streamId, detail);
  expect((await kind.describe(detail, NEVER)).trackers).toEqual([]);
  const targets = await kind.targets(db, [{ streamId, fileIndex: 0 }]);
  expect(targets.get(offerKey({ streamId, fileIndex: 0 }))).toMatchObject({
    fileIndex: 0,
    sources: [`tracker:${announce}`],
  });
});

test('offers known trackers, those that fail last', async () => {
  const { db } = held.deps;
  const streamId = await addStream(db, 'torrent');
  await kind.save(db, streamId, kind.parse({ infoHash: HASH }));
  await db.query(command('test.trackers')`
    WITH added AS (
      INSERT INTO tracker (url, status, successes, failures)
      VALUES ('udp://dead.example.org:1', 'failing', 0, 9), ('udp://good.example.org:1', 'working', 9, 0)
      RETURNING id
    )
    INSERT INTO torrent_tracker (stream_id, tracker_id) SELECT ${streamId}, id FROM added
  `);
  const targets = await kind.targets(db, [{ streamId, fileIndex: null }]);
  expect(targets.get(offerKey({ streamId, fileIndex: null }))).toMatchObject({
    sources: ['tracker:udp://good.example.org:1', 'tracker:udp://dead.example.org:1', `dht:${HASH}`],
  });
});

test('says in words why a v2-only torrent is refused', () => {
  const torrent = bencode({
    info: { 'file tree': {}, 'meta version': 2, name: 'film', 'piece length': 16384 },
  });
  expect(() => kind.parse({ torrent })).toThrow(/v2 only/);
  expect(() => kind.parse({ torrent })).toThrow(BadInput);
});
