import { z } from 'zod';
import {
  AskedAnswer,
  AskedTitle,
  ClaimAnswer,
  ClaimBody,
  ConfirmBody,
  Decision,
  DeviceAnswer,
  DeviceCatalog,
  DeviceCatalogQuery,
  DevicePatch,
  DevicesAnswer,
  LaunchAnswer,
  OwnDeviceAnswer,
  PairedAnswer,
  PairingCodeAnswer,
  PairingCodeBody,
  PairingStatus,
  RequestAnswer,
  RequestQuery,
  RequestsAnswer,
} from './features/devices/index.ts';
import { bad, gone, id, json, nothing, ok, problem, refusals } from './openapi-parts.ts';

const USER = [{ user: [] }];
const DEVICE = [{ device: [] }];
const closed = { '403': problem('The account is closed') };
const code = z.object({ code: z.string() });
const ended = {
  '403': problem('Another device’s code, or a closed account'),
  '409': problem('Another device has entered it, or it was used'),
  '410': problem('Older than ten minutes, or ended by five wrong PINs'),
};

/** `/api/pairing-codes`, `/api/devices` and `/api/requests`. */
export const devicePaths = {
  '/api/pairing-codes': {
    post: {
      summary: 'Make a code: signed in, for a device to enter; with a name, as the device that shows it',
      security: [{}, ...USER],
      requestBody: json(PairingCodeBody),
      responses: { '201': ok('Made', PairingCodeAnswer), ...bad, ...gone, ...refusals },
    },
  },
  '/api/pairing-codes/{code}': {
    get: {
      summary: 'What became of a code; the secret of its device as bearer, or the account it is of',
      security: [{}, ...USER],
      requestParams: { path: code },
      responses: { '200': ok('Where it stands', PairingStatus), ...bad, ...gone, ...ended, ...refusals },
    },
  },
  '/api/pairing-codes/{code}/claim': {
    post: {
      summary:
        'A device enters a code: without a profile it is told which there are, with one and its PIN it is paired',
      security: [{}],
      requestParams: { path: code },
      requestBody: json(ClaimBody),
      responses: {
        '200': ok('The code is this device’s', ClaimAnswer),
        '201': ok('Paired; the key is told once', PairedAnswer),
        ...bad,
        ...gone,
        ...ended,
        ...refusals,
      },
    },
  },
  '/api/pairing-codes/{code}/confirm': {
    post: {
      summary: 'Confirm a code that a device shows, for a profile',
      security: USER,
      requestParams: { path: code },
      requestBody: json(ConfirmBody),
      responses: {
        '200': ok('The device, which fetches its key', DeviceAnswer),
        ...bad,
        ...gone,
        ...ended,
        ...refusals,
      },
    },
  },
  '/api/devices': {
    get: {
      summary: 'One’s own devices',
      security: USER,
      responses: { '200': ok('Devices', DevicesAnswer), ...refusals },
    },
  },
  '/api/device': {
    get: {
      summary: 'Which device this is, by its key',
      security: DEVICE,
      responses: { '200': ok('It, whose, and the add-on for it', OwnDeviceAnswer), ...closed, ...refusals },
    },
  },
  '/api/device/catalog': {
    get: {
      summary: 'What the profile of this device may see, the best known first',
      security: DEVICE,
      requestParams: { query: DeviceCatalogQuery },
      responses: { '200': ok('A page of titles', DeviceCatalog), ...bad, ...closed, ...refusals },
    },
  },
  '/api/device/launch-check': {
    post: {
      summary: 'Whether this device may open a title or an episode now, and the best way to it',
      security: DEVICE,
      requestBody: json(AskedTitle),
      responses: { '200': ok('Yes or no, and why', LaunchAnswer), ...bad, ...closed, ...refusals },
    },
  },
  '/api/devices/{id}': {
    patch: {
      summary: 'Rename a device, or give it to another profile of one’s own',
      security: USER,
      requestParams: { path: id },
      requestBody: json(DevicePatch),
      responses: { '200': ok('Changed', DeviceAnswer), ...bad, ...gone, ...refusals },
    },
    delete: {
      summary: 'Unpair a device; its key works no more',
      security: USER,
      requestParams: { path: id },
      responses: { '204': nothing('Unpaired'), ...gone, ...refusals },
    },
  },
  '/api/requests': {
    get: {
      summary: 'What the children of this account ask for',
      security: USER,
      requestParams: { query: RequestQuery },
      responses: { '200': ok('The newest first', RequestsAnswer), ...bad, ...refusals },
    },
    post: {
      summary: 'A child asks for a title or an episode, by the key of its device',
      security: DEVICE,
      requestBody: json(AskedTitle),
      responses: {
        '200': ok('It was asked already', AskedAnswer),
        '201': ok('Asked', AskedAnswer),
        '409': problem('Twenty wait for an answer, or the device is nobody’s'),
        ...bad,
        ...gone,
        ...closed,
        ...refusals,
      },
    },
  },
  '/api/requests/{id}/answer': {
    post: {
      summary: 'Allow or deny what a child asked for; allowing writes the rule',
      security: USER,
      requestParams: { path: id },
      requestBody: json(Decision),
      responses: {
        '200': ok('Answered', RequestAnswer),
        '409': problem('It was answered already'),
        ...bad,
        ...gone,
        ...refusals,
      },
    },
  },
};
