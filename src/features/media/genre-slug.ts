import { createHash } from 'node:crypto';

/** `Science Fiction & Fantasy` → `science-fiction-fantasy`; a name without Latin letters gets a slug of its hash. */
export function genreSlug(name: string): string {
  const slug = name
    .normalize('NFKD')
    .replace(/\p{M}/gu, '')
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, '-')
    .replace(/^-+|-+$/g, '');
  return slug === ''
    ? `g-${createHash('sha256').update(name.normalize('NFC').toLowerCase()).digest('hex').slice(0, 12)}`
    : slug;
}
