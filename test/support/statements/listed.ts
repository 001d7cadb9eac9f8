import * as listed from '../../../src/features/media/queries/listed.ts';
import { writeWholeTitles } from '../../../src/features/media/queries/merge-titles.ts';
import * as programmes from '../../../src/features/media/queries/programmes.ts';
import { batch, type Calls, each, FILM } from './sample.ts';

export const guideCalls: Calls = {
  'titles of a list': async (db) => {
    const titles = batch(
      (index) => ({ id: String(900_000 + index), title: `Listed ${index}`, popularity: 1, isAdult: false }),
      20,
    );
    for (const kind of ['movie', 'series'] as const) {
      await listed.lookUpListed(db, { kind, titles });
      await listed.updateListed(db, { kind, titles });
    }
    await writeWholeTitles(db);
    await listed.insertListed(db, { kind: 'movie', titles });
  },
  'programmes of a guide': async (db) => {
    const at = (hours: number) => new Date(Date.now() + hours * 3_600_000);
    await programmes.programmesOf(db, FILM);
    await programmes.channels(db, 0, 5000);
    await programmes.forgetProgrammes(db, 10_000);
    const shown = each((mediaId) => ({
      ...{ mediaId, startAt: at(1), stopAt: at(2), title: 'Show', subtitle: null, description: null },
      ...{ categories: [], iconUrl: null, rating: null, episode: null },
    }));
    await programmes.stageProgrammes(db, shown);
    await programmes.nextChannels(db, 0, 200);
    await programmes.mergeProgrammes(db, { after: 0, upto: 200 });
    // Last: nobody plans on a table that is being emptied.
    await programmes.emptyProgrammes(db);
  },
};
