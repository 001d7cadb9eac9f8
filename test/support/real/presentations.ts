import { randomBytes } from 'node:crypto';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { runProcess } from '../processes.ts';
import { CLIP } from './clip.ts';

/** How long the presentations are: long enough to seek, short enough to be made in a second. */
export const PRESENTATION_SECONDS = 40;

/**
 * Makes of the clip, without coding it anew: `aes/index.m3u8` (MPEG-TS, AES-128), and `number/` and `time/` with the
 * same fMP4 segments as `index.mpd` (SegmentTemplate by number; SegmentTimeline) and as `master.m3u8` (HLS, sound in a
 * group of its own).
 */
export async function makePresentations(folder: string): Promise<void> {
  for (const name of ['aes', 'number', 'time']) await mkdir(join(folder, name));
  const keyFile = join(folder, 'aes/film.key');
  await writeFile(keyFile, randomBytes(16));
  await writeFile(join(folder, 'aes/key-info'), `film.key\n${keyFile}\n`);
  await run(join(folder, 'aes'), [
    ...['-f', 'hls', '-hls_time', '4', '-hls_list_size', '0', '-hls_key_info_file', 'key-info', 'index.m3u8'],
  ]);
  for (const [name, hasTimeline] of [
    ['number', '0'],
    ['time', '1'],
  ] as const)
    await run(join(folder, name), [
      ...['-f', 'dash', '-seg_duration', '4', '-use_template', '1', '-use_timeline', hasTimeline],
      ...['-hls_playlist', '1', 'index.mpd'],
    ]);
}

async function run(cwd: string, args: readonly string[]): Promise<void> {
  await runProcess({
    command: 'ffmpeg',
    args: [
      '-nostdin',
      '-v',
      'error',
      '-y',
      '-i',
      CLIP,
      '-t',
      String(PRESENTATION_SECONDS),
      '-c',
      'copy',
      ...args,
    ],
    cwd,
    timeoutMs: 60_000,
  });
}

/** MD5 of each demuxed stream, one a line, undecoded. `input`: options of ffmpeg for the URL. */
export async function streamHashes(url: string, input: readonly string[] = []): Promise<string> {
  const { stdout } = await runProcess({
    command: 'ffmpeg',
    args: [
      '-nostdin',
      '-v',
      'error',
      ...input,
      '-i',
      url,
      '-map',
      '0',
      '-c',
      'copy',
      '-f',
      'streamhash',
      '-hash',
      'md5',
      '-',
    ],
    timeoutMs: 60_000,
  });
  return stdout.toString('utf8');
}
