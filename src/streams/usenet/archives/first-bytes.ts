/** What files with these endings begin with: for them a wrong password shows where nothing else tells it. */
const STARTS: readonly [RegExp, (head: Buffer) => boolean][] = [
  [/\.(mkv|webm|mka)$/i, (head) => head.readUInt32BE(0) === 0x1a45dfa3],
  [/\.avi$/i, (head) => head.toString('latin1', 0, 4) === 'RIFF'],
  // An ISO base media file begins with a box, and a box's name is four letters.
  [/\.(mp4|m4v|mov)$/i, (head) => /^[A-Za-z0-9 ]{4}$/.test(head.toString('latin1', 4, 8))],
  [/\.rar$/i, (head) => head.toString('latin1', 0, 4) === 'Rar!'],
];

/** Whether a file begins as its name says; true where the name says nothing. */
export function beginsAsNamed(path: string, head: Buffer): boolean {
  const rule = STARTS.find(([ending]) => ending.test(path));
  return !rule || head.length < 8 || rule[1](head);
}
