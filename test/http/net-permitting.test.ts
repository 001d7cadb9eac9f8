import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest';
import { AppError } from '../../src/kit/errors.ts';
import { isHomeAddress } from '../../src/platform/address-rules.ts';
import { createNet, type Net } from '../../src/platform/net.ts';

// What the owner vouches for: one server at home, by its name and port, and nothing beside it.

const NEVER = new AbortController().signal;
let [home, other]: Server[] = [];
let net: Net;
const ownPorts = new Set<number>();

async function startServer(): Promise<Server> {
  const server = createServer((req, res) => {
    const to = /^\/to\?(.*)$/.exec(req.url ?? '')?.[1];
    if (to === undefined) res.end('here');
    else res.writeHead(302, { location: decodeURIComponent(to) }).end();
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  return server;
}
function portOf(server: Server | undefined): number {
  const address = server?.address();
  if (typeof address !== 'object' || address === null) throw new Error('it does not listen');
  return address.port;
}
const urlOf = (server: Server | undefined, path = '/') =>
  new URL(`http://127.0.0.1:${portOf(server)}${path}`);
async function textOf(from: Pick<Net, 'request'>, url: URL): Promise<string> {
  try {
    return await (await from.request(url)).body.text();
  } catch (error) {
    return error instanceof AppError ? error.code : String(error);
  }
}

beforeAll(async () => {
  home = await startServer();
  other = await startServer();
});
beforeEach(() => {
  ownPorts.clear();
  net = createNet({ mode: 'all', allow: [], ownPorts: () => ownPorts });
});
afterEach(() => net.close());
afterAll(() => {
  home?.closeAllConnections();
  home?.close();
  other?.close();
});

test('the one server is reached, by requests, long bodies and dials; no other port of it', async () => {
  const view = net.permitting(urlOf(home));
  expect(await textOf(view, urlOf(home))).toBe('here');
  await view.assertAllowed(urlOf(home), NEVER);
  const socket = await view.dial({ host: '127.0.0.1', port: portOf(home), isTls: false }, NEVER);
  socket.destroy();
  expect(await textOf(view, urlOf(other))).toBe('net.refused');
  expect(await textOf(view, new URL(`http://localhost:${portOf(home)}/`))).toBe('net.refused');
});

test('its connections are its own: without the permission they are of no use', async () => {
  const view = net.permitting(urlOf(home));
  expect(await textOf(view, urlOf(home))).toBe('here');
  expect(await textOf(net, urlOf(home))).toBe('net.refused');
  expect(view.dispatcher).not.toBe(net.dispatcher);
  expect(view.http1).not.toBe(net.http1);
  expect(net.permitting(urlOf(home, '/another/path'))).toBe(view);
});

test('a redirect to another server at home is refused', async () => {
  const view = net.permitting(urlOf(home));
  expect(await textOf(view, urlOf(home, `/to?${encodeURIComponent(urlOf(home, '/').href)}`))).toBe('here');
  expect(await textOf(view, urlOf(home, `/to?${encodeURIComponent(urlOf(other).href)}`))).toBe('net.refused');
});

test('this server itself is not to be permitted, nor anything while only listed hosts are reached', async () => {
  ownPorts.add(portOf(home));
  expect(await textOf(net.permitting(urlOf(home)), urlOf(home))).toBe('net.refused');
  const listed = createNet({ mode: 'listed', allow: [], ownPorts: () => new Set() });
  expect(await textOf(listed.permitting(urlOf(home)), urlOf(home))).toBe('net.refused');
  await listed.close();
});

test('FTP has its data ports too, by the same name', async () => {
  const view = net.permitting(new URL(`ftp://localhost:${portOf(home)}/`));
  const dial = (host: string, port: number) =>
    view.dial({ host, port, isTls: false, sameAddress: { address: '127.0.0.1', family: 4 } }, NEVER);
  (await dial('localhost', portOf(home))).destroy();
  (await dial('localhost', portOf(other))).destroy();
  await expect(dial('127.0.0.1', portOf(other))).rejects.toMatchObject({ code: 'net.refused' });
  await expect(dial('localhost', 6379)).rejects.toMatchObject({ code: 'net.refused' });
});

test.each([
  ...['192.168.1.2', '10.0.0.1', '172.16.0.9', '127.0.0.1', '100.64.1.1', '::1', 'fd12::1', 'fe80::1%eth0'],
])('%s is at home', (address) => expect(isHomeAddress(address)).toBe(true));
test.each(['169.254.169.254', '168.63.129.16', 'fd00:ec2::254', '8.8.8.8', '0.0.0.0', '224.0.0.1', 'x'])(
  '%s is not',
  (address) => expect(isHomeAddress(address)).toBe(false),
);
