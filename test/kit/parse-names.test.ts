import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';

const SCRIPT = fileURLToPath(new URL('../../scripts/parse-names.ts', import.meta.url));

function start() {
  return spawn(process.execPath, [SCRIPT], {
    stdio: ['pipe', 'pipe', 'inherit'],
    timeout: 30_000,
    killSignal: 'SIGKILL',
  });
}

/** Runs the script over `input` and returns its lines. */
async function parse(input: string | Buffer): Promise<{ lines: string[]; code: unknown }> {
  const child = start();
  const closed = once(child, 'close');
  const chunks: Buffer[] = [];
  child.stdout.on('data', (chunk: Buffer) => chunks.push(chunk));
  child.stdin.end(input);
  const [code] = await closed;
  const text = Buffer.concat(chunks).toString();
  expect(text === '' || text.endsWith('\n')).toBe(true);
  return { lines: text === '' ? [] : text.slice(0, -1).split('\n'), code };
}

const nameOf = (line: string | undefined) => JSON.parse(line ?? 'null')?.name;

describe('parse-names', () => {
  it('prints one JSON object a line, also for empty and hopeless names', async () => {
    const names = ['Heat.1995.1080p.BluRay.x264-GRP', '', '   ', '🎬', '1080p', '/tv/Lost/S01/01.mkv'];
    const { lines, code } = await parse(`${names.join('\n')}\n`);
    expect(code).toBe(0);
    expect(lines.map(nameOf)).toEqual(names);
    expect(JSON.parse(lines[0] ?? '')).toMatchObject({
      title: 'Heat',
      year: 1995,
      codec: 'AVC',
      group: 'GRP',
    });
    expect(JSON.parse(lines[5] ?? '')).toMatchObject({ title: 'Lost', seasons: [1], episodes: [1] });
  });

  it('counts a last line without line feed, takes CRLF, and prints nothing for nothing', async () => {
    expect((await parse('a\r\nb')).lines.map(nameOf)).toEqual(['a', 'b']);
    expect((await parse('')).lines).toEqual([]);
    expect((await parse('\n')).lines.map(nameOf)).toEqual(['']);
  });

  it('breaks lines at line feeds only, and prints no other break either', async () => {
    const name = 'a\u2028b\u2029c\u0085d\re';
    const { lines } = await parse(`${name}\n`);
    expect(lines.map(nameOf)).toEqual([name]);
    expect(lines[0]).not.toMatch(/[\u2028\u2029\u0085\r]/);
  });

  it('keeps count over bytes that are no text', async () => {
    const bytes = Buffer.from(Array.from({ length: 20_000 }, (_, i) => (i * 7919 + (i >> 3)) % 256));
    const feeds = bytes.filter((byte) => byte === 10).length;
    expect((await parse(bytes)).lines).toHaveLength(feeds + (bytes.at(-1) === 10 ? 0 : 1));
  });

  it('answers each line at once to a program that waits for it', async () => {
    const child = start();
    const closed = once(child, 'close');
    for (const name of ['Heat.1995', 'Lost.S01E02']) {
      child.stdin.write(`${name}\n`);
      const [answer] = await once(child.stdout, 'data');
      expect(nameOf(String(answer))).toBe(name);
    }
    child.stdin.end();
    expect((await closed)[0]).toBe(0);
  });

  it('reads a long list in two threads and answers in its order, as a short one', async () => {
    const names = Array.from({ length: 20_000 }, (_, n) => `Film.${n}.2001.1080p.WEB-DL.x264-GRP`);
    const { lines, code } = await parse(`${names.join('\n')}\n`);
    expect(code).toBe(0);
    expect(lines.map(nameOf)).toEqual(names);
    expect(lines.at(-1)).toBe((await parse(`${names.at(-1)}\n`)).lines[0]);
  });

  it('waits for a slow reader and loses nothing', async () => {
    const child = start();
    const closed = once(child, 'close');
    const count = 20_000;
    child.stdin.end('Heat.1995.1080p.BluRay.x264-GRP\n'.repeat(count));
    let feeds = 0;
    for await (const chunk of child.stdout) {
      feeds += String(chunk).split('\n').length - 1;
      if (feeds < 500) await new Promise((resolve) => setTimeout(resolve, 20));
    }
    expect(feeds).toBe(count);
    expect((await closed)[0]).toBe(0);
  });

  it('ends quietly when its reader goes away', async () => {
    const child = start();
    const closed = once(child, 'close');
    child.stdin.on('error', () => undefined);
    child.stdin.end('Heat.1995\n'.repeat(200_000));
    await once(child.stdout, 'data');
    child.stdout.destroy();
    expect((await closed)[0]).toBe(0);
  });

  it('cuts a line that never ends', async () => {
    const { lines } = await parse('x'.repeat(1_000_000));
    expect(lines).toHaveLength(1);
    expect(nameOf(lines[0])).toHaveLength(64 * 1024);
  });
});
