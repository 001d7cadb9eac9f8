import { BadInput } from '../kit/errors.ts';

export type AddonRequest = { resource: string; type: string; id: string; extra: ReadonlyMap<string, string> };

const RESOURCES = new Set(['catalog', 'meta', 'stream', 'subtitles', 'addon_catalog']);
const MAX_PART = 2048;

/**
 * Reads `/{resource}/{type}/{id}[/{extra}].json` from the raw path (still percent-encoded). Decoding the path before
 * splitting would break values that hold an encoded `&` or `/`, which is what the SDK's router does once a query
 * string follows. Null: not an add-on path. Throws `addon.bad_path` on broken percent-encoding.
 */
export function parseAddonPath(rawPath: string): AddonRequest | null {
  const path = rawPath.split('?', 1)[0] ?? '';
  if (!path.endsWith('.json')) return null;
  const [resource = '', type, id, extra, ...rest] = path.slice(1, -'.json'.length).split('/');
  if (!RESOURCES.has(resource) || type === undefined || id === undefined || rest.length > 0) return null;
  return { resource, type: decode(type), id: decode(id), extra: parseExtra(extra ?? '') };
}

function parseExtra(text: string): Map<string, string> {
  const extra = new Map<string, string>();
  for (const pair of text.split('&')) {
    if (pair === '') continue;
    const equals = pair.indexOf('=');
    if (equals < 1) throw new BadInput('addon.bad_extra', 'Each extra must be name=value.');
    // A bare + is a space here: querystring.parse in the SDK says so, core itself sends %20.
    extra.set(decode(pair.slice(0, equals)), decode(pair.slice(equals + 1).replaceAll('+', '%20')));
  }
  return extra;
}

function decode(part: string): string {
  if (part.length > MAX_PART)
    throw new BadInput('addon.bad_path', `No part of the path may be longer than ${MAX_PART} characters.`);
  let text: string;
  try {
    text = decodeURIComponent(part);
  } catch {
    throw new BadInput('addon.bad_path', 'The path holds a broken percent-encoding.');
  }
  if (text.includes('\0')) throw new BadInput('addon.bad_path', 'The path holds a NUL character.');
  return text;
}

/** The `skip` extra: 0 when absent; anything but a whole number is refused. */
export function skipOf(extra: ReadonlyMap<string, string>): number {
  const text = extra.get('skip') ?? '0';
  if (!/^\d{1,15}$/.test(text))
    throw new BadInput('addon.bad_skip', 'skip must be a whole number of items, 0 or more.');
  return Number(text);
}
