/** Chooses the transport for this page. */
import { findHost } from "./findHost";
import type { Transport } from "./transport";

export async function detectTransport(page: Window = window): Promise<Transport> {
  const query = new URLSearchParams(page.location.search);
  if (query.get("bridge") === "fake") {
    const fake = await import("../fake/transport");
    return fake.createFakeTransport(fake.settingsOf(query));
  }
  return findHost(page, "`tidewire link` prints a new one");
}
