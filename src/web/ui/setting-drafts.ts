import type { Issue, Setting } from './api.ts';

/** What stands in a field: text, a switch, or `reset` = back to the default when saved. */
export type Draft = string | boolean | typeof RESET;
export const RESET = Symbol('reset');

/** A value as it stands in the field of its type. */
export function fieldOf(type: Setting['type'], value: unknown): string | boolean {
  if (type === 'boolean') return value === true;
  if (type === 'json') return JSON.stringify(value ?? null, null, 2);
  return value === null || value === undefined ? '' : String(value);
}

type Changes = { changes: Record<string, unknown>; errors: ReadonlyMap<string, string> };

/** The body of the PATCH, and what cannot be sent, by key. Settings of the environment are never in it. */
export function changesOf(settings: readonly Setting[], drafts: ReadonlyMap<string, Draft>): Changes {
  const changes: Record<string, unknown> = {};
  const errors = new Map<string, string>();
  for (const setting of settings) {
    const draft = drafts.get(setting.key);
    if (draft === undefined || setting.origin === 'environment') continue;
    const parsed = parseDraft(setting, draft);
    if ('error' in parsed) errors.set(setting.key, parsed.error);
    else changes[setting.key] = parsed.value;
  }
  return { changes, errors };
}

function parseDraft({ type }: Setting, draft: Draft): { value: unknown } | { error: string } {
  if (draft === RESET) return { value: null };
  if (typeof draft === 'boolean') return { value: draft };
  const text = draft.trim();
  if (type === 'integer') return parseInteger(text);
  if (type === 'json') return parseJson(text);
  return { value: text };
}

function parseInteger(text: string): { value: number } | { error: string } {
  return /^-?\d{1,15}$/.test(text) ? { value: Number(text) } : { error: 'Needs a whole number.' };
}

function parseJson(text: string): { value: unknown } | { error: string } {
  try {
    return { value: JSON.parse(text) };
  } catch {
    return { error: 'This is not valid JSON.' };
  }
}

/** The server's message for one key; an issue's path may go on inside a JSON value. */
export function issueOf(issues: readonly Issue[], key: string): string | null {
  return issues.find(({ path }) => isAbout(path, key))?.message ?? null;
}

export function unplacedIssues(issues: readonly Issue[], keys: readonly string[]): Issue[] {
  return issues.filter(({ path }) => !keys.some((key) => isAbout(path, key)));
}

function isAbout(path: string, key: string): boolean {
  const bare = path.replace(/^settings\./, '');
  return bare === key || bare.startsWith(`${key}.`) || bare.startsWith(`${key}[`);
}

/** By the part of the key before its first dot, in the server's order. */
export function groupsOf(settings: readonly Setting[]): [string, Setting[]][] {
  return [...Map.groupBy(settings, ({ key }) => (key.includes('.') ? key.slice(0, key.indexOf('.')) : ''))];
}
