export { createCodeEntries } from './code-entries.ts';
export { deviceRoutes } from './device-routes.ts';
export { type DeviceJobsDeps, deviceJobs } from './jobs.ts';
export { ownDeviceRoutes } from './own-device-routes.ts';
export { pairingRoutes } from './pairing-routes.ts';
export {
  ClaimAnswer,
  ClaimBody,
  ConfirmBody,
  DeviceAnswer,
  DevicePatch,
  DevicesAnswer,
  PairedAnswer,
  PairingCodeAnswer,
  PairingCodeBody,
  PairingStatus,
} from './schemas.ts';
