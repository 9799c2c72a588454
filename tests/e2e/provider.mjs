// A certified OpenID Provider (npm oidc-provider) in the shapes that RomM meets, one issuer per shape.
// Usage: node provider.mjs PORT RELYING_PARTY_ORIGIN...; prints "ready". GET /ctl/rotate gives /rotate new keys.
// PROVIDER_ID is the id of one of RomM's further providers: only its own redirect URI is registered then.
import http from 'node:http';
import * as jose from 'jose';
import { Provider } from 'oidc-provider';

const [port, ...relyingParties] = [Number(process.argv[2]), ...process.argv.slice(3)];
const redirectPath = ['/api/oauth/openid', process.env.PROVIDER_ID].filter(Boolean).join('/');
const SECRET = 'insecure_secret_of_at_least_32_bytes!';

const people = {
  alice: { email: 'alice@example.org', email_verified: true, name: 'Alice', preferred_username: 'alice', groups: ['romm-admins', 'users'] },
  bob: { email: 'bob@example.org', email_verified: true, name: 'Bob', preferred_username: 'bob', groups: ['users'] },
  carol: { email: 'carol@example.org', email_verified: true, name: 'Carol', preferred_username: 'carol', groups: ['users'] },
  // Object ids as Entra ID sends them: an ID token of some 15 kB.
  erin: { email: 'erin@example.org', email_verified: true, name: 'Erin', preferred_username: 'erin', groups: ['users', ...Array.from({ length: 300 }, (_, i) => `7f3c1a52-0000-4000-8000-${String(i).padStart(12, '0')}`)] },
  dave: { email: 'dave@example.org', email_verified: true, name: 'Dave', preferred_username: 'dave', groups: ['users'] },
};

async function newKey(alg, kid) {
  const { privateKey } = await jose.generateKeyPair(alg, { extractable: true });
  return { ...(await jose.exportJWK(privateKey)), kid, alg, use: 'sig' };
}

const keys = [await newKey('RS256', 'rsa'), await newKey('ES256', 'ec')];
const inUserInfo = { openid: ['sub'], email: ['email', 'email_verified'], profile: ['name', 'preferred_username'], groups: ['groups'] };
const authentikClaims = { ...inUserInfo, profile: ['name', 'preferred_username', 'groups'] };

// path: what is special about this issuer. `configuration` and `client` go to oidc-provider as they are.
const shapes = {
  'authelia': { basicOnly: true },
  'authelia-without-groups': { basicOnly: true, client: { scope: 'openid profile email' } },
  'application/o/romm/': { configuration: { claims: authentikClaims, conformIdTokenClaims: false }, unverified: true },
  'application/o/romm-ok/': { configuration: { claims: authentikClaims, conformIdTokenClaims: false } },
  'groups-in-id-token': { configuration: { conformIdTokenClaims: false } },
  'es256': { client: { id_token_signed_response_alg: 'ES256' } },
  'pkce': { configuration: { pkce: { required: () => true } } },
  'par': { features: { pushedAuthorizationRequests: { enabled: true, requirePushedAuthorizationRequests: true } } },
  'rotate': {},
  'back-channel': {
    client: {
      backchannel_logout_uri: `${relyingParties[0]}/api/oauth/openid/backchannel-logout`,
      backchannel_logout_session_required: true,
    },
    features: { backchannelLogout: { enabled: true } },
    // It guards itself against addresses of its own machine, where RomM is in a test.
    configuration: { fetch: (url, { dispatcher, ...options }) => fetch(url, options) },
  },
  'hs256': { client: { id_token_signed_response_alg: 'HS256' } },
};

const page = (title, body) => `<!doctype html><html lang="en"><title>${title}</title><h1>${title}</h1>${body}</html>`;
const signInForm = '<form method="post"><label>User <input name="user"></label>'
  + '<button name="action" value="sign-in">Sign in</button><button name="action" value="cancel">Cancel</button></form>';

async function readForm(request) {
  let text = '';
  for await (const chunk of request) text += chunk;
  return new URLSearchParams(text);
}

function claimsOf(user, unverified) {
  return { sub: user, ...people[user], ...(unverified && { email_verified: false }) };
}

async function consentImplicitly({ oidc: { session, client, params, provider } }) {
  const known = session.grantIdFor(client.clientId);
  if (known) return provider.Grant.find(known);
  const grant = new provider.Grant({ accountId: session.accountId, clientId: client.clientId });
  grant.addOIDCScope(params.scope);
  await grant.save();
  return grant;
}

function build(path, shape, signingKeys) {
  const prefix = `/${path.replace(/\/$/, '')}`;
  const cookie = `${port}_${path.replace(/\W/g, '_')}`; // cookies ignore ports
  const provider = new Provider(`http://127.0.0.1:${port}/${path}`, {
    jwks: { keys: signingKeys },
    claims: inUserInfo,
    scopes: ['openid', 'profile', 'email', 'groups'],
    cookies: { keys: [SECRET], names: { session: `session_${cookie}`, interaction: `interaction_${cookie}`, resume: `resume_${cookie}` } },
    clients: [{
      client_id: 'romm',
      client_secret: SECRET,
      redirect_uris: relyingParties.map((origin) => origin + redirectPath),
      post_logout_redirect_uris: relyingParties.map((origin) => `${origin}/login`),
      ...shape.client,
    }],
    enabledJWA: { idTokenSigningAlgValues: ['RS256', 'ES256', 'HS256'] },
    findAccount: (context, user) => people[user] && { accountId: user, claims: () => claimsOf(user, shape.unverified) },
    loadExistingGrant: consentImplicitly,
    interactions: { url: (context, interaction) => `${prefix}/sign-in/${interaction.uid}` },
    ttl: { AccessToken: 600, AuthorizationCode: 60, Grant: 3600, IdToken: 600, Interaction: 600, Session: 3600 },
    renderError: (context, error) => { context.type = 'html'; context.body = page('The provider refused', `<p>${error.error}</p>`); },
    ...shape.configuration,
    features: {
      devInteractions: { enabled: false },
      rpInitiatedLogout: {
        enabled: true,
        logoutSource: (context, form) => {
          context.body = page('Sign out', form.replace('</form>', '<button name="logout" value="yes">Yes, sign me out</button></form>'));
        },
      },
      ...shape.features,
    },
  });
  provider.use(async (context, next) => {
    if (shape.basicOnly && context.path === '/token' && !context.get('authorization')) {
      context.status = 401;
      context.body = { error: 'invalid_client' };
    } else if (context.path.startsWith('/sign-in/')) {
      await signIn(provider, context);
    } else {
      await next();
    }
  });
  provider.on('backchannel.error', (context, error) => console.error(path, error));
  provider.on('server_error', (context, error) => console.error(path, error));
  return [prefix, provider.callback()];
}

async function signIn(provider, context) {
  await provider.interactionDetails(context.req, context.res);
  context.type = 'html';
  context.body = page('Sign in', signInForm);
  if (context.method !== 'POST') return;
  const form = await readForm(context.req);
  const result = form.get('action') === 'cancel'
    ? { error: 'access_denied', error_description: '<b>no</b>' }
    : { login: { accountId: form.get('user') } };
  context.respond = false;
  await provider.interactionFinished(context.req, context.res, result);
}

const mounted = new Map(Object.entries(shapes).map(([path, shape]) => build(path, shape, keys)));

http.createServer(async (request, response) => {
  if (request.url === '/ctl/rotate') {
    mounted.set(...build('rotate', shapes.rotate, [await newKey('RS256', `rsa-${Date.now()}`)]));
    response.end();
    return;
  }
  const prefix = [...mounted.keys()].filter((path) => request.url.startsWith(`${path}/`)).sort((a, b) => b.length - a.length)[0];
  if (!prefix) {
    response.writeHead(404).end();
    return;
  }
  request.originalUrl = request.url;
  request.url = request.url.slice(prefix.length);
  mounted.get(prefix)(request, response);
}).listen(port, '127.0.0.1', () => console.log('ready'));
