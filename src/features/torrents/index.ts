export { type TorrentJobsDeps, torrentJobs } from './jobs.ts';
export { Torrent } from './queries.ts';
export { RemoveQuery, TorrentPath, TorrentsAnswer, TorrentsQuery, torrentRoutes } from './routes.ts';
export { createTorrentStorage } from './torrent-storage.ts';
