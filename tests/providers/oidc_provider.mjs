// oidc-provider with its defaults, and a client for each state. Usage: node oidc_provider.mjs PORT LOGOUT_ADDRESS.
import { Provider } from 'oidc-provider';
import * as jose from 'jose';

const [port, logoutAddress] = [Number(process.argv[2]), process.argv[3]];
const SECRET = 'insecure_secret_of_at_least_32_bytes';
const REDIRECT_URI = 'https://romm.test/api/oauth/openid';
const RETURN_URI = 'https://romm.test/login';

const states = {
  healthy: {},
  secret: { client_secret: `another_${SECRET}` },
  method: { token_endpoint_auth_method: 'client_secret_basic' },
  'redirect-uri': { redirect_uris: [`${REDIRECT_URI}/`] },
  scope: { scope: 'openid profile email' },
  par: { require_pushed_authorization_requests: true },
  'post-logout': { post_logout_redirect_uris: ['https://romm.test/elsewhere'] },
  consent: {},
};
const clients = Object.entries(states).map(([state, changes]) => ({
  client_id: `romm-${state}`,
  client_secret: SECRET,
  redirect_uris: [REDIRECT_URI],
  post_logout_redirect_uris: [RETURN_URI],
  backchannel_logout_uri: logoutAddress,
  ...changes,
}));
const { privateKey } = await jose.generateKeyPair('RS256', { extractable: true });
const claims = { email: 'alice@example.org', email_verified: true, preferred_username: 'alice', name: 'Alice', groups: ['romm-admins'] };

const provider = new Provider(`http://127.0.0.1:${port}`, {
  clients,
  jwks: { keys: [{ ...(await jose.exportJWK(privateKey)), kid: 'rsa', alg: 'RS256', use: 'sig' }] },
  cookies: { keys: [SECRET] },
  scopes: ['openid', 'offline_access', 'profile', 'email', 'groups'],
  claims: { openid: ['sub'], email: ['email', 'email_verified'], profile: ['name', 'preferred_username'], groups: ['groups'] },
  features: { backchannelLogout: { enabled: true } },
  // It guards itself against addresses of its own machine, where the test listens.
  fetch: (url, { dispatcher, ...options }) => fetch(url, options),
  findAccount: (context, sub) => ({ accountId: sub, claims: () => ({ sub, ...claims }) }),
});
provider.listen(port, '127.0.0.1');
