import { createServer } from 'node:net';
import { expect, test } from 'vitest';
import { checkProviders } from '../../scripts/check-providers.ts';
import { createNet } from '../../src/platform/net.ts';
import type { Provider } from '../../src/streams/usenet/providers/provider.ts';
import { selfSigned } from '../support/certificate.ts';
import { type NntpServerOptions, startNntpServer } from '../support/nntp-server.ts';
import { providerAt } from '../support/usenet-room.ts';
import { waitUntil } from '../support/wait-until.ts';

const NO_ARTICLES = new Map<string, Buffer>();
const LOGIN = { username: 'member', password: 'hunter 22' };
const name = 'Usenet provider main';

/** What the doctor says of a provider with this entry. */
async function said(provider: Provider, loginMs = 10_000) {
  const net = createNet({ mode: 'listed', allow: ['127.0.0.1'], ownPorts: () => new Set() });
  try {
    const [finding] = await checkProviders(net, [provider], { loginMs, signal: AbortSignal.timeout(60_000) });
    expect(JSON.stringify(finding)).not.toMatch(/hunter|member/);
    return finding;
  } finally {
    await net.close();
  }
}

/** The same of a server of its own. */
async function saidOf(options: Partial<NntpServerOptions>, entry: Partial<Provider>, loginMs?: number) {
  await using server = await startNntpServer({ articles: NO_ARTICLES, ...options });
  const finding = await said(providerAt(server, { name: 'main', ...entry }), loginMs);
  await waitUntil(() => server.connections() === 0, { what: 'it hung up', timeoutMs: 10_000 });
  return finding;
}

test('a right entry is connected, logged in and asked for the date, by one connection that says goodbye', async () => {
  const lines: string[] = [];
  const tls = selfSigned('127.0.0.1');
  const hear = (line: string) => void lines.push(line.replace(/(USER|PASS) .*/, '$1'));
  const found = await saidOf({ login: LOGIN, tls, hear }, { ...LOGIN, tls: true, tlsCa: tls.cert });
  expect(found).toMatchObject({ name, state: expect.stringMatching(/ok|note/) });
  expect(found?.text).toMatch(/^connected in \d+ ms, TLS, login taken, up to 4 connections/);
  expect(lines).toEqual(['AUTHINFO USER', 'AUTHINFO PASS', 'DATE', 'QUIT']);
});

test('a login that goes out unencrypted is worth a word', async () => {
  expect(await saidOf({ login: LOGIN }, LOGIN)).toMatchObject({
    ...{ name, state: 'note' },
    text: expect.stringContaining('set "tls": true'),
  });
});

test.each<[string, Partial<NntpServerOptions>, Partial<Provider>, string]>([
  [
    'a wrong password',
    { login: LOGIN },
    { username: 'member', password: 'hunter' },
    'Correct "username" and "password"',
  ],
  ['no login where one is asked for', { login: LOGIN }, {}, 'give "username" and "password"'],
  ['too many connections', { maxConnections: 0 }, {}, 'Lower "connections" (4)'],
  [
    'a certificate nobody vouches for',
    { tls: selfSigned('127.0.0.1') },
    { tls: true },
    'name the authority in "tlsCa"',
  ],
  ['TLS where there is none', {}, { tls: true }, 'or "tls": false'],
  ['no TLS where there is', { tls: selfSigned('127.0.0.1') }, {}, 'or set "tls": true'],
  [
    'something that is no news server',
    { greet: (socket) => !socket.write('220 smtp here\r\n') },
    {},
    'Correct "port"',
  ],
])('%s', async (_what, options, entry, fix) => {
  expect(await saidOf(options, entry, 1500)).toMatchObject({
    ...{ name, state: 'mend' },
    text: expect.stringContaining(fix),
  });
});

test('a port where nothing listens, and a host that may not be reached', async () => {
  const closed = createServer();
  await new Promise<void>((resolve) => closed.listen(0, '127.0.0.1', resolve));
  const address = closed.address();
  const port = typeof address === 'object' ? (address?.port ?? 0) : 0;
  await new Promise((resolve) => closed.close(resolve));
  expect(await said(providerAt({ host: '127.0.0.1', port }, { name: 'main' }))).toMatchObject({
    ...{ name, state: 'mend' },
    text: 'nothing listens there. Correct "port" (563 with TLS, 119 without).',
  });
  expect(await said(providerAt({ host: '127.0.0.2', port: 563 }, { name: 'main' }))).toMatchObject({
    ...{ name, state: 'mend' },
    text: expect.stringContaining('OUTBOUND_ALLOW'),
  });
});
