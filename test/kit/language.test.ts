import { describe, expect, it } from 'vitest';
import { languageOf } from '../../src/kit/language.ts';

describe('languageOf', () => {
  it.each([
    ['en', 'en', 'eng', 'English'],
    ['EN', 'en', 'eng', 'English'],
    ['eng', 'en', 'eng', 'English'],
    ['English', 'en', 'eng', 'English'],
    ['en-US', 'en', 'eng', 'English'],
    ['fr', 'fr', 'fre', 'French'],
    ['fra', 'fr', 'fre', 'French'],
    ['fre', 'fr', 'fre', 'French'],
    ['Français', 'fr', 'fre', 'French'],
    ['ger', 'de', 'ger', 'German'],
    ['deu', 'de', 'ger', 'German'],
    ['Deutsch', 'de', 'ger', 'German'],
    ['cze', 'cs', 'ces', 'Czech'],
    ['el', 'el', 'ell', 'Greek'],
    ['jpn', 'ja', 'jpn', 'Japanese'],
    ['日本語', 'ja', 'jpn', 'Japanese'],
    ['Русский', 'ru', 'rus', 'Russian'],
    ['por', 'pt', 'por', 'Portuguese'],
    ['pt-PT', 'pt', 'por', 'Portuguese'],
    ['pt-BR', 'pt-BR', 'pob', 'Brazilian Portuguese'],
    ['pt_br', 'pt-BR', 'pob', 'Brazilian Portuguese'],
    ['pob', 'pt-BR', 'pob', 'Brazilian Portuguese'],
    ['Portuguese (Brazil)', 'pt-BR', 'pob', 'Brazilian Portuguese'],
    ['es-419', 'es-419', 'spa', 'Latin American Spanish'],
    ['es-MX', 'es-419', 'spa', 'Latin American Spanish'],
    ['Latino', 'es-419', 'spa', 'Latin American Spanish'],
    ['Español', 'es', 'spa', 'Spanish'],
    ['zh-tw', 'zh-TW', 'zho', 'Chinese (Taiwan)'],
    ['zh-Hant', 'zh-TW', 'zho', 'Chinese (Taiwan)'],
    ['Chinese (Simplified)', 'zh', 'zho', 'Chinese'],
    ['chi', 'zh', 'zho', 'Chinese'],
    ['sr-Latn-RS', 'sr', 'srp', 'Serbian'],
    ['Norwegian Bokmål', 'nb', 'nob', 'Norwegian Bokmål'],
    ['fil', 'tl', 'tgl', 'Filipino'],
    ['Latin', 'la', 'lat', 'Latin'],
  ])('reads %s as %s', (input, code, iso6392, name) => {
    expect(languageOf(input)).toEqual({ code, iso6392, name });
  });

  it.each([
    '',
    ' ',
    'xx',
    'multi audio',
    'dual audio',
    'multi subs',
    'no subs',
    'no-subs',
    '1080p',
    'x'.repeat(1000),
  ])('finds no language in %j', (input) => expect(languageOf(input)).toBeNull());

  it('knows all 184 two-letter codes, each with three letters of its own and a name', () => {
    const letters = [...'abcdefghijklmnopqrstuvwxyz'];
    const known = letters
      .flatMap((first) => letters.map((second) => `${first}${second}`))
      .map((code) => ({ code, language: languageOf(code) }))
      .filter(({ code, language }) => language?.code === code);
    expect(known).toHaveLength(184);
    expect(new Set(known.map(({ language }) => language?.iso6392)).size).toBe(184);
    for (const { code, language } of known) {
      expect(language?.iso6392, code).toMatch(/^[a-z]{3}$/);
      expect(language?.name.length, code).toBeGreaterThan(1);
      expect(languageOf(language?.iso6392 ?? ''), code).toEqual(language);
    }
  });
});
