import { afterAll, beforeAll, expect, test } from 'vitest';
import { z } from 'zod';
import { type Household, openHousehold } from '../support/household-room.ts';
import { freePort } from '../support/processes.ts';
import { askHttp } from '../support/raw-http.ts';
import { startSmtpServer, type TestSmtpServer } from '../support/smtp-server.ts';
import { get } from '../support/traffic.ts';
import { waitUntil } from '../support/wait-until.ts';

// What the server makes of texts that somebody wrote: pages, lists of lines, addresses that lead on, letters. None has a tag, a line, a header
// or a recipient of that somebody's making.

let house: Household;
let smtp: TestSmtpServer;

beforeAll(async () => {
  smtp = await startSmtpServer({ disabledCommands: ['STARTTLS'] });
  const port = await freePort();
  house = await openHousehold({
    ...{ PORT: String(port), PUBLIC_URL: `http://127.0.0.1:${port}`, TRUST_PROXY: '127.0.0.0/8' },
    ...{ SMTP_URL: `smtp://127.0.0.1:${smtp.port}`, SMTP_TLS: 'off', MAIL_FROM: 'films@example.org' },
  });
}, 120_000);
afterAll(async () => {
  await house?.close();
  await smtp?.close();
});

const open = async (path: string, token?: string) => {
  const headers = token === undefined ? {} : { headers: { Authorization: `Bearer ${token}` } };
  const response = await get(house.product.baseUrl + path, headers);
  return { type: response.headers.get('content-type') ?? '', text: await response.text() };
};
const nasty = (mark: string) => `${mark}<script>alert(1)</script>"'{{7*7}}`;

test('no page holds markup of a user, and no document of lines a line of one', async () => {
  const name = nasty('zqpage').slice(0, 50);
  expect((await house.asAdmin('PATCH', '/api/settings', { addonName: name })).status).toBe(200);
  // A film that comes with the product, which can be played here.
  const Page = z.object({ media: z.array(z.object({ id: z.uuid() })) });
  const found = async () =>
    Page.parse((await house.asAdmin('GET', '/api/media?q=Confluence')).body).media[0]?.id;
  const title = await waitUntil(found, { what: 'the film is there', timeoutMs: 30_000 });
  const forged = `${nasty('zqtitle')}\r\n#EXTINF:-1,zqforged\r\nhttp://evil.example/`;
  const changed = await house.asAdmin('PATCH', `/api/media/${title}`, { title: forged, overview: forged });
  expect(changed.status).toBe(200);
  const paths = [
    ...[
      '/',
      '/configure',
      '/manifest.json',
      '/catalog/movie/recent.json',
      `/meta/movie/trib%3A${title}.json`,
    ],
    ...[`/api/titles/${title}/playlist.m3u`, '/api/streams/playlist.m3u', '/api/openapi.json', '/metrics'],
    ...[
      '/api/audit/export?format=csv',
      '/api/audit/export?format=ndjson',
      `/${encodeURIComponent(nasty('x'))}`,
    ],
  ];
  const playlist = await open(`/api/titles/${title}/playlist.m3u`);
  expect(playlist.text).toMatch(/^#EXTINF:\d+,.*zqforged.*evil/m);
  let documents = 0;
  for (const path of paths) {
    const { type, text } = await open(path, house.product.adminToken);
    if (text !== '') documents += 1;
    if (/html/.test(type)) expect(text, path).not.toContain('<script>alert(1)');
    if (/json/.test(type)) expect(text, path).not.toMatch(/'49/);
    expect(
      text
        .split(/\r\n|\r|\n/)
        .filter((line) => /^(#EXTINF:-1,zqforged|http:..evil|X-I: 1|=|\{"level":60\})/.test(line)),
      path,
    ).toEqual([]);
  }
  expect(documents).toBeGreaterThan(8);
  await house.asAdmin('PATCH', '/api/settings', { addonName: null });
});

test('no address of a request makes a header of an answer, or leads elsewhere', async () => {
  const tricks = [
    ...[
      '/%0d%0aX-I:%201/configure',
      '/x%0d%0aLocation:%20http:%2f%2fevil.example/configure',
      '//evil.example/%2e%2e',
    ],
    ...[
      '//evil.example/configure',
      '/\\evil.example/configure',
      '/assets//evil.example/',
      '/assets/..//evil.example',
    ],
    ...[
      '/api/auth/with/http:%2f%2fevil.example',
      '/api/auth/with/x%0d%0aX-I:%201/callback?state=%0d%0aX-I:%201',
    ],
    ...[
      '/configure?next=//evil.example',
      '/?redirect=http://evil.example',
      '/api/auth/with/x/callback?error=%0d%0aX-I',
    ],
  ];
  for (const path of tricks) {
    const { headers, status } = await askHttp(house.product.baseUrl, { path });
    expect([path, headers.has('x-i'), status < 500]).toEqual([path, false, true]);
    const location = headers.get('location') ?? '/';
    expect(new URL(location, house.product.baseUrl).origin, `${path}: ${location}`).toBe(
      house.product.baseUrl,
    );
  }
  // Where the server says of itself where it is, nobody else does.
  const body = JSON.stringify({ kind: 'movie', title: 'Where am I' });
  const made = await askHttp(house.product.baseUrl, {
    ...{ method: 'POST', path: '/api/media', body },
    headers: {
      ...{ Authorization: `Bearer ${house.product.adminToken}`, 'Content-Type': 'application/json' },
      ...{ Host: 'evil.example', 'X-Forwarded-Host': 'evil.example' },
    },
  });
  expect([made.status, made.headers.get('location')]).toEqual([
    201,
    expect.stringMatching(new RegExp(`^${house.product.baseUrl}/api/media/`)),
  ]);
});

test('no letter has a header, a recipient or a link that somebody made up', async () => {
  const before = smtp.letters.length;
  for (const email of [
    'a@example.org\r\nBcc: evil@example.org',
    'a@example.org, evil@example.org',
    '"a\r\nX-I: 1"@example.org',
    'a@example.org\nSubject: zq',
    '<a@example.org> <evil@example.org>',
  ])
    for (const [path, given] of [
      ['/api/auth/register', { email, password: 'a password of theirs' }],
      ['/api/auth/password-forgotten', { email }],
      ['/api/users', { email }],
    ] as const)
      expect([path, email, (await house.asAdmin('POST', path, given)).status]).toEqual([path, email, 400]);
  expect(
    (await house.asAdmin('PATCH', '/api/settings', { addonName: 'Films\r\nBcc: evil@example.org' })).status,
  ).toBe(400);
  await house.asAdmin('PATCH', '/api/settings', { addonName: '=?utf-8?q?X?= <b>"Films", {{7*7}} <x@y>' });
  await house.asAdmin('POST', '/api/users', {
    email: 'mailed@example.org',
    password: 'a password of theirs',
  });
  const from = { Host: 'evil.example', 'X-Forwarded-Host': 'evil.example', 'X-Forwarded-For': '10.9.9.9' };
  const asked = await askHttp(house.product.baseUrl, {
    ...{ method: 'POST', path: '/api/auth/password-forgotten' },
    headers: { 'Content-Type': 'application/json', ...from },
    body: JSON.stringify({ email: 'mailed@example.org' }),
  });
  expect(asked.status).toBe(202);
  const letter = await smtp.letter(before + 1);
  expect([letter.from, letter.to]).toEqual(['films@example.org', ['mailed@example.org']]);
  const [head = ''] = letter.raw.split('\r\n\r\n');
  const names = head.split(/\r\n(?![ \t])/).map((line) => line.slice(0, line.indexOf(':')).toLowerCase());
  expect(names.filter((name) => ['bcc', 'cc', 'x-i', 'reply-to'].includes(name))).toEqual([]);
  expect(names.filter((name) => name === 'subject' || name === 'to')).toHaveLength(2);
  expect(letter.raw).not.toContain('evil.example');
  const someMail = smtp.letters.slice(before).flatMap(({ to }) => to);
  expect(someMail.filter((to) => to.includes('evil'))).toEqual([]);
});
