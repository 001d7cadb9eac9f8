import { z } from 'zod';
import { BadInput, Conflict, NotFound } from '../../kit/errors.ts';
import type { Crypto } from '../../platform/crypto.ts';
import { brokenConstraint, type Db, type Pool } from '../../platform/db.ts';
import type { StreamKind } from '../../streams/kind.ts';
import { SOURCE_PASSWORD } from '../../streams/source-access.ts';
import { type Actor, noteAudit, noteChange, THE_SYSTEM } from '../audit/index.ts';
import { baseUrlOf, kindOf, SOURCE_FINDERS } from './place.ts';
import { hasFiles } from './queries/files.ts';
import { endWalk } from './queries/scans.ts';
import {
  Config,
  insertSource,
  OFFERS,
  type SourceRow,
  type StoredSource,
  sourceAround,
  sourceToChange,
  updateSource,
} from './queries/sources.ts';

/** More than a household and its provider have. */
const MAX_SOURCES = 500;

const fields = {
  name: z.string().trim().min(1).max(100),
  /** `http(s)://…`, `ftp://…`, `ftpes://…` (TLS by AUTH), `ftps://…` or `local:<name of a folder>/`, without user and password. */
  baseUrl: z.string().min(1).max(2000),
  finder: z.enum(SOURCE_FINDERS),
  config: Config.strict(),
  username: z
    .string()
    .regex(/^[^\p{Cc}:]{1,200}$/u, 'may hold no colon and no control characters')
    .nullable(),
  /** Null takes it away. */
  password: z
    .string()
    .regex(/^\P{Cc}{1,500}$/u, 'may hold no control characters')
    .nullable(),
  /** Lower first, as of Usenet providers. */
  priority: z.int().min(-1000).max(1000),
  /** Whether this server may be reached although it is in a private network. */
  allowsPrivate: z.boolean(),
  /** How its files are offered: through this server, by their own address, or both. */
  offers: z.enum(OFFERS),
  /** 0: only when somebody says so. */
  scanEveryMinutes: z.union([z.literal(0), z.int().min(5).max(525_600)]),
};

/** `POST /api/sources`. It is added inactive. */
export const SourceBody = z.strictObject({
  ...fields,
  config: fields.config.default({}),
  username: fields.username.default(null),
  password: fields.password.default(null),
  priority: fields.priority.default(0),
  allowsPrivate: fields.allowsPrivate.default(false),
  offers: fields.offers.default('proxied'),
  scanEveryMinutes: fields.scanEveryMinutes.default(360),
});
export type SourceBody = z.infer<typeof SourceBody>;

/** `POST /api/sources/test`: one that is not added yet. */
export const SourceTestBody = SourceBody.partial({ name: true });

/** `PATCH /api/sources/:id`. */
export const SourcePatch = z
  .strictObject({ ...fields, isActive: z.boolean() })
  .partial()
  .refine((patch) => Object.keys(patch).length > 0, 'names nothing to change');
export type SourcePatch = z.infer<typeof SourcePatch>;

type ChangeDeps = {
  db: Pool;
  crypto: Pick<Crypto, 'seal'>;
  kinds: { get(kind: string): StreamKind | undefined };
  localFolders: ReadonlyMap<string, string>;
};

/** Adds a source, inactive; answers its uuid. Throws Conflict `sources.known`, `sources.overlapping`, `sources.leaving`, BadInput `sources.bad_base_url`. */
export async function addSource(
  { db, crypto, localFolders }: Omit<ChangeDeps, 'kinds'>,
  body: SourceBody,
  actor: Actor = THE_SYSTEM,
): Promise<string> {
  return await db.transaction(async (tx) => {
    const baseUrl = baseUrlOf(body.finder, body.baseUrl, localFolders);
    await refuseOverlap(tx, baseUrl, null);
    const { password, scanEveryMinutes, ...rest } = body;
    requireUser(body);
    const passwordSealed = sealedOf(crypto, password);
    const row = { ...rest, baseUrl, passwordSealed, scanMinutes: scanEveryMinutes, isActive: false };
    const publicId = await insertSource(tx, row).catch(asConflict);
    await noteAudit(tx, actor, {
      action: 'source.added',
      resource: `source ${publicId}`,
      after: toldOf(row),
    });
    return publicId;
  });
}

/**
 * What is not named stays. Where the server is another one the password goes, unless it is given anew: it is not sent to whoever the new
 * address is.
 */
export async function changeSource(
  { db, crypto, kinds, localFolders }: ChangeDeps,
  publicId: string,
  patch: SourcePatch,
  actor: Actor = THE_SYSTEM,
): Promise<void> {
  await db.transaction(async (tx) => {
    const stored = await sourceToChange(tx, publicId);
    if (stored === null) throw new NotFound('sources.not_found', 'There is no such source.');
    const row = rowAfter(crypto, stored, patch, localFolders);
    const isElsewhere = row.baseUrl !== stored.baseUrl || row.finder !== stored.finder;
    if (isElsewhere) await moveFiles({ db: tx, kinds }, stored, row);
    // What it had still to walk, and what it saw, was of the place before.
    if (isElsewhere) await endWalk(tx, stored.id, 'The source has another address or finder now.');
    const isOther = isElsewhere || !stored.isActive || patch.password !== undefined;
    await updateSource(tx, stored.id, row, row.isActive && isOther).catch(asConflict);
    const isNewPassword = typeof patch.password === 'string';
    await noteChange(
      tx,
      actor,
      { action: 'source.changed', resource: `source ${publicId}` },
      {
        before: { ...toldOf(stored), isNewPassword: false },
        after: { ...toldOf(row), isNewPassword },
      },
    );
  });
}

/** What the audit log says of a source. */
export function toldOf({ passwordSealed, ...row }: SourceRow): object {
  const { name, baseUrl, finder, config, username, priority, isActive, allowsPrivate, offers, scanMinutes } =
    row;
  return {
    ...{ name, baseUrl, finder, config, username, hasPassword: passwordSealed !== null },
    ...{ priority, isActive, allowsPrivate, offers, scanEveryMinutes: scanMinutes },
  };
}

function rowAfter(
  crypto: Pick<Crypto, 'seal'>,
  stored: StoredSource,
  { password, scanEveryMinutes, ...rest }: SourcePatch,
  localFolders: ReadonlyMap<string, string>,
): SourceRow {
  const { id: _id, publicId: _publicId, ...before } = stored;
  const row = Object.assign(before, rest);
  const baseUrl = baseUrlOf(row.finder, row.baseUrl, localFolders);
  const kept = serverOf(baseUrl) === serverOf(stored.baseUrl) ? stored.passwordSealed : null;
  const passwordSealed = password === undefined ? kept : sealedOf(crypto, password);
  requireUser({ username: row.username, password: passwordSealed });
  return { ...row, baseUrl, passwordSealed, scanMinutes: scanEveryMinutes ?? stored.scanMinutes };
}

/** Scheme, host and port; of a folder its name. */
function serverOf(baseUrl: string): string {
  const { protocol, host, href } = new URL(baseUrl);
  return protocol === 'local:' ? href.slice(0, href.indexOf('/')) : `${protocol}//${host}`;
}

function requireUser({ username, password }: { username: string | null; password: unknown }): void {
  if (username === null && password !== null)
    throw new BadInput('sources.no_username', 'A password needs a username.', [
      { path: 'username', message: 'is needed beside a password' },
    ]);
}

/** A server that got another address keeps its files, where their kind can follow. */
async function moveFiles(
  { db, kinds }: { db: Db } & Pick<ChangeDeps, 'kinds'>,
  stored: StoredSource,
  next: Pick<SourceRow, 'finder' | 'baseUrl'>,
): Promise<void> {
  await refuseOverlap(db, next.baseUrl, stored.id);
  const kind = kinds.get(kindOf(next.finder));
  if (kindOf(stored.finder) === kindOf(next.finder) && kind?.rebase !== undefined)
    return await kind.rebase(db, stored.id, next.baseUrl);
  if (await hasFiles(db, stored))
    throw new Conflict(
      'sources.has_files',
      'This source has files here, which are named by its address. Add the new address as another source, and take this one away.',
    );
}

async function refuseOverlap(tx: Db, baseUrl: string, exceptId: number | null): Promise<void> {
  const { count, name, isLeaving } = await sourceAround(tx, baseUrl, exceptId);
  if (isLeaving)
    throw new Conflict(
      'sources.leaving',
      'A source of this address was deleted, and its files are still being taken away. Try again in a minute.',
    );
  if (name !== null)
    throw new Conflict(
      'sources.overlapping',
      `The source "${name}" has files of this address already. Choose folders that do not lie in each other.`,
    );
  if (exceptId === null && count >= MAX_SOURCES)
    throw new Conflict('sources.too_many', `There may be at most ${MAX_SOURCES} sources.`);
}

function sealedOf(crypto: Pick<Crypto, 'seal'>, password: string | null): Buffer | null {
  return password === null ? null : crypto.seal(SOURCE_PASSWORD, password);
}

function asConflict(error: unknown): never {
  if (brokenConstraint(error)?.kind === 'unique')
    throw new Conflict('sources.known', 'There is a source of this name already.', error);
  throw error;
}
