import { expect, onTestFinished, test } from 'vitest';
import { z } from 'zod';
import type { ListerKind } from '../../src/finders/listers.ts';
import { rows } from '../../src/platform/db.ts';
import { createKinds } from '../../src/streams/registry.ts';
import { startFileTreeServer } from '../support/file-tree-server.ts';
import { filmOf, MIB, NEVER, readRange, sha256 } from '../support/ftp-room.ts';
import { startFtpServer } from '../support/ftp-server.ts';
import { openKindDeps } from '../support/kind-deps.ts';
import { listedIn, openLister } from '../support/listing-server.ts';

// What a listing says of a size is what a viewer is told before playing; what is played is asked for itself.

const film = filmOf(24 * MIB);
const NAME = 'Film.2001.mkv';

const servers = {
  async 'LIST of FTP'(claimed: number) {
    const server = await startFtpServer(new Map([[`/${NAME}`, film]]));
    server.behaviour.listing.set('/', [`-rw-r--r--    1 ftp      ftp     ${claimed} Jan 02 03:04 ${NAME}`]);
    return {
      finder: 'ftp-listing',
      kind: 'ftp',
      baseUrl: `ftp://127.0.0.1:${server.port}/`,
      stop: server.stop,
    };
  },
  async 'MLSD of FTP'(claimed: number) {
    const server = await startFtpServer(new Map([[`/${NAME}`, film]]));
    server.behaviour.features.push('MLST type*;size*;modify*;');
    server.behaviour.listing.set('/', [`type=file;size=${claimed};modify=20260102030405; ${NAME}`]);
    return {
      finder: 'ftp-listing',
      kind: 'ftp',
      baseUrl: `ftp://127.0.0.1:${server.port}/`,
      stop: server.stop,
    };
  },
  async 'index of HTTP'(claimed: number) {
    const server = await startFileTreeServer();
    server.files.set(NAME, film);
    server.claims.set(NAME, claimed);
    return { finder: 'http-index', kind: 'http', baseUrl: server.baseUrl, stop: server.stop };
  },
} satisfies Record<
  string,
  (claimed: number) => Promise<{ finder: ListerKind; kind: string; baseUrl: string; stop(): Promise<void> }>
>;

const CASES = (Object.keys(servers) as (keyof typeof servers)[]).flatMap((what) =>
  [-10 * MIB, 10 * MIB].map((off) => ({ what, off })),
);

test.each(CASES)(
  'a size of the $what that is wrong by $off bytes neither cuts the film nor pads it',
  async ({ what, off }) => {
    await using held = await openKindDeps();
    const { db } = held.deps;
    const { finder, kind: name, baseUrl, stop } = await servers[what](film.length + off);
    onTestFinished(stop);
    await using lister = openLister(finder, baseUrl);
    const [entry] = (await listedIn(lister)).entries;
    expect(entry).toMatchObject({ kind: 'file', sizeBytes: film.length + off });

    const kinds = createKinds(held.deps);
    onTestFinished(() => kinds.close());
    const streamId = await db.oneFirst(rows('test.stream', z.object({ id: z.int() }))`
    INSERT INTO stream (kind, name, size_bytes) VALUES (${name}, ${NAME}, ${entry?.sizeBytes ?? null}) RETURNING id`);
    const sourceId = await db.oneFirst(rows('test.source', z.object({ id: z.int() }))`
    INSERT INTO source (name, base_url, finder, is_active) VALUES ('NAS', ${baseUrl}, ${finder}, true) RETURNING id`);
    const kind = kinds.get(name);
    const detail = kind?.parse({ url: `${baseUrl}${NAME}` });
    await kind?.save(db, streamId, detail, { sourceId, filePath: NAME });
    const source = await kind?.open?.({ streamId, fileIndex: null }, NEVER);
    if (source === undefined) throw new Error('it does not open');
    expect(source.size).toBe(film.length);
    expect(sha256(await readRange(source, 0, film.length))).toBe(sha256(film));
    const end = film.length - 5000;
    expect((await readRange(source, end, film.length)).equals(film.subarray(end))).toBe(true);
  },
);
