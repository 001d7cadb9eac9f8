import { canonicalCodec } from '../../kit/release-vocabulary.ts';

/** Whether a file is HEVC (H.265, x265), which older televisions cannot show. A pack may hold both: its file's own name counts first. */
export function isHevc({ codec, fileName }: { codec: string | null; fileName: string | null }): boolean {
  return (canonicalCodec(fileName ?? '') ?? codec) === 'HEVC';
}
