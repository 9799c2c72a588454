// npm openid-client against RomM: discovery, a password, a device, introspection. Prints a line for each thing that worked.
import * as client from 'openid-client';

const { ROMM_URL, ROMM_USERNAME, ROMM_PASSWORD, ROMM_TOKEN } = process.env;
const SCOPES = ['me.read', 'devices.read'];
const options = { algorithm: 'oauth2', execute: [client.allowInsecureRequests] };
const discover = (authentication) => client.discovery(new URL(ROMM_URL), 'shelf', undefined, authentication, options);
const app = await discover(client.None());
console.log('discovery:', app.serverMetadata().issuer === ROMM_URL);

const me = async (token) => (await (await client.fetchProtectedResource(app, token, new URL(`${ROMM_URL}/api/users/me`), 'GET')).json()).username;

const introspected = async (authentication, token) => {
  const server = await discover(authentication);
  return (await client.tokenIntrospection(server, token)).username;
};

const password = async () => {
  const who = { username: ROMM_USERNAME, password: ROMM_PASSWORD, scope: SCOPES.join(' ') };
  const tokens = await client.genericGrantRequest(app, 'password', who);
  console.log('password:', await me(tokens.access_token));
  const again = await client.refreshTokenGrant(app, tokens.refresh_token);
  console.log('refresh:', await me(again.access_token));
  await client.tokenRevocation(app, again.refresh_token);
};

await password().catch((error) => {
  if (error.error === undefined) throw error;
  console.log('password refused:', error.error, error.error_description);
});

const asked = await client.initiateDeviceAuthorization(app, { scope: SCOPES.join(' ') });
const headers = { 'content-type': 'application/json', authorization: `Bearer ${ROMM_TOKEN}` };
const choice = JSON.stringify({ user_code: asked.user_code, approved_scopes: SCOPES });
const approved = await fetch(`${ROMM_URL}/api/auth/device/approve`, { method: 'POST', headers, body: choice });
if (!approved.ok) throw new Error(await approved.text());
const tokens = await client.pollDeviceAuthorizationGrant(app, asked);
console.log('device:', await me(tokens.access_token));
console.log('introspection by Basic:', await introspected(client.ClientSecretBasic(ROMM_TOKEN), tokens.access_token));
console.log('introspection by form:', await introspected(client.ClientSecretPost(ROMM_TOKEN), tokens.access_token));
