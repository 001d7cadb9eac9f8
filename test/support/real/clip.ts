import { fileURLToPath } from 'node:url';
import { runProcess } from '../processes.ts';

/** The clip of the starter catalogue: H.264 + AAC, 12.8 MB, the index in front. Big and long enough to seek before a player has it all. */
export const CLIP = fileURLToPath(new URL('../../../scripts/starter/clip.mp4', import.meta.url));
export const CLIP_SECONDS = 120;

/** Writes the clip anew, bit for bit the same pictures and sound, as `.mkv` or as an `.mp4` with the index at its end. */
export async function remuxClip(path: string): Promise<void> {
  await runProcess({
    command: 'ffmpeg',
    args: ['-nostdin', '-v', 'error', '-y', '-i', CLIP, '-c', 'copy', path],
  });
}
