import { readFile } from 'node:fs/promises';
import type { ServerResponse } from 'node:http';
import { fileURLToPath } from 'node:url';
import type { Page } from 'playwright-core';
import { build } from 'vite';
import { type FileOrigin, startFileOrigin } from '../file-origin.ts';

const ROOT = fileURLToPath(new URL('../../..', import.meta.url));
const STREMIO_VIDEO = fileURLToPath(import.meta.resolve('@stremio/stremio-video'));
const PAGE = `<!doctype html><title>player</title><link rel="icon" href="data:,"><div id="stage" style="width:640px;height:360px"></div>`;

/** A page of another origin with hls.js (`/hls`) and with the player of Stremio Web (`/stremio`). */
export async function startPlayerPages(): Promise<FileOrigin> {
  const pages = await startFileOrigin();
  const page =
    (script: string) =>
    (_req: unknown, res: ServerResponse): void => {
      res.writeHead(200, { 'Content-Type': 'text/html' }).end(`${PAGE}<script src="${script}"></script>`);
    };
  pages.files.set('/hls', page('/hls.js'));
  pages.files.set('/stremio', page('/stremio.js'));
  pages.files.set('/hls.js', await readFile(fileURLToPath(import.meta.resolve('hls.js/dist/hls.min.js'))));
  pages.files.set(
    '/stremio.js',
    await bundle(`import Video from '${STREMIO_VIDEO}'; window.StremioVideo = Video;`),
  );
  return pages;
}

async function bundle(code: string): Promise<string> {
  const entry = 'virtual:entry';
  const result = await build({
    root: ROOT,
    configFile: false,
    logLevel: 'silent',
    define: { global: 'window', 'process.env.NODE_ENV': '"production"' },
    plugins: [
      {
        name: 'entry',
        resolveId: (id) => (id === entry ? `${ROOT}/${entry}` : null),
        load: (id) => (id === `${ROOT}/${entry}` ? code : null),
        // vtt.js exports by the `this` of a CommonJS module, which a bundle does not have.
        transform: (text, id) =>
          /\/vtt\.js\/lib\//.test(id) ? text.replace(/\}\(this\)\);\s*$/, '}(module.exports));') : null,
      },
    ],
    build: { write: false, minify: false, rollupOptions: { input: entry, output: { format: 'iife' } } },
  });
  const [output] = [result].flat();
  if (output === undefined || !('output' in output)) throw new Error('the bundle was not built');
  return output.output[0].code;
}

type Where = { at: number; duration: number; error: string | null };

/** Starts hls.js on the page. */
export async function playWithHlsJs(page: Page, url: string): Promise<void> {
  await page.evaluate(`(() => {
    const video = document.createElement('video');
    video.muted = true;
    document.querySelector('#stage').append(video);
    const hls = new Hls({ enableWorker: false });
    window.failures = [];
    hls.on(Hls.Events.ERROR, (_event, data) => { if (data.fatal) window.failures.push(data.details); });
    hls.loadSource(${JSON.stringify(url)});
    hls.attachMedia(video);
    window.seekTo = (seconds) => { video.currentTime = seconds; };
    // Not waited for: a player that fails would never say so.
    video.play().catch(() => {});
  })()`);
}

/** A page of another origin with Shaka Player. */
export async function startShakaPage(): Promise<FileOrigin> {
  const pages = await startFileOrigin();
  pages.files.set('/shaka', (_req, res) => {
    res.writeHead(200, { 'Content-Type': 'text/html' }).end(`${PAGE}<script src="/shaka.js"></script>`);
  });
  const script = fileURLToPath(import.meta.resolve('shaka-player/dist/shaka-player.dash.js'));
  pages.files.set('/shaka.js', await readFile(script));
  return pages;
}

/** Starts Shaka Player on the page. Keys it asks for where the manifest says. */
export async function playWithShaka(page: Page, url: string): Promise<void> {
  await page.evaluate(`(async () => {
    const video = document.createElement('video');
    video.muted = true;
    document.querySelector('#stage').append(video);
    shaka.polyfill.installAll();
    const player = new shaka.Player();
    window.failures = [];
    const fail = (error) => window.failures.push(\`\${error.code} \${JSON.stringify(error.data)}\`);
    player.addEventListener('error', (event) => fail(event.detail));
    window.seekTo = (seconds) => { video.currentTime = seconds; };
    await player.attach(video);
    await player.load(${JSON.stringify(url)}).then(() => video.play()).catch(fail);
  })()`);
}

/** Starts the player of Stremio Web on the page, as its `Player` route does. */
export async function playWithStremio(page: Page, url: string): Promise<void> {
  // A browser plays sound for somebody who has touched the page.
  await page.mouse.click(10, 10);
  await page.evaluate(`(() => {
    const stage = document.querySelector('#stage');
    const player = new StremioVideo();
    window.failures = [];
    player.on('error', (error) => window.failures.push(JSON.stringify(error)));
    window.seekTo = (seconds) => player.dispatch({ type: 'setProp', propName: 'time', propValue: seconds * 1000 });
    player.dispatch({
      type: 'command',
      commandName: 'load',
      commandArgs: { stream: { url: ${JSON.stringify(url)} }, autoplay: true, time: 0, platform: 'web', streamingServerURL: null },
    }, { containerElement: stage });
  })()`);
}

export async function whereIs(page: Page): Promise<Where> {
  return (await page.evaluate(`(() => {
    const video = document.querySelector('video');
    return { at: video?.currentTime ?? 0, duration: video?.duration || 0, error: window.failures[0] ?? video?.error?.message ?? null };
  })()`)) as Where;
}

export async function seekTo(page: Page, seconds: number): Promise<void> {
  await page.evaluate(`window.seekTo(${seconds})`);
}
