/** The yardstick of release names: the title parser alone, with the same flags of node. Lines in, one JSON object a line out. */
import { readFileSync } from 'node:fs';
import { parseTorrentTitle } from '@viren070/parse-torrent-title';

const lines = readFileSync(0, 'utf8').trimEnd().split('\n');
process.stdout.write(lines.map((line) => `${JSON.stringify(parseTorrentTitle(line))}\n`).join(''));
