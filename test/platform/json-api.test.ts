import { gzipSync } from 'node:zlib';
import nock from 'nock';
import { afterAll, afterEach, beforeEach, describe, expect, test } from 'vitest';
import { z } from 'zod';
import { UpstreamFailed } from '../../src/kit/errors.ts';
import { type JsonApi, openJsonApi } from '../../src/platform/json-api.ts';
import { endOutside, outsideNet } from '../support/outside-api.ts';

const HOST = 'https://api.example.com';
const NEVER = new AbortController().signal;
const Answer = z.object({ title: z.string() });

const net = outsideNet();
let api: JsonApi;

beforeEach(() => {
  api = openJsonApi(net, { name: 'example', perSecond: 1000 });
});
afterEach(() => {
  expect(nock.pendingMocks()).toEqual([]);
  nock.cleanAll();
});
afterAll(async () => {
  endOutside();
  await net.close();
});

function ask(path = '/titles/1?api_key=hidden', signal = NEVER, asked = api) {
  return asked.get({ url: new URL(path, HOST), parse: (body) => Answer.parse(body), signal });
}

async function failure(work: Promise<unknown>): Promise<UpstreamFailed> {
  const error = await work.then(
    () => null,
    (thrown: unknown) => thrown,
  );
  if (!(error instanceof UpstreamFailed)) throw new Error(`not UpstreamFailed: ${String(error)}`);
  // Neither the address nor the key is anywhere in it.
  expect(`${error.message} ${error.stack} ${JSON.stringify(error)} ${String(error.cause)}`).not.toMatch(
    /hidden|example\.com/,
  );
  expect(error.message).toMatch(/^example /);
  return error;
}

describe('a JSON API', () => {
  test('an answer is parsed, a packed one too, and 404 is null', async () => {
    nock(HOST).get('/titles/1').query({ api_key: 'hidden' }).reply(200, { title: 'Metropolis' });
    expect(await ask()).toEqual({ title: 'Metropolis' });
    nock(HOST)
      .get('/titles/2')
      .reply(200, gzipSync(JSON.stringify({ title: 'Nosferatu' })), { 'content-encoding': 'gzip' });
    expect(await ask('/titles/2')).toEqual({ title: 'Nosferatu' });
    nock(HOST).get('/titles/3').reply(404, { status_message: 'not here' });
    expect(await ask('/titles/3')).toBeNull();
  });

  test('a question with a body is posted as JSON', async () => {
    nock(HOST, { reqheaders: { 'x-key': 'k' } })
      .post('/graphql', { query: 'q' })
      .reply(200, { title: 'M' });
    const url = new URL('/graphql', HOST);
    const parse = (body: unknown) => Answer.parse(body);
    const request = { url, parse, method: 'POST', body: { query: 'q' }, headers: { 'x-key': 'k' } } as const;
    expect(await api.get({ ...request, signal: NEVER })).toEqual({ title: 'M' });
  });

  test('a provider that is busy is asked again when it says, and all of its requests wait for that', async () => {
    nock(HOST).get('/titles/1').query(true).reply(429, '', { 'retry-after': '1' });
    nock(HOST).get('/titles/1').query(true).reply(200, { title: 'Metropolis' });
    nock(HOST).get('/titles/2').reply(200, { title: 'Nosferatu' });
    const began = performance.now();
    const first = ask();
    await new Promise((resolve) => setTimeout(resolve, 300));
    await ask('/titles/2');
    expect(performance.now() - began).toBeGreaterThan(950);
    expect(await first).toEqual({ title: 'Metropolis' });
  });

  test('one that wants more than a minute of peace fails at once, and so do those after it', async () => {
    nock(HOST).get('/titles/1').query(true).reply(429, '', { 'retry-after': '3600' });
    const error = await failure(ask());
    expect([error.status, error.retryable, error.message]).toEqual([
      429,
      true,
      'example wants no more requests for 3600 s.',
    ]);
    expect((await failure(ask('/titles/2'))).message).toMatch(/for 3[56]\d\d s/);
  });

  test('5xx is tried three times in all, with time between', async () => {
    nock(HOST).get('/titles/1').query(true).times(2).reply(503, 'busy');
    nock(HOST).get('/titles/1').query(true).reply(200, { title: 'Metropolis' });
    const began = performance.now();
    expect(await ask()).toEqual({ title: 'Metropolis' });
    expect(performance.now() - began).toBeGreaterThan(2900);
    nock(HOST).get('/titles/9').times(3).reply(500, 'broken');
    expect((await failure(ask('/titles/9'))).message).toBe('example answered 500.');
  });

  test('a refused key is said once', async () => {
    nock(HOST).get('/titles/1').query(true).reply(401, { status_message: 'Invalid API key: hidden' });
    expect((await failure(ask())).message).toBe('example refused the request (401): is its key right?');
  });

  test('a page, half a pack, another shape and no JSON are failures with a sentence', async () => {
    const page = '<!doctype html><title>example.com is down</title>';
    nock(HOST).get('/html').reply(200, page, { 'content-type': 'application/json' });
    expect((await failure(ask('/html'))).message).toBe('example sent a page instead of data.');
    const packed = gzipSync(JSON.stringify({ title: 'x'.repeat(5000) + Math.random() }));
    nock(HOST)
      .get('/half')
      .reply(200, packed.subarray(0, packed.length / 2), { 'content-encoding': 'gzip' });
    expect((await failure(ask('/half'))).message).toBe('example sent an answer that ends in the middle.');
    nock(HOST).get('/shape').reply(200, { name: 'hidden' });
    expect((await failure(ask('/shape'))).message).toBe('example answers in a shape that is not known here.');
    nock(HOST).get('/text').reply(200, 'hidden');
    expect((await failure(ask('/text'))).message).toBe('example sent something that is not JSON.');
    nock(HOST).get('/empty').reply(200, '');
    expect((await failure(ask('/empty'))).message).toBe('example sent something that is not JSON.');
    nock(HOST).get('/br').reply(200, 'x', { 'content-encoding': 'br' });
    expect((await failure(ask('/br'))).message).toMatch(/packed in a way nobody asked for/);
  });

  test('an answer past 8 MiB is cut, as sent and as unpacked', async () => {
    nock(HOST)
      .get('/large')
      .reply(200, JSON.stringify({ title: 'x'.repeat(9 * 1024 * 1024) }));
    expect((await failure(ask('/large'))).message).toBe('example sent more than 8 MiB.');
    const bomb = gzipSync(Buffer.alloc(64 * 1024 * 1024, ' '));
    nock(HOST).get('/bomb').reply(200, bomb, { 'content-encoding': 'gzip' });
    expect((await failure(ask('/bomb'))).message).toBe('example sent more than 8 MiB.');
  });

  test('one that hangs up is tried again', async () => {
    const broken = Object.assign(new Error('socket hang up at api.example.com'), { code: 'ECONNRESET' });
    nock(HOST).get('/titles/2').times(3).replyWithError(broken);
    expect((await failure(ask('/titles/2'))).message).toBe('example could not be reached or broke off.');
  });

  test('what is no longer wanted rejects with the reason it was given', async () => {
    nock(HOST).get('/titles/1').query(true).delay(5000).reply(200, { title: 'Metropolis' });
    const gone = new AbortController();
    const asked = ask(undefined, gone.signal);
    setTimeout(() => gone.abort(new Error('nobody waits')), 50);
    await expect(asked).rejects.toThrow('nobody waits');
  });

  test('no more requests than allowed leave in a second', async () => {
    const slow = openJsonApi(net, { name: 'example', perSecond: 10, burst: 2 });
    nock(HOST).get('/titles/1').query(true).times(7).reply(200, { title: 'Metropolis' });
    const began = performance.now();
    await Promise.all(Array.from({ length: 7 }, () => ask(undefined, NEVER, slow)));
    expect(performance.now() - began).toBeGreaterThan(480);
  });

  test('a redirect to another origin takes no key along', async () => {
    nock(HOST).get('/moved').reply(302, '', { location: 'https://other.example.org/here' });
    nock('https://other.example.org', { badheaders: ['trakt-api-key', 'authorization'] })
      .get('/here')
      .reply(200, { title: 'Metropolis' });
    const headers = { 'trakt-api-key': 'hidden', authorization: 'Bearer hidden' };
    const request = { url: new URL('/moved', HOST), parse: (body: unknown) => Answer.parse(body), headers };
    expect(await api.get({ ...request, signal: NEVER })).toEqual({ title: 'Metropolis' });
    nock(HOST).get('/circle').times(4).reply(302, '', { location: '/circle' });
    expect((await failure(ask('/circle'))).message).toBe('example redirects in circles.');
  });
});
