import { defineMatrix } from './suite.ts';

defineMatrix('HTTP+SSE');
