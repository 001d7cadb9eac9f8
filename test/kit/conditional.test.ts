import { describe, expect, it } from 'vitest';
import {
  evaluatePreconditions,
  ifRangeHolds,
  parseHttpDate,
  type RequestHeaders,
} from '../../src/kit/conditional.ts';

const ETAG = '"abc,def"';
/** With milliseconds, as a file system gives it. */
const MODIFIED = new Date('2024-03-15T10:20:30.789Z');
const SAME = 'Fri, 15 Mar 2024 10:20:30 GMT';
const BEFORE = 'Fri, 15 Mar 2024 10:20:29 GMT';
const AFTER = 'Fri, 15 Mar 2024 10:20:31 GMT';

function evaluate(headers: RequestHeaders, method = 'GET', etag: string | null = ETAG) {
  return evaluatePreconditions({ method, headers, etag, lastModified: MODIFIED });
}

describe('evaluatePreconditions', () => {
  it('lets a request without conditions through', () => expect(evaluate({})).toBe('proceed'));

  it.each([
    [{ 'if-match': ETAG }, 'proceed'],
    [{ 'if-match': '*' }, 'proceed'],
    [{ 'if-match': '"x", "abc,def"' }, 'proceed'],
    [{ 'if-match': '"x"' }, 'failed'],
    [{ 'if-match': `W/${ETAG}` }, 'failed'],
    [{ 'if-match': 'abc,def' }, 'failed'],
    [{ 'if-match': '' }, 'failed'],
    [{ 'if-unmodified-since': SAME }, 'proceed'],
    [{ 'if-unmodified-since': AFTER }, 'proceed'],
    [{ 'if-unmodified-since': BEFORE }, 'failed'],
    [{ 'if-unmodified-since': 'yesterday' }, 'proceed'],
    [{ 'if-none-match': ETAG }, 'not-modified'],
    [{ 'if-none-match': `W/${ETAG}` }, 'not-modified'],
    [{ 'if-none-match': '*' }, 'not-modified'],
    [{ 'if-none-match': '"x",W/"abc,def"' }, 'not-modified'],
    [{ 'if-none-match': '"x"' }, 'proceed'],
    [{ 'if-modified-since': SAME }, 'not-modified'],
    [{ 'if-modified-since': AFTER }, 'not-modified'],
    [{ 'if-modified-since': BEFORE }, 'proceed'],
    [{ 'if-modified-since': '2024-03-15' }, 'proceed'],
  ] as [RequestHeaders, string][])('%j on GET → %s', (headers, expected) => {
    expect(evaluate(headers)).toBe(expected);
  });

  it('looks at If-Match first and then not at If-Unmodified-Since', () => {
    expect(evaluate({ 'if-match': ETAG, 'if-unmodified-since': BEFORE })).toBe('proceed');
    expect(evaluate({ 'if-match': '"x"', 'if-none-match': ETAG })).toBe('failed');
  });

  it('looks at If-None-Match and then not at If-Modified-Since', () => {
    expect(evaluate({ 'if-none-match': '"x"', 'if-modified-since': AFTER })).toBe('proceed');
    expect(evaluate({ 'if-none-match': ETAG, 'if-modified-since': BEFORE })).toBe('not-modified');
  });

  it('goes on to If-None-Match when If-Match or If-Unmodified-Since holds', () => {
    expect(evaluate({ 'if-match': ETAG, 'if-none-match': ETAG })).toBe('not-modified');
    expect(evaluate({ 'if-unmodified-since': SAME, 'if-modified-since': SAME })).toBe('not-modified');
  });

  it('answers HEAD as GET, and 412 to other methods', () => {
    expect(evaluate({ 'if-none-match': ETAG }, 'HEAD')).toBe('not-modified');
    expect(evaluate({ 'if-none-match': ETAG }, 'PUT')).toBe('failed');
    expect(evaluate({ 'if-modified-since': SAME }, 'PUT')).toBe('proceed');
  });

  it('never matches a weak entity tag strongly, but weakly', () => {
    expect(evaluate({ 'if-match': 'W/"v1"' }, 'GET', 'W/"v1"')).toBe('failed');
    expect(evaluate({ 'if-none-match': '"v1"' }, 'GET', 'W/"v1"')).toBe('not-modified');
  });

  it('without validators only `*` matches', () => {
    const bare = (headers: RequestHeaders) =>
      evaluatePreconditions({ method: 'GET', headers, etag: null, lastModified: null });
    expect(bare({ 'if-match': '"x"' })).toBe('failed');
    expect(bare({ 'if-match': '*' })).toBe('proceed');
    expect(bare({ 'if-none-match': '"x"', 'if-modified-since': AFTER })).toBe('proceed');
    expect(bare({ 'if-unmodified-since': BEFORE })).toBe('proceed');
  });

  it('joins a header that came twice', () => {
    expect(evaluate({ 'if-none-match': ['"x"', ETAG] })).toBe('not-modified');
  });
});

describe('ifRangeHolds', () => {
  it.each([
    [undefined, true],
    [ETAG, true],
    [` ${ETAG} `, true],
    ['"x"', false],
    [`W/${ETAG}`, false],
    [SAME, true],
    [BEFORE, false],
    [AFTER, false],
    ['', false],
    ['abc,def', false],
  ] as [string | undefined, boolean][])('%s → %s', (value, expected) => {
    expect(ifRangeHolds(value, ETAG, MODIFIED)).toBe(expected);
  });

  it('never holds against a weak entity tag or without a validator', () => {
    expect(ifRangeHolds('W/"v1"', 'W/"v1"', MODIFIED)).toBe(false);
    expect(ifRangeHolds(ETAG, null, MODIFIED)).toBe(false);
    expect(ifRangeHolds(SAME, ETAG, null)).toBe(false);
  });
});

describe('parseHttpDate', () => {
  it.each(['Sun, 06 Nov 1994 08:49:37 GMT', 'Sunday, 06-Nov-94 08:49:37 GMT', 'Sun Nov  6 08:49:37 1994'])(
    'reads %s (RFC 9110 §5.6.7)',
    (text) => expect(parseHttpDate(text)?.toISOString()).toBe('1994-11-06T08:49:37.000Z'),
  );

  it('reads its own printing back', () => {
    const date = new Date(Math.floor(MODIFIED.getTime() / 1000) * 1000);
    expect(parseHttpDate(date.toUTCString())).toEqual(date);
  });

  it.each([
    '',
    '0',
    '2024',
    '2024-03-15T10:20:30Z',
    'Sun, 06 Nov 1994 08:49:37',
    'Sun, 06 Nov 1994 08:49:37 CET',
    'Sun, 31 Feb 1994 08:49:37 GMT',
    'Sun, 06 Foo 1994 08:49:37 GMT',
    'Sun, 06 Nov 1994 24:49:37 GMT',
  ])('refuses %s', (text) => expect(parseHttpDate(text)).toBeNull());
});
