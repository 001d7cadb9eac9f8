import type { ParsedResult } from '@viren070/parse-torrent-title';
import { isSubtitleName } from './content-type.ts';
import { languageOf } from './language.ts';
import { channelsIn } from './release-channels.ts';
import { languagesIn, type ReleaseLanguages } from './release-languages.ts';
import { isSeries, numbersOf, partOf } from './release-numbers.ts';
import { parseStem, stripSurroundings } from './release-stem.ts';
import { type Span, titleOf } from './release-title.ts';
import {
  audioIn,
  bitDepthIn,
  canonicalCodec,
  canonicalQuality,
  canonicalResolution,
  editionIn,
  hdrIn,
  stereoIn,
  withoutTechnicalWords,
} from './release-vocabulary.ts';

/** What one name says. Unknown scalars are absent, unknown lists empty. */
export type ReleaseFacts = ReleaseLanguages & {
  kind: 'movie' | 'series';
  /** In its own spelling, without year, group and tags; '' when the name holds none. */
  title: string;
  year?: number;
  /** Of a daily show, `2024-03-15`. */
  date?: string;
  seasons: number[];
  /** Ranges expanded; absolute numbers of anime too. */
  episodes: number[];
  episodeTitle?: string;
  /** CD2, Part 2 of one film. */
  part?: number;
  /** 2160p 1440p 1080p 1080i 720p 576p 576i 540p 480p 480i 360p 240p */
  resolution?: string;
  quality?: string;
  codec?: string;
  bitDepth?: string;
  audio: string[];
  channels: string[];
  hdr: string[];
  /** 3D SBS H-SBS OU H-OU */
  threeD?: string;
  group?: string;
  edition?: string;
  proper: boolean;
  repack: boolean;
  /** A whole season, series or collection. */
  complete: boolean;
  /** Subtitles burnt into the picture. */
  hardcoded: boolean;
  upscaled: boolean;
  network?: string;
  country?: string;
  site?: string;
  /** Lower case, without the point. */
  extension?: string;
};

/** Reads one name (no path). Never throws; bounded by the cut. */
export function parseSegment(text: string): ReleaseFacts {
  const { stem, extension, site } = stripSurroundings(text);
  const parsed = parseStem(stem, extension);
  const { span, year, ...found } = titleOf(stem, parsed);
  const group = groupOf(stem, parsed, found.title, site);
  const tags = tagsOf(stem, span, group);
  const numbers = numbersOf(stem, parsed, { title: found.title, year, tags });
  const network = parsed.network === 'Movies Anywhere' && /dts/i.test(tags) ? undefined : parsed.network;
  return {
    kind: isSeries(numbers, parsed, tags) ? 'series' : 'movie',
    title: numbers.title,
    ...(year !== null && { year }),
    ...(parsed.date && { date: parsed.date }),
    seasons: numbers.seasons,
    episodes: numbers.episodes,
    ...(parsed.episodeTitle && numbers.episodes.length > 0 && { episodeTitle: parsed.episodeTitle }),
    ...partOf(stem, span, numbers),
    ...pictureOf(tags),
    audio: audioIn(tags),
    channels: channelsIn(tags),
    ...spokenIn(tags, numbers.title, extension),
    ...(group !== null && { group }),
    ...flagsOf(tags, parsed),
    ...(network && { network }),
    ...(parsed.country && { country: parsed.country }),
    ...(site !== null && { site }),
    ...(extension !== null && { extension }),
  };
}

function pictureOf(tags: string) {
  const resolution = canonicalResolution(tags);
  const quality = canonicalQuality(tags);
  const codec = canonicalCodec(tags);
  const bitDepth = bitDepthIn(tags);
  const threeD = stereoIn(tags);
  const edition = editionIn(tags);
  return {
    ...(resolution !== null && { resolution }),
    ...(quality !== null && { quality }),
    ...(codec !== null && { codec }),
    ...(bitDepth !== null && { bitDepth }),
    hdr: hdrIn(tags),
    ...(threeD !== null && { threeD }),
    ...(edition !== null && { edition }),
  };
}

/** A subtitle file's languages are those of its text: `Movie.2019.pt-BR.forced.srt`. */
function spokenIn(tags: string, title: string, extension: string | null): ReleaseLanguages {
  const spoken = languagesIn(withoutTechnicalWords(tags), title);
  if (extension === null || !isSubtitleName(`x.${extension}`)) return spoken;
  const suffix = /[ ._-]([a-z]{2,3}(?:-[a-z\d]{2,4})?)(?:[ ._-](?:forced|sdh|cc|hi|full|default))*$/i.exec(
    tags,
  )?.[1];
  const own = languageOf(suffix ?? '')?.code;
  const named = own === undefined ? [...spoken.languages, ...spoken.subtitleLanguages] : [own];
  return { ...spoken, languages: [], subtitleLanguages: [...new Set(named)] };
}

function flagsOf(tags: string, parsed: ParsedResult) {
  return {
    proper: parsed.proper === true || /(?<![a-z])(?:real[ ._-]?)?proper\d?(?![a-z\d])/i.test(tags),
    repack: parsed.repack === true || /(?<![a-z])(?:repack|rerip)\d?(?![a-z\d])/i.test(tags),
    complete:
      /(?<![a-z]|the[ ._])(?:complete|completa|int[ée]grale?|batch)(?![a-z]|[ ._](?:uhd[ ._])?blu)/i.test(
        tags,
      ),
    hardcoded: /(?<![a-z])(?:hc|hard(?:coded|[ ._-]?subs?|subbed)|korsub)(?![a-z])/i.test(tags),
    upscaled: parsed.upscaled === true,
  };
}

/** Names that do not follow `-GROUP`. */
const WRITTEN_AT_END =
  /(?:^|[ ._\-[(])(D-Z0N3|YIFY|YTS(?:\.[A-Z]{2})?|RARBG|ETRG|PSA|UTR|EVO|anoXmous|ShAaNiG)[\])]?$/i;
const BEFORE_BRACKET = /[ ._]([\p{L}\p{N}]{2,24})\)(?:\s*\[[\w.-]+\])?$/u;
const LAST_BRACKET = /\[([\p{L}\p{N}][\p{L}\p{N}_.-]{1,24})\]$/u;

function groupOf(stem: string, parsed: ParsedResult, title: string, site: string | null): string | null {
  const zone = /-(D-Z0N3)$/i.exec(stem)?.[1];
  if (zone !== undefined) return zone;
  const own = parsed.group?.replace(/^[^\p{L}\p{N}]+|[^\p{L}\p{N}]+$/gu, '');
  if (own && !isSameText(own, title) && !isTag(own)) return own;
  const written = WRITTEN_AT_END.exec(stem)?.[1];
  if (written !== undefined) return written;
  const late = [BEFORE_BRACKET, LAST_BRACKET]
    .map((pattern) => pattern.exec(stem)?.[1])
    .find((name) => name && !isTag(name));
  if (late && !isSameText(late, title)) return late;
  return site !== null && /^yts/i.test(site) ? site.toUpperCase() : null;
}

/** Whether a bracket's word says something else than who made the release. */
function isTag(name: string): boolean {
  const isNumber = /^(?:[\d.]+|[\da-f]{8}|s\d+(?:e\d+)?|e\d+(?:-e?\d+)?|v\d|cap\.?\d+)$/i.test(name);
  const isWord =
    /^(?:batch|complete|proper|repack|multi|dual|sub(?:s|bed)?|dub(?:bed)?|internal|eng?|mkv|mp4|avi|60fps|u?hd|hdr|end)$/i.test(
      name,
    );
  const isTechnical = [canonicalResolution, canonicalQuality, canonicalCodec, bitDepthIn, editionIn].some(
    (read) => read(name) !== null,
  );
  return isNumber || isWord || isTechnical || audioIn(name).length > 0 || languageOf(name) !== null;
}

function isSameText(a: string, b: string): boolean {
  const plain = (text: string) => text.toLowerCase().replace(/[^\p{L}\p{N}]/gu, '');
  return plain(a) === plain(b);
}

/** Of `BDRip1080p`: source and resolution are two words. */
const GLUED_LINES = /(?<=[a-z])(?=(?:2160|1080|720|576|480)[pi](?![a-z\d]))/gi;

/** The name without its title and group: no word of a title ("The Danish Girl") is read as a tag. */
function tagsOf(stem: string, span: Span | null, group: string | null): string {
  const rest = span === null ? stem : `${stem.slice(0, span.start)} ${stem.slice(span.end)}`;
  const tags = rest.replace(GLUED_LINES, ' ');
  if (group === null) return tags;
  if (tags.startsWith(`[${group}]`)) return tags.slice(group.length + 2);
  const at = tags.lastIndexOf(group);
  return at < 0 ? tags : `${tags.slice(0, at)} ${tags.slice(at + group.length)}`;
}
