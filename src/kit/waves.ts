/**
 * Splits items into waves of which no two items share a key, each in the first wave after those it shares one with: what a later item does
 * finds what an earlier one did. Items without common keys are one wave.
 */
export function wavesOf<T>(items: readonly T[], keysOf: (item: T) => readonly string[]): T[][] {
  const waves: T[][] = [];
  const nextWave = new Map<string, number>();
  for (const item of items) {
    const keys = keysOf(item);
    const place = keys.reduce((latest, key) => Math.max(latest, nextWave.get(key) ?? 0), 0);
    const wave = waves[place];
    if (wave === undefined) waves[place] = [item];
    else wave.push(item);
    for (const key of keys) nextWave.set(key, place + 1);
  }
  return waves;
}
