import { randomBytes } from 'node:crypto';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { runProcess } from '../processes.ts';
import { CLIP } from './clip.ts';

/** How long the presentations are: long enough to seek, short enough to be made in a second. */
export const PRESENTATION_SECONDS = 40;

/**
 * Makes of the clip, without coding it anew: `fmp4/master.m3u8` (fMP4 segments, sound in a group of its own),
 * `aes/index.m3u8` (MPEG-TS, AES-128), `number/index.mpd` (SegmentTemplate by number) and `time/index.mpd` (SegmentTimeline).
 */
export async function makePresentations(folder: string): Promise<void> {
  const names = ['fmp4', 'aes', 'number', 'time'] as const;
  for (const name of names) await mkdir(join(folder, name));
  const keyFile = join(folder, 'aes/film.key');
  await writeFile(keyFile, randomBytes(16));
  await writeFile(join(folder, 'aes/key-info'), `film.key\n${keyFile}\n`);
  await run(join(folder, 'fmp4'), [
    ...['-map', '0:v:0', '-map', '0:a:0', '-f', 'hls', '-hls_time', '4', '-hls_list_size', '0'],
    ...[
      '-hls_segment_type',
      'fmp4',
      '-hls_fmp4_init_filename',
      'init_%v.mp4',
      '-master_pl_name',
      'master.m3u8',
    ],
    ...[
      '-var_stream_map',
      'v:0,agroup:sound a:0,agroup:sound',
      '-hls_segment_filename',
      'seg_%v_%03d.m4s',
      'list_%v.m3u8',
    ],
  ]);
  await run(join(folder, 'aes'), [
    ...['-f', 'hls', '-hls_time', '4', '-hls_list_size', '0', '-hls_key_info_file', 'key-info', 'index.m3u8'],
  ]);
  for (const name of ['number', 'time'])
    await run(join(folder, name), [
      ...[
        '-f',
        'dash',
        '-seg_duration',
        '4',
        '-use_template',
        '1',
        '-use_timeline',
        name === 'time' ? '1' : '0',
        'index.mpd',
      ],
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

/** MD5 of each demuxed stream, one a line, undecoded. */
export async function streamHashes(url: string): Promise<string> {
  const { stdout } = await runProcess({
    command: 'ffmpeg',
    args: [
      '-nostdin',
      '-v',
      'error',
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
