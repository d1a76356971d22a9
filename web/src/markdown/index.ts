/** The public interface of the streaming Markdown renderer. */
export { Markdown, type MarkdownProps } from "./Markdown";
export type { Code, CodeAction, Slots } from "./render/slots";
