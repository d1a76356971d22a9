/** Finds out how this page reaches the host that served it. */
import { CONTRACT_VERSION } from "../contract";
import { createPywebviewTransport } from "./pywebview";
import { followLinks } from "./tabSession";
import type { Transport } from "./transport";
import { createWebSocketTransport } from "./webSocket";

/** How long a page from a development server waits for a window around it. */
const WINDOW_PATIENCE_MS = 1_000;

export async function findHost(page: Window = window, remedy?: string): Promise<Transport> {
  const meta = page.document.querySelector('meta[name="tidewire-transport"]');
  const kind = meta?.getAttribute("content") ?? null;
  if (kind === "loopback") return inBrowser(page, remedy);
  if (kind === "pywebview") return createPywebviewTransport(page);
  if (/[#&]ticket=/.test(page.location.hash) || !(await isInWindow(page))) {
    return inBrowser(page, remedy);
  }
  return createPywebviewTransport(page);
}

function inBrowser(page: Window, remedy?: string): Transport {
  followLinks(page);
  return createWebSocketTransport(CONTRACT_VERSION, remedy, page);
}

/** Waits briefly for pywebview, because nothing in the page says whether it is in a window. */
function isInWindow(page: Window): Promise<boolean> {
  if (page.pywebview !== undefined) return Promise.resolve(true);
  return new Promise((resolve) => {
    const timer = setTimeout(() => resolve(page.pywebview !== undefined), WINDOW_PATIENCE_MS);
    page.addEventListener(
      "pywebviewready",
      () => {
        clearTimeout(timer);
        resolve(true);
      },
      { once: true },
    );
  });
}
