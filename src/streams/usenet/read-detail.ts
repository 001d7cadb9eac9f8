import { bytesOf, type UsenetDetail } from './detail.ts';
import { releaseKey } from './nzb/key.ts';
import type { Nzb } from './nzb/nzb.ts';
import { packNzb, unpackNzb } from './nzb/pack.ts';
import { parseNzb } from './nzb/parse-nzb.ts';

/** The detail with its NZB read; as it is where it has none. Throws as `parseNzb`. */
export async function readDetail(detail: UsenetDetail, signal?: AbortSignal): Promise<UsenetDetail> {
  if (detail.packed !== null || detail.nzb === null) return detail;
  return await withNzb(detail, bytesOf(detail.nzb), signal);
}

/** The detail with this NZB, of which it takes what nobody said: the name of the release, its password. */
export async function withNzb(
  detail: UsenetDetail,
  bytes: Uint8Array,
  signal?: AbortSignal,
): Promise<UsenetDetail> {
  const nzb = await parseNzb(bytes, signal);
  return {
    ...detail,
    nzb: null,
    packed: (await packNzb(nzb)).toString('base64'),
    key: releaseKey(nzb),
    name: detail.name ?? (nzb.title?.replace(/\.nzb$/i, '').slice(0, 1000) || null),
    password: detail.password ?? nzb.password?.slice(0, 500) ?? null,
  };
}

/** The NZB of a detail that was read; null: it has none. */
export async function nzbOfDetail({ packed }: UsenetDetail): Promise<Nzb | null> {
  return packed === null ? null : await unpackNzb(Buffer.from(packed, 'base64'));
}

/** What the stream list tells of a post before anybody asked for its articles. */
export function factsOfNzb({ files }: Nzb): { completeness: number; postedAt: number | null } {
  let [there, missing] = [0, 0];
  let postedAt: number | null = null;
  for (const file of files) {
    there += file.segments.length;
    missing += file.missing.length;
    if (file.postedAt !== null) postedAt = Math.min(postedAt ?? file.postedAt, file.postedAt);
  }
  return { completeness: there / Math.max(1, there + missing), postedAt };
}
