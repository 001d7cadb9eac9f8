import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { expect, test } from 'vitest';
import { redact } from '../../src/platform/log.ts';

const LOG = new URL('../../src/platform/log.ts', import.meta.url).href;
const ERRORS = new URL('../../src/kit/errors.ts', import.meta.url).href;

/** What a process prints that logs this. */
async function printed(script: string): Promise<string> {
  const code = `
    import { createLog } from '${LOG}';
    import { UpstreamFailed } from '${ERRORS}';
    const log = createLog('trace');
    ${script}`;
  const { stdout } = await promisify(execFile)(process.execPath, ['--input-type=module', '-e', code]);
  return stdout;
}

test('tokens, install ids and credentials are taken out of a text', () => {
  expect(redact('GET /play/aaaa/secret-token/film.mp4')).toBe('GET /play/aaaa/…/film.mp4');
  expect(redact('ftp://user:pass@films.example/a')).toBe('ftp://…@films.example/a');
  for (const text of ['token=abc', 'apikey: abc', '"password":"abc"', 'Authorization: abc', 'passkey=abc&x'])
    expect(redact(text), text).not.toContain('abc');
});

test('the cause of an origin’s failure is told by its code and place, never by words that name the host', async () => {
  const line = await printed(`
    const refused = Object.assign(new Error('connect ECONNREFUSED films.example:80'), { code: 'ECONNREFUSED' });
    const tls = Object.assign(new Error('Host: films.example. is not in the names', { cause: refused }), { code: 'ERR_TLS' });
    tls.stack = 'Error: films.example without a frame';
    log.error({ err: new UpstreamFailed('It broke off.', { retryable: true, cause: tls }) }, 'request failed');`);
  expect(line).not.toContain('films.example');
  for (const told of ['It broke off.', 'ERR_TLS', 'ECONNREFUSED', 'request failed'])
    expect(line).toContain(told);
});

test('any other cause keeps its words, redacted', async () => {
  const line = await printed(`
    const cause = new Error('connect ECONNREFUSED 127.0.0.1:5432, tried postgres://u:hunter2@db/x');
    log.error({ err: new Error('no database', { cause }) }, 'down');`);
  expect(line).toContain('connect ECONNREFUSED 127.0.0.1:5432');
  expect(line).not.toContain('hunter2');
});

test('headers and fields of secret names are never printed', async () => {
  const line = await printed(
    `log.info({ headers: { x: 'hunter2' }, req: { headers: 'hunter2' }, a: { token: 'hunter2', password: 'hunter2' } }, 'seen');`,
  );
  expect(line).toContain('seen');
  expect(line).not.toContain('hunter2');
});
