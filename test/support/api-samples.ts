import { type Known, type Operation, sampleOf, withAt } from './api-operations.ts';

/** Beside what the schema demands: rules that no JSON Schema says, such as "one of the two". */
const BESIDES: Readonly<Record<string, Readonly<Record<string, unknown>>>> = {
  'POST /api/auth/register': { username: 'somebody' },
  'POST /api/auth/login': { login: 'somebody' },
  'POST /api/users': { username: 'somebody' },
  'POST /api/profiles/{id}/history/progress': { progressSeconds: 5 },
  'POST /api/content-reports': { kind: 'other' },
  'PATCH /api/deep-links/{id}': { isHidden: false },
  'PATCH /api/devices/{id}': { name: 'Tablet' },
  'PATCH /api/profiles/{id}': { age: 9 },
  'PATCH /api/own-titles/{id}': { year: 2001 },
  'PATCH /api/media/{id}': { year: 2001 },
  'PATCH /api/streams/{id}': { isBlocked: false },
  'PATCH /api/sources/{id}': { priority: 1 },
  'PATCH /api/finders/{id}': { priority: 1 },
  'POST /api/review/{id}/correct': { year: 2001 },
  'POST /api/streams': { mediaId: 'tt0133093', videoId: 'abcdefghijk', name: 'A video' },
  'POST /api/pairing-codes/{code}/claim': { name: 'Tablet' },
};

/** A body that the operation takes, with what lies on the way to `place`; undefined where it takes none. */
export function bodyOf(operation: Operation, known: Known, place: readonly string[] = []): unknown {
  if (operation.body === null) return undefined;
  const sample = sampleOf(operation.body, known, place);
  const besides = BESIDES[`${operation.method} ${operation.path}`] ?? {};
  const filled = Object.entries(besides).filter(([name]) => name !== place[0]);
  return filled.reduce((body, [name, value]) => withAt(body, [name], known(name) ?? value), sample);
}
