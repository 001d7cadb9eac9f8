import { setTimeout as sleep } from 'node:timers/promises';
import { gzipSync } from 'node:zlib';
import nock from 'nock';
import { afterAll, afterEach, beforeEach, describe, expect, test } from 'vitest';
import { UpstreamFailed } from '../../src/kit/errors.ts';
import { openJsonApi } from '../../src/platform/json-api.ts';
import type {
  MetadataProvider,
  OutsideId,
  ProvidedTitle,
  ProviderPlug,
  SearchHit,
  TitleQuery,
} from '../../src/providers/provider.ts';
import { endOutside, outsideNet } from '../support/outside-api.ts';

export const NEVER = new AbortController().signal;
/** Every plug of the suite gets this one; it must be in no error. */
export const KEY = 'kept-secret-4711';
const PATIENCE = 60_000;

/** The request that is asked first, not yet answered. */
type Asked = () => nock.Interceptor;
type Answered = {
  /** Its first request of its own (after a login), which the faults come at. */
  asked: Asked;
  answer: nock.Body;
  /** Answers those that follow. */
  rest?: () => void;
};

const net = outsideNet();
afterEach(() => {
  const missed = nock.pendingMocks().filter((mock) => !/login/.test(mock));
  nock.abortPendingRequests();
  nock.cleanAll();
  expect(missed).toEqual([]);
});
afterAll(async () => {
  endOutside();
  await net.close();
});

/** What a plug brings to the suite: how it asks, and what comes of a good answer. */
export type ProviderSetup = {
  plug: ProviderPlug;
  search?: Answered & { query: TitleQuery; hits: readonly SearchHit[] };
  byId: Answered & {
    id: OutsideId;
    kind: 'movie' | 'series';
    title: ProvidedTitle;
    /** The same answer with this in place of a field is another shape. */
    changed: readonly object[];
    /** The same answer with single parts of another type: it is still that title. */
    odd: readonly object[];
  };
  /** How it says that it does not know a title; 404 by default. */
  unknown?: { status: number; body: nock.Body };
  /** Answers a login, as often as asked. */
  beforehand?: () => void;
};

/** All that providers do wrong, and what is done about it: the same for every plug. */
export function metadataProviderContract(setup: ProviderSetup): void {
  const { plug, search, byId, unknown = { status: 404, body: {} } } = setup;

  describe(`${plug.name} as a provider of metadata`, () => {
    let provider: MetadataProvider;
    beforeEach(() => {
      provider = open();
      setup.beforehand?.();
    });

    function open(): MetadataProvider {
      return plug.open({
        api: openJsonApi(net, { name: plug.name, perSecond: 1000 }),
        ...(plug.needsKey ? { apiKey: KEY } : {}),
      });
    }

    const ask = (signal = NEVER) => provider.byId(byId.id, { kind: byId.kind, language: 'en' }, signal);

    test('says who it is', () => {
      expect(provider.name).toBe(plug.name);
      expect(provider.idProviders).toContain(byId.id.provider);
      expect(provider.keepDays).toBeGreaterThan(0);
    });

    if (search !== undefined)
      test('finds titles', async () => {
        search.asked().reply(200, search.answer);
        search.rest?.();
        expect(await provider.search?.(search.query, NEVER)).toEqual(search.hits);
      });

    test('knows a title by its id', async () => {
      byId.asked().reply(200, byId.answer);
      byId.rest?.();
      expect(await ask()).toEqual(byId.title);
    });

    test('does not know every title', async () => {
      byId.asked().reply(unknown.status, unknown.body);
      expect(await ask()).toBeNull();
    });

    test('does not ask for what is no id of its', async () => {
      for (const value of ['', '0', '-1', '../users', '1?x=1', '1'.repeat(40), 'tt', 'a b', '１'])
        for (const idProvider of [...provider.idProviders, 'nobody'])
          expect(
            await provider.byId({ provider: idProvider, value }, { kind: byId.kind, language: 'en' }, NEVER),
          ).toBeNull();
    });

    test('told to come back in a second it does', { timeout: PATIENCE }, async () => {
      const began = performance.now();
      byId.asked().reply(429, {}, { 'retry-after': '1' });
      byId.asked().reply(200, byId.answer);
      byId.rest?.();
      expect(await ask()).toEqual(byId.title);
      expect(performance.now() - began).toBeGreaterThan(950);
    });

    test('told to come back in an hour it says so, and asks nobody until then', {
      timeout: PATIENCE,
    }, async () => {
      byId.asked().reply(429, {}, { 'retry-after': '3600' });
      const first = await failure(ask());
      expect([first.status, first.retryable]).toEqual([429, true]);
      const second = await failure(ask());
      expect(second.message).toMatch(/wants no more requests for 3[56]\d\d s/);
    });

    test('down, it is tried three times in all', { timeout: PATIENCE }, async () => {
      byId.asked().times(3).reply(503, '<h1>down</h1>');
      const error = await failure(ask());
      expect([error.status, error.retryable, error.message]).toEqual([
        502,
        true,
        `${plug.name} answered 503.`,
      ]);
    });

    test('down once, it is asked again', { timeout: PATIENCE }, async () => {
      byId.asked().reply(500, '');
      byId.asked().reply(200, byId.answer);
      byId.rest?.();
      expect(await ask()).toEqual(byId.title);
    });

    test('a page in place of data is named as one', async () => {
      byId
        .asked()
        .reply(200, '<!doctype html><title>Just a moment...</title>', { 'content-type': 'application/json' });
      expect((await failure(ask())).message).toBe(`${plug.name} sent a page instead of data.`);
    });

    test('a body that ends in the middle is a failure, packed or not', async () => {
      const text = JSON.stringify(byId.answer);
      const packed = gzipSync(text);
      const halves: [nock.Body, Record<string, string>][] = [
        [text.slice(0, text.length / 2), { 'content-type': 'application/json' }],
        [packed.subarray(0, packed.length / 2), { 'content-encoding': 'gzip' }],
      ];
      for (const [half, headers] of halves) {
        byId.asked().reply(200, half, headers);
        expect((await failure(ask())).status).toBe(502);
      }
    });

    test('a key that is refused is told as one', async () => {
      // Twice: one with a login gets another token first.
      setup.beforehand?.();
      byId.asked().optionally().times(2).reply(403, { status_message: KEY });
      const error = await failure(ask());
      expect(error.message).toMatch(new RegExp(`^${plug.name} .*(?:refused|403)`));
    });

    test('another shape is a failure that is not tried again', async () => {
      const whole = ['text', 7, [7], { data: 'moved' }, { data: [[]] }].map((body) => JSON.stringify(body));
      for (const body of [...whole, ...byId.changed.map((other) => JSON.stringify(other))]) {
        byId.asked().reply(200, body, { 'content-type': 'application/json' });
        const error = await failure(ask(), body);
        expect([error.retryable, error.message], body).toEqual([
          false,
          `${plug.name} answers in a shape that is not known here.`,
        ]);
        nock.cleanAll();
        setup.beforehand?.();
      }
    });

    test('a title of which single parts changed their shape is still that title, without them', async () => {
      expect(byId.odd.length).toBeGreaterThan(0);
      for (const body of byId.odd) {
        byId.asked().reply(200, JSON.stringify(body), { 'content-type': 'application/json' });
        byId.rest?.();
        const { kind, title, ids } = byId.title;
        const told = await ask();
        expect(told, JSON.stringify(body)).toMatchObject({ kind, title });
        expect(Object.entries(ids)).toEqual(
          expect.arrayContaining(Object.entries(told?.ids ?? { none: '' })),
        );
        expect(told).not.toEqual(byId.title);
        nock.cleanAll();
        setup.beforehand?.();
      }
    });

    test('a slow one is waited for', async () => {
      byId.asked().reply(async () => {
        await sleep(300);
        return [200, byId.answer];
      });
      byId.rest?.();
      expect(await ask()).toEqual(byId.title);
    });

    // One too slow by the clock: `test/http/json-api-guard.test.ts`, since nock breaks off where a real server is silent.
    test('a slow one is given up when nobody waits any more', async () => {
      byId.asked().reply(async () => {
        await sleep(5000, undefined, { ref: false });
        return [200, byId.answer];
      });
      const gone = new AbortController();
      setTimeout(() => gone.abort(new Error('nobody waits')), 100);
      const began = performance.now();
      await expect(ask(gone.signal)).rejects.toThrow('nobody waits');
      expect(performance.now() - began).toBeLessThan(4000);
    });

    async function failure(work: Promise<unknown>, about = ''): Promise<UpstreamFailed> {
      const error = await work.then(
        (value) => value,
        (thrown: unknown) => thrown,
      );
      if (!(error instanceof UpstreamFailed))
        throw new Error(`not UpstreamFailed: ${String(error)} ${about}`);
      const everything = `${error.message} ${error.stack} ${JSON.stringify(error)} ${String(error.cause)}`;
      expect(everything).not.toContain(KEY);
      expect(everything).not.toMatch(/https?:/);
      return error;
    }
  });
}

/** A plug by the same way out, for what only it does. */
export function openAlone(plug: ProviderPlug, apiKey = KEY): MetadataProvider {
  return plug.open({ api: openJsonApi(net, { name: plug.name, perSecond: 1000 }), apiKey });
}

export async function all<T>(items: AsyncIterable<T> | undefined): Promise<T[]> {
  const found: T[] = [];
  for await (const item of items ?? []) found.push(item);
  return found;
}
