import { importGuide } from '../../src/features/imports/index.ts';
import { createNet } from '../../src/platform/net.ts';
import type { Importer } from './importer.ts';
import { onlyArgument } from './usage.ts';

/** `npm run seed -- xmltv`: what the live channels show. */
export const xmltv: Importer = {
  name: 'xmltv',
  usage: [
    'PATH-OR-URL  an XMLTV guide (.xml or .xml.gz) for the live channels that are here, by their tvg-id or name',
  ],
  async run(args, { context, signal, progress }) {
    const place = onlyArgument(args, 'the path or the web address of a guide');
    const { config, database } = context;
    const { mode, allow } = config.outbound;
    const net = createNet({ mode, allow, ownPorts: () => new Set(database.ports) });
    try {
      return await importGuide({ db: database.db, url: database.url, net }, place, { signal, progress });
    } finally {
      await net.close();
    }
  },
};
