import { Client } from 'pg';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { z } from 'zod';
import { freshDatabase, type TestDatabase } from '../support/database.ts';
import { startOidcProvider } from '../support/oidc-room.ts';
import { freePort } from '../support/processes.ts';
import { startTributary, type Tributary } from '../support/product.ts';
import { startSmtpServer, type TestSmtpServer, textOf } from '../support/smtp-server.ts';

// Every secret of accounts, families and devices, used rightly and wrongly at the most talkative log level: none of them stands in the
// log, in an error, in the audit log, or in what a dump of the database holds.

const CLIENT_SECRET = 'client-secret-that-nobody-may-read';
const PASSWORDS = [
  'password-of-the-parent-0123',
  'password-chosen-anew-0123',
  'password-by-mail-0123',
] as const;
const SMTP_PASSWORD = 'p@ss word';
const PIN = '48151623';
const KEY = 'secret-key-of-the-secrets-test-0123456789';
/** What a browser is told of a new session beside the cookies. */
const Signed = z.object({
  accessToken: z.string(),
  refreshToken: z.string(),
  user: z.object({ userId: z.uuid() }),
});

let database: TestDatabase;
let mail: TestSmtpServer;
let provider: Awaited<ReturnType<typeof startOidcProvider>>;
let product: Tributary;
let parent: z.infer<typeof Signed>;
/** By what they are. */
const secrets = new Map<string, string>([
  ['SMTP password', SMTP_PASSWORD],
  ['client secret', CLIENT_SECRET],
  ['PIN', PIN],
  ['SECRET_KEY', KEY],
  ...PASSWORDS.map((password, index): [string, string] => [`password ${index}`, password]),
]);
/** All answers but those that hand a secret out, as they are meant to. */
const said: string[] = [];

beforeAll(async () => {
  [database, provider] = [await freshDatabase(), await startOidcProvider(CLIENT_SECRET)];
  mail = await startSmtpServer({ disabledCommands: ['STARTTLS'], allowInsecureAuth: true });
  const port = await freePort();
  const home = { kind: 'oidc', id: 'home', name: 'Home', issuer: provider.issuer };
  product = await startTributary({
    env: {
      ...{ DATABASE_URL: database.url, LOG_LEVEL: 'trace', SECRET_KEY: KEY, PORT: String(port) },
      ...{ PUBLIC_URL: `http://127.0.0.1:${port}`, MAIL_FROM: 'films@example.org', SMTP_TLS: 'off' },
      SMTP_URL: `smtp://films:${encodeURIComponent(SMTP_PASSWORD)}@127.0.0.1:${mail.port}`,
      LOGIN_PROVIDERS: JSON.stringify([{ ...home, clientId: 'tributary', clientSecret: CLIENT_SECRET }]),
      ...{ STARTER_CATALOG: 'off', METADATA_PROVIDERS: 'none', RATE_LIMIT_API: '100000' },
    },
  });
  provider.serve(product.baseUrl);
  secrets.set('admin token', product.adminToken);
}, 120_000);
afterAll(async () => {
  await product?.stop();
  await provider?.close();
  await mail?.close();
  await database?.close();
});

type Asked = { token?: string | undefined; body?: unknown; text?: string; handsOut?: boolean };

async function ask(method: string, path: string, { token, body, text, handsOut = false }: Asked = {}) {
  const sent = text ?? (body === undefined ? undefined : JSON.stringify(body));
  const answer = await fetch(product.baseUrl + path, {
    ...{ method, redirect: 'manual' },
    headers: {
      ...(sent === undefined ? {} : { 'Content-Type': 'application/json' }),
      ...(token === undefined ? {} : { Authorization: `Bearer ${token}` }),
    },
    ...(sent === undefined ? {} : { body: sent }),
  });
  const told = await answer.text();
  if (!handsOut) said.push(`${method} ${answer.status} ${JSON.stringify([...answer.headers])} ${told}`);
  return { status: answer.status, body: told.startsWith('{') ? (JSON.parse(told) as unknown) : null };
}
const by = (method: string, path: string, body?: unknown, handsOut = false) =>
  ask(method, path, { token: parent.accessToken, body, handsOut });

/** What an answer hands out, from now on among the secrets. */
function planted<Shape extends z.ZodType>(
  what: string,
  shape: Shape,
  body: unknown,
  secretOf: (value: z.infer<Shape>) => string,
) {
  const value = shape.parse(body);
  secrets.set(what, secretOf(value));
  return value;
}

async function signIn(what: string, password: string) {
  const body = { login: 'parent', password };
  const answer = await ask('POST', '/api/auth/login', { body, handsOut: true });
  expect(answer.status).toBe(200);
  const signed = planted(`refresh token, ${what}`, Signed, answer.body, ({ refreshToken }) => refreshToken);
  secrets.set(`access token, ${what}`, signed.accessToken);
  return signed;
}
const tokenIn = (text: string) => /#(?:reset|verify)\/(\S+)/.exec(text)?.[1] ?? '';

/** As it stands, and where half of it was cut off, quoted in a wrong place, or of a wrong shape. */
async function misuse(secret: string): Promise<void> {
  await ask('GET', '/api/device', { token: secret });
  await ask('GET', '/api/auth/sessions', { token: `${secret}x` });
  await ask('GET', `/${secret}/manifest.json`);
  await ask('GET', `/${secret}/catalog/movie/popular/genre=${secret}.json`);
  await ask('GET', `/play/${secret}/${secret}/film.mp4`);
  await ask('GET', `/api/no-such-route?token=${secret}`);
  await ask('POST', '/api/auth/login', { text: `{"login":"parent","password":"${secret}` });
  for (const [path, body] of [
    ['/api/auth/login', { login: { name: secret }, password: [secret] }],
    ['/api/auth/login', { login: 'parent', password: secret }],
    ['/api/auth/refresh', { refreshToken: `${secret}x` }],
    ['/api/auth/refresh', { refreshToken: { a: secret } }],
    ['/api/auth/password-reset', { token: secret, password: 'short' }],
    ['/api/auth/verify-email', { token: `${secret}x` }],
    ['/api/profiles', { kind: 'kid', name: 'Ada', pin: `${secret}!` }],
  ] as const)
    await ask('POST', path, { token: parent.accessToken, body });
}

test('accounts: sessions, tokens, letters and a provider', async () => {
  const registered = { username: 'parent', email: 'parent@example.org', password: PASSWORDS[0] };
  const made = await ask('POST', '/api/auth/register', {
    token: product.adminToken,
    body: registered,
    handsOut: true,
  });
  expect(made.status).toBe(201);
  parent = await signIn('first', PASSWORDS[0]);

  // Renewed, and the old one used again, which ends the chain.
  const old = await signIn('second', PASSWORDS[0]);
  const refresh = (refreshToken: string, handsOut = false) =>
    ask('POST', '/api/auth/refresh', { body: { refreshToken }, handsOut });
  const renewed = await refresh(old.refreshToken, true);
  planted('refresh token, renewed', Signed, renewed.body, ({ refreshToken }) => refreshToken);
  expect((await refresh(old.refreshToken)).status).toBe(401);

  const token = await by('POST', '/api/auth/tokens', { name: 'Script', scopes: ['read'] }, true);
  const { token: apiToken } = planted(
    'API token',
    z.object({ token: z.string() }),
    token.body,
    (one) => one.token,
  );
  expect((await ask('GET', '/api/profiles', { token: apiToken })).status).toBe(200);
  expect((await ask('POST', '/api/profiles', { token: apiToken, body: {} })).status).toBe(403);

  expect((await by('POST', '/api/auth/email-verification', {})).status).toBe(202);
  const verify = tokenIn(textOf(await mail.letter(2)));
  secrets.set('code of the address', verify);
  for (const status of [204, 403])
    expect((await ask('POST', '/api/auth/verify-email', { body: { token: verify } })).status).toBe(status);

  mail.mode.refuses = 1;
  expect(
    (await ask('POST', '/api/auth/password-forgotten', { body: { email: 'parent@example.org' } })).status,
  ).toBe(202);
  const mailed = tokenIn(textOf(await mail.letter(3)));
  secrets.set('reset link by mail', mailed);
  const reset = (resetToken: string, password: string) =>
    ask('POST', '/api/auth/password-reset', { body: { token: resetToken, password } });
  expect((await reset(mailed, PASSWORDS[1])).status).toBeLessThan(300);
  expect((await reset(mailed, PASSWORDS[1])).status).toBe(403);

  const link = await ask('POST', `/api/users/${parent.user.userId}/reset-link`, {
    token: product.adminToken,
    handsOut: true,
  });
  const { url } = planted('reset link by hand', z.object({ url: z.string() }), link.body, (one) =>
    tokenIn(one.url),
  );
  expect((await reset(tokenIn(url), PASSWORDS[2])).status).toBeLessThan(300);
  parent = await signIn('after the reset', PASSWORDS[2]);

  expect(verify.length + mailed.length).toBeGreaterThan(60);
  const browser = provider.openBrowser(product.baseUrl);
  const first = await browser.start();
  const callback = await browser.passProvider(first, 'somebody');
  said.push(first, await browser.comeBack(callback.replace(/code=[^&]+/, 'code=wrong')));
  said.push(await browser.signIn('somebody'));
});

test('families and devices: PIN, install, codes and keys', async () => {
  const profile = await by('POST', '/api/profiles', { kind: 'kid', name: 'Ada', pin: PIN });
  const { profileId } = z.object({ profileId: z.uuid() }).parse(profile.body);
  const install = await by('POST', '/api/installs', { profileId, name: 'TV' }, true);
  const Install = z.object({ manifestUrl: z.string(), installId: z.uuid() });
  const place = planted(
    'install address',
    Install,
    install.body,
    (one) => new URL(one.manifestUrl).pathname.split('/')[1] ?? '',
  );
  const address = secrets.get('install address') ?? '';
  expect((await ask('GET', `/${address}/manifest.json`, { handsOut: true })).status).toBe(200);
  await ask('GET', `/${address}/catalog/movie/no-such-list.json`, { handsOut: true });

  const Code = z.object({ code: z.string(), secret: z.string().optional() });
  const code = planted(
    'pairing code',
    Code,
    (await by('POST', '/api/pairing-codes', {}, true)).body,
    (one) => one.code,
  ).code;
  const claim = (pin: string, handsOut = false) =>
    ask('POST', `/api/pairing-codes/${code}/claim`, { body: { name: 'Tablet', profileId, pin }, handsOut });
  expect((await claim('00000000')).status).toBe(401);
  const paired = await claim(PIN, true);
  expect(paired.status).toBe(201);
  const Key = z.object({ key: z.string(), deviceId: z.uuid() });
  const { key, deviceId } = planted('device key', Key, paired.body, (one) => one.key);
  expect((await ask('GET', '/api/device', { token: key, handsOut: true })).status).toBe(200);
  expect((await claim(PIN)).status).toBeGreaterThanOrEqual(400);

  const shown = await ask('POST', '/api/pairing-codes', { body: { name: 'Stick' }, handsOut: true });
  const waiting = planted('pairing secret', Code, shown.body, (one) => one.secret ?? '');
  await ask('GET', `/api/pairing-codes/${waiting.code}`, { token: waiting.secret });

  for (const secret of [...secrets.values()].map(encodeURIComponent)) await misuse(secret);
  await by('DELETE', `/api/devices/${deviceId}`);
  await by('DELETE', `/api/installs/${place.installId}`);
  expect((await ask('GET', `/${address}/manifest.json`)).status).toBe(404);
  expect((await ask('GET', '/api/device', { token: key })).status).toBe(401);
});

test('none of them is in an answer, the audit log, the metrics or the log', async () => {
  for (const path of [
    '/api/audit?limit=100',
    '/api/users',
    '/api/settings',
    '/metrics',
    '/api/health',
    '/api/auth/data',
  ])
    await ask('GET', path, { token: path === '/api/auth/data' ? parent.accessToken : product.adminToken });
  await product.stop();
  const output = product.output();
  expect(output).toContain('Tributary is running');
  expect(said.length).toBeGreaterThan(150);
  expect(found([...output.split('\n'), ...said])).toEqual([]);
});

test('none of them is in what a dump of the database holds', async () => {
  const rows = await dump(database.url);
  // It is the whole of it.
  expect(rows.filter((row) => row.includes('argon2id')).length).toBeGreaterThan(1);
  expect(rows.some((row) => row.startsWith('public.audit_log'))).toBe(true);
  expect(found(rows)).toEqual([]);
});

/** Lines that hold a secret: as it is, as URLs, JSON, base64 or bytes of a database write it. */
function found(lines: readonly string[]): string[] {
  return [...secrets].flatMap(([what, secret]) => {
    expect(secret.length, what).toBeGreaterThan(5);
    const bytes = Buffer.from(secret);
    const forms = [secret, encodeURIComponent(secret), bytes.toString('hex'), bytes.toString('base64url')];
    // Of nothing but digits others may hold it by chance.
    const patterns = forms.map(
      (form) => new RegExp(`(?<![0-9.])${form.replaceAll(/[^\w]/g, '\\$&')}(?![0-9])`),
    );
    const holding = lines.filter((line) => patterns.some((pattern) => pattern.test(line)));
    return holding.map((line) => `${what}: ${line.slice(0, 400)}`);
  });
}

/** Every row of every table, as text, bytes as hex. */
async function dump(url: string): Promise<string[]> {
  const client = new Client({ connectionString: url });
  await client.connect();
  try {
    const tables = await client.query<{ name: string }>(`
      SELECT format('%I.%I', n.nspname, c.relname) AS name FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
      WHERE c.relkind = 'r' AND n.nspname NOT IN ('pg_catalog', 'information_schema')`);
    const all: string[] = [];
    for (const { name } of tables.rows) {
      const { rows } = await client.query<{ row: string }>(`SELECT t::text AS row FROM ${name} t`);
      all.push(...rows.map(({ row }) => `${name} ${row}`));
    }
    return all;
  } finally {
    await client.end();
  }
}
