import { defineMatrix } from './suite.ts';

defineMatrix('in-process');
