import { expect, test } from 'vitest';
import { liesIn } from '../../src/streams/ftp/detail.ts';

test.each([
  ['ftp://nas/films/', 'ftp://nas/films/a.mkv'],
  ['ftp://nas/films//', 'ftp://nas/films/a.mkv'],
  ['ftp://nas/a//b/', 'ftp://nas/a/b/c.mkv'],
  ['ftp://nas/', 'ftp://nas/a.mkv'],
  ['ftp://nas/%2Fsrv/', 'ftp://nas/%2Fsrv/a.mkv'],
  ['ftp://nas//srv/', 'ftp://nas/%2Fsrv/a.mkv'],
  ['ftp://nas/%2F/', 'ftp://nas/%2Fsrv/a.mkv'],
  ['ftp://nas//', 'ftp://nas/%2Fa.mkv'],
  ['ftp://nas/caf%e9/', 'ftp://nas/caf%E9/a.mkv'],
  ['ftp://nas/films/', 'ftpes://nas/films/a.mkv'],
])('%s holds %s', (base, url) => {
  expect(liesIn(base, url)).toBe(true);
});

test.each([
  ['ftp://nas/films/', 'ftp://nas/films/'],
  ['ftp://nas/films/', 'ftp://nas/films2/a.mkv'],
  ['ftp://nas/film', 'ftp://nas/films/a.mkv'],
  // Where the login leads is not the root, and need not lie in it.
  ['ftp://nas/', 'ftp://nas/%2Fetc/passwd'],
  ['ftp://nas/', 'ftp://nas//etc/passwd'],
  ['ftp://nas/%2F/', 'ftp://nas/etc/passwd'],
  ['ftp://nas/a%2Fb/', 'ftp://nas/a/b/c.mkv'],
  ['ftp://nas/a/', 'ftp://nas/a/..%2F..%2Fetc/passwd'],
  ['ftp://nas/a/', 'ftp://nas/a/%2e%2e/b/c.mkv'],
  ['ftp://nas/a/', 'ftp://nas/a/b%0D%0ADELE c'],
  ['ftp://nas/a/', 'ftp://other/a/b.mkv'],
  ['ftp://nas:2121/a/', 'ftp://nas/a/b.mkv'],
  ['ftpes://nas/a/', 'ftp://nas/a/b.mkv'],
])('%s does not hold %s', (base, url) => {
  expect(liesIn(base, url)).toBe(false);
});
