import { getPartialParser } from '@viren070/parse-torrent-title';
import { languageOf } from './language.ts';

export type ReleaseLanguages = {
  /** Spoken, ISO 639-1 or `pt-BR`, `es-419`, `zh-TW`. */
  languages: string[];
  subtitleLanguages: string[];
  multiAudio: boolean;
  dualAudio: boolean;
  dubbed: boolean;
  subbed: boolean;
};

const languageWords = getPartialParser(['languages']);

/** `SubFrench`, `Sub.iTA`, `Subs (eng, fra)`, `VOSTFR`: the language follows or is part of the word. */
const SUBTITLES_BEFORE =
  /(?<![\p{L}\p{N}])(?:sub(?:s|bed|titles?)?[ ._:-]*[([]?((?:[a-z]{2,3}[ ,+/._-]+)*(?:ita|eng|fre|fra|french|esp|spa|ger|deu|por|rus|jpn|kor|chi|pol|dut|nld|swe|nor|dan|fin))[)\]]?|(vost|vos)(fr|en|e|a)?)(?!\p{L})/giu;
/** `Eng.Subs`, `ESub`, `KORSUB`, `English SDH`, `German.Subbed`, `PT-BR subs`. */
const SUBTITLES_AFTER =
  /(?<![\p{L}\p{N}])([a-z]{1,10}(?:-[a-z]{2})?)[ ._-]?(?:(?:hard|soft|hc|fan)[ ._-]?)?(?:sub(?:s|bed|titles?)?|sdh)(?!\p{L})/giu;
const MULTI_SUBTITLES = /(?<!\p{L})(?:multi(?:ple)?|m)[ ._-]*sub/iu;
const ANY_SUBTITLES = /(?<!\p{L})(?:\p{L}{0,8}sub(?:s|bed|titles?)?|legendado|napisy|vost\w*)(?!\p{L})/iu;
const DUBBED = /(?<!\p{L})(?:fan[ ._-]?)?(?:dub(?:s|bed|lado|bing)?|dublaj|doblado|synced)(?!\p{L})|pldub/iu;
const BRAZILIAN = /(?<!\p{L})(?:p[rt][ ._-]?br|dublado|legendado|brazilian)(?!\p{L})/iu;
const GERMAN_DUAL = /(?<!\p{L})german[ ._-](?:dl|ml)(?!\p{L})/iu;

/** Nearly all names hold none of these: the seven patterns above need not run, which is a tenth of the whole time. */
const ANY_SUBTITLE_WORD = /sub|sdh|vos|legendado|napisy/i;
const ANY_DUBBING_WORD = /dub|doblado|synced/i;
/** Letters beyond the Latin, Latin-1 and extended Latin blocks. */
const OTHER_SCRIPT = /[\u0370-\uffff]/;

/**
 * Languages named in `tags` (the release name without its title), and those of foreign scripts in both.
 * A language that only stands before or after "subs" is a subtitle language.
 */
export function languagesIn(tags: string, title: string): ReleaseLanguages {
  const hasSubtitles = ANY_SUBTITLE_WORD.test(tags);
  const { rest, subtitleLanguages } = hasSubtitles
    ? takeSubtitles(tags)
    : { rest: tags, subtitleLanguages: [] };
  // Letters of other scripts say their language below; in the parser they would take cubic time.
  const latin = OTHER_SCRIPT.test(rest) ? rest.replace(/[^\p{ASCII}\p{Script=Latin}]/gu, ' ') : rest;
  const words = languageWords(latin).languages ?? [];
  const isBrazilian = BRAZILIAN.test(rest);
  const written =
    OTHER_SCRIPT.test(title) || OTHER_SCRIPT.test(tags) ? scriptLanguages(`${title} ${tags}`) : [];
  const spoken = [...words, ...written].flatMap((word) => languageOf(word)?.code ?? []);
  const languages = spoken.map((code) => (code === 'pt' && isBrazilian ? 'pt-BR' : code));
  return {
    languages: [...new Set(languages)],
    subtitleLanguages: [...new Set(subtitleLanguages)],
    multiAudio: words.includes('multi audio'),
    dualAudio: words.includes('dual audio') || GERMAN_DUAL.test(rest),
    dubbed: ANY_DUBBING_WORD.test(tags) && DUBBED.test(tags),
    subbed:
      hasSubtitles &&
      (subtitleLanguages.length > 0 || ANY_SUBTITLES.test(tags) || MULTI_SUBTITLES.test(tags)),
  };
}

function takeSubtitles(tags: string): { rest: string; subtitleLanguages: string[] } {
  const subtitleLanguages: string[] = [];
  const take = (names: string | undefined) => {
    for (const name of (names ?? '').split(/[ ,+/._]+/)) {
      const code = subtitleLanguage(name);
      if (code !== undefined) subtitleLanguages.push(code);
    }
  };
  let rest = tags.replace(SUBTITLES_BEFORE, (_match, names?: string, original?: string, ending?: string) => {
    take(original === undefined ? names : ending?.toLowerCase() === 'fr' ? 'fr' : '');
    return ' ';
  });
  rest = rest.replace(SUBTITLES_AFTER, (match, name: string) => {
    if (subtitleLanguage(name) === undefined) return match;
    take(name);
    return ' ';
  });
  if (/(?<!\p{L})legendado(?!\p{L})/iu.test(rest)) take('pt-BR');
  return { rest: rest.replace(/(?<!\p{L})legendado(?!\p{L})/giu, ' '), subtitleLanguages };
}

/** `E` of "ESub" is English; words that are no language ("multi", "hard", "no") give none. */
function subtitleLanguage(name: string): string | undefined {
  if (/^e$/i.test(name)) return 'en';
  return /^(?:no|in|m|multi)$/i.test(name) || name.length < 2 ? undefined : languageOf(name)?.code;
}

/** One language per script: the likeliest of a release written in it. */
const SCRIPTS: readonly (readonly [language: string, pattern: RegExp])[] = [
  ['ru', /\p{Script=Cyrillic}/u],
  ['ja', /[\p{Script=Hiragana}\p{Script=Katakana}]/u],
  ['ko', /\p{Script=Hangul}/u],
  ['ar', /\p{Script=Arabic}/u],
  ['he', /\p{Script=Hebrew}/u],
  ['el', /\p{Script=Greek}{3}/u],
  ['th', /\p{Script=Thai}/u],
  ['hi', /\p{Script=Devanagari}/u],
  ['bn', /\p{Script=Bengali}/u],
  ['pa', /\p{Script=Gurmukhi}/u],
  ['gu', /\p{Script=Gujarati}/u],
  ['ta', /\p{Script=Tamil}/u],
  ['te', /\p{Script=Telugu}/u],
  ['kn', /\p{Script=Kannada}/u],
  ['ml', /\p{Script=Malayalam}/u],
];

/** Han alone is Chinese; beside kana it is Japanese. */
function scriptLanguages(text: string): string[] {
  const found = SCRIPTS.filter(([, pattern]) => pattern.test(text)).map(([language]) => language);
  return /\p{Script=Han}/u.test(text) && !found.includes('ja') ? [...found, 'zh'] : found;
}
