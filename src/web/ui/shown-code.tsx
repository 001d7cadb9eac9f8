import { lazy, useCallback } from 'react';
import { type CodeStatus, fetchCode, type MadeCode } from './device-api.ts';
import { LazyPart } from './lazy-part.tsx';
import { usePolled } from './polling.ts';

const QrCode = lazy(async () => ({ default: (await import('./qr-code.tsx')).QrCode }));
const pace = () => 2_500;

type ShownCodeProps = {
  made: MadeCode;
  /** What to do with it. */
  children: string;
};

/** Six digits, large, and the same as a QR code. */
export function ShownCode({ made, children }: ShownCodeProps) {
  return (
    <>
      <p className="tb-quiet">{children}</p>
      <div className="tb-shown-code">
        <output className="tb-code" aria-label="Code">
          {made.code.slice(0, 3)}&#8239;{made.code.slice(3)}
        </output>
        <div className="tb-code-paper">
          <LazyPart fallback={null}>
            <QrCode text={made.pairingUrl} />
          </LazyPart>
        </div>
      </div>
    </>
  );
}

/** What becomes of a code, asked every few seconds; undefined: not known yet, null: it is too old. */
export function useCodeStatus({ code, secret }: MadeCode): CodeStatus | null | undefined {
  const ask = useCallback(
    async (signal: AbortSignal) => ({ status: await fetchCode(code, secret, signal) }),
    [code, secret],
  );
  return usePolled(ask, pace).data?.status;
}
