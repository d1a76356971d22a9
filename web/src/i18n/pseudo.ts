/** English in brackets, which reveals untranslated and truncated texts. */
export function pseudo<T>(strings: T): T {
  return bracketed(strings) as T;
}

function bracketed(text: unknown): unknown {
  if (typeof text === "string") return text === "" ? text : `[${text}]`;
  if (typeof text === "function") return (...given: unknown[]) => bracketed(text(...given));
  if (Array.isArray(text)) return text.map(bracketed);
  if (typeof text !== "object" || text === null) return text;
  return Object.fromEntries(Object.entries(text).map(([name, part]) => [name, bracketed(part)]));
}
