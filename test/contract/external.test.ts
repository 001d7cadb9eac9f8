import { externalKind } from '../../src/streams/external/index.ts';
import { storedKindContract } from './stream-kind.ts';

storedKindContract('external', externalKind, {
  input: {
    url: 'https://www.Netflix.com/title/80100172',
    service: 'netflix',
    region: 'US',
    deepLink: 'nflx://www.netflix.com/title/80100172',
  },
  sameInput: { url: 'https://www.netflix.com/title/80100172', service: 'netflix' },
  otherInput: { url: 'https://www.netflix.com/title/80100172', service: 'netflix-kids' },
  badInputs: [
    {},
    { url: 'no url' },
    { url: 'javascript:alert(1)' },
    { url: ' java\nscript:alert(1)' },
    { url: 'data:text/html,<script>' },
    { url: 'file:///etc/passwd' },
    { url: 'vbscript:x' },
    { url: 'blob:https://example.org/1' },
    { url: 'https://example.org/', deepLink: 'JavaScript:alert(1)' },
    { url: 'https://example.org/', region: 'usa' },
  ],
  target: () => ({ via: 'external', url: 'https://www.netflix.com/title/80100172', service: 'netflix' }),
});
