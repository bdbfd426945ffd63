import type {
  AnnotationsSchema,
  CallToolResultSchema,
  GetPromptResultSchema,
  IconSchema,
  ReadResourceResultSchema,
  ToolAnnotationsSchema,
} from '@modelcontextprotocol/core';
import type { input } from 'zod';

/** A whole result of a tool, as the official SDKs type it; known by its `content`. */
export type CallToolResult = input<typeof CallToolResultSchema>;

/** A whole result of `prompts/get`, as the official SDKs type it; known by its `messages`. */
export type GetPromptResult = input<typeof GetPromptResultSchema>;

/** A whole result of `resources/read`, as the official SDKs type it; known by its `contents`. */
export type ReadResourceResult = input<typeof ReadResourceResultSchema>;

/** Says what a tool does to its surroundings; hints for people and models, not for security. */
export type ToolAnnotations = input<typeof ToolAnnotationsSchema>;

/** An image that stands for a server, tool, prompt or resource. */
export type Icon = input<typeof IconSchema>;

/** Whom content is for, and how much it matters. */
export type Annotations = input<typeof AnnotationsSchema>;
