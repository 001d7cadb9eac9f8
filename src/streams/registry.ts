import { externalKind } from './external/index.ts';
import { ftpKind } from './ftp/index.ts';
import { httpKind } from './http/index.ts';
import type { KindDeps, StreamKind } from './kind.ts';
import { localKind } from './local/index.ts';
import { telegramKind } from './telegram/index.ts';
import { torrentKind } from './torrent/index.ts';
import { usenetKind } from './usenet/index.ts';
import { youtubeKind } from './youtube/index.ts';

/** One line a kind: registry key = folder = `stream.kind` in Postgres. */
const factories = {
  external: externalKind,
  ftp: ftpKind,
  http: httpKind,
  local: localKind,
  telegram: telegramKind,
  torrent: torrentKind,
  usenet: usenetKind,
  youtube: youtubeKind,
} satisfies Record<string, (deps: KindDeps) => StreamKind>;

export type Kinds = {
  get(kind: string): StreamKind | undefined;
  readonly all: readonly StreamKind[];
  /** Releases what the kinds hold open. */
  close(): Promise<void>;
};

export function createKinds(deps: KindDeps): Kinds {
  const all = Object.values(factories).map((create) => create(deps));
  const byName = new Map(all.map((kind) => [kind.kind, kind]));
  return {
    get: (kind) => byName.get(kind),
    all,
    close: async () => {
      await Promise.allSettled(all.map((kind) => kind.close?.()));
    },
  };
}
