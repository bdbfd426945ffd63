/** How clients can reach a generated server. */
export const TRANSPORTS = ['stdio', 'http'] as const;

/** One of {@link TRANSPORTS}. */
export type Transport = (typeof TRANSPORTS)[number];
