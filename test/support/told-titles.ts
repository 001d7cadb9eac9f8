import { UpstreamFailed } from '../../src/kit/errors.ts';
import type { MetadataProvider, ProvidedTitle, SearchHit } from '../../src/providers/provider.ts';

export type Teller = MetadataProvider & {
  /** `provider value` of every question by id, and `search title`. */
  asked: string[];
  titles: Map<string, ProvidedTitle>;
  hits: SearchHit[];
  /** It cannot be reached. */
  isDown: boolean;
  /** How long it thinks, ms. */
  thinksMs: number;
};

/** A provider that tells what a test has laid: titles by `provider value`, hits of any search. */
export function teller(name: string, idProviders: readonly string[], keepDays = 7): Teller {
  const told: Teller = {
    name,
    idProviders,
    keepDays,
    asked: [],
    titles: new Map(),
    hits: [],
    isDown: false,
    thinksMs: 0,
    async search({ title }, signal) {
      told.asked.push(`search ${title}`);
      await think(signal);
      return told.hits;
    },
    async byId({ provider, value }, _about, signal) {
      told.asked.push(`${provider} ${value}`);
      await think(signal);
      return told.titles.get(`${provider} ${value}`) ?? null;
    },
  };
  return told;

  async function think(signal: AbortSignal): Promise<void> {
    if (told.thinksMs > 0) await new Promise((resolve) => setTimeout(resolve, told.thinksMs));
    signal.throwIfAborted();
    if (told.isDown) throw new UpstreamFailed(`${name} answered 503.`, { retryable: true });
  }
}
