/** Derives a provider's id from the name that a person gave it. */

const MOST = 40;

/** Empty only for an empty name: a name without Latin letters or digits is encoded as code points. */
export function idOf(name: string): string {
  const plain = name
    .normalize("NFKD")
    .replace(/\p{Mark}/gu, "")
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, "-")
    .replace(/^-+|-+$/g, "");
  if (plain !== "" || name.trim() === "") return plain.slice(0, MOST);
  const points = Array.from(name.trim(), (sign) => sign.codePointAt(0)?.toString(36));
  return `own-${points.join("")}`.slice(0, MOST);
}
