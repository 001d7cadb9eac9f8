import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { z } from 'zod';
import { command } from '../../src/platform/db.ts';
import { apiOperations, filled, type Operation, textPlaces, withAt } from '../support/api-operations.ts';
import { bodyOf } from '../support/api-samples.ts';
import { connect } from '../support/full-database.ts';
import { type Answer, type Household, openHousehold, type Person } from '../support/household-room.ts';
import { addThings, kindAt, kindOfField, type Things, unknownId } from '../support/owned-things.ts';
import { freePort } from '../support/processes.ts';
import { askHttp } from '../support/raw-http.ts';
import { startSmtpServer, type TestSmtpServer } from '../support/smtp-server.ts';

// Every text that every body of the API takes, by its own description, filled with what SQL, HTML, templates, headers, logs and spreadsheets
// might take for theirs. It is refused, or kept and given back as it is; no answer is a 5xx, and a line of the log stays a line.

/** Each begins with a mark that nothing else has, by which it is found again. */
const PAYLOADS: readonly ((mark: string) => string)[] = [
  (mark) => `${mark}'");--<b>{{7*7}}\${7*7}`,
  (mark) => `${mark}\r\nX-I: 1\r\n{"level":60}`,
  (mark) => `${mark}\u2028%0d%0aX-I:%201 $& \\1`,
];
const MARK = /zq\d+zq/;

let house: Household;
let smtp: TestSmtpServer;
let owner: Person;
let his: Things;
let film: string;
let operations: Operation[];
const sent = new Map<string, string>();

beforeAll(async () => {
  smtp = await startSmtpServer({ disabledCommands: ['STARTTLS'] });
  const port = await freePort();
  house = await openHousehold({
    ...{ PORT: String(port), PUBLIC_URL: `http://127.0.0.1:${port}`, TRUST_PROXY: '127.0.0.0/8' },
    ...{ SMTP_URL: `smtp://127.0.0.1:${smtp.port}`, SMTP_TLS: 'off', MAIL_FROM: 'films@example.org' },
    ...{ LOG_LEVEL: 'trace' },
  });
  film = await house.title('Seen by all');
  owner = await house.person('owner', 'admin');
  his = await addThings(house, owner, film);
  await house.asAdmin('PATCH', '/api/settings', { registration: 'open' });
  operations = (await apiOperations(house.product.baseUrl)).filter(({ body }) => body !== null);
}, 120_000);
afterAll(async () => {
  await house?.close();
  await smtp?.close();
});

let count = 0;
function fill(path: string): string {
  return filled(path, (param) => {
    const kind = kindAt(path, param);
    if (kind === null) return unknownId('user');
    // What an administrator does to titles, streams and accounts is done to these.
    return kind === 'title' && path.startsWith('/api/media') ? film : his[kind];
  });
}
const known = (name: string) => {
  if (name === 'mediaId') return film;
  const kind = kindOfField(name);
  return kind === null ? { service: 'netflix', finder: 'http-index' }[name] : his[kind];
};
function tokenOf({ ways }: Operation): string | null {
  if (ways.has('device')) return his.key;
  return ways.has('user') || ways.has('admin') ? owner.token : null;
}
function send(operation: Operation, body: unknown): Promise<Answer> {
  count += 1;
  const from = { 'X-Forwarded-For': `10.${5 + (count >> 16)}.${(count >> 8) & 255}.${count & 255}` };
  return house.ask(tokenOf(operation), operation.method, fill(operation.path), body, from);
}

/** Texts in any JSON, names of fields too. */
function textsIn(value: unknown): string[] {
  if (typeof value === 'string') return [value];
  if (typeof value !== 'object' || value === null) return [];
  return Object.entries(value).flatMap(([name, inner]) =>
    DERIVED.has(name) ? [] : [name, ...textsIn(inner)],
  );
}
/** Made of a text for an address or an index. */
const DERIVED = new Set(['slug', 'names', 'word', 'search', 'document']);
/** Those that hold a mark without what was sent with it, as it was, or in small letters. */
function changed(value: unknown): string[] {
  return textsIn(value).filter((text) => {
    const mark = MARK.exec(text)?.[0];
    const whole = sent.get(mark ?? '') ?? '\0';
    const ways = [whole, JSON.stringify(whole).slice(1, -1)];
    return mark !== undefined && !ways.some((way) => plain(text).includes(plain(way)));
  });
}
const plain = (text: string) => text.normalize('NFC').toLowerCase();

type Try = { operation: Operation; place: readonly string[]; payload: (mark: string) => string };
const triesOf = (operation: Operation): Try[] =>
  textPlaces(operation.body ?? {}).flatMap((place) =>
    PAYLOADS.map((payload) => ({ operation, place, payload })),
  );

/** What is wrong with the answer to one of them, and whether it was taken. */
async function judge({ operation, place, payload }: Try): Promise<{ faults: string[]; isKept: boolean }> {
  const mark = `zq${sent.size}zq`;
  const text = payload(mark);
  sent.set(mark, text);
  const { status, body } = await send(operation, withAt(bodyOf(operation, known, place), place, text));
  const what = `${operation.method} ${operation.path} ${place.join('.')}: ${status}`;
  const isBroken = status >= 500 || status === 429;
  return {
    faults: [
      ...(isBroken ? [`${what} ${JSON.stringify(body)}`] : []),
      ...changed(body).map((one) => `${what} ${one}`),
    ],
    isKept: status < 300,
  };
}

describe('every text of every body', () => {
  test('is refused, or given back as it is', async () => {
    const faults: string[] = [];
    let [kept, refused] = [0, 0];
    for (const one of operations.flatMap(triesOf)) {
      // Wrong passwords of one account are counted, whatever they look like.
      if (one.payload === PAYLOADS[0]) await house.db.query(command('test.calm')`DELETE FROM rate_limit`);
      const judged = await judge(one);
      faults.push(...judged.faults);
      if (judged.isKept) kept += 1;
      else refused += 1;
    }
    expect(faults).toEqual([]);
    expect([kept > 100, refused > 100], `${kept} kept, ${refused} refused`).toEqual([true, true]);
  }, 300_000);

  test('stands in the database as it was sent, or not at all', async () => {
    await using client = await connect(house.databaseUrl);
    const { rows: tables } = await client.query<{ name: string }>(
      `SELECT table_name AS name FROM information_schema.tables WHERE table_schema = 'public' AND table_type = 'BASE TABLE'`,
    );
    const faults: string[] = [];
    let found = 0;
    for (const { name } of tables) {
      const { rows } = await client.query<{ row: unknown }>(`SELECT to_jsonb(t) AS row FROM ${name} t`);
      found += rows.filter(({ row }) => MARK.test(JSON.stringify(row))).length;
      faults.push(...rows.flatMap(({ row }) => changed(row)).map((text) => `${name}: ${text}`));
    }
    expect(faults).toEqual([]);
    expect(found).toBeGreaterThan(20);
  });
});

test('a line of the log is one entry of ours, whatever stood in a path, a header or a body', async () => {
  const forged = '\r\n{"level":60,"time":1,"msg":"zqforged"}\r\n';
  for (const path of [
    `/api/media?q=${encodeURIComponent(forged)}`,
    `/${encodeURIComponent(forged)}`,
    '/nothing%0a%0dzqforged',
  ])
    await askHttp(house.product.baseUrl, {
      path,
      headers: { 'User-Agent': 'zqforged\u00a0\u0085agent', Referer: 'http://zqforged/' },
    });
  for (const login of [`zqforged${forged}`, '\u001b[31mzqforged', '\u2028zqforged'])
    await house.ask(
      null,
      'POST',
      '/api/auth/login',
      { login, password: forged },
      { 'X-Forwarded-For': '10.8.8.8' },
    );
  await house.product.stop();
  const lines = house.product
    .output()
    .split('\n')
    .filter((line) => line.trim() !== '');
  const Entry = z.looseObject({ level: z.int(), time: z.unknown(), msg: z.string().optional() });
  const entries = lines.map((line) => {
    try {
      return Entry.safeParse(JSON.parse(line));
    } catch {
      return { success: false as const, line };
    }
  });
  // But for what it says to whoever starts it.
  const strange = entries.filter(
    (entry) => !entry.success && !('line' in entry && /^ {2}\S/.test(entry.line)),
  );
  expect(strange.slice(0, 3)).toEqual([]);
  expect(lines.filter((line) => /^ {2}\S.*zq/.test(line))).toEqual([]);
  expect(entries.length).toBeGreaterThan(20);
  expect(entries.filter((entry) => entry.success && entry.data.msg === 'zqforged')).toEqual([]);
  expect(lines.filter((line) => line.includes('\u001b') || line.includes('\r'))).toEqual([]);
  expect(lines.filter((line) => /"level":(50|60)/.test(line)).slice(0, 3)).toEqual([]);
});
