export { createCodeEntries } from './code-entries.ts';
export { deviceRoutes } from './device-routes.ts';
export { type DeviceJobsDeps, deviceJobs } from './jobs.ts';
export { ownDeviceRoutes } from './own-device-routes.ts';
export { DEVICE_PARTS } from './own-parts.ts';
export { pairingRoutes } from './pairing-routes.ts';
export { requestRoutes } from './request-routes.ts';
export {
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
} from './schemas.ts';
