import { afterAll, beforeAll, expect, test } from 'vitest';
import { z } from 'zod';
import { finderSecrets } from '../../src/features/finders/index.ts';
import { sourceSecrets } from '../../src/features/sources/index.ts';
import { createCrypto } from '../../src/platform/crypto.ts';
import { type Pool, rows } from '../../src/platform/db.ts';
import type { Target } from '../../src/streams/kind.ts';
import { createKinds } from '../../src/streams/registry.ts';
import { needsOldKeys, resealStreams } from '../../src/streams/reseal.ts';
import { bencode } from '../support/bencode.ts';
import { addStream, openKindDeps, type TestKindDeps } from '../support/kind-deps.ts';
import { nzbOf } from '../support/nzb-post.ts';

const [OLD, NEW, LOST] = ['old', 'new', 'lost'].map(
  (name) => `the ${name} key of 32 characters or more, it is`,
);
const before = createCrypto([OLD ?? '']);
const during = createCrypto([NEW ?? '', OLD ?? '']);
const after = createCrypto([NEW ?? '']);
const NEVER = new AbortController().signal;
/** More than one batch. */
const LINKS = 230;
/** Of a file on an FTP server its login; of a post its address, NZB and password, and the NZB of a link to it; a private torrent's magnet and file. */
const OTHERS = 1 + 4 + 2;

let held: TestKindDeps;
let db: Pool;
const ids: Record<'torrent' | 'usenet' | 'lost', number> = { torrent: 0, usenet: 0, lost: 0 };

beforeAll(async () => {
  held = await openKindDeps();
  db = held.deps.db;
  const save = async (crypto: typeof before, kindName: string, input: unknown) => {
    const kind = createKinds({ ...held.deps, crypto }).get(kindName);
    const streamId = await addStream(db, kindName);
    await kind?.save(db, streamId, kind.parse(input));
    // The NZB of a post, which does not fit a link.
    if (kindName === 'usenet') await kind?.linkDetail?.(kind.parse(input));
    return streamId;
  };
  const link = (index: number) => ({
    url: `http://127.0.0.1:8080/${index}.mp4`,
    headers: { authorization: `Bearer ${index}` },
  });
  for (let index = 0; index < LINKS; index += 1) await save(before, 'http', link(index));
  ids.lost = await save(createCrypto([LOST ?? '']), 'http', link(LINKS));
  ids.usenet = await save(before, 'usenet', {
    ...{ nzbUrl: 'https://indexer.example/get?apikey=k', password: 'secret' },
    nzb: Buffer.from(nzbOf([{ subject: '"a.mkv"', parts: [{ id: 'a@x', number: 1, bytes: 5 }] }])),
  });
  await save(before, 'ftp', { url: 'ftp://user:secret@nas.example/film.mkv' });
  const info = { length: 5, name: 'film.mkv', 'piece length': 16_384, pieces: Buffer.alloc(20), private: 1 };
  const torrent = bencode({ announce: 'https://tracker.example/announce?passkey=p', info });
  ids.torrent = await save(before, 'torrent', { torrent: Buffer.from(torrent).toString('base64') });
});
afterAll(() => held.close());

const kinds = (crypto: typeof before) => createKinds({ ...held.deps, crypto });

/** How many sealed values of all tables begin with `head`. */
async function countUnder(head: Buffer): Promise<number> {
  const values = await db.any(rows('test.sealed', z.object({ sealed: z.instanceof(Buffer) }))`
    SELECT headers_sealed AS sealed FROM stream_http WHERE headers_sealed IS NOT NULL
    UNION ALL SELECT credentials_sealed FROM stream_ftp WHERE credentials_sealed IS NOT NULL
    UNION ALL SELECT nzb_url_sealed FROM stream_usenet WHERE nzb_url_sealed IS NOT NULL
    UNION ALL SELECT nzb_sealed FROM stream_usenet WHERE nzb_sealed IS NOT NULL
    UNION ALL SELECT password_sealed FROM stream_usenet WHERE password_sealed IS NOT NULL
    UNION ALL SELECT nzb_sealed FROM usenet_upload
    UNION ALL SELECT magnet_sealed FROM stream_torrent WHERE magnet_sealed IS NOT NULL
    UNION ALL SELECT file_sealed FROM stream_torrent WHERE file_sealed IS NOT NULL
  `);
  return values.filter(({ sealed }) => sealed.subarray(0, head.length).equals(head)).length;
}

async function trackersOf(crypto: typeof before): Promise<readonly string[]> {
  const refs = [{ streamId: ids.torrent, fileIndex: null }];
  const targets = await kinds(crypto).get('torrent')?.targets(db, refs);
  const [target]: (Target | undefined)[] = [...(targets?.values() ?? [])];
  return target?.via === 'torrent' ? target.sources : [];
}

test('with one key only nothing is asked of the database', async () => {
  await expect(
    resealStreams({ db, crypto: before, kinds: kinds(before) }, AbortSignal.abort()),
  ).resolves.toEqual({ resealed: 0, lost: 0 });
});

test('a run that is stopped leaves the rest to the next one', async () => {
  const stop = new AbortController();
  const http = kinds(during).get('http')?.sealed?.[0];
  if (http === undefined) throw new Error('http seals its headers');
  const stopping = {
    ...http,
    replace: async (...row: Parameters<typeof http.replace>) => {
      await http.replace(...row);
      stop.abort(new Error('the program is stopping'));
    },
  };
  await expect(
    resealStreams({ db, crypto: during, kinds: { all: [{ sealed: [stopping] }] } }, stop.signal),
  ).rejects.toThrow('stopping');
  expect(await countUnder(during.sealedHead)).toBe(stopping.atOnce);
});

test('everything an older key sealed is under the newest one afterwards, and what no key opens is told and kept', async () => {
  const sealed = LINKS + OTHERS;
  const rest = sealed - (await countUnder(during.sealedHead));
  expect(await countUnder(before.sealedHead)).toBe(rest);
  const isNeeded = () => needsOldKeys({ db, crypto: during, kinds: kinds(during) }, NEVER);
  expect(await isNeeded()).toBe(true);
  const run = () => resealStreams({ db, crypto: during, kinds: kinds(during) }, NEVER);
  expect(await run()).toEqual({ resealed: rest, lost: 1 });
  expect(await countUnder(before.sealedHead)).toBe(0);
  expect(await countUnder(after.sealedHead)).toBe(sealed);
  expect(await run()).toEqual({ resealed: 0, lost: 1 });
  // The lost one is told by the doctor too: whoever removes keys should know.
  expect(await isNeeded()).toBe(true);
});

test('the old key may go then: all opens without it', async () => {
  expect(await trackersOf(after)).toEqual(['tracker:https://tracker.example/announce?passkey=p']);
  expect(await trackersOf(before)).toEqual([]);
});

test('two instances that seal at once, even to and fro, leave every value readable by both', async () => {
  const other = createCrypto([OLD ?? '', NEW ?? '']);
  await Promise.all([
    resealStreams({ db, crypto: during, kinds: kinds(during) }, NEVER),
    resealStreams({ db, crypto: other, kinds: kinds(other) }, NEVER),
  ]);
  const all = (await countUnder(before.sealedHead)) + (await countUnder(after.sealedHead));
  expect(all).toBe(LINKS + OTHERS);
  expect(await trackersOf(during)).toEqual(await trackersOf(other));
});

test('every column that is sealed is known to the job', async () => {
  const columns = await db.any(rows('test.columns', z.object({ name: z.string() }))`
    SELECT table_name || '.' || column_name AS name FROM information_schema.columns
    WHERE table_schema = 'public' AND column_name LIKE '%sealed%'
      -- Ten minutes old at most: an older key opens it as long.
      AND table_name <> 'pairing_code'
    ORDER BY regexp_replace(table_name, '^stream_', '')
  `);
  const owners = [
    ...kinds(during).all,
    { kind: 'finder', sealed: finderSecrets.sealed },
    { kind: 'source', sealed: sourceSecrets.sealed },
  ];
  const known = owners.flatMap(({ kind, sealed }) => (sealed ?? []).map(() => kind));
  const kindOf = (table = '') => table.replace(/^stream_|_upload$/g, '');
  expect(known.sort()).toEqual(columns.map(({ name }) => kindOf(name.split('.')[0])));
});
