import { basename } from 'node:path';

const kebabCase = /^\.?[a-z0-9]+(?:-[a-z0-9]+)*(?:\.(?:node|web|test|test-d|bench|config))*\.(?:ts|js|mjs|cjs)$/;

/** ESLint rule: files are kebab-case, with the known suffixes only, so that a name can be typed without looking. */
export const filenamesKebabCase = {
  meta: {
    type: 'suggestion',
    schema: [],
    messages: {
      wrong: '"{{name}}" is not kebab-case with a known suffix (.node, .web, .test, .test-d, .bench, .config).',
    },
  },
  create(context) {
    return {
      Program(node) {
        const name = basename(context.filename);
        if (!kebabCase.test(name)) context.report({ node, messageId: 'wrong', data: { name } });
      },
    };
  },
};
