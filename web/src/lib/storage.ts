/** Storage of a tab that survives a reload. Disabled or full, it reads nothing and loses writes. */

export function readStored(key: string, page: Window = window): string | null {
  try {
    return page.sessionStorage.getItem(key);
  } catch {
    return null;
  }
}

/** False if it was not stored. */
export function writeStored(key: string, value: string, page: Window = window): boolean {
  try {
    page.sessionStorage.setItem(key, value);
    return true;
  } catch {
    return false;
  }
}
