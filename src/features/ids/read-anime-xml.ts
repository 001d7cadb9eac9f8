import { SaxesParser } from 'saxes';
import type { EpisodeRule } from '../../kit/anime-numbering.ts';
import { BadInput } from '../../kit/errors.ts';
import { emptyMapping, withoutNothing } from './mapping.ts';
import type { Mapping } from './queries.ts';

/** The longest there are have some hundred rules of some hundred pairs. */
const MAX_RULES = 200;
const MAX_PAIRS = 5000;
const MAX_TEXT = 200_000;
const MAX_DEPTH = 20;

type Attributes = Readonly<Record<string, string>>;
type OpenRule = { rules: EpisodeRule[]; text: string };

/** The entries of Anime-Lists' XML; null for one that names nothing. Throws BadInput `ids.broken_list`. */
export async function* readAnimeXml(chunks: AsyncIterable<Uint8Array>): AsyncGenerator<Mapping | null> {
  const found: (Mapping | null)[] = [];
  const parser = parserInto((mapping) => found.push(mapping));
  const decoder = new TextDecoder();
  for await (const chunk of chunks) {
    parser.write(decoder.decode(chunk, { stream: true }));
    yield* found.splice(0);
  }
  parser.write(decoder.decode());
  parser.close();
  yield* found.splice(0);
}

function parserInto(onEntry: (mapping: Mapping | null) => void) {
  const parser = new SaxesParser<{ xmlns: false; position: false }>({ xmlns: false, position: false });
  let entry: Mapping | null = null;
  let rule: OpenRule | null = null;
  let depth = 0;
  parser.on('error', (error) => {
    if (/entity/.test(error.message)) return;
    throw new BadInput('ids.broken_list', 'The list is no well-formed XML, or ends in the middle.', [
      { path: '', message: error.message.slice(0, 200) },
    ]);
  });
  parser.on('doctype', (text) => {
    if (text.includes('['))
      throw new BadInput('ids.broken_list', 'The list may not bring entities of its own.');
  });
  parser.on('opentag', ({ name, attributes }) => {
    depth += 1;
    if (depth > MAX_DEPTH) throw new BadInput('ids.broken_list', 'The list is nested too deeply.');
    if (name === 'anime') entry = entryOf(attributes);
    if (name === 'mapping' && entry !== null) rule = { rules: rulesOf(attributes), text: '' };
  });
  parser.on('text', (text) => {
    if (rule !== null && rule.text.length + text.length <= MAX_TEXT) rule.text += text;
  });
  parser.on('closetag', ({ name }) => {
    depth -= 1;
    if (name === 'mapping' && entry !== null && rule !== null) {
      entry.rules = [...entry.rules, ...withPairs(rule)].slice(0, MAX_RULES);
      rule = null;
    }
    if (name !== 'anime') return;
    onEntry(entry === null ? null : withoutNothing(entry));
    entry = null;
  });
  return parser;
}

/** Words such as `movie`, `OVA` and `unknown` stand where there is no id; of several ids nobody says which. An empty offset is zero in this list. */
function entryOf({ anidbid, tvdbid, imdbid, tmdbid, tmdbtv, ...where }: Attributes): Mapping {
  const { defaulttvdbseason: tvdbSeason, tmdbseason: tmdbSeason, episodeoffset, tmdboffset } = where;
  return {
    ...emptyMapping('anime-lists'),
    type: tvdbid?.toLowerCase() === 'movie' ? 'movie' : null,
    anidb: id(anidbid),
    tvdb: id(tvdbid),
    imdb: /^tt\d{5,12}$/.exec(imdbid ?? '')?.[0] ?? null,
    tmdb_movie: id(tmdbid),
    tmdb_tv: id(tmdbtv),
    tvdb_season: whole(tvdbSeason),
    tvdb_absolute: tvdbSeason === 'a',
    tvdb_offset: signed(episodeoffset) ?? 0,
    tmdb_season: whole(tmdbSeason),
    tmdb_absolute: tmdbSeason === 'a',
    tmdb_offset: signed(tmdboffset) ?? 0,
  };
}

/** Only of the entry's ordinary episodes: the prefixes of the add-on number no others. */
function rulesOf({ anidbseason, start, end, offset, ...given }: Attributes): EpisodeRule[] {
  if (anidbseason !== '1') return [];
  const [from, to, by] = [whole(start), whole(end), signed(offset)];
  const range = {
    ...(from === null ? {} : { from }),
    ...(to === null ? {} : { to }),
    ...(by === null ? {} : { offset: by }),
  };
  return (['tvdb', 'tmdb'] as const).flatMap((scheme) => {
    const season = whole(given[`${scheme}season`]);
    return season === null ? [] : [{ scheme, season, ...range }];
  });
}

/** `;1-5;2-6+7;3-0;`: the entry's number, then the series', of several the first; 0 = the series does not have it. */
function withPairs({ rules, text }: OpenRule): EpisodeRule[] {
  const pairs = text
    .split(';')
    .slice(0, MAX_PAIRS)
    .flatMap((part) => {
      const [, n = '', value = ''] = /^\s*(\d{1,5})-(\d{1,5})(?:\+\d{1,5})*\s*$/.exec(part) ?? [];
      return n === '' ? [] : [[n, Number(value)] as const];
    });
  return rules.flatMap((rule) => {
    const { scheme, season } = rule;
    const hasRange = rule.from !== undefined || rule.to !== undefined || rule.offset !== undefined;
    const paired = pairs.length === 0 ? [] : [{ scheme, season, pairs: Object.fromEntries(pairs) }];
    return hasRange || paired.length === 0 ? [...paired, rule] : paired;
  });
}

function id(text: string | undefined): number | null {
  return /^[1-9]\d{0,8}$/.test(text ?? '') ? Number(text) : null;
}

function whole(text: string | undefined): number | null {
  return /^\d{1,5}$/.test(text ?? '') ? Number(text) : null;
}

function signed(text: string | undefined): number | null {
  return /^-?\d{1,5}$/.test(text ?? '') ? Number(text) : null;
}
