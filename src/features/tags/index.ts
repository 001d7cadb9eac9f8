export { giveTag, requireTag, takeTag } from './change-tags.ts';
export { FOLLOW_JOB, followSoon, type TagJobsDeps, tagJobs } from './jobs.ts';
export { type TagRoutesDeps, tagRoutes } from './routes.ts';
export { EpisodeQuery, TaggedEpisodes, TagsAnswer, TitleTags } from './schemas.ts';
