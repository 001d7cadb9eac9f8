import * as devices from '../../../src/features/devices/queries/devices.ts';
import { launchTitle } from '../../../src/features/devices/queries/launch.ts';
import * as pairing from '../../../src/features/devices/queries/pairing.ts';
import * as requests from '../../../src/features/devices/queries/requests.ts';
import { insertInstall, revokeInstalls } from '../../../src/features/family/queries/installs.ts';
import { type Calls, FILM } from './sample.ts';

const UNKNOWN = '00000000-0000-4000-8000-000000000000';
const hash = Buffer.alloc(32, 7);
const code = '987654';

export const deviceCalls: Calls = {
  devices: async (db) => {
    const { id: installId } = await insertInstall(db, 20, 'TV');
    const { id, publicId } = await devices.insertDevice(db, {
      ...{ userId: 7, profileId: 20, installId, name: 'TV', keyHash: hash },
    });
    await devices.installOf(db, publicId);
    await revokeInstalls(db, [installId]);
    await launchTitle(db, FILM);
    await devices.devicesOf(db, 7);
    await devices.countDevices(db, 7);
    await devices.lockDevice(db, 7, publicId);
    await devices.deviceAnswer(db, id);
    await devices.deviceOfKey(db, hash);
    await devices.noteActive(db, id);
    await devices.renameDevice(db, publicId, 'Radio');
    await devices.reassignDevice(db, publicId, { profileId: null, installId: null });
    await devices.deleteDevice(db, publicId);
  },
  pairing: async (db) => {
    const made = { code, userId: 7, profileId: null, deviceName: null, secretHash: null };
    await pairing.insertPairingCode(db, made);
    await pairing.dropOlderCodes(db, 7, 4);
    await pairing.pairingCode(db, code);
    await pairing.lockPairingCode(db, code);
    await pairing.claimCode(db, code, 'TV', hash);
    await pairing.countWrongPin(db, code);
    await pairing.pairableProfiles(db, 7, null);
    await pairing.ownProfiles(db, 7);
    await pairing.ownProfile(db, 7, UNKNOWN);
    await pairing.endCode(db, code, { userId: 7, deviceId: 20, keySealed: null });
    await pairing.eraseKey(db, code);
    await pairing.deleteUnfetched(db);
    await pairing.deleteExpiredCodes(db);
  },
  'requests of children': async (db) => {
    const asked = { profileId: 20, mediaId: FILM, season: null, episode: null };
    await requests.isAskable(db, 7, FILM);
    await requests.countPending(db, 20);
    const { requestId } = await requests.insertRequest(db, asked);
    await requests.pendingRequest(db, asked);
    await requests.requestsOf(db, 7, { state: 'pending', skip: 0, limit: 50 });
    await requests.countPendingOf(db, 7);
    const locked = await requests.lockRequest(db, 7, requestId);
    await requests.decideRequest(db, locked?.id ?? 1, 'denied', 7);
    await requests.requestAnswer(db, 1);
    await requests.deleteOldRequests(db, 90);
  },
};
