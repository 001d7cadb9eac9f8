/** Memory that a piece or an article is gathered, checked, kept and sent from; shared, so that the thread that answers viewers sends from it without a copy. */
export type SlabBuffer = {
  /** The slab it lies in, and where. */
  readonly slab: number;
  readonly offset: number;
  readonly bytes: Buffer;
  /** From `offset` on it is this one's, as long as it is held. */
  readonly slotBytes: number;
};

export type SlabMemory = {
  take(length: number): SlabBuffer;
  give(buffer: SlabBuffer): void;
  /** Held now. */
  usedBytes(): number;
  readonly limitBytes: number;
  shared(slab: number): SharedArrayBuffer | undefined;
  /** Lets go of what nothing lies in. */
  trim(): void;
};

/**
 * Pieces and articles of all lengths lie in slabs of this: a shared buffer of each one's own was freed only when both threads' collectors
 * came by, which nothing makes them do (ten films took 930 MB of a limit of 192).
 */
const SLAB_BYTES = 16 * 1024 * 1024;
const MIN_SLOT_BYTES = 16 * 1024;

/** What `length` bytes take of the memory. */
export function slotBytesOf(length: number): number {
  return Math.max(MIN_SLOT_BYTES, 2 ** Math.ceil(Math.log2(length)));
}

const WASM_PAGE_BYTES = 65_536;
/** Those that begin at a page. */
const memories = new WeakMap<ArrayBufferLike, WebAssembly.Memory>();

/** The memory of WebAssembly that `buffer` is; null: it is none, or not of slabs. */
export function memoryOf(buffer: ArrayBufferLike): WebAssembly.Memory | null {
  return memories.get(buffer) ?? null;
}

/**
 * Memory of WebAssembly begins at a page, which a disk can be written from without a copy; a shared buffer begins 16 bytes behind one. It
 * reserves addresses (10 GB each), which a process may not be allowed to: then it is a shared buffer.
 */
function sharedMemory(bytes: number): SharedArrayBuffer {
  try {
    const pages = Math.ceil(bytes / WASM_PAGE_BYTES);
    const memory = new WebAssembly.Memory({ initial: pages, maximum: pages, shared: true });
    if (memory.buffer instanceof SharedArrayBuffer) {
      memories.set(memory.buffer, memory);
      return memory.buffer;
    }
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
  }
  return new SharedArrayBuffer(bytes);
}

/** All that is its own, where it begins at a page; null: it does not. */
export function roomOf({ bytes, slotBytes }: SlabBuffer): Buffer | null {
  return memories.has(bytes.buffer) ? Buffer.from(bytes.buffer, bytes.byteOffset, slotBytes) : null;
}

type Slab = { id: number; memory: SharedArrayBuffer; slotBytes: number; free: number[]; slots: number };

/** `onGone`: a slab that will not be used again, for those who keep it by its number. */
export function createSlabMemory(limitBytes: number, onGone: (slab: number) => void): SlabMemory {
  const slabs = new Map<number, Slab>();
  /** With a free slot, by its size. */
  const open = new Map<number, Set<Slab>>();
  const empty: SharedArrayBuffer[] = [];
  const ids = new WeakMap<SharedArrayBuffer, number>();
  let [used, lastId] = [0, 0];

  const openOf = (slotBytes: number): Set<Slab> => {
    const known = open.get(slotBytes) ?? new Set();
    open.set(slotBytes, known);
    return known;
  };

  function begin(slotBytes: number): Slab {
    const bytes = Math.max(SLAB_BYTES, slotBytes);
    const at = empty.findIndex(({ byteLength }) => byteLength === bytes);
    const [memory = sharedMemory(bytes)] = at < 0 ? [] : empty.splice(at, 1);
    const id = ids.get(memory) ?? lastId + 1;
    lastId = Math.max(lastId, id);
    ids.set(memory, id);
    const slots = bytes / slotBytes;
    const slab = {
      id,
      memory,
      slotBytes,
      slots,
      free: Array.from({ length: slots }, (_, slot) => slots - 1 - slot),
    };
    slabs.set(id, slab);
    openOf(slotBytes).add(slab);
    return slab;
  }

  return {
    limitBytes,
    usedBytes: () => used,
    shared: (id) => slabs.get(id)?.memory,
    take(length) {
      const slotBytes = slotBytesOf(length);
      const [slab = begin(slotBytes)] = openOf(slotBytes);
      const offset = (slab.free.pop() ?? 0) * slotBytes;
      if (slab.free.length === 0) openOf(slotBytes).delete(slab);
      used += slotBytes;
      return { slab: slab.id, offset, bytes: Buffer.from(slab.memory, offset, length), slotBytes };
    },
    give({ slab: id, offset }) {
      const slab = slabs.get(id);
      if (slab === undefined) return;
      used -= slab.slotBytes;
      slab.free.push(offset / slab.slotBytes);
      openOf(slab.slotBytes).add(slab);
      if (slab.free.length < slab.slots) return;
      // Any length may lie in it next.
      openOf(slab.slotBytes).delete(slab);
      slabs.delete(id);
      empty.push(slab.memory);
    },
    trim() {
      for (const memory of empty.splice(0)) onGone(ids.get(memory) ?? 0);
    },
  };
}
