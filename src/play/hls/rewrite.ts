import { attributesOf, linesOf, substituted, tagOf, withAttribute } from './lines.ts';

/**
 * What a URI of a playlist leads to. `asset`: a presentation played in between, `assets`: a list of them; `steering`: which
 * variants to take; `file`: anything else (JSON of SESSION-DATA); `entry`: a line of a plain M3U list.
 */
export type HlsRole =
  | 'playlist'
  | 'sibling'
  | 'segment'
  | 'key'
  | 'asset'
  | 'assets'
  | 'steering'
  | 'file'
  | 'entry';

export type HlsRewriting = {
  /** Where the playlist came from, after redirects: what its relative URIs are relative to. */
  url: URL;
  /** What the parent playlist defined (EXT-X-DEFINE), for IMPORT. */
  inherited: ReadonlyMap<string, string>;
  /** The text that takes a URI's place. */
  linkTo(url: string, role: HlsRole, variables: ReadonlyMap<string, string>): string;
};

export type HlsSegment = { url: string; isByteRange: boolean };

/** What the lines say besides their URIs. */
export type HlsFacts = {
  isMaster: boolean;
  /** Has EXT-X-ENDLIST or is of type VOD: it will not change. */
  isComplete: boolean;
  targetDurationS: number | null;
  durationS: number;
  /** In the order of play. */
  segments: readonly HlsSegment[];
  drm: { licensed: boolean; open: boolean };
};

export type RewrittenPlaylist = { text: string; facts: HlsFacts };

type UriAttribute = { name: string; role: HlsRole };
const uri = (role: HlsRole): UriAttribute[] => [{ name: 'URI', role }];

/** Tags with attributes that are followed. All others stay byte for byte. */
const URI_TAGS: ReadonlyMap<string, readonly UriAttribute[]> = new Map([
  ['EXT-X-KEY', uri('key')],
  ['EXT-X-SESSION-KEY', uri('key')],
  ['EXT-X-MAP', uri('segment')],
  ['EXT-X-PART', uri('segment')],
  ['EXT-X-PRELOAD-HINT', uri('segment')],
  ['EXT-X-MEDIA', uri('playlist')],
  ['EXT-X-I-FRAME-STREAM-INF', uri('playlist')],
  ['EXT-X-IMAGE-STREAM-INF', uri('playlist')],
  ['EXT-X-RENDITION-REPORT', uri('sibling')],
  ['EXT-X-SESSION-DATA', uri('file')],
  ['EXT-X-CONTENT-STEERING', [{ name: 'SERVER-URI', role: 'steering' }]],
  [
    'EXT-X-DATERANGE',
    [
      { name: 'X-ASSET-URI', role: 'asset' },
      { name: 'X-ASSET-LIST', role: 'assets' },
    ],
  ],
]);

/** Keys these formats name come from a licence server: FairPlay, PlayReady, Widevine. */
const LICENSED_KEY =
  /^(com\.apple\.streamingkeydelivery|com\.microsoft\.playready|urn:uuid:(9a04f079-9840-4286-ab92-e65be0885f95|edef8ba9-79d6-4ace-a3c8-27dcd51d21ed|94ce86fb-07ff-4f43-adb8-93d2fa968ca2))$/i;

/** The player's own business: a key of FairPlay, or data that is in the line already. */
const LEFT_ALONE = /^(skd|data):/i;

/**
 * Replaces the URIs of an HLS playlist (RFC 8216, rfc8216bis) by links and leaves every other byte as it is: a
 * line-by-line rewriter, because parse-and-print loses what the parser does not know (docs/decisions/0010).
 */
export function rewritePlaylist(text: string, rewriting: HlsRewriting): RewrittenPlaylist {
  const { url, inherited, linkTo } = rewriting;
  const variables = new Map<string, string>();
  const kind = kindOf(text);
  const facts = { isComplete: false, targetDurationS: null as number | null, durationS: 0 };
  const segments: HlsSegment[] = [];
  const drm = { licensed: false, open: false };
  let out = '';
  let isVariant = false;
  let isByteRange = false;

  function link(raw: string, role: HlsRole): string {
    const value = substituted(raw, variables);
    if (value.trim() === '' || LEFT_ALONE.test(value.trim())) return raw;
    return linkTo(resolved(value.trim(), url), role, variables);
  }

  function tag(name: string, rest: string): string {
    const attributes = () => attributesOf(rest);
    switch (name) {
      case 'EXT-X-DEFINE':
        define(variables, attributes(), inherited, url);
        break;
      case 'EXT-X-STREAM-INF':
        isVariant = true;
        break;
      case 'EXT-X-BYTERANGE':
        isByteRange = true;
        break;
      case 'EXT-X-ENDLIST':
        facts.isComplete = true;
        break;
      case 'EXT-X-PLAYLIST-TYPE':
        facts.isComplete ||= rest.trim() === 'VOD';
        break;
      case 'EXT-X-TARGETDURATION':
        facts.targetDurationS = Number.parseFloat(rest) || null;
        break;
      case 'EXTINF':
        facts.durationS += Math.max(0, Number.parseFloat(rest) || 0);
        break;
      case 'EXT-X-KEY':
      case 'EXT-X-SESSION-KEY':
        noteKey(drm, attributes());
        break;
    }
    const followed = URI_TAGS.get(name) ?? [];
    return followed.reduce(
      (text_, attribute) => withAttribute(text_, attribute.name, (value) => link(value, attribute.role)),
      rest,
    );
  }

  function bare(text_: string): string {
    const role = isVariant ? 'playlist' : kind === 'list' ? 'entry' : 'segment';
    const target = substituted(text_, variables).trim();
    if (role === 'segment') segments.push({ url: resolved(target, url), isByteRange });
    isVariant = false;
    isByteRange = false;
    return link(text_, role);
  }

  for (const { text: line, end } of linesOf(text)) {
    const known = tagOf(line);
    if (known !== null) {
      const rest = tag(known.name, known.rest);
      out += (rest === known.rest ? line : `#${known.name}:${rest}`) + end;
    } else if (/^\ufeff?#/.test(line) || line.trim() === '') out += line + end;
    else out += bare(line) + end;
  }
  return { text: out, facts: { ...facts, isMaster: kind === 'master', segments, drm } };
}

/** Memory that a rewritten playlist takes, near enough: its text, and a small object and a URL for each segment. */
export function playlistBytes({ text, facts }: RewrittenPlaylist): number {
  return facts.segments.reduce((sum, { url }) => sum + url.length * 2 + 100, text.length * 2 + 500);
}

/** Whether a text is a playlist at all: `#EXTM3U` first, perhaps after a byte order mark (RFC 8216 §4.3.1.1). */
export function isPlaylistText(text: string): boolean {
  return /^\ufeff?#EXTM3U(?![A-Za-z0-9-])/.test(text);
}

function kindOf(text: string): 'master' | 'media' | 'list' {
  if (
    /^#EXT-X-(STREAM-INF|MEDIA|I-FRAME-STREAM-INF|SESSION-KEY|SESSION-DATA|CONTENT-STEERING)\b(?!-)/m.test(
      text,
    )
  )
    return 'master';
  return /^#EXT-X-(TARGETDURATION|MEDIA-SEQUENCE|MAP|KEY|ENDLIST|VERSION|PLAYLIST-TYPE)\b(?!-)/m.test(text)
    ? 'media'
    : 'list';
}

/** A URI that cannot be resolved is linked as it is, and refused when it is followed: nothing leads past us. */
function resolved(value: string, from: URL): string {
  return URL.parse(value, from)?.href ?? value;
}

/** rfc8216bis §4.4.2.3: by value, from the parent playlist, or from the query of this playlist's own URL. */
function define(
  variables: Map<string, string>,
  attributes: ReadonlyMap<string, string>,
  inherited: ReadonlyMap<string, string>,
  url: URL,
): void {
  const name = attributes.get('NAME');
  if (name !== undefined) variables.set(name, attributes.get('VALUE') ?? '');
  const imported = attributes.get('IMPORT');
  const value = imported === undefined ? undefined : inherited.get(imported);
  if (imported !== undefined && value !== undefined) variables.set(imported, value);
  const parameter = attributes.get('QUERYPARAM');
  const given = parameter === undefined ? null : url.searchParams.get(parameter);
  if (parameter !== undefined && given !== null) variables.set(parameter, given);
}

function noteKey(drm: HlsFacts['drm'], attributes: ReadonlyMap<string, string>): void {
  const format = attributes.get('KEYFORMAT') ?? 'identity';
  if (attributes.get('METHOD') === 'NONE') return;
  if (LICENSED_KEY.test(format)) drm.licensed = true;
  else drm.open = true;
}
