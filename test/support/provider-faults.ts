import nock from 'nock';
import { afterAll, afterEach, beforeEach, describe, expect, test } from 'vitest';
import { UpstreamFailed } from '../../src/kit/errors.ts';
import { type JsonApi, openJsonApi } from '../../src/platform/json-api.ts';
import type { MetadataProvider } from '../../src/providers/provider.ts';
import { endOutside, outsideNet } from './outside-api.ts';

const NEVER = new AbortController().signal;

export type ProviderRoom = {
  /** A fresh API, as fast as it likes. */
  api(): JsonApi;
  failureOf(work: Promise<unknown>): Promise<UpstreamFailed>;
};

/** nock answers for the outside; every answer that was laid must have been asked for. Registers the hooks. */
export function providerRoom(): ProviderRoom {
  const net = outsideNet();
  let api: JsonApi;
  beforeEach(() => {
    api = openJsonApi(net, { name: 'provider', perSecond: 1000, timeoutMs: 1500 });
  });
  afterEach(() => {
    expect(nock.pendingMocks()).toEqual([]);
    nock.cleanAll();
  });
  afterAll(async () => {
    endOutside();
    await net.close();
  });
  return { api: () => api, failureOf };
}

async function failureOf(work: Promise<unknown>): Promise<UpstreamFailed> {
  const error = await work.then(
    () => null,
    (thrown: unknown) => thrown,
  );
  if (!(error instanceof UpstreamFailed)) throw new Error(`not UpstreamFailed: ${String(error)}`);
  return error;
}

/** What every provider does when the other side is not well; `host` and `path` of the first request for a film by `id`. */
export function faultContract(
  room: ProviderRoom,
  about: {
    host: string;
    path: RegExp;
    id: { provider: string; value: string };
    make(api: JsonApi): MetadataProvider;
    secret?: string;
  },
) {
  const ask = (signal = NEVER) =>
    about.make(room.api()).byId(about.id, { kind: 'movie', language: 'en' }, signal);
  const laid = () => nock(about.host).get(about.path).query(true);

  describe('when the other side is not well', () => {
    test('404 is: it does not know it', async () => {
      laid().reply(404, { success: false });
      expect(await ask()).toBeNull();
    });

    test.each([
      ['a page', () => laid().reply(200, '<html><title>busy</title></html>'), /sent a page instead of data/],
      [
        'another shape',
        () => laid().reply(200, { result: [] as number[], meta: 7, title: 7 }),
        /shape that is not known/,
      ],
      ['a list', () => laid().reply(200, [1, 2]), /shape that is not known/],
      ['a refusal', () => laid().reply(401, { status_message: about.secret }), /is its key right/],
      ['5xx', () => laid().times(3).reply(500, 'broken'), /answered 500/],
      [
        '429 for an hour',
        () => laid().reply(429, '', { 'retry-after': '3600' }),
        /no more requests for 3600 s/,
      ],
    ])(
      '%s is a failure with a sentence, without what was sent or asked',
      async (_name, lay, sentence) => {
        lay();
        const error = await room.failureOf(ask());
        expect(error.message).toMatch(sentence);
        expect(`${error.message} ${error.stack} ${JSON.stringify(error)}`).not.toContain(
          about.secret ?? new URL(about.host).host,
        );
      },
      20_000,
    );

    // One that keeps silent is tested with real sockets (`test/http/json-api-guard.test.ts`).
    test('one that is slow is waited for', async () => {
      laid().delay(400).reply(404, {});
      expect(await ask()).toBeNull();
    });

    test('one that is busy for a second is asked again then', async () => {
      laid().reply(429, '', { 'retry-after': '1' });
      laid().reply(404, {});
      const began = performance.now();
      expect(await ask()).toBeNull();
      expect(performance.now() - began).toBeGreaterThan(950);
    });

    test('what is no longer wanted is given up', async () => {
      laid().delay(1200).reply(200, {});
      const gone = new AbortController();
      const asked = ask(gone.signal);
      setTimeout(() => gone.abort(new Error('nobody waits')), 50);
      await expect(asked).rejects.toThrow('nobody waits');
    });
  });
}
