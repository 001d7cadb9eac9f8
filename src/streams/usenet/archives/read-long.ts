import type { VolumeWindow } from './volume-window.ts';

/** A volume gives few bytes at a time. */
export const STEP_BYTES = 64 * 1024;

/** More bytes than are read at once; the caller has bounded them. */
export async function readLong(window: VolumeWindow, offset: number, length: number): Promise<Buffer> {
  const parts: Buffer[] = [];
  for (let at = 0; at < length; at += STEP_BYTES)
    parts.push(await window.bytes(offset + at, Math.min(STEP_BYTES, length - at)));
  return Buffer.concat(parts);
}
