import { type AccountJobsDeps, accountJobs } from './features/accounts/index.ts';
import { auditJobs } from './features/audit/index.ts';
import { type DeviceJobsDeps, deviceJobs } from './features/devices/index.ts';
import { type FamilyJobsDeps, familyJobs } from './features/family/index.ts';
import { type FileFactsDeps, fileFactsJobs } from './features/file-facts/index.ts';
import { type FinderJobsDeps, finderJobs } from './features/finders/index.ts';
import { type ListJobsDeps, listJobs } from './features/lists/index.ts';
import { type MetadataJobsDeps, metadataJobs } from './features/metadata/index.ts';
import { type SourceHealthJobsDeps, sourceHealthJobs } from './features/source-health/index.ts';
import { type SourceJobsDeps, sourceJobs } from './features/sources/index.ts';
import { type StreamJobsDeps, streamJobs } from './features/stream-index/index.ts';
import { type TagJobsDeps, tagJobs } from './features/tags/index.ts';
import { type TorrentJobsDeps, torrentJobs } from './features/torrents/index.ts';
import { type TrackerJobsDeps, trackerJobs } from './features/trackers/index.ts';
import { type UpkeepDeps, upkeepJobs } from './features/upkeep/index.ts';
import { type UsenetJobsDeps, usenetJobs } from './features/usenet/index.ts';
import type { Job, JobContext } from './platform/jobs.ts';

/** The only list of background jobs. */
export const jobs: readonly Job<
  JobContext &
    UpkeepDeps &
    AccountJobsDeps &
    DeviceJobsDeps &
    FamilyJobsDeps &
    FileFactsDeps &
    ListJobsDeps &
    MetadataJobsDeps &
    StreamJobsDeps &
    TagJobsDeps &
    TrackerJobsDeps &
    TorrentJobsDeps &
    UsenetJobsDeps &
    FinderJobsDeps &
    SourceHealthJobsDeps &
    SourceJobsDeps
>[] = [
  ...upkeepJobs,
  ...accountJobs,
  ...auditJobs,
  ...familyJobs,
  ...deviceJobs,
  ...fileFactsJobs,
  ...listJobs,
  ...metadataJobs,
  ...streamJobs,
  ...tagJobs,
  ...trackerJobs,
  ...torrentJobs,
  ...usenetJobs,
  ...finderJobs,
  ...sourceHealthJobs,
  ...sourceJobs,
];
