/** The id that a provider is known by, out of the name that a person gave it. */

/** Empty for a name without a letter or a digit that the host takes. */
export function idOf(name: string): string {
  const plain = name.normalize("NFKD").toLowerCase();
  return plain
    .replace(/[^a-z0-9]+/g, "-")
    .replace(/^-+|-+$/g, "")
    .slice(0, 40);
}
