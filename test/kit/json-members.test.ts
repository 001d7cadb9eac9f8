import { describe, expect, test } from 'vitest';
import { type JsonMember, jsonMembers, NotJson } from '../../src/kit/json-members.ts';

async function membersOf(text: string, chunk = text.length || 1, maxChars = 1000) {
  async function* chunks() {
    for (let at = 0; at < text.length; at += chunk) yield text.slice(at, at + chunk);
  }
  const members: JsonMember[] = [];
  for await (const member of jsonMembers(chunks(), { list: 'titles', maxChars })) members.push(member);
  return members;
}

describe('the members of a large JSON object', () => {
  const text = ' {"version" : 1, "titles":[{"a":"}]\\"\\\\"},2 , "x,y",[1,[2]] ], "more":{"b":[]}} \n';

  test.each([1, 2, 3, 7, 1000])('come one by one, however it is cut (%i characters)', async (chunk) => {
    expect(await membersOf(text, chunk)).toEqual([
      { key: 'version', index: null, text: '1' },
      { key: 'titles', index: 0, text: '{"a":"}]\\"\\\\"}' },
      { key: 'titles', index: 1, text: '2' },
      { key: 'titles', index: 2, text: '"x,y"' },
      { key: 'titles', index: 3, text: '[1,[2]]' },
      { key: 'more', index: null, text: '{"b":[]}' },
    ]);
  });

  test('an empty object has none, an empty list is told', async () => {
    expect(await membersOf('{}')).toEqual([]);
    expect(await membersOf('\uFEFF{"titles": [ ]}')).toEqual([{ key: 'titles', index: null, text: '[]' }]);
  });

  test.each([
    '',
    '[]',
    '{"titles":[1',
    '{"titles":[1,]}',
    '{"titles":[1 2]}',
    '{"a":1} x',
    '{"a"}',
    '{a:1}',
    '{"a":"never closed}',
    '{"a":{]',
  ])('%j is refused', async (bad) => {
    await expect(membersOf(bad, 3)).rejects.toThrow(NotJson);
  });

  test('an entry without an end is not kept in memory', async () => {
    await expect(membersOf(`{"titles":["${'x'.repeat(5000)}"]}`, 100)).rejects.toThrow('too long');
  });
});
