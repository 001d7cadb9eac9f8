// Paths of files as the bytes they are: names on a disk need not be UTF-8.

const SLASH = 0x2f;

/** Whether a path without links is the root or lies in it. */
export function isInside(root: Buffer, real: Buffer): boolean {
  if (!real.subarray(0, root.length).equals(root)) return false;
  return real.length === root.length || root.at(-1) === SLASH || real[root.length] === SLASH;
}

export function joined(folder: Buffer, name: Buffer): Buffer {
  return folder.at(-1) === SLASH
    ? Buffer.concat([folder, name])
    : Buffer.concat([folder, Buffer.of(SLASH), name]);
}
