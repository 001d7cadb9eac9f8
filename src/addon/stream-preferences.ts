import {
  type Applied,
  applyPreferences,
  type CompiledPreferences,
  compilePreferences,
  renderTemplate,
  type StreamPreferences,
} from '../features/preferences/index.ts';
import { capsOf, type Offer, type OfferLimits } from '../features/stream-index/index.ts';
import type { Progress } from '../streams/kind.ts';
import type { Way } from './stream-order.ts';
import { streamDescription, streamName, textFields } from './stream-text.ts';

/** What a TV shows of them, and far more than the usual words take. */
const MAX_NAME_CHARS = 300;
const MAX_DESCRIPTION_CHARS = 4000;

/** Preferences that change anything; null: everyone's path. */
export function preferencesOf(preferences: StreamPreferences | null | undefined): CompiledPreferences | null {
  if (preferences === null || preferences === undefined) return null;
  const compiled = compilePreferences(preferences);
  return compiled.isPlain ? null : compiled;
}

/** What of the offers is shown, and how preferences order them. */
export type Choice = {
  offers: readonly Offer[];
  tierOf(offer: Offer): number;
  /** Null: nobody has preferences. */
  applied: Applied<Offer> | null;
};

export function choiceOf(
  offers: readonly Offer[],
  preferences: CompiledPreferences | null,
  { isEpisode, limits }: { isEpisode: boolean; limits: OfferLimits },
): Choice {
  if (preferences === null) return { offers, tierOf: () => 0, applied: null };
  const applied = applyPreferences(offers, preferences, { isEpisode, ...capsOf(limits) });
  const tiers = new Map(applied.shown.map(({ offer, tier }) => [offer, tier]));
  return {
    offers: applied.shown.map(({ offer }) => offer),
    tierOf: (offer) => tiers.get(offer) ?? 0,
    applied,
  };
}

/** Said where preferences hide all there is: an empty list says nothing. */
export function hiddenAll({ rule, hidden, of }: NonNullable<Applied<Offer>['emptied']>): string {
  const most = hidden === of ? `by ${rule}` : `most of them (${hidden}) by ${rule}`;
  const all = of === 1 ? 'the one stream there is' : `all ${of} streams`;
  return `Nothing to play: your preferences hide ${all}, ${most}. Loosen them to see it.`;
}

/** Name and description: in the words of the preferences, else in the usual ones. */
export function wordsOf(
  addonName: string,
  { offer, target, progress }: { offer: Offer; target: Way; progress: Progress | null },
  preferences: Pick<CompiledPreferences, 'name' | 'description'> | null,
): { name: string; description: string } {
  const { name = null, description = null } = preferences ?? {};
  const fields = name === null && description === null ? {} : textFields(addonName, offer, target, progress);
  return {
    name:
      name === null
        ? streamName(addonName, offer, target)
        : renderTemplate(name, fields, MAX_NAME_CHARS) || addonName,
    description:
      description === null
        ? streamDescription(offer, target, progress)
        : renderTemplate(description, fields, MAX_DESCRIPTION_CHARS),
  };
}
