/** `map` with at most `limit` of `make` under way; answers in the order of `items`. After the first failure no more are begun. */
export async function mapLimited<Item, Made>(
  items: readonly Item[],
  limit: number,
  make: (item: Item) => Promise<Made>,
): Promise<Made[]> {
  const made: Made[] = new Array(items.length);
  let next = 0;
  let hasFailed = false;
  const run = async () => {
    while (next < items.length && !hasFailed) {
      const at = next++;
      const item = items[at];
      if (item === undefined) continue;
      made[at] = await make(item).catch((error: unknown) => {
        hasFailed = true;
        throw error;
      });
    }
  };
  await Promise.all(Array.from({ length: Math.min(limit, items.length) }, run));
  return made;
}
