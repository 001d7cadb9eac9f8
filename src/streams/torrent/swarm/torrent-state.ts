import type { TorrentState } from '../engine.ts';
import type { Playback } from './playback.ts';
import type { Swarm } from './swarm.ts';
import type { Upload } from './upload.ts';

type Parts = {
  infoHash: string;
  swarm: Swarm;
  /** Null until the metadata is here. */
  playback: Playback | null;
  upload: Upload;
};

/** How a torrent is doing right now. */
export function torrentState({ infoHash, swarm, playback, upload }: Parts): TorrentState {
  const ready = [...swarm.peers].filter(({ isReady }) => isReady);
  return {
    infoHash,
    peers: ready.length,
    utpPeers: ready.filter(({ isUtp }) => isUtp).length,
    unchoked: [...swarm.peers].filter(({ isChoking }) => !isChoking).length,
    bannedPeers: swarm.bannedCount,
    bytesPerSecond: playback?.intake.rate ?? 0,
    downloadedBytes: playback?.intake.downloadedBytes ?? 0,
    wastedBytes: playback?.intake.wastedBytes ?? 0,
    uploadedBytes: upload.uploadedBytes,
    uploadRate: upload.rate,
    piecesHeld: playback?.pieces.heldCount ?? 0,
    pieceCount: playback?.layout.pieceCount ?? 0,
    readers: playback?.readerCount ?? 0,
  };
}
