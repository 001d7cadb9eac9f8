export { type FamilyRoutesDeps, memberOf } from './asking.ts';
export { timeVerdict } from './hours.ts';
export { installRoutes } from './install-routes.ts';
export { installToken, openInstallToken } from './install-token.ts';
export { AGES_JOB, type FamilyJobsDeps, familyJobs } from './jobs.ts';
export { createKidPresence, type KidPresence } from './kid-presence.ts';
export { FAMILY_PARTS } from './own-parts.ts';
export { profileRoutes } from './profile-routes.ts';
export {
  changeInstall,
  insertInstall,
  noteInstallSeen,
  noteManifestSeen,
  revokeInstalls,
} from './queries/installs.ts';
export { countChange, noteMinute, ProfileAnswer } from './queries/profiles.ts';
export { putRule, unblockEpisode } from './queries/rules.ts';
export {
  type Asked,
  blockedEpisodes,
  mixedFiles,
  type Standing,
  seenTitles,
  standingFor,
} from './queries/verdicts.ts';
export { type Installed, installedBy, viewerOf, type Watcher, watcherOf } from './queries/viewers.ts';
export { ruleRoutes } from './rule-routes.ts';
export {
  EpisodeToggle,
  InstallAnswer,
  InstallBody,
  InstallPatch,
  InstallsAnswer,
  NewProfile,
  ProfilePatch,
  ProfilesAnswer,
  RuleBody,
  RulePageQuery,
  RulesAnswer,
  TagsBody,
} from './schemas.ts';
export { POLICY_CHANGED, undoPolicy } from './undo-policy.ts';
