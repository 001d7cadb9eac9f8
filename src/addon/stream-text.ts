import type { Offer } from '../features/stream-index/index.ts';
import { formatBytes } from '../kit/bytes.ts';
import { languageOf } from '../kit/language.ts';

const KIND_MARKS: Readonly<Record<string, string>> = {
  torrent: '🧲',
  http: '🌐',
  usenet: '📰',
  ftp: '🗄️',
  local: '📁',
  youtube: '▶️',
  telegram: '📱',
  external: '🔗',
};

/** The left column: who, how, how sharp. `Tributary 🌐 1080p HDR`. */
export function streamName(addonName: string, offer: Offer): string {
  const sharpness = [offer.resolution, ...offer.hdrFormats.slice(0, 2)]
    .filter((part) => part !== null)
    .join(' ');
  return [`${addonName} ${KIND_MARKS[offer.kind] ?? ''}`.trim(), sharpness]
    .filter((line) => line !== '')
    .join('\n');
}

/** The right column, a line a subject; lines without anything to say are left out. */
export function streamDescription(offer: Offer): string {
  const picture = [offer.quality, offer.codec, ...offer.audio, ...offer.channels].filter(
    (part) => part !== null && part !== '',
  );
  const size = offer.sizeBytes === null ? null : formatBytes(offer.sizeBytes);
  const lines = [
    offer.fileName ?? offer.name,
    picture.length === 0 ? null : `🎞️ ${picture.join(' · ')}`,
    joined('📦', [size, offer.seeders === null ? null : `👤 ${offer.seeders}`]),
    joined('🌐', offer.languages.map(languageName)),
    joined('💬', offer.subtitleLanguages.map(languageName)),
    offer.licenceName === null
      ? null
      : `📜 ${offer.licenceName}${offer.attribution === null ? '' : ` — ${offer.attribution}`}`,
  ];
  return lines.filter((line) => line !== null).join('\n');
}

/**
 * Streams with the same group are taken for the next episode without asking: equal strings, so by what the viewer chose
 * (sharpness, source, codec, group, language), never by info hash, which differs from episode to episode.
 */
export function bingeGroup(offer: Offer): string {
  const parts = [
    offer.kind,
    offer.resolution,
    offer.quality,
    offer.codec,
    offer.hdrFormats.join('+'),
    offer.releaseGroup,
    offer.languages.join('+'),
  ];
  return ['tributary', ...parts.map((part) => part ?? '')].join('|');
}

function joined(mark: string, parts: readonly (string | null)[]): string | null {
  const said = parts.filter((part) => part !== null);
  return said.length === 0 ? null : `${mark} ${said.join(' · ')}`;
}

function languageName(code: string): string {
  return languageOf(code)?.name ?? code;
}
