import { randomBytes } from 'node:crypto';
import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { freePort, runProcess } from '../processes.ts';
import { type Protection, protectInit, protectSegment, type Scheme } from '../protect.ts';
import { startNginx } from './nginx.ts';

/** How long the film is. Its picture is a clock: the right half in second `s` is grey of the luma 16 + 5 s. */
const CLOCK_SECONDS = 40;
export const SCHEMES = ['cenc', 'cbcs'] as const satisfies readonly Scheme[];

export type ClearKeyOrigin = AsyncDisposable & {
  /** `/clear/index.mpd`, and with encrypted samples `/cenc/index.mpd`, `/cbcs/index.mpd`, whose keys are at `/licence`. */
  base: string;
  /** The key as ffmpeg takes it. */
  keyHex: string;
  /** Who asked for what. */
  requests(): Promise<{ agent: string; path: string }[]>;
};

/**
 * A film with sound as DASH behind nginx, clear and encrypted. The samples are encrypted here: ffmpeg 5.1 writes no
 * `senc` into fragments and no cbcs at all, but decrypts both, which is how `../protect.ts` is held to the standard.
 */
export async function startClearKeyOrigin(folder: string): Promise<ClearKeyOrigin> {
  const [kid, key, port] = [randomBytes(16), randomBytes(16), await freePort()];
  await mkdir(join(folder, 'clear'));
  await makeClock(join(folder, 'clear'));
  for (const scheme of SCHEMES) await protectFolder(folder, { scheme, kid, key });
  const jwk = { kty: 'oct', kid: kid.toString('base64url'), k: key.toString('base64url') };
  const log = join(folder, 'access.log');
  const nginx = await startNginx({
    port,
    http: `log_format asked '$http_user_agent\t$request_uri';
  server {
    listen 127.0.0.1:${port}; root ${folder}; access_log ${log} asked;
    location = /licence {
      if ($request_method != POST) { return 405; }
      default_type application/json; return 200 '${JSON.stringify({ keys: [jwk], type: 'temporary' })}';
    }
  }`,
  });
  const requests = async () =>
    (await readFile(log, 'utf8'))
      .trim()
      .split('\n')
      .map((line) => ({ agent: line.split('\t')[0] ?? '', path: line.split('\t')[1] ?? '' }));
  return {
    base: `http://127.0.0.1:${port}`,
    keyHex: key.toString('hex'),
    requests,
    [Symbol.asyncDispose]: nginx.stop,
  };
}

async function makeClock(folder: string): Promise<void> {
  // Noise on the left, so that frames have bytes enough to be encrypted.
  const picture = `color=s=160x90:r=10:d=${CLOCK_SECONDS},geq=lum='if(lt(X,80),255*random(1),16+5*floor(T))':cb=128:cr=128`;
  await runProcess({
    command: 'ffmpeg',
    args: [
      ...['-nostdin', '-v', 'error', '-f', 'lavfi', '-i', picture],
      ...['-f', 'lavfi', '-i', `sine=440:d=${CLOCK_SECONDS}`],
      ...['-c:v', 'libx264', '-preset', 'ultrafast', '-g', '20', '-pix_fmt', 'yuv420p', '-c:a', 'aac'],
      ...['-f', 'dash', '-seg_duration', '4', '-hls_playlist', '1', 'index.mpd'],
    ],
    cwd: folder,
    timeoutMs: 60_000,
  });
}

async function protectFolder(folder: string, protection: Protection): Promise<void> {
  const [from, to] = [join(folder, 'clear'), join(folder, protection.scheme)];
  await mkdir(to);
  for (const name of await readdir(from)) {
    const bytes = await readFile(join(from, name));
    if (name.startsWith('init')) await writeFile(join(to, name), protectInit(bytes, protection));
    else if (name.endsWith('.m4s'))
      await writeFile(join(to, name), protectSegment(bytes, name.includes('stream0'), protection));
    else if (name.endsWith('.mpd'))
      await writeFile(join(to, name), withProtection(bytes.toString('utf8'), protection));
  }
}

function withProtection(mpd: string, { scheme, kid }: Protection): string {
  const id = kid.toString('hex').replace(/(.{8})(.{4})(.{4})(.{4})/, '$1-$2-$3-$4-');
  const elements = `<ContentProtection schemeIdUri="urn:mpeg:dash:mp4protection:2011" value="${scheme}" xmlns:cenc="urn:mpeg:cenc:2013" cenc:default_KID="${id}"/>
    <ContentProtection schemeIdUri="urn:uuid:e2719d58-a985-b3c9-781a-b030af78d30e" value="ClearKey1.0"><dashif:Laurl xmlns:dashif="https://dashif.org/CPS">/licence</dashif:Laurl></ContentProtection>
    <ContentProtection schemeIdUri="urn:uuid:edef8ba9-79d6-4ace-a3c8-27dcd51d21ed"/>`;
  return mpd.replace(/<AdaptationSet[^>]*>/g, `$&${elements}`);
}
