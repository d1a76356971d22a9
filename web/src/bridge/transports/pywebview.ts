/** The transport inside the desktop window: pywebview's dispatcher, which the door replaced. */
import type { Peer, Transport } from "./transport";

interface Dispatcher {
  /** pywebview's call to the host: a name, a value, and a text of ours. */
  _jsApiCallback?(name: string, value: string, id: string): void;
  readonly platform?: string;
  /** Qt's channel, which becomes available a moment later than the rest. */
  readonly _QWebChannel?: unknown;
}

declare global {
  interface Window {
    readonly pywebview?: Dispatcher;
  }
}

const POLL_MS = 20;

export function createPywebviewTransport(page: Window = window): Transport {
  let poll: ReturnType<typeof setInterval> | undefined;
  let peer: Peer | undefined;

  function isReady(): boolean {
    const dispatcher = page.pywebview;
    if (dispatcher?._jsApiCallback === undefined) return false;
    return dispatcher.platform !== "qtwebengine" || dispatcher._QWebChannel !== undefined;
  }

  function connectIfReady(): void {
    if (peer === undefined || !isReady()) return;
    stopPolling();
    peer.connected();
  }

  function stopPolling(): void {
    clearInterval(poll);
    page.removeEventListener("pywebviewready", connectIfReady);
  }

  return {
    kind: "pywebview",
    open(self) {
      peer = self;
      // The host calls the page through this name.
      Object.defineProperty(page, "__shell", {
        value: Object.freeze({ receive: self.receive }),
        writable: false,
        configurable: false,
        enumerable: false,
      });
      page.addEventListener("pywebviewready", connectIfReady);
      // The event may have fired before this code ran, or before the dispatcher exists.
      poll = setInterval(connectIfReady, POLL_MS);
      connectIfReady();
    },
    post(text) {
      const dispatch = page.pywebview?._jsApiCallback;
      if (peer === undefined || dispatch === undefined) throw new Error("no dispatcher");
      dispatch("post", text, peer.load);
    },
    close: stopPolling,
  };
}
