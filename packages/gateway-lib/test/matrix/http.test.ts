import { defineMatrix } from './suite.ts';

defineMatrix('Streamable HTTP');
