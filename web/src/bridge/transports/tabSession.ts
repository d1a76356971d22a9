/** The tab's id and its key for the host. They survive a reload, and no two tabs share them. */
import { readStored, writeStored } from "../../lib/storage";

const TAB_KEY = "tidewire.tab";
/** How long a reload may take to release the tab's lock. Another tab that has it says so at once. */
const PATIENCE_MS = 10_000;
const ASK_EVERY_MS = 100;
/** Prefix of the tab's key in the window's name. */
const NAME = "tidewire:";

/** A secret that the page never sends; it only proves that it knows it. */
export interface Secret {
  /** The ticket's id; null for the key of this tab. */
  readonly ticket: string | null;
  readonly value: string;
}

/** Takes the ticket out of the address, so that it is not seen, copied or stored there. */
export function takeTicket(page: Window = window): Secret | null {
  const hash = new URLSearchParams(page.location.hash.slice(1));
  const ticket = hash.get("ticket");
  if (ticket === null) return null;
  hash.delete("ticket");
  const rest = hash.toString();
  const { pathname, search } = page.location;
  page.history.replaceState(page.history.state, "", pathname + search + (rest && `#${rest}`));
  return ticketOf(ticket);
}

/** Reloads when a link with a ticket is opened in this tab, which changes only the fragment. */
export function followLinks(page: Window = window): void {
  page.addEventListener("hashchange", () => {
    if (/[#&]ticket=/.test(page.location.hash)) page.location.reload();
  });
}

export function ticketOf(text: string): Secret {
  const [ticket = "", value = ""] = text.split(".");
  return { ticket, value };
}

/**
 * The key of this tab. It is stored in the window's name, which survives a reload but is not written to
 * disk with the browser's profile, as storage is. A page of another port that is opened in this tab
 * could read it, so it is only valid together with the tab's id.
 */
export function tabKey(page: Window = window): Secret | null {
  const value = page.name.startsWith(NAME) ? page.name.slice(NAME.length) : "";
  if (value.includes(".")) return ticketOf(value);
  return value === "" ? null : { ticket: null, value };
}

/** Keeps the ticket until the tab has its key: a reload in between must not lock the tab out. */
export function storeTicket({ ticket, value }: Secret, page: Window = window): void {
  if (ticket !== null) page.name = `${NAME}${ticket}.${value}`;
}

export function storeTabKey(value: string | null, page: Window = window): void {
  if (value !== null || page.name.startsWith(NAME)) page.name = value === null ? "" : NAME + value;
}

/** This tab's id. A duplicated tab inherits the original's id, finds it taken and gets a new one. */
export async function takeTabId(page: Window = window): Promise<string> {
  const storedId = readStored(TAB_KEY, page);
  if (storedId && (await claim(page, storedId))) return storedId;
  return newTabId(page);
}

/** A new id, which has no key yet. */
export async function newTabId(page: Window = window): Promise<string> {
  const id = crypto.randomUUID();
  storeTabKey(null, page);
  writeStored(TAB_KEY, id, page);
  await claim(page, id);
  return id;
}

/** Holds the tab's lock for the lifetime of the page. False if another tab has it. */
function claim(page: Window, id: string): Promise<boolean> {
  const locks: LockManager | null | undefined = page.navigator.locks;
  if (!locks) return Promise.resolve(true);
  const name = `tidewire-tab-${id}`;
  const channel = new BroadcastChannel(name);
  const lockRequest = new AbortController();
  // The page before a reload has the lock until the browser has removed it, and does not answer.
  channel.onmessage = ({ data }) => {
    if (data === "taken") lockRequest.abort();
  };
  const ask = () => channel.postMessage("ask");
  const askTimer = setInterval(ask, ASK_EVERY_MS);
  const timer = setTimeout(() => lockRequest.abort(), PATIENCE_MS);
  ask();
  return new Promise((resolve) => {
    function end(isMine: boolean): void {
      clearInterval(askTimer);
      clearTimeout(timer);
      resolve(isMine);
    }
    locks
      .request(name, { signal: lockRequest.signal }, () => {
        channel.onmessage = ({ data }) => {
          if (data === "ask") channel.postMessage("taken");
        };
        end(true);
        return new Promise<never>(() => {});
      })
      .catch(() => {
        channel.close();
        end(false);
      });
  });
}
