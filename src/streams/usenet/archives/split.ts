import { ArchiveRefused, type Extent, type Volume } from './archive.ts';
import { damaged } from './header-bytes.ts';
import { mapLimited } from './map-limited.ts';
import { lacking } from './rar-files.ts';
import { type CheckExtent, layoutOver, type StoredFile } from './stored-file.ts';
import { orderByName, volumeNameOf } from './volume-name.ts';
import { sizeOf } from './volume-window.ts';

const MOST_READ_EAGERLY = 20;
const AT_ONCE = 16;

/** A file that was cut into `.001`, `.002` …, whole again. Of many parts whose sizes are not known the middle ones are guessed. */
export async function joinSplit(volumes: readonly Volume[], signal: AbortSignal): Promise<StoredFile> {
  const byName = orderByName(volumes.map(({ name }) => name));
  if (byName?.missing[0] !== undefined) throw lacking(byName.missing[0]);
  const order = byName?.order ?? volumes.map((_, index) => index);
  const ordered = order.flatMap((index) => volumes[index] ?? []);
  await learnSizes(ordered, signal);
  const usual = ordered[0]?.sizeBytes ?? 0;
  const extents: Extent[] = order.map((index) => {
    const sizeBytes = volumes[index]?.sizeBytes ?? null;
    return { volume: index, offset: 0, length: sizeBytes ?? usual, isGuessed: sizeBytes === null };
  });
  const name = ordered[0]?.name ?? '';
  const layout = layoutOver(extents, checkOf(volumes));
  if (!Number.isSafeInteger(layout.sizeBytes)) throw damaged('its parts are too long');
  const path = volumeNameOf(name)?.base ?? name;
  return { path, sizeBytes: layout.sizeBytes, cipher: null, layout, refusal: null };
}

async function learnSizes(ordered: readonly Volume[], signal: AbortSignal): Promise<void> {
  const isMany = ordered.length > MOST_READ_EAGERLY;
  const wanted = isMany ? [ordered[0], ordered[1], ordered.at(-1)] : ordered;
  await mapLimited(wanted, AT_ONCE, async (volume) => {
    if (volume?.sizeBytes === null) await volume.read(0, 1, signal);
  });
  if (isMany && ordered[0]?.sizeBytes === ordered[1]?.sizeBytes) return;
  await mapLimited(ordered, AT_ONCE, async (volume) => {
    if (volume.sizeBytes === null) await volume.read(0, 1, signal);
  });
}

function checkOf(volumes: readonly Volume[]): CheckExtent {
  const volumeOf = ({ volume }: Extent): Volume => {
    const found = volumes[volume];
    if (!found) throw lacking(volume + 1);
    return found;
  };
  return {
    async isRight(extent, signal) {
      const volume = volumeOf(extent);
      if (volume.sizeBytes === null) await volume.read(0, 1, signal);
      return sizeOf(volume) === extent.length;
    },
    async anew(extent) {
      const { name } = volumeOf(extent);
      throw new ArchiveRefused('damaged', `“${name}” has another size than the parts around it.`);
    },
  };
}
