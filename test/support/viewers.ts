import type { Admission, Body, Viewer } from '../../src/play/admission.ts';

export type TestBody = Body & { isEnded(): boolean };

/** A body of a running stream, silent for `stalledMs`. */
export function testBody(stalledMs = 0): TestBody {
  let isEnded = false;
  return {
    stalledMs: () => stalledMs,
    end() {
      isEnded = true;
    },
    isEnded: () => isEnded,
  };
}

export async function admitted(
  admission: Admission,
  viewer: Viewer,
  body: Body = testBody(),
): Promise<{ leave(): void }> {
  return { leave: await admission.admit(viewer, body) };
}
