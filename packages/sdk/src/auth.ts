export type { Auth, AuthRequest, AuthResponse } from './auth/auth.ts';
export { bearer, type TokenSource } from './auth/bearer.ts';
export { fromOAuthProvider, type OAuth, type OAuthOptions } from './auth/oauth.ts';
export type { OAuthProvider } from './auth/oauth-provider.ts';
export { requireAuth, type Authenticated, type RequireAuthOptions } from './auth/require-auth.ts';
