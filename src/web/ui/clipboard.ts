import { useEffect, useState } from 'react';

const SHOWN_MS = 2_000;

/** `copied` is true for two seconds after a copy; `failed` likewise, so that the person can copy by hand. */
export function useCopy(): { state: 'idle' | 'copied' | 'failed'; copy(text: string): void } {
  const [state, setState] = useState<'idle' | 'copied' | 'failed'>('idle');
  useEffect(() => {
    if (state === 'idle') return;
    const timer = setTimeout(() => setState('idle'), SHOWN_MS);
    return () => clearTimeout(timer);
  }, [state]);
  return {
    state,
    copy(text) {
      copyText(text).then(
        (done) => setState(done ? 'copied' : 'failed'),
        () => setState('failed'),
      );
    },
  };
}

/** The clipboard API exists on https and loopback only; a LAN address over http needs the old way. */
async function copyText(text: string): Promise<boolean> {
  if (window.isSecureContext && navigator.clipboard) {
    const done = await navigator.clipboard.writeText(text).then(
      () => true,
      () => false,
    );
    if (done) return true;
  }
  return copyBySelection(text);
}

function copyBySelection(text: string): boolean {
  const field = document.createElement('textarea');
  const focused = document.activeElement;
  field.value = text;
  field.readOnly = true;
  field.style.cssText = 'position:fixed;top:0;left:0;opacity:0';
  // Inside an open dialog, or its focus trap would take the focus away before the copy.
  (focused?.closest('[role="dialog"]') ?? document.body).append(field);
  field.select();
  const done = document.execCommand('copy');
  field.remove();
  if (focused instanceof HTMLElement) focused.focus({ preventScroll: true });
  return done;
}
