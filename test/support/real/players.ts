import { z } from 'zod';
import { runProcess } from '../processes.ts';

export { mpvPlayAndSeek } from './mpv.ts';
export { vlcPlayAndSeek } from './vlc.ts';

/** What a player showed; all in seconds of the film. */
export type Playback = {
  durationSeconds: number;
  /** Where it was when its clock was first seen running. */
  startedAtSeconds: number;
  /** First position after the seek. */
  soughtToSeconds: number;
  /** Later position: it went on from there. */
  playedOnToSeconds: number;
};

export type CurlAnswer = {
  status: number;
  /** Lower-case names; of the last answer when redirects were followed. */
  headers: Readonly<Record<string, string>>;
  body: Buffer;
};

/** Asks with curl as a plain client would: `range` as in `-r`, e.g. `0-99`, `-100`, `500-`. */
export async function curlRange(
  url: string,
  range?: string,
  options: {
    isHead?: boolean;
    followRedirects?: boolean;
    headers?: Readonly<Record<string, string>>;
    timeoutMs?: number;
  } = {},
): Promise<CurlAnswer> {
  const { timeoutMs = 20_000 } = options;
  const headers = Object.entries(options.headers ?? {}).flatMap(([name, value]) => [
    '-H',
    `${name}: ${value}`,
  ]);
  const { stdout, stderr } = await runProcess({
    command: 'curl',
    args: [
      // -q: no ~/.curlrc. The answer's head goes to standard error as JSON, so the body stays as it came.
      ...[
        '-q',
        '-sS',
        '--http1.1',
        '--max-time',
        String(timeoutMs / 1000),
        '-w',
        `%{stderr}${HEAD_MARK}%{http_code} %{header_json}`,
      ],
      ...['-o', options.isHead ? '/dev/null' : '-'],
      ...(range === undefined ? [] : ['-r', range]),
      ...(options.isHead ? ['--head'] : []),
      ...(options.followRedirects ? ['--location', '--max-redirs', '5'] : []),
      ...headers,
      url,
    ],
    timeoutMs: timeoutMs + 2_000,
  });
  return { ...parseHead(stderr), body: stdout };
}

const HEAD_MARK = '===head ';
const HeaderJson = z.record(z.string(), z.array(z.string()));

function parseHead(text: string): {
  status: number;
  headers: Record<string, string>;
} {
  const head = text.slice(text.lastIndexOf(HEAD_MARK) + HEAD_MARK.length);
  const headers = HeaderJson.parse(JSON.parse(head.slice(head.indexOf(' '))));
  return {
    status: Number(head.slice(0, head.indexOf(' '))),
    headers: Object.fromEntries(Object.entries(headers).map(([name, values]) => [name, values.join(', ')])),
  };
}

const Probe = z.object({ format: z.object({ duration: z.coerce.number() }) });

/** The length in seconds that ffprobe reads from a URL or file. */
export async function ffprobeDuration(url: string, options: { timeoutMs?: number } = {}): Promise<number> {
  const { stdout } = await runProcess({
    command: 'ffprobe',
    args: ['-v', 'error', '-show_entries', 'format=duration', '-of', 'json', url],
    timeoutMs: options.timeoutMs ?? 20_000,
  });
  return Probe.parse(JSON.parse(stdout.toString('utf8'))).format.duration;
}

/** MD5 of the picture at `seconds`, decoded by ffmpeg after a seek in its input: equal for the URL and the original file. */
export async function ffmpegSeekHash(
  url: string,
  seconds: number,
  options: { timeoutMs?: number } = {},
): Promise<string> {
  const { stdout } = await runProcess({
    command: 'ffmpeg',
    args: [
      '-nostdin',
      '-v',
      'error',
      '-ss',
      String(seconds),
      '-i',
      url,
      '-an',
      '-frames:v',
      '1',
      '-f',
      'md5',
      '-',
    ],
    timeoutMs: options.timeoutMs ?? 30_000,
  });
  const hash = /^MD5=([0-9a-f]{32})$/m.exec(stdout.toString('utf8'))?.[1];
  if (hash === undefined) throw new Error(`ffmpeg decoded no picture at ${seconds} s`);
  return hash;
}
