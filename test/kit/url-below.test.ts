import { expect, test } from 'vitest';
import { pathBelow } from '../../src/kit/url-below.ts';

const base = new URL('http://nas:8080/films/%C3%A9t%C3%A9/');

test.each([
  ['http://nas:8080/films/%C3%A9t%C3%A9/a/b.mkv', 'a/b.mkv'],
  // Another way to write the same bytes.
  ['http://nas:8080/f%69lms/%c3%a9t%C3%A9/a%20b.mkv', 'a%20b.mkv'],
  ['http://nas:8080/films/%C3%A9t%C3%A9/', ''],
  ['http://nas:8080/films/%C3%A9t%C3%A9', null],
  ['http://nas:8080/films/%C3%A9t%C3%A9-other/a.mkv', null],
  ['http://nas:8080/films%2F%C3%A9t%C3%A9/a.mkv', null],
  ['http://nas:8080/films/%C3%A9t%C3%A9/../a.mkv', null],
  ['http://nas:8080/films/%C3%A9t%C3%A9/%2e%2E/a.mkv', null],
  ['http://nas.evil.example:8080/films/%C3%A9t%C3%A9/a.mkv', null],
  ['http://evil@nas:8080/films/%C3%A9t%C3%A9/a.mkv', null],
  ['http://nas/films/%C3%A9t%C3%A9/a.mkv', null],
  ['https://nas:8080/films/%C3%A9t%C3%A9/a.mkv', null],
])('%s is %j below the base', (url, rest) => {
  expect(pathBelow(base, new URL(url))).toBe(rest);
});

test('FTP by TLS has servers too', () => {
  const ftp = new URL('ftpes://nas/films/');
  expect(pathBelow(ftp, new URL('ftpes://nas/films/a.mkv'))).toBe('a.mkv');
  expect(pathBelow(ftp, new URL('ftpes://evil/films/a.mkv'))).toBeNull();
  expect(pathBelow(new URL('http://nas'), new URL('http://nas/a.mkv'))).toBe('a.mkv');
});
