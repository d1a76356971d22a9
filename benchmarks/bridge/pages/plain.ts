/** The page in a plain pywebview window: its js_api, `take` for scripts, and a WebSocket. */
import type { Echo, Host } from "./host";
import type { Recorder } from "./recorder";

interface Api {
  next(): Promise<string>;
  report(text: string): Promise<unknown>;
  clock(): Promise<number>;
  echo(value: Echo): Promise<Echo>;
}

declare global {
  interface Window {
    take?: (stream: number, token: string) => void;
  }
}

export async function openPlain(page: Window): Promise<Host> {
  const api = await apiOf(page);
  let socket: WebSocket | undefined;
  return {
    next: () => api.next(),
    report: (text) => api.report(text),
    clock: () => api.clock(),
    echo: (value) => api.echo(value),
    listen({ way, address }, recorder) {
      socket?.close();
      if (way !== "websocket") {
        page.take = (stream, token) => recorder.take(stream, token, 1);
        return Promise.resolve();
      }
      socket = new WebSocket(address);
      return listenTo(socket, recorder);
    },
  };
}

function listenTo(socket: WebSocket, recorder: Recorder): Promise<void> {
  socket.onmessage = ({ data }) => {
    const [stream, token]: [number, string] = JSON.parse(data);
    recorder.take(stream, token, 1);
  };
  return new Promise((resolve, reject) => {
    socket.onopen = () => resolve();
    socket.onerror = () => reject(new Error("The WebSocket does not open"));
  });
}

/** pywebview brings its functions some time after the page has been loaded. */
function apiOf(page: Window): Promise<Api> {
  const there = (): Api | undefined => {
    const { pywebview } = page as unknown as { pywebview?: { api?: Partial<Api> } };
    return pywebview?.api?.next === undefined ? undefined : (pywebview.api as Api);
  };
  return new Promise((resolve) => {
    const look = (): void => {
      const api = there();
      if (api === undefined) setTimeout(look, 20);
      else resolve(api);
    };
    look();
  });
}
