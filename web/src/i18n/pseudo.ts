/** English in brackets, which reveals untranslated and truncated texts. */
export function pseudo<T>(strings: T): T {
  return bracket(strings) as T;
}

function bracket(text: unknown): unknown {
  if (typeof text === "string") return text === "" ? text : `[${text}]`;
  if (typeof text === "function") return (...args: unknown[]) => bracket(text(...args));
  if (Array.isArray(text)) return text.map(bracket);
  if (typeof text !== "object" || text === null) return text;
  return Object.fromEntries(Object.entries(text).map(([name, part]) => [name, bracket(part)]));
}
