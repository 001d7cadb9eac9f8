/** Titles with as many releases as popular ones have, as an import file (docs/import-format.md); everything follows from the numbers. */

/** More titles than this have no ids of their own here. */
const FIRST_ID = 7_000_000;
const PICTURES = [
  ...[
    '2160p.UHD.BluRay.REMUX.HDR.HEVC',
    '2160p.WEB-DL.DV.HDR.H.265',
    '1080p.BluRay.x264',
    '1080p.WEB-DL.H.264',
  ],
  ...[
    '1080p.BluRay.REMUX.AVC',
    '1080p.WEBRip.x265.10bit',
    '720p.BluRay.x264',
    '720p.HDTV.x264',
    '480p.DVDRip.XviD',
  ],
];
const SOUNDS = ['TrueHD.7.1.Atmos', 'DTS-HD.MA.5.1', 'DDP5.1', 'DD5.1', 'AAC2.0', 'FLAC.2.0', 'DTS'];
const LANGUAGES = ['', '', '', 'German.DL.', 'MULTi.', 'iTA.ENG.', 'FRENCH.', 'SPANISH.'];
const GROUPS = 'NTb FLUX SPARKS CtrlHD DON EPSiLON FraMeSToR TEPES QxR NTG KiNGS AMIABLE'.split(' ');

export const streamPath = (title: number) => `/stream/movie/tt${FIRST_ID + title}.json`;

/** Three of four are torrents of one file, the others files on a web server. */
export function importFileOf(titles: readonly { title: number; streams: number }[]): string {
  return JSON.stringify({
    version: 1,
    titles: titles.map(({ title, streams }) => ({
      kind: 'movie',
      title: `Crowded House ${title}`,
      year: 1990 + (title % 30),
      ids: { imdb: `tt${FIRST_ID + title}` },
      streams: Array.from({ length: streams }, (_, n) => release(title, n)),
    })),
  });
}

function release(title: number, n: number): object {
  const of = (list: readonly string[], step: number) => list[Math.floor(n / step) % list.length];
  const name = `Crowded.House.${title}.${1990 + (title % 30)}.${of(LANGUAGES, 9)}${of(PICTURES, 1)}.${of(SOUNDS, 3)}-${of(GROUPS, 5)}${n}`;
  const sizeBytes = 700_000_000 + ((n * 7_919_977) % 60_000_000_000);
  if (n % 4 === 3)
    return { kind: 'http', name, sizeBytes, url: `https://files.example/${title}/${n}/${name}.mkv` };
  return {
    ...{ kind: 'torrent', name, sizeBytes, infoHash: (title * 1000 + n + 1).toString(16).padStart(40, 'c') },
    ...{
      files: [{ index: 0, name: `${name}.mkv`, sizeBytes }],
      seeders: 5 + ((n * 37) % 400),
      leechers: n % 30,
    },
    publishedAt: new Date(Date.UTC(2024, n % 12, 1 + (n % 28))).toISOString(),
  };
}
