/** Chooses the transport for this page. */
import { CONTRACT_VERSION } from "../contract";
import { createPywebviewTransport } from "./pywebview";
import { followLinks } from "./tabSession";
import type { Transport } from "./transport";
import { createWebSocketTransport } from "./webSocket";

/** How long a page from a development server waits for a window around it. */
const WINDOW_PATIENCE_MS = 1_000;

export async function detectTransport(page: Window = window): Promise<Transport> {
  const query = new URLSearchParams(page.location.search);
  if (query.get("bridge") === "fake") {
    const fake = await import("../fake/transport");
    return fake.createFakeTransport(fake.settingsOf(query));
  }
  return findHost(page);
}

/** The way to the host that has handed out this page. */
export async function findHost(page: Window = window): Promise<Transport> {
  const meta = page.document.querySelector('meta[name="tidewire-transport"]');
  const kind = meta?.getAttribute("content") ?? null;
  if (kind === "loopback") return inBrowser(page);
  if (kind === "pywebview") return createPywebviewTransport(page);
  if (/[#&]ticket=/.test(page.location.hash) || !(await isInWindow(page))) {
    return inBrowser(page);
  }
  return createPywebviewTransport(page);
}

function inBrowser(page: Window): Transport {
  followLinks(page);
  return createWebSocketTransport(CONTRACT_VERSION, page);
}

/**
 * Waits briefly for pywebview to announce itself, because nothing in the page says whether it is in a
 * window.
 */
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
