/** Stands in for Node's environment on other runtimes: there is none. */
export const readEnvironment = (_name: string): string | undefined => undefined;
