import type { ByteSource } from '../../streams/kind.ts';
import type { Documents } from '../documents.ts';
import type { PlaylistRequest } from '../hls/serve.ts';
import type { ReadAhead } from '../read-ahead.ts';
import { textSource } from '../text-source.ts';

export type ManifestRequest = PlaylistRequest & { isHls: boolean; track: string | undefined };
export async function serveManifest(
  _held: { documents: Documents; readAhead: ReadAhead },
  _request: ManifestRequest,
): Promise<ByteSource> {
  return textSource('', 'application/dash+xml');
}
