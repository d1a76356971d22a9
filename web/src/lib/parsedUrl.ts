/** An address in its parts, or null if it is none. `URL.canParse` is missing in the oldest web views. */
export function parsedUrl(address: string): URL | null {
  try {
    return new URL(address);
  } catch {
    return null;
  }
}
