import { z } from 'zod';
import { FINDER_KINDS, type FinderKind } from '../../finders/registry.ts';
import { BadInput, Conflict, NotFound } from '../../kit/errors.ts';
import { compilePattern, MAX_PATTERN_CHARS } from '../../kit/linear-pattern.ts';
import type { Crypto } from '../../platform/crypto.ts';
import { brokenConstraint, type Db, type Pool } from '../../platform/db.ts';
import { type Actor, noteAudit, noteChange, THE_SYSTEM } from '../audit/index.ts';
import { openSecret, placeColumns } from './place.ts';
import { catalogsCalled, type PatternRow, putPatterns } from './queries/feeds.ts';
import {
  FINDER_STATES,
  type FinderRow,
  finderAnswers,
  finderToChange,
  insertFinder,
  updateFinder,
} from './queries/finders.ts';

/** More than anyone asks for one title. */
const MAX_FINDERS = 200;

const Patterns = z
  .array(
    z.strictObject({
      /** RE2's syntax; its named groups title, year, season and episode win over what the name says. */
      pattern: z.string().min(1).max(MAX_PATTERN_CHARS),
      /** Slug of a system catalogue. */
      catalog: z.string().max(60).nullable().default(null),
    }),
  )
  .max(20);
const fields = {
  name: z.string().trim().min(1).max(100),
  url: z.url({ protocol: /^https?$/ }).max(2048),
  /** Null takes it away. */
  apiKey: z
    .string()
    .regex(/^[\x21-\x7e]{1,200}$/, 'must be visible ASCII')
    .nullable(),
  /** Newznab's numbers; none: films and series. */
  categories: z.array(z.int().min(1000).max(999_999)).max(50),
  state: z.enum(FINDER_STATES),
  /** Of a feed: what is taken; none: all of it. */
  patterns: Patterns,
};

/** `POST /api/finders`. What the admin adds is approved, unless said otherwise. */
export const FinderBody = z.strictObject({
  ...fields,
  kind: z.enum(FINDER_KINDS),
  apiKey: fields.apiKey.default(null),
  categories: fields.categories.default([]),
  state: fields.state.default('approved'),
  patterns: Patterns.default([]),
});
export type FinderBody = z.infer<typeof FinderBody>;

/** `PATCH /api/finders/:id`. */
export const FinderPatch = z
  .strictObject(fields)
  .partial()
  .refine((patch) => Object.keys(patch).length > 0, 'names nothing to change');
export type FinderPatch = z.infer<typeof FinderPatch>;

type ChangeDeps = { db: Pool; crypto: Pick<Crypto, 'open' | 'seal'> };

/** Adds a finder of the system. Throws Conflict `finders.known`, BadInput for a pattern or a catalogue there is not. */
export async function addFinder(
  { db, crypto }: ChangeDeps,
  body: FinderBody,
  actor: Actor = THE_SYSTEM,
): Promise<string> {
  return await db.transaction(async (tx) => {
    if ((await finderAnswers(tx, null, MAX_FINDERS)).length >= MAX_FINDERS)
      throw new Conflict('finders.too_many', `There may be at most ${MAX_FINDERS} finders.`);
    const patterns = await patternRows(tx, body.kind, body.patterns);
    const row = rowOf(crypto, body.kind, body);
    const { id, publicId } = await insertFinder(tx, row).catch(asConflict);
    await putPatterns(tx, id, patterns);
    await noteAudit(tx, actor, {
      action: 'finder.added',
      resource: `finder ${publicId}`,
      after: toldOf(row),
    });
    return publicId;
  });
}

/** What is not named stays; the key too, when only the address is another. */
export async function changeFinder(
  { db, crypto }: ChangeDeps,
  publicId: string,
  patch: FinderPatch,
  actor: Actor = THE_SYSTEM,
): Promise<void> {
  await db.transaction(async (tx) => {
    const stored = await finderToChange(tx, publicId);
    if (stored === null) throw new NotFound('finders.not_found', 'There is no such finder.');
    const { id, kind, name, categories, state } = stored;
    const { url, apiKey } = secretOf(crypto, stored.placeSealed, patch);
    const row = rowOf(crypto, kind, {
      name: patch.name ?? name,
      categories: patch.categories ?? categories,
      state: patch.state ?? state,
      ...{ url, apiKey },
    });
    const patterns = patch.patterns && (await patternRows(tx, kind, patch.patterns));
    await updateFinder(tx, id, row).catch(asConflict);
    if (patterns !== undefined) await putPatterns(tx, id, patterns);
    const asked = { isNewKey: patch.apiKey !== undefined, hasNewPatterns: patterns !== undefined };
    await noteChange(
      tx,
      actor,
      { action: 'finder.changed', resource: `finder ${publicId}` },
      {
        before: { ...toldOf(stored), isNewKey: false, hasNewPatterns: false },
        after: { ...toldOf(row), ...asked },
      },
    );
  });
}

/** What the audit log says of a finder: its address holds a key now and then. */
export function toldOf({
  kind,
  name,
  host,
  categories,
  state,
}: Pick<FinderRow, 'kind' | 'name' | 'host' | 'categories' | 'state'>): object {
  return { kind, name, host, categories, state };
}

/** Who gives both needs no old ones: a place that cannot be opened any more is mended so. */
function secretOf(crypto: Pick<Crypto, 'open'>, sealed: Buffer, { url, apiKey }: FinderPatch) {
  if (url !== undefined && apiKey !== undefined) return { url, apiKey };
  const old = openSecret(crypto, sealed);
  return { url: url ?? old.url, apiKey: apiKey === undefined ? old.apiKey : apiKey };
}

function rowOf(
  crypto: Pick<Crypto, 'seal'>,
  kind: FinderKind,
  given: Pick<FinderBody, 'name' | 'url' | 'apiKey' | 'categories' | 'state'>,
): FinderRow {
  const { name, categories, state, url, apiKey } = given;
  return {
    kind,
    name,
    categories,
    state,
    isFeed: kind === 'rss',
    ...placeColumns(crypto, kind, { url, apiKey }),
  };
}

async function patternRows(
  db: Db,
  kind: FinderKind,
  patterns: FinderBody['patterns'],
): Promise<PatternRow[]> {
  if (patterns.length > 0 && kind !== 'rss')
    throw new BadInput('finders.no_feed', 'Only a feed has patterns.', [
      { path: 'patterns', message: 'are for feeds' },
    ]);
  for (const { pattern } of patterns) compilePattern(pattern);
  const slugs = [...new Set(patterns.flatMap(({ catalog }) => catalog ?? []))];
  const known = new Map((await catalogsCalled(db, slugs)).map(({ slug, id }) => [slug, id]));
  return patterns.map(({ pattern, catalog }) => {
    const catalogId = catalog === null ? null : known.get(catalog);
    if (catalogId === undefined)
      throw new BadInput('finders.no_catalog', 'There is no system catalogue of this name.', [
        { path: 'patterns', message: 'names a catalogue there is not' },
      ]);
    return { pattern, catalogId };
  });
}

function asConflict(error: unknown): never {
  if (brokenConstraint(error)?.kind === 'unique')
    throw new Conflict('finders.known', 'This finder is there already.', error);
  throw error;
}
