import { usenetKind } from '../../src/streams/usenet/index.ts';
import { storedKindContract } from './stream-kind.ts';

const target = () =>
  ({ via: 'listed', reason: 'No Usenet provider is configured (USENET_PROVIDERS).' }) as const;
const badInputs = [
  {},
  { guid: '' },
  { guid: 'x'.repeat(201) },
  { nzbUrl: 'ftp://indexer.example.org/1.nzb' },
  { nzbUrl: 'no url' },
];

storedKindContract('usenet', usenetKind, {
  input: { guid: 'a1b2c3', nzbUrl: 'https://indexer.example.org/get/a1b2c3?apikey=one' },
  sameInput: { guid: 'a1b2c3' },
  otherInput: { guid: 'a1b2c4' },
  badInputs,
  target,
});

storedKindContract('usenet, by an URL with a member’s key', usenetKind, {
  input: { nzbUrl: 'https://indexer.example.org/api?t=get&id=77&apikey=one' },
  sameInput: { nzbUrl: 'https://indexer.example.org/api?t=get&id=77&apikey=two' },
  otherInput: { nzbUrl: 'https://indexer.example.org/api?t=get&id=78&apikey=one' },
  badInputs,
  target,
});
