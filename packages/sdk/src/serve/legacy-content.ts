import { isJsonObject, type JsonObject } from '../core/json.ts';
import { Payload } from '../core/payload.ts';

/** Kinds of content that came after the first revision, with the revision that has them first. */
const SINCE = { audio: '2025-03-26', resource_link: '2025-06-18' } as const;

/** The newest of them: content for callers of this revision is left as it is. */
const LATEST = '2025-06-18';

/** Where content is: in the result of a method, or in the params of what a caller is asked. */
const MEMBER: Readonly<Record<string, 'content' | 'messages'>> = {
  'tools/call': 'content',
  'prompts/get': 'messages',
  'sampling/createMessage': 'messages',
};

/**
 * Makes text of content that a revision does not know: its clients refuse the whole of a result with it.
 * @param method - which the result answers, or which the params are of
 */
export function contentFor(version: string, method: string, value: Payload<JsonObject>): Payload<JsonObject> {
  const member = MEMBER[method];
  if (version >= LATEST || member === undefined || !mayHaveNewer(value.text)) return value;
  const items: unknown = value.value[member];
  if (!Array.isArray(items)) return value;
  const change = member === 'content' ? asText : contentAsText;
  return Payload.of({ ...value.value, [member]: items.map((item: unknown) => change(item, version)) });
}

const mayHaveNewer = (text: string): boolean => text.includes('"audio"') || text.includes('"resource_link"');

function contentAsText(message: unknown, version: string): unknown {
  if (!isJsonObject(message)) return message;
  const { content } = message;
  const older = Array.isArray(content)
    ? content.map((item: unknown) => asText(item, version))
    : asText(content, version);
  return { ...message, content: older };
}

function asText(content: unknown, version: string): unknown {
  if (!isJsonObject(content)) return content;
  const { type, annotations } = content;
  if ((type !== 'audio' && type !== 'resource_link') || version >= SINCE[type]) return content;
  const text = type === 'audio' ? `[audio: ${String(content.mimeType)}]` : linkText(content);
  return { type: 'text', text, ...(annotations === undefined ? {} : { annotations }) };
}

function linkText({ title, name, uri, description }: JsonObject): string {
  const named = `${String(title ?? name)}: ${String(uri)}`;
  return typeof description === 'string' ? `${named}\n${description}` : named;
}
