import type { Source } from './source-api.ts';

type Words = { label: string; name: string; example: string; about: string };

/** What may be a source, for whoever has one and not for who built it. */
export const FINDER_WORDS: Readonly<Record<Source['finder'], Words>> = {
  'http-index': {
    label: 'Web server with a list of files (HTTP)',
    name: 'HTTP listing',
    example: 'http://192.168.1.20/films/',
    about: 'The page that lists the files in a browser; everything below it is looked through.',
  },
  webdav: {
    label: 'WebDAV (a NAS, Nextcloud)',
    name: 'WebDAV',
    example: 'https://nas.example/webdav/films/',
    about: 'The folder as the NAS names it for WebDAV; everything below it is looked through.',
  },
  'ftp-listing': {
    label: 'FTP server',
    name: 'FTP',
    example: 'ftp://192.168.1.20/films/',
    about:
      'ftp://, or ftpes:// and ftps:// for an encrypted connection; everything below it is looked through.',
  },
  'local-folder': {
    label: 'Folder of this machine',
    name: 'Folder',
    example: 'local:films/',
    about: 'A name of the setting LOCAL_FOLDERS, and a folder in it if you like: local:films/new/.',
  },
};

export const OFFER_WORDS: Readonly<Record<Source['offers'], { label: string; fact: string; about: string }>> =
  {
    proxied: {
      label: 'Through this server',
      fact: 'through this server',
      about: 'Works everywhere, and nobody learns the address or the password.',
    },
    direct: {
      label: 'Straight from the source',
      fact: 'straight from the source',
      about: 'Spares this server; the player must reach the source itself, and needs no password.',
    },
    both: {
      label: 'Both, to choose from',
      fact: 'both ways',
      about: 'Each film is offered twice.',
    },
  };

const EVERY = [
  { value: '60', label: 'Every hour' },
  { value: '360', label: 'Every 6 hours' },
  { value: '1440', label: 'Once a day' },
  { value: '10080', label: 'Once a week' },
  { value: '0', label: 'Only when I say so' },
] as const;

/** How often a source may be looked through, in minutes; with what it is now, should that be another. */
export function everyOptions(now: string): { value: string; label: string }[] {
  const isListed = EVERY.some(({ value }) => value === now);
  return isListed ? [...EVERY] : [{ value: now, label: `Every ${now} minutes` }, ...EVERY];
}
