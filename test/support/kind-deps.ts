import { z } from 'zod';
import { createBudget } from '../../src/platform/budget.ts';
import { ownSpaces } from '../../src/platform/cache.ts';
import { createCrypto } from '../../src/platform/crypto.ts';
import { command, type Pool, rows } from '../../src/platform/db.ts';
import { createLog } from '../../src/platform/log.ts';
import { createNet, type NetOptions } from '../../src/platform/net.ts';
import type { KindDeps } from '../../src/streams/kind.ts';
import { freshDatabase } from './database.ts';

const log = createLog('silent');

export type TestKindDeps = AsyncDisposable & {
  deps: KindDeps & { db: Pool };
  url: string;
  close(): Promise<void>;
};

/** What the registry hands to kinds, all of it real: a fresh database, a dialer that reaches loopback only. */
export async function openKindDeps(
  folders: Readonly<Record<string, string>> = {},
  shippedFolder = '/nonexistent',
  outbound: Partial<NetOptions> = {},
): Promise<TestKindDeps> {
  const database = await freshDatabase();
  const net = createNet({
    mode: 'listed',
    allow: ['127.0.0.0/8', '::1'],
    ownPorts: () => new Set(),
    ...outbound,
  });
  const deps = {
    db: database.db,
    net,
    budget: createBudget({ limitBytes: 256 * 1024 * 1024 }),
    log,
    openSpace: ownSpaces(log),
    crypto: createCrypto(['a secret for tests that is long enough']),
    localFolders: new Map(Object.entries(folders)),
    shippedFolder,
  };
  const close = async () => {
    await net.close();
    await database.close();
  };
  return { deps, url: database.url, close, [Symbol.asyncDispose]: close };
}

/** A stream row without a kind's own row. */
export async function addStream(db: Pool, kind: string, name = 'Film.mkv'): Promise<number> {
  return await db.oneFirst(rows('test.add_stream', z.object({ id: z.int() }))`
    INSERT INTO stream (kind, name) VALUES (${kind}, ${name}) RETURNING id
  `);
}

export async function blockStream(db: Pool, streamId: number): Promise<void> {
  await db.query(command('test.block_stream')`UPDATE stream SET is_blocked = true WHERE id = ${streamId}`);
}
