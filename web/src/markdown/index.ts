/** What the streaming Markdown renderer offers. */
export { Markdown, type MarkdownProps } from "./Markdown";
