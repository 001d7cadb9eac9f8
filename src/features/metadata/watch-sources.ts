import { AppError } from '../../kit/errors.ts';
import { AskedTooOften } from '../../platform/json-api.ts';
import type { MetadataProvider } from '../../providers/provider.ts';

/** How one source did since it was told of the last time. */
export type SourceAsked = {
  name: string;
  asked: number;
  failures: number;
  /** Of the last question; null: it was answered. */
  error: string | null;
  /** For how long it wants peace. */
  restMs: number | null;
};

export type WatchedSources = { readonly providers: readonly MetadataProvider[]; take(): SourceAsked[] };

/** The same providers, and what became of each question to them; `take` gives what is new. */
export function watchSources(providers: readonly MetadataProvider[]): WatchedSources {
  let told = new Map<string, SourceAsked>();

  function note(name: string, end: Pick<SourceAsked, 'error' | 'restMs'>): void {
    const { asked = 0, failures = 0 } = told.get(name) ?? {};
    told.set(name, { name, ...end, asked: asked + 1, failures: failures + (end.error === null ? 0 : 1) });
  }

  async function watched<T>(name: string, work: () => Promise<T>): Promise<T> {
    try {
      const answer = await work();
      note(name, { error: null, restMs: null });
      return answer;
    } catch (error) {
      // Everything else is our own end, or our own fault.
      if (error instanceof AppError)
        note(name, { error: error.message, restMs: error instanceof AskedTooOften ? error.waitMs : null });
      throw error;
    }
  }

  return {
    providers: providers.map((provider): MetadataProvider => {
      const { name } = provider;
      return {
        ...provider,
        ...(provider.search === undefined
          ? {}
          : {
              search: (query, signal) =>
                watched(name, async () => (await provider.search?.(query, signal)) ?? []),
            }),
        byId: (id, about, signal) => watched(name, () => provider.byId(id, about, signal)),
      };
    }),
    take(): SourceAsked[] {
      const taken = [...told.values()];
      told = new Map();
      return taken;
    },
  };
}
