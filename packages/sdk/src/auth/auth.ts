/** The request that credentials are for. */
export interface AuthRequest {
  readonly method: string;
  /** Where it goes, whole: a proof of possession is bound to it. */
  readonly url: URL;
}

/** What a server answered to a request that carried credentials. */
export interface AuthResponse {
  readonly status: number;
  /** Reads a header of the response by its lower-case name. */
  header(name: string): string | undefined;
  readonly request: AuthRequest;
  /** The headers that the request carried of {@link Auth.headers}: tells whether newer credentials are there by now. */
  readonly sent: Readonly<Record<string, string>>;
}

/**
 * Where a client's credentials come from. Drivers: `bearer`, `fromOAuthProvider`.
 *
 * @remarks Only the server that a client was made for gets them: redirects are not followed.
 */
export interface Auth {
  /** Headers that go with a request, with lower-case names; none while there is nothing to show. Asked for each request. */
  headers(request: AuthRequest): Promise<Readonly<Record<string, string>>>;
  /**
   * Tells one authorization context from another: a result that is private to one is not shown in another.
   * @defaultValue all requests have the same one
   */
  context?(): Promise<string>;
  /**
   * Told when a server wants other credentials: HTTP 401, or 403 with a challenge for more scopes.
   * @returns whether the request is worth sending again
   * @throws McpError `unavailable` if there is no way to get credentials
   */
  onUnauthorized?(response: AuthResponse): Promise<boolean>;
  /** Told of every response: some servers hand out what the next request needs (DPoP nonces). */
  onResponse?(response: AuthResponse): void | Promise<void>;
}
