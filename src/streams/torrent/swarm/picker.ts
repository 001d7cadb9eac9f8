import type { ActivePiece } from './active-piece.ts';
import { blockKey, type Peer } from './peer.ts';
import type { BlockRequest } from './wire.ts';

/** A piece somebody waits for, `distance` bytes ahead of its reader. */
export type Wanted = { index: number; distance: number };

/** What is to be had, most urgent first, and of whom. */
export type Field = {
  order: readonly Wanted[];
  peers: Iterable<Peer>;
  /** The piece on its way, begun where it is not; null when there is no memory for another. */
  begin(index: number): ActivePiece | null;
  /** Bytes a second of all peers together. */
  rate: number;
  /** All that is left to fetch stands in `order`: when it is asked for, nothing more will be. */
  isLast: boolean;
  /** So many blocks may be asked of a second peer. */
  spare: number;
  /** Somebody has been waiting for so long that thrift ends. */
  isWaitedFor: boolean;
  /** Blocks that may be asked for at all just now. */
  most: number;
};

/** Later than needed by less than this is no reason to ask somebody else. */
const SLACK_S = 0.15;
/** A head start for the best: who takes up to twice as long may still be asked for what is needed at once. */
const NEARLY_AS_GOOD = 2;
/** Asked of a second peer only if that one is so much better, and by so much that a viewer might see it: without latency a tenth of all was sent twice. */
const [CLEARLY_BETTER, WORTH_S] = [1.5, 0.05];
/** How many pieces ahead of a reader are looked through for what will be late, and how much of it is asked for again at a time. */
const [DOUBLE_PIECES, MAX_DOUBLED] = [16, 32];
/** Who has given nothing after two round trips of the quickest, and a little, is not waited for. */
const [PATIENT_RTTS, PATIENCE_S] = [2, 0.05];
const HOPED_RATE = 256 * 1024;
/** Looking through a hundred blocks costs 10 µs. */
const [HELP_EVERY_MS, SOON_S] = [50, 0.3];

/** One choice for one peer. */
type Picking = {
  peer: Peer;
  field: Field;
  now: number;
  hoped: number;
  /** Seconds until the soonest of all peers would give a block. */
  best: number;
  room: number;
  picked: BlockRequest[];
};

/** Blocks to ask for; `doubled` of them are asked of others too. */
export type Pick = { blocks: BlockRequest[]; doubled: number };

/**
 * Chooses what `peer` is asked for next: in the order of the readers, the first free blocks that it can give in time. In time
 * means before the reader gets there at the rate of all peers together, so that slow peers work ahead and the piece
 * under the head is never theirs while a fast one has it. What slower peers owe is asked for again: first under the head, and elsewhere
 * when nothing is free.
 */
export function pick(peer: Peer, field: Field, now: number): Pick {
  const room = Math.min(peer.room, field.most);
  const hoped = hopedRate(field.peers);
  const best = bestEtaS(field.peers, hoped);
  const picking: Picking = { peer, field, now, room, hoped, best, picked: [] };
  const thrifty = Math.min(MAX_DOUBLED, field.spare);
  // What a viewer waits for comes before what is free, or it would wait until everything else is asked for.
  const soon = soonBytes(picking);
  pickLate(picking, field.isWaitedFor ? MAX_DOUBLED : thrifty, ({ distance }) => distance <= soon);
  let doubled = picking.picked.length;
  pickFree(picking);
  if (picking.picked.length === 0) {
    pickLate(picking, thrifty, () => true);
    doubled = picking.picked.length;
  }
  return { blocks: picking.picked, doubled };
}

/**
 * How far ahead of the readers is looked for what will be late: the piece under the head each time, and now and then what is needed
 * within a moment, or a viewer would wait a round trip at each of many pieces of which slow peers owe a block.
 */
function soonBytes({ peer, field, now }: Picking): number {
  if (now - peer.helpedAt < HELP_EVERY_MS) return 0;
  peer.helpedAt = now;
  return field.rate * SOON_S;
}

function pickFree(picking: Picking): void {
  const { peer, field } = picking;
  for (const { index, distance } of field.order) {
    if (!peer.has(index) || !isInTime(picking, distance, peer)) continue;
    const piece = field.begin(index);
    if (piece === null) return;
    const mayGive = isTrusted(picking, index, distance) && isOpenTo(peer, piece);
    if (mayGive) askWhile(picking, piece, () => piece.askFree(peer));
    if (picking.room <= 0) return;
  }
}

function isInTime({ field, hoped, best }: Picking, distance: number, peer: Peer): boolean {
  const etaS = peer.etaS(hoped);
  return etaS <= best * NEARLY_AS_GOOD || etaS <= distance / Math.max(field.rate, 1) + SLACK_S;
}

/**
 * A viewer waits for no trial: what he needs now is for the least suspected of those that can give it soon (a liar had the first
 * piece three times over, 270 ms).
 */
function isTrusted(picking: Picking, index: number, distance: number): boolean {
  const { peer, field } = picking;
  if (peer.suspicion === 0 || distance > 0) return true;
  for (const other of field.peers) {
    const isBetter = other.suspicion < peer.suspicion && other.has(index);
    if (isBetter && !other.isChoking && !other.isSnubbed && isInTime(picking, 0, other)) return false;
  }
  return true;
}

/** Who gave to a wrong piece gives whole pieces alone until one is right: so the liar is found, and the others are not punished. */
function isOpenTo(peer: Peer, piece: ActivePiece): boolean {
  if (piece.only !== null) return piece.only === peer;
  if (peer.suspicion === 0) return true;
  if (piece.free < piece.blockCount) return false;
  piece.only = peer;
  return true;
}

/** Who gives whole pieces alone gives nothing else; and slow peers have nothing to help each other with. */
function mayHelp(picking: Picking, most: number): boolean {
  const { peer, hoped, best } = picking;
  return most > 0 && peer.suspicion === 0 && peer.etaS(hoped) <= best * NEARLY_AS_GOOD;
}

/** What its peer will give later than a reader needs it, and, once there is nothing else to ask for, whatever would come sooner from `peer`. */
function pickLate(picking: Picking, most: number, isMeant: (wanted: Wanted) => boolean): void {
  if (!mayHelp(picking, most)) return;
  const { peer, field, room } = picking;
  const least = Math.max(0, room - most);
  const patienceS = PATIENT_RTTS * quickestS(field.peers) + PATIENCE_S;
  let left = field.isLast ? Number.POSITIVE_INFINITY : DOUBLE_PIECES;
  for (const wanted of field.order) {
    const { index, distance } = wanted;
    if (!isMeant(wanted) || picking.room <= least || left === 0) return;
    const piece = peer.has(index) ? field.begin(index) : null;
    if (piece?.only !== null) continue;
    left -= 1;
    const neededS = field.isLast ? 0 : distance / Math.max(field.rate, 1) + SLACK_S;
    askWhile(picking, piece, () =>
      piece.askToo(peer, (other, block) =>
        isLater(picking, other, blockKey(index, block), neededS, patienceS),
      ),
    );
  }
}

/** `other` was asked for the block and will not have it when it is needed, and `peer` would be clearly sooner. */
function isLater(
  { peer, now, hoped }: Picking,
  other: Peer,
  key: number,
  neededS: number,
  patienceS: number,
): boolean {
  const remainingS = other.remainingS(other.outstanding.get(key) ?? now, now, hoped, patienceS);
  const mineS = peer.etaS(hoped);
  return remainingS > neededS && remainingS > Math.max(mineS * CLEARLY_BETTER, mineS + WORTH_S);
}

function quickestS(peers: Iterable<Peer>): number {
  let quickest = 1;
  for (const peer of peers) if (peer.rate > 0) quickest = Math.min(quickest, peer.rttS);
  return quickest;
}

function askWhile(picking: Picking, piece: ActivePiece, nextBlock: () => number): void {
  for (; picking.room > 0; picking.room -= 1) {
    const block = nextBlock();
    if (block < 0) return;
    picking.peer.asked(blockKey(piece.index, block), picking.now);
    picking.picked.push(piece.request(block));
  }
}

/** What one that gave nothing yet may do: as much as the others do on average. */
function hopedRate(peers: Iterable<Peer>): number {
  let [sum, count] = [0, 0];
  for (const { rate } of peers) {
    if (rate === 0) continue;
    sum += rate;
    count += 1;
  }
  return count === 0 ? HOPED_RATE : sum / count;
}

function bestEtaS(peers: Iterable<Peer>, hoped: number): number {
  let best = Number.POSITIVE_INFINITY;
  for (const peer of peers) if (!peer.isChoking && !peer.isSnubbed) best = Math.min(best, peer.etaS(hoped));
  return best;
}
