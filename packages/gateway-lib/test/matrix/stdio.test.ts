import { defineMatrix } from './suite.ts';

defineMatrix('stdio');
