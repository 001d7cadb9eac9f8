/** Past this many values the rest is not looked at: a cached page has some thousands. */
const MAX_VISITED = 50_000;

/** Roughly how many bytes of heap a JSON-like value takes: for keeping a cache within bounds, not for bookkeeping. */
export function approximateSizeBytes(value: unknown): number {
  const waiting: unknown[] = [value];
  let sizeBytes = 0;
  for (let visited = 0; waiting.length > 0 && visited < MAX_VISITED; visited += 1) {
    const current = waiting.pop();
    const fields = fieldsOf(current);
    // A field costs a pointer; its name is shared by all objects of the same shape.
    sizeBytes += fields === null ? leafSizeBytes(current) : 32 + 8 * fields.length;
    for (const field of fields ?? []) waiting.push(field);
  }
  return sizeBytes;
}

function fieldsOf(value: unknown): readonly unknown[] | null {
  if (typeof value !== 'object' || value === null || ArrayBuffer.isView(value)) return null;
  return Array.isArray(value) ? value : Object.values(value);
}

function leafSizeBytes(value: unknown): number {
  if (typeof value === 'string') return 24 + value.length;
  return ArrayBuffer.isView(value) ? 100 + value.byteLength : 8;
}
