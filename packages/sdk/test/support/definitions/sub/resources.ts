import { defineResource } from '../../../../src/server/define.ts';

export const fixed = defineResource({ uri: 'x://1', handler: () => 'x' });
export const template = defineResource({ uriTemplate: 'y://{id}', name: 'y', handler: (_uri, { id }) => id });
export { shout } from '../tools.ts';
