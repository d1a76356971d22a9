/** What the streaming Markdown renderer offers. */
export { Markdown, type MarkdownProps } from "./Markdown";
export type { Code, Slots } from "./render/slots";
