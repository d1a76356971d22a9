/** What a tab keeps over a reload. Where that is switched off or full, nothing is found or kept. */

export function readStored(key: string, page: Window = window): string | null {
  try {
    return page.sessionStorage.getItem(key);
  } catch {
    return null;
  }
}

/** False when it was not kept. */
export function writeStored(key: string, value: string, page: Window = window): boolean {
  try {
    page.sessionStorage.setItem(key, value);
    return true;
  } catch {
    return false;
  }
}
