import { expect, test } from 'vitest';
import { BadProviders, parseProviders } from '../../src/streams/usenet/providers/parse-providers.ts';

const none = (_path: string): string => {
  throw new Error('no file is read');
};
const one = { name: 'first', host: 'news.example.org', port: 563, tls: true, connections: 20 };
const PEM = '-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n';
const parse = (list: unknown, readFile = none) => parseProviders(JSON.stringify(list), readFile);

test('what is left out has its default', () => {
  expect(parse([one])).toEqual([
    { ...one, username: null, password: null, priority: 0, backup: false, tlsCa: null },
  ]);
  expect(parseProviders('  ', none)).toEqual([]);
  expect(parse([])).toEqual([]);
});

test('all fields are kept', () => {
  const full = { ...one, username: 'member', password: 'p w', priority: 2, backup: true, tlsCa: PEM };
  expect(parse([full])).toEqual([full]);
});

test('the list and the certificate may lie in files', () => {
  const files = new Map([
    ['/etc/providers.json', ` ${JSON.stringify([{ ...one, tlsCa: '/etc/ca.pem' }])}\n`],
    ['/etc/ca.pem', PEM],
  ]);
  const readFile = (path: string) => files.get(path) ?? none(path);
  expect(parseProviders('/etc/providers.json', readFile)).toMatchObject([{ name: 'first', tlsCa: PEM }]);
  expect(() => parse([{ ...one, tlsCa: '/etc/other.pem' }], readFile)).toThrow(
    'provider 1 (first): tlsCa: the file cannot be read',
  );
});

test.each<[string, unknown, RegExp]>([
  ['no list', { ...one }, /^USENET_PROVIDERS must be a JSON array/],
  ['no object', ['x'], /^provider 1: must be an object$/],
  ['no host', [{ ...one, host: undefined }], /^provider 1 \(first\): host: is missing$/],
  [
    'a URL for a host',
    [{ ...one, host: 'nntps://news.example.org' }],
    /^provider 1 \(first\): host: must be a host name/,
  ],
  ['a port of text', [{ ...one, port: '563' }], /^provider 1 \(first\): port: must be a port$/],
  ['a port too high', [{ ...one, port: 70000 }], /port: must be a port$/],
  ['no connections', [{ ...one, connections: 0 }], /connections: must be at least 1$/],
  ['too many connections', [{ ...one, connections: 5000 }], /connections: must be 500 at most$/],
  ['tls of text', [{ ...one, tls: 'yes' }], /tls: must be true or false$/],
  ['two of a name', [one, { ...one }], /^provider 2 \(first\): name: another provider has it too$/],
  ['an unknown field', [{ ...one, ssl: true }], /^provider 1 \(first\): a field that is not known$/],
  ['a username alone', [{ ...one, username: 'member' }], /password: username and password are needed both/],
  ['a password alone', [{ ...one, password: 'hunter2' }], /password: username and password are needed both/],
  [
    'a line end in a password',
    [{ ...one, username: 'a', password: 'hunter2\r\nQUIT' }],
    /password: must not hold line ends/,
  ],
  ['a password that is a number', [{ ...one, username: 'a', password: 12345678 }], /password: must be text$/],
  ['a certificate without TLS', [{ ...one, tls: false, tlsCa: PEM }], /tlsCa: needs tls$/],
  ['a file that holds no certificate', [{ ...one, tlsCa: '/x' }], /tlsCa: the file cannot be read$/],
])('%s is told by entry and field, and no value is shown', (_, list, message) => {
  let error: unknown = null;
  try {
    parse(list);
  } catch (caught) {
    error = caught;
  }
  expect(error).toBeInstanceOf(BadProviders);
  expect(error).toMatchObject({ message: expect.stringMatching(message) });
  expect(String(error)).not.toMatch(/hunter2|12345678|5000|70000/);
});

test('all that is wrong is told at once', () => {
  const bad = [
    { ...one, port: 0 },
    { ...one, name: 'second', connections: -1 },
  ];
  expect(() => parse(bad)).toThrow(/provider 1 \(first\): port.*\nprovider 2 \(second\): connections/);
});

test('text that is no JSON is not repeated', () => {
  const texts = ['[{"name":"a","password":"hunter2"', 'x [{"password":"hunter2"}]', '{"password":"hunter2"'];
  for (const text of texts) {
    let told = '';
    try {
      parseProviders(text, none);
    } catch (error) {
      told = String(error);
    }
    expect(told).toContain('USENET_PROVIDERS');
    expect(told).not.toContain('hunter2');
  }
});
