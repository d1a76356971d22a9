/** The page in a Tauri window: invoke, a channel for every stream, and events. */
import type { Host } from "./host";

interface Channel {
  onmessage: (message: never) => void;
}

/** What Tauri puts into the page, as far as it is used here. */
export interface Tauri {
  readonly core: { readonly Channel: new () => Channel };
  readonly pytauri: { pyInvoke<T>(command: string, parameters: unknown): Promise<T> };
  readonly event: {
    listen(name: string, take: (event: { payload: [number, string] }) => void): Promise<() => void>;
  };
}

export function openTauri({ core, event, pytauri }: Tauri): Host {
  let stop = (): void => {};
  return {
    next: () => pytauri.pyInvoke("next", {}),
    report: (text) => pytauri.pyInvoke("report", { text }),
    clock: () => pytauri.pyInvoke("clock", {}),
    echo: (value) => pytauri.pyInvoke("echo", value),
    async listen({ way, streams }, recorder) {
      stop();
      stop = () => {};
      if (way === "emit") {
        stop = await event.listen("token", ({ payload: [stream, token] }) =>
          recorder.take(stream, token, 1),
        );
        return;
      }
      const channels = Array.from({ length: streams }, (_, stream) => {
        const channel = new core.Channel();
        channel.onmessage =
          way === "channel"
            ? (token: string) => recorder.take(stream, token, 1)
            : ([text, count]: [string, number]) => recorder.take(stream, text, count);
        return channel;
      });
      await pytauri.pyInvoke("listen", { channels });
    },
  };
}
