/** The tab's id and its token for the host. It survives a reload, and no two tabs share it. */

const TOKEN_KEY = "tidewire.token";
const TAB_KEY = "tidewire.tab";
/** How long a reload may take to let go of the tab's lock. */
const PATIENCE_MS = 300;

/** What the address gave us, or what we were given before. A ticket is good for one use. */
export interface Credentials {
  readonly token?: string;
  readonly ticket?: string;
}

/** Take token and ticket out of the address, so that neither is seen, copied or kept there. */
export function takeCredentials(page: Window = window): Credentials {
  const hash = new URLSearchParams(page.location.hash.slice(1));
  const token = hash.get("token");
  const ticket = hash.get("ticket");
  if (token !== null || ticket !== null) {
    hash.delete("token");
    hash.delete("ticket");
    const rest = hash.toString();
    const { pathname, search } = page.location;
    page.history.replaceState(page.history.state, "", pathname + search + (rest && `#${rest}`));
  }
  if (token) {
    keepToken(token, page);
    return { token };
  }
  if (ticket) return { ticket };
  const kept = read(page, TOKEN_KEY);
  return kept ? { token: kept } : {};
}

export function keepToken(token: string | null, page: Window = window): void {
  write(page, TOKEN_KEY, token);
}

/** This tab's id. A duplicated tab inherits the other's; it finds it taken and gets a new one. */
export async function takeTabId(page: Window = window): Promise<string> {
  const kept = read(page, TAB_KEY);
  if (kept && (await claim(page, kept))) return kept;
  return newTabId(page);
}

export async function newTabId(page: Window = window): Promise<string> {
  const id = crypto.randomUUID();
  write(page, TAB_KEY, id);
  await claim(page, id);
  return id;
}

/** Hold the tab's lock for as long as the page lives. False when another tab has it. */
function claim(page: Window, id: string): Promise<boolean> {
  const locks: LockManager | null | undefined = page.navigator.locks;
  if (!locks) return Promise.resolve(true);
  return new Promise((resolve) => {
    locks
      .request(`tidewire-tab-${id}`, { signal: AbortSignal.timeout(PATIENCE_MS) }, () => {
        resolve(true);
        return new Promise<never>(() => {});
      })
      .catch(() => resolve(false));
  });
}

/** Storage can be switched off; then the tab is new after every reload. */
function read(page: Window, key: string): string | null {
  try {
    return page.sessionStorage.getItem(key);
  } catch {
    return null;
  }
}

function write(page: Window, key: string, value: string | null): void {
  try {
    if (value === null) page.sessionStorage.removeItem(key);
    else page.sessionStorage.setItem(key, value);
  } catch {
    // As above.
  }
}
