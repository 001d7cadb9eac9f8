import { LRUCache } from 'lru-cache';
import { type HideRule, hideRulesOf } from './hide-rules.ts';
import { type OrderKey, orderKeysOf } from './order-keys.ts';
import type { StreamPreferences } from './schema.ts';
import { parseTemplate, type Template } from './template.ts';

/** Preferences ready to be applied. */
export type CompiledPreferences = {
  /** Equal for equal preferences: what is kept of an answer is kept under it. */
  key: string;
  /** They change nothing: everyone's path will do. */
  isPlain: boolean;
  hideRules: readonly HideRule[];
  orderKeys: readonly OrderKey[];
  caps: {
    total: number | undefined;
    perResolution: number | undefined;
    resolutions: ReadonlyMap<string, number>;
  };
  /** Null: the usual words. */
  name: Template | null;
  description: Template | null;
};

/** Each holds compiled patterns and what they found; a household has a handful of profiles. */
const compiled = new LRUCache<string, CompiledPreferences>({ max: 100 });

/** Preferences of the schema, compiled once and kept. */
export function compilePreferences(preferences: StreamPreferences): CompiledPreferences {
  const key = JSON.stringify(preferences);
  const known = compiled.get(key);
  if (known !== undefined) return known;
  const made = compile(preferences, key);
  compiled.set(key, made);
  return made;
}

function compile(preferences: StreamPreferences, key: string): CompiledPreferences {
  const { caps = {}, templates = {} } = preferences;
  const resolutions = new Map(
    Object.entries(caps.resolutions ?? {}).filter(
      (entry): entry is [string, number] => entry[1] !== undefined,
    ),
  );
  const made = {
    key,
    hideRules: hideRulesOf(preferences),
    orderKeys: orderKeysOf(preferences),
    caps: { total: caps.total, perResolution: caps.perResolution, resolutions },
    name: templateOf(templates.name),
    description: templateOf(templates.description),
  };
  return { ...made, isPlain: isPlain(made) };
}

/** An empty template is none. */
function templateOf(text: string | undefined): Template | null {
  return text === undefined || text.trim() === '' ? null : parseTemplate(text);
}

function isPlain({
  hideRules,
  orderKeys,
  caps,
  name,
  description,
}: Omit<CompiledPreferences, 'isPlain'>): boolean {
  const hasCaps = caps.total !== undefined || caps.perResolution !== undefined || caps.resolutions.size > 0;
  return hideRules.length + orderKeys.length === 0 && !hasCaps && name === null && description === null;
}
