// The image's health check: ends with 0 when the server of this container answers /healthz with 200. With TLS the name in
// the certificate is not looked at: it is the public one.
const { PORT = '7000', HOST = '0.0.0.0', TLS_CERT = '' } = process.env;
const { get } = await import(TLS_CERT === '' ? 'node:http' : 'node:https');

const host = HOST === '0.0.0.0' || HOST === '::' ? '127.0.0.1' : HOST;
const request = get({ host, port: PORT, path: '/healthz', rejectUnauthorized: false, timeout: 4000 });
request.on('response', ({ statusCode }) => process.exit(statusCode === 200 ? 0 : 1));
request.on('timeout', () => request.destroy(new Error('no answer within 4 s')));
request.on('error', (error) => {
  console.error(error.message);
  process.exit(1);
});
