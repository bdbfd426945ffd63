import { defineMatrix } from './suite.ts';

defineMatrix('WebSocket');
