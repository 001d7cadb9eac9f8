import { z } from 'zod';
import {
  EpisodeToggle,
  InstallAnswer,
  InstallBody,
  InstallPatch,
  InstallsAnswer,
  NewProfile,
  ProfileAnswer,
  ProfilePatch,
  ProfilesAnswer,
  RuleBody,
  RulePageQuery,
  RulesAnswer,
  TagsBody,
} from './features/family/index.ts';
import { bad, gone, id, json, nothing, ok, problem, refusals, USER } from './openapi-parts.ts';

const guest = { '403': problem('A guest, or a closed account') };
const full = { '409': problem('There are as many as there may be') };
const tags = {
  summary: 'Block by content tags, in place of those before',
  security: USER,
  requestParams: { path: id },
  requestBody: json(TagsBody),
  responses: { '204': nothing('Valid at the next request'), ...bad, ...gone, ...guest, ...refusals },
};

/** Profiles, what they may see, and their installs. */
export const familyPaths = {
  '/api/profiles': {
    get: {
      summary: 'The profiles of this account',
      security: USER,
      responses: { '200': ok('In the order they were made', ProfilesAnswer), ...guest, ...refusals },
    },
    post: {
      summary: 'Make a profile; a kid has a PIN and begins with nothing allowed',
      security: USER,
      requestBody: json(NewProfile),
      responses: { '201': ok('Made', ProfileAnswer), ...bad, ...guest, ...full, ...refusals },
    },
  },
  '/api/profiles/{id}': {
    get: {
      summary: 'One profile',
      security: USER,
      requestParams: { path: id },
      responses: { '200': ok('As it is now', ProfileAnswer), ...gone, ...guest, ...refusals },
    },
    patch: {
      summary: 'Change a profile; with If-Match only as it was loaded',
      security: USER,
      requestParams: { path: id, header: z.object({ 'If-Match': z.string().optional() }) },
      requestBody: json(ProfilePatch),
      responses: {
        '200': ok('As it is now', ProfileAnswer),
        '412': problem('Somebody else has changed it since; nothing was saved'),
        ...bad,
        ...gone,
        ...guest,
        ...refusals,
      },
    },
    delete: {
      summary: 'Delete a profile with its rules; its installs open nothing any more',
      security: USER,
      requestParams: { path: id },
      responses: { '204': nothing('Deleted'), ...gone, ...guest, ...refusals },
    },
  },
  '/api/profiles/{id}/policies': {
    get: {
      summary: 'Rules of a profile, title by title, the last one first',
      security: USER,
      requestParams: { path: id, query: RulePageQuery },
      responses: { '200': ok('A page of them', RulesAnswer), ...bad, ...gone, ...guest, ...refusals },
    },
    post: {
      summary: 'Allow or deny a title, or block episodes of it',
      security: USER,
      requestParams: { path: id },
      requestBody: json(RuleBody),
      responses: {
        '204': nothing('Valid at the next request'),
        ...bad,
        ...gone,
        ...guest,
        ...full,
        ...refusals,
      },
    },
  },
  '/api/profiles/{id}/policies/episode': {
    post: {
      summary: 'Block one episode, or no longer',
      security: USER,
      requestParams: { path: id },
      requestBody: json(EpisodeToggle),
      responses: {
        '204': nothing('Valid at the next request'),
        ...bad,
        ...gone,
        ...guest,
        ...full,
        ...refusals,
      },
    },
  },
  '/api/profiles/{id}/policies/block-tag': { put: tags, post: tags },
  '/api/installs': {
    get: {
      summary: 'The add-on as it stands in players of this account',
      security: USER,
      responses: { '200': ok('In the order they were made', InstallsAnswer), ...guest, ...refusals },
    },
    post: {
      summary: 'Make an address of the add-on for one player of a profile',
      security: USER,
      requestBody: json(InstallBody),
      responses: { '201': ok('Made', InstallAnswer), ...bad, ...gone, ...guest, ...full, ...refusals },
    },
  },
  '/api/installs/{id}': {
    patch: {
      summary: 'Rename an install, or give it to another profile',
      security: USER,
      requestParams: { path: id },
      requestBody: json(InstallPatch),
      responses: { '200': ok('As it is now', InstallAnswer), ...bad, ...gone, ...guest, ...refusals },
    },
    delete: {
      summary: 'Revoke an install: its address and its play links open nothing any more',
      security: USER,
      requestParams: { path: id },
      responses: { '204': nothing('Revoked'), ...gone, ...guest, ...refusals },
    },
  },
};
