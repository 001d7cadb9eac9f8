import {
  ScanResults,
  ScanResultsAnswer,
  ScansAnswer,
  SourceAnswer,
  SourceBody,
  SourcePatch,
  SourcesAnswer,
  SourcesProgress,
  SourceTest,
  SourceTestBody,
} from './features/sources/index.ts';
import { ADMIN, bad, gone, id, json, nothing, ok, problem, refusals } from './openapi-parts.ts';

/** `/api/sources`. */
export const sourcePaths = {
  '/api/sources': {
    get: {
      summary: 'File servers and folders whose files are in the catalogue, and how they do',
      security: ADMIN,
      responses: { '200': ok('Sources; without their passwords', SourcesAnswer), ...refusals },
    },
    post: {
      summary:
        'Add a file server (HTTP listing, WebDAV, FTP) or a folder of this machine; it is inactive at first',
      security: ADMIN,
      requestBody: json(SourceBody),
      responses: {
        '201': ok('Added', SourceAnswer),
        '409': problem('One of this name, or with files of this address, is there already'),
        ...bad,
        ...refusals,
      },
    },
  },
  '/api/sources/test': {
    post: {
      summary: 'Ask a server how it does before it is added',
      security: ADMIN,
      requestBody: json(SourceTestBody),
      responses: { '200': ok('In words', SourceTest), ...bad, ...refusals },
    },
  },
  '/api/sources/progress': {
    get: {
      summary: 'How far the scans are that run, and the matching of what they found',
      security: ADMIN,
      responses: { '200': ok('Counts, which who asks again compares', SourcesProgress), ...refusals },
    },
  },
  '/api/sources/{id}/scans': {
    get: {
      summary: 'The last scans of a source and the matching after them, with what came of them',
      security: ADMIN,
      requestParams: { path: id },
      responses: { '200': ok('Newest first, at most 100', ScansAnswer), ...gone, ...refusals },
    },
  },
  '/api/sources/{id}/retry': {
    post: {
      summary: 'Try files of a source again that nobody knew, or that failed',
      security: ADMIN,
      requestParams: { path: id },
      responses: { '204': nothing('They are due'), ...gone, ...refusals },
    },
  },
  '/api/sources/{id}/scan': {
    post: {
      summary: 'Scan an active source now, once, even one that rests because of its health',
      security: ADMIN,
      requestParams: { path: id },
      responses: {
        '202': ok('It is due', SourceAnswer),
        '409': problem('It is not active'),
        ...gone,
        ...refusals,
      },
    },
  },
  '/api/sources/{id}/scan-results': {
    post: {
      summary:
        'Send in the files of a source that somebody else has scanned; open to all where `anonymousScan` is on',
      security: ADMIN,
      requestParams: { path: id },
      requestBody: json(ScanResults),
      responses: {
        '201': ok('Staged', ScanResultsAnswer),
        '409': problem(
          'The source is not active, or of a stranger: 100,000 files of it wait already (`sources.too_many_waiting`)',
        ),
        ...bad,
        ...gone,
        ...refusals,
      },
    },
  },
  '/api/sources/{id}': {
    get: {
      summary: 'One source',
      security: ADMIN,
      requestParams: { path: id },
      responses: { '200': ok('The source', SourceAnswer), ...gone, ...refusals },
    },
    patch: {
      summary: 'Change, activate or rest a source; one that becomes active is scanned soon',
      security: ADMIN,
      requestParams: { path: id },
      requestBody: json(SourcePatch),
      responses: {
        '200': ok('Changed', SourceAnswer),
        '409': problem('Another one is there, or its files cannot follow'),
        ...bad,
        ...gone,
        ...refusals,
      },
    },
    delete: {
      summary: 'Take a source away, and its files out of the catalogue',
      security: ADMIN,
      requestParams: { path: id },
      responses: { '204': nothing('Deleted'), ...gone, ...refusals },
    },
  },
  '/api/sources/{id}/test': {
    post: {
      summary: 'Ask a server how it does',
      security: ADMIN,
      requestParams: { path: id },
      responses: { '200': ok('In words', SourceTest), ...gone, ...refusals },
    },
  },
};
