import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { runProcess } from '../processes.ts';

/** H.264 with a key frame every 3.2 s, AAC in English and Bangla, SRT in English and Japanese, ASS in Bangla; 40 s. */
export const FILM = 'film.mkv';
export const FILM_SECONDS = 40;
/** HEVC of 10 bits under HDR10's curve, AC-3 with six channels: nothing a browser takes. */
export const HDR_FILM = 'hdr.mkv';

const srt = (words: string) =>
  `1\n00:00:01,000 --> 00:00:03,500\n${words}\n\n2\n00:00:30,000 --> 00:00:31,000\nEnd\n`;
const ass = (words: string) =>
  `[Script Info]\nScriptType: v4.00+\n\n[Events]\nFormat: Layer, Start, End, Style, Name, MarginL, MarginR, MarginV, Effect, Text\nDialogue: 0,0:00:01.00,0:00:03.50,Default,,0,0,0,,${words}\n`;

/** Makes both films in `dir`. */
export async function makeFilms(dir: string): Promise<void> {
  const texts = {
    'en.srt': srt('<i>Hello</i> there & you'),
    'ja.srt': srt('お元気ですか'),
    'bn.ass': ass('{\\an8}তুমি কেমন আছ?'),
  };
  for (const [name, text] of Object.entries(texts)) await writeFile(join(dir, name), text);
  const seconds = String(FILM_SECONDS);
  await ffmpeg(dir, [
    ...['-f', 'lavfi', '-i', `testsrc2=s=640x360:r=25:d=${seconds}`],
    ...['-f', 'lavfi', '-i', `sine=440:d=${seconds}`, '-f', 'lavfi', '-i', `sine=880:d=${seconds}`],
    ...['-i', 'en.srt', '-i', 'ja.srt', '-i', 'bn.ass'],
    ...['-map', '0', '-map', '1', '-map', '2', '-map', '3', '-map', '4', '-map', '5'],
    ...['-c:v', 'libx264', '-preset', 'ultrafast', '-g', '80', '-bf', '2', '-pix_fmt', 'yuv420p'],
    ...['-c:a', 'aac', '-c:s', 'copy'],
    ...['-metadata:s:a:0', 'language=eng', '-metadata:s:a:1', 'language=ben'],
    ...[
      '-metadata:s:s:0',
      'language=eng',
      '-metadata:s:s:1',
      'language=jpn',
      '-metadata:s:s:2',
      'language=ben',
    ],
    FILM,
  ]);
  await ffmpeg(dir, [
    ...['-f', 'lavfi', '-i', 'testsrc2=s=1920x1080:r=10:d=20', '-f', 'lavfi', '-i', 'sine=440:d=20'],
    ...['-c:v', 'libx265', '-preset', 'ultrafast', '-pix_fmt', 'yuv420p10le'],
    ...['-x265-params', 'log-level=none:colorprim=bt2020:transfer=smpte2084:colormatrix=bt2020nc'],
    ...['-c:a', 'ac3', '-ac', '6', HDR_FILM],
  ]);
}

async function ffmpeg(dir: string, args: readonly string[]): Promise<void> {
  await runProcess({
    command: 'ffmpeg',
    args: [
      '-nostdin',
      '-v',
      'error',
      '-y',
      ...args.map((arg) => (/\.(srt|ass|mkv)$/.test(arg) ? join(dir, arg) : arg)),
    ],
    timeoutMs: 120_000,
  });
}
