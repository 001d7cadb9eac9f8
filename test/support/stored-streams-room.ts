import { randomBytes } from 'node:crypto';
import { afterAll, beforeAll, beforeEach } from 'vitest';
import type { z } from 'zod';
import { TitleInput, upsertTitle } from '../../src/features/media/index.ts';
import {
  type LinkTarget,
  offersFor,
  StreamInput,
  saveStream,
} from '../../src/features/stream-index/index.ts';
import { AppError } from '../../src/kit/errors.ts';
import { command } from '../../src/platform/db.ts';
import { createKinds, type Kinds } from '../../src/streams/registry.ts';
import { openKindDeps, type TestKindDeps } from './kind-deps.ts';

/** A film and a series on a database that is emptied before each test. Registers the hooks. */
export function storedStreamsRoom() {
  let ground: TestKindDeps;
  let kinds: Kinds;
  let film: number;
  let series: number;
  const db = () => ground.deps.db;
  const deps = () => ({ db: db(), kinds });

  beforeAll(async () => {
    ground = await openKindDeps();
    kinds = createKinds(ground.deps);
  });
  beforeEach(async () => {
    await db().query(
      command('test.empty')`TRUNCATE media, stream, tracker, language RESTART IDENTITY CASCADE`,
    );
    film = (await upsertTitle(db(), TitleInput.parse({ kind: 'movie', title: 'Film', year: 2008 }))).mediaId;
    series = (await upsertTitle(db(), TitleInput.parse({ kind: 'series', title: 'Show' }))).mediaId;
  });
  afterAll(async () => {
    await kinds.close();
    await ground.close();
  });

  const hash = () => randomBytes(20).toString('hex');
  const uniqueUrl = () => `https://files.example/${randomBytes(8).toString('hex')}/film.mkv`;

  function save(input: z.input<typeof StreamInput>, link: Partial<LinkTarget> = {}, isSeen = true) {
    return saveStream(deps(), StreamInput.parse(input), { mediaId: film, ...link }, { isSeen });
  }
  const offers = (more: Partial<Parameters<typeof offersFor>[1]> = {}) =>
    offersFor(db(), { mediaId: film, episodeId: null, only: 'all', ...more });
  const set = (streamId: number, columns: object) =>
    db().query(command('test.set')`
      UPDATE stream s SET is_active = n.is_active, is_blocked = n.is_blocked, state = n.state, is_public = n.is_public, score = n.score
      FROM stream o, jsonb_populate_record(o, ${JSON.stringify(columns)}::jsonb) n WHERE s.id = ${streamId} AND o.id = s.id
    `);
  const numberOf = (work: Promise<unknown>) => work.then(Number);
  async function codeOf(work: Promise<unknown>): Promise<string> {
    const error = await work.then(
      () => null,
      (thrown: unknown) => thrown,
    );
    return error instanceof AppError ? error.code : String(error);
  }
  return {
    get film() {
      return film;
    },
    get series() {
      return series;
    },
    db,
    url: () => ground.url,
    crypto: () => ground.deps.crypto,
    deps,
    hash,
    uniqueUrl,
    save,
    offers,
    set,
    numberOf,
    codeOf,
  };
}
