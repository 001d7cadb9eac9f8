import { describe, expect, test } from 'vitest';
import { SAMPLE_OFFERS } from '../../src/addon/sample-offers.ts';
import { streamDescription, streamName, textFields } from '../../src/addon/stream-text.ts';
import { DEFAULT_TEMPLATES, parseTemplate, renderTemplate } from '../../src/features/preferences/index.ts';
import type { FieldValues } from '../../src/features/preferences/template-fields.ts';

const say = (template: string, values: FieldValues, most = 1000) =>
  renderTemplate(parseTemplate(template), values, most);

describe('a template', () => {
  test.each<[string, string, FieldValues, string]>([
    ['a field', '{codec}!', { codec: 'AV1' }, 'AV1!'],
    ['fields joined', '{quality, codec, audio}', { codec: 'AV1', audio: ['DD', 'AAC'] }, 'AV1 · DD · AAC'],
    ['another joint', '{audio " + "}', { audio: ['DD', 'AAC'] }, 'DD + AAC'],
    ['otherwise', '{codec | "no idea"}', {}, 'no idea'],
    ['both', '{audio "/" | "silent"}', {}, 'silent'],
    ['a group that says something', '[📦 {size}]', { size: '2 GB' }, '📦 2 GB'],
    ['a group that does not, with the blanks before it', 'a [📦 {size}]  b', {}, 'a  b'],
    ['a group at the beginning', '[📦 {size}]  b', {}, 'b'],
    ['groups in each other', '[{codec}[ ({size})]]', { codec: 'AV1' }, 'AV1'],
    ['a line that says nothing', '{codec}\n{size}\n{quality}', { codec: 'AV1', quality: 'CAM' }, 'AV1\nCAM'],
    [
      'changes',
      '{codec:lower} {codec:upper} {audio:first}',
      { codec: 'Av1', audio: ['DD', 'AAC'] },
      'av1 AV1 DD',
    ],
    ['brackets as they are', '\\[{codec}\\] \\{x\\} \\\\', { codec: 'AV1' }, '[AV1] {x} \\'],
    ['an empty list', '{audio | "-"}', { audio: [] }, '-'],
  ])('says %s', (_what, template, values, text) => {
    expect(say(template, values)).toBe(text);
  });

  test.each([
    ['{nothing}', 'line 1, character 1: there is no field "nothing"'],
    ['a\n {codec', 'line 2, character 2: a { is not closed'],
    ['[a', 'line 1, character 3: a [ is not closed'],
    ['a]', 'line 1, character 2: a ] closes nothing'],
    ['}', 'a } closes nothing'],
    ['{}', 'must be as {field}'],
    ['{codec:loud}', 'after codec may stand :upper, :lower or :first'],
    ['[[[[x]]]]', 'more than 3 deep'],
    ['{constructor}', 'there is no field "constructor"'],
    ['{__proto__}', 'there is no field "__proto__"'],
    ['a\u202eb', 'turns the writing around'],
    ['a\tb', 'a control character'],
    ['{codec}'.repeat(121), 'more than 120 parts'],
  ])('is refused: %s', (template, message) => {
    expect(() => parseTemplate(template)).toThrow(message);
  });

  test('is cut where it grows too long, never in the middle of a character', () => {
    expect(say('{audio}', { audio: Array.from({ length: 100 }, () => 'x'.repeat(100)) }, 50)).toMatch(
      /^.{49}…$/,
    );
    for (let most = 2; most < 12; most += 1) {
      const text = say('😀😀😀😀😀😀', {}, most);
      expect(text.isWellFormed()).toBe(true);
      expect(text.length).toBeLessThanOrEqual(most);
    }
  });

  test('takes time in proportion to its length', () => {
    const from = performance.now();
    for (const bad of ['['.repeat(2000), '{'.repeat(2000), '\\'.repeat(2000), `{${'"'.repeat(1990)}`])
      expect(typeof caught(() => parseTemplate(bad))).toBe('string');
    expect(performance.now() - from).toBeLessThan(500);
  });
});

function caught(attempt: () => unknown): string {
  try {
    attempt();
    return 'none';
  } catch (error) {
    return String(error);
  }
}

describe('the default templates', () => {
  test('say what everyone sees, of every sample and whatever is missing', () => {
    const offers = SAMPLE_OFFERS.flatMap((offer) => [
      offer,
      { ...offer, quality: null, codec: null, visualTags: [] },
      { ...offer, audio: [], channels: [], alternatives: 3 },
      { ...offer, sizeBytes: null, seeders: 9, languages: ['de', 'en', 'fr', 'es', 'it'] },
      { ...offer, isOpen: true, licenceCode: 'CC-BY-4.0', licenceName: 'CC', attribution: 'Somebody' },
    ]);
    const target = { via: 'direct', url: 'https://a.example/', contentType: 'video/mp4' } as const;
    const progress = { state: 'starting', swarm: null } as const;
    for (const offer of offers)
      for (const way of [target, { via: 'youtube', videoId: 'x' } as const]) {
        const values = textFields('Tributary', offer, way, progress);
        expect(say(DEFAULT_TEMPLATES.name, values)).toBe(streamName('Tributary', offer, way));
        expect(say(DEFAULT_TEMPLATES.description, values, 9999)).toBe(
          streamDescription(offer, way, progress),
        );
      }
  });
});
