import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { BAD_EXTRAS, BAD_IDS } from '../support/bad-input.ts';
import { dishonestAnswers, type Judged } from '../support/honest-answer.ts';
import { startTributary, type Tributary } from '../support/product.ts';
import { askHttp, type RawRequest } from '../support/raw-http.ts';

// What a stranger may write where an id, an extra or a file name belongs: bad-input.test.ts has the rest.

const SECRET_KEY = 'secret-key-of-the-bad-paths-test-0123456789';

let product: Tributary;

beforeAll(async () => {
  const env = { SECRET_KEY, RATE_LIMIT_ADDON: '1000000', RATE_LIMIT_API: '1000000', LOG_LEVEL: 'debug' };
  product = await startTributary({ env });
});
afterAll(() => product?.stop());

const bearer = () => ({ Authorization: `Bearer ${product.adminToken}` });

function dishonest(requests: readonly RawRequest[], judged: Judged = {}): Promise<string[]> {
  const secrets = [product.adminToken, SECRET_KEY, product.dataDir];
  return dishonestAnswers(product.baseUrl, requests, { secrets, ...judged });
}

describe('the add-on', () => {
  test.each(['catalog', 'meta', 'stream', 'subtitles', 'addon_catalog'])(
    '%s takes no id or type amiss',
    async (resource) => {
      const requests = BAD_IDS.flatMap((id) => [
        { path: `/${resource}/movie/${id}.json` },
        { path: `/${resource}/series/${id}%3A1%3A1.json` },
        { path: `/${resource}/${id}/popular.json` },
        { path: `/${resource}/movie/${id}` },
      ]);
      expect(await dishonest(requests, { hasCors: true })).toEqual([]);
    },
  );

  test('extras that say nothing sensible are refused or ignored, with CORS on', async () => {
    const requests = BAD_EXTRAS.flatMap((extra) => [
      { path: `/catalog/movie/popular/${extra}.json` },
      { path: `/catalog/series/search/${extra}.json` },
      { path: `/catalog/movie/list-open-films/${extra}.json` },
      { path: `/subtitles/movie/tt1254207/${extra}.json` },
      { path: `/stream/movie/tt1254207/${extra}.json?${extra}` },
      { path: `/manifest.json?${extra}` },
    ]);
    expect(await dishonest(requests, { hasCors: true })).toEqual([]);
  });

  test('a skip that is no number of items is refused and one past the end is an empty page', async () => {
    const ask = async (skip: string) =>
      askHttp(product.baseUrl, { path: `/catalog/movie/popular/skip=${skip}.json` });
    for (const skip of ['abc', '-1', '1e9', '1.5', '']) expect((await ask(skip)).status, skip).toBe(400);
    for (const skip of ['100000', '9999999']) {
      const beyond = await ask(skip);
      expect(beyond.status, skip).toBe(200);
      expect(JSON.parse(beyond.body.toString())).toMatchObject({ metas: [] });
    }
  });
});

describe('play links', () => {
  test('nothing opens a door that was not made here, and all refusals are one', async () => {
    const requests = BAD_IDS.flatMap((id) => [
      { path: `/play/x/${id}` },
      { path: `/play/${id}/x/film.mp4` },
      { path: `/play/x/y/${id}` },
      { method: 'HEAD', path: `/play/x/${id}/film.mp4` },
    ]);
    expect(await dishonest(requests, { hasCors: true })).toEqual([]);
    const [first, second] = await Promise.all(
      ['/play/a/b/c.mp4', '/play/aaaaaaaaaaaaaaaaaaaaaa/AAAA/c.mp4'].map((path) =>
        askHttp(product.baseUrl, { path }),
      ),
    );
    expect(first?.status).toBe(403);
    expect(first?.body).toEqual(second?.body);
  });
});

describe('files and pages', () => {
  test('no path leads out of what is served', async () => {
    const requests = BAD_IDS.flatMap((id) => [
      { path: `/assets/${id}` },
      { path: `/assets/${id}/../../package.json` },
      { path: `/assets/starter/${id}` },
      { path: `/assets/starter/${id}.jpg` },
      { path: `/configure/${id}` },
      { path: `/${id}/manifest.json` },
      { path: `/${id}/configure` },
      { path: `/${id}` },
      { path: `/healthz/${id}` },
      { path: `/readyz?${id}` },
      { path: `/metrics?${id}`, headers: bearer() },
    ]);
    expect(await dishonest(requests)).toEqual([]);
    for (const { path } of requests.filter((request) => request.path.startsWith('/assets'))) {
      const { body } = await askHttp(product.baseUrl, { path });
      expect(body.toString('latin1'), path).not.toMatch(/"dependencies"|root:x:0/);
    }
  });
});

test('afterwards it still answers, and its log holds no 5xx and no secret', async () => {
  expect((await fetch(`${product.baseUrl}/readyz`)).status).toBe(200);
  const lines = product.output().split('\n');
  for (const said of ['nobody handled', 'request failed', '"level":50', product.adminToken, SECRET_KEY])
    expect(
      lines.filter((line) => line.includes(said)),
      said,
    ).toEqual([]);
});
