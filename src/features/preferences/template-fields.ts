/** What templates may name, and what each holds. Lists are joined where they stand. */
export const TEMPLATE_FIELDS = {
  addon: 'Name of this add-on',
  mark: 'A sign of its kind: 🧲 torrent, 🌐 web, 📰 Usenet, 🗄️ FTP, 📁 here',
  kind: 'torrent, http, usenet, ftp, local, youtube, telegram, external',
  sharpness: 'Second line of the usual name: resolution, 3D and HDR, or what else is known of the picture',
  file: 'Name of the file, or of the release',
  release: 'Name of the release',
  resolution: '2160p, 1080p, …',
  quality: 'BluRay REMUX, WEB-DL, …',
  codec: 'HEVC, AV1, …',
  hdr: 'List: DV, HDR10, …',
  picture: 'List: 10bit, H-SBS, … (without 3D and IMAX)',
  edition: 'Extended, IMAX, …',
  audio: 'List: Atmos, DD+, …',
  channels: 'List: 5.1, …',
  languages: 'List of what is spoken, by name, four at most',
  languageCodes: 'The same as codes: de, en',
  subtitles: 'List of subtitles, by name, four at most',
  size: '4.2 GB',
  bitrate: '12 Mbit/s',
  seeders: 'How many seed it',
  post: 'Of a Usenet post: how much of it is there, how old it is',
  alternatives: 'How many other places hold the same release',
  group: 'Who made the release',
  source: 'Name of the source it lies on',
  verified: '✓ where somebody checked that it is this title',
  licence: 'Licence and author of open films',
  note: 'What choosing it does besides playing',
  progress: 'What goes on with it just now',
} as const;
export type TemplateField = keyof typeof TEMPLATE_FIELDS;

export function isTemplateField(name: string): name is TemplateField {
  return Object.hasOwn(TEMPLATE_FIELDS, name);
}

/** What a stream holds for them: a text, a list, or nothing. */
export type FieldValues = Readonly<Partial<Record<TemplateField, string | readonly string[] | null>>>;

/** The words everyone sees, as templates. */
export const DEFAULT_TEMPLATES = {
  name: '{addon} {mark}\n{sharpness}',
  description: [
    '{file}',
    '[🎞️ {quality, codec, picture, edition}]  [🔊 {audio, channels}]',
    '[📦 {size}]  [👤 {seeders}]  [{post}]  [🔁 {alternatives} more]',
    '[🎙️ {languages}]  [💬 {subtitles}]',
    '{licence}',
    '{note}',
    '{progress}',
  ].join('\n'),
} as const;
