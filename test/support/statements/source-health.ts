import * as health from '../../../src/features/source-health/queries/health.ts';
import * as links from '../../../src/features/source-health/queries/links.ts';
import * as probes from '../../../src/features/source-health/queries/probes.ts';
import * as reports from '../../../src/features/source-health/queries/reports.ts';
import { deleteStreams, markStreams, noteVerified } from '../../../src/features/stream-index/index.ts';
import { type Calls, FILM, stored } from './sample.ts';

const UNKNOWN = '00000000-0000-4000-8000-000000000000';
const probe = {
  ...{ isOk: true, connectMs: 1, listingMs: 2, firstByteMs: 3, bytesPerSecond: 4, reason: null },
};

export const sourceHealthCalls: Calls = {
  'reports of sources': async (db) => {
    for (const ahead of [0, 1]) await reports.makeMonth(db, ahead);
    await reports.reachedSources(db, [UNKNOWN]);
    await reports.insertReports(db, [
      { sourceId: FILM, ispName: 'Home', isReachable: true, responseMs: 20, isVote: true },
    ]);
    await reports.ispDays(db, FILM, 7);
    await reports.forgetReports(db);
  },
  'health of sources': async (db) => {
    await health.voicesOf(db, [FILM], 1500);
    await health.putVerdicts(db, [{ sourceId: FILM, score: 50, state: 'isp_outage', isDisabled: false }]);
    await health.unsettled(db, 50);
    await health.settledBefore(db, [FILM], 2000);
    await health.countScan(db, FILM, false);
    await health.healthOf(db, {});
    await health.healthOf(db, { publicId: UNKNOWN });
    await health.sourceIdOf(db, UNKNOWN);
    await health.webSources(db, 50);
  },
  'files of sources': async (db) => {
    await links.nextSample(db, FILM);
    await links.linkOf(db, 2);
    await links.noteFailing(db, 2, { isBroken: true, reason: 'It is gone.' });
    await links.hideLongFailing(db, 5000);
    await links.hideWithSources(db, 5000);
    await links.showWithSource(db, FILM, 5000);
    await links.longHidden(db, 5000);
    await links.forgetFailing(db, 2);
    await noteVerified(db, 2);
    await markStreams(db, stored, 'broken');
    await markStreams(db, stored, 'active');
    await deleteStreams(db, [2, 3]);
  },
  'probes of sources': async (db) => {
    await probes.claimProbes(db, 10);
    await probes.recordProbe(db, FILM, probe);
    await probes.leaveUnprobed(db, FILM, 'It may not be asked.');
    await probes.probeDays(db, FILM);
    await probes.forgetProbes(db);
  },
};
