import type { Wire } from 'torrent-stream';

/** The longest message we want is the bitfield of half a million pieces, 62,500 bytes; the library would gather 4 GiB. */
const MAX_MESSAGE_BYTES = 128 * 1024;
const MAX_EARLY_HAVES = 100_000;

export type WireListener = {
  /** Null before the torrent's pieces are known: `settle` tells it then. */
  pieceCount: number | null;
  /** A block that was asked for came; told before it is looked at. */
  onBlock(index: number): void;
  onExtended(id: number, payload: Buffer): void;
};

/** From now on the torrent has so many pieces; what the peer said of its own is believed or closes the connection. */
export type Settle = (pieceCount: number) => void;

/**
 * Bounds what a peer can do to the library: its parser gathers a message of any length, and believes every bitfield. On one that
 * is too short it throws, and then Node's pipe closes the connection. Called before the first message is read.
 */
export function guardWire(wire: Wire, { pieceCount, onBlock, onExtended }: WireListener): Settle {
  const parse = wire._parse.bind(wire);
  const takeHave = wire._onhave.bind(wire);
  const takeBits = wire._onbitfield.bind(wire);
  const takeBlock = wire._onpiece.bind(wire);
  const early: { bits: Buffer | null; haves: number[] } = { bits: null, haves: [] };
  let count = pieceCount;
  let isDropped = false;

  function drop(): void {
    isDropped = true;
    parse(Number.MAX_VALUE, NOTHING);
    wire.destroy();
  }

  wire._parse = (bytes, parser) => {
    if (isDropped) return;
    // It waits for `MAX_VALUE` bytes where it wants no more.
    if (bytes > MAX_MESSAGE_BYTES && bytes !== Number.MAX_VALUE) {
      drop();
      return;
    }
    parse(bytes, parser);
  };
  wire._onhave = (index) => {
    if (count === null) {
      if (early.haves.length < MAX_EARLY_HAVES) early.haves.push(index);
    } else if (index < count) takeHave(index);
    else drop();
  };
  wire._onbitfield = (bits) => {
    if (count === null) early.bits = Buffer.from(bits);
    else if (bits.length === Math.ceil(count / 8)) takeBits(bits);
    else drop();
  };
  wire._onpiece = (index, offset, block) => {
    const isAsked = wire.requests.some(
      (asked) => asked.piece === index && asked.offset === offset && asked.length === block.length,
    );
    if (isAsked) onBlock(index);
    takeBlock(index, offset, block);
  };
  // The library's own exchange of metadata mixes what several peers give, so that one liar spoils it for all.
  wire._onextended = (id, payload) => onExtended(id, payload);

  return (known) => {
    count = known;
    if (early.bits !== null) wire._onbitfield(early.bits);
    for (const index of early.haves) if (!isDropped) wire._onhave(index);
    early.bits = null;
    early.haves = [];
  };
}

const NOTHING = () => {};
