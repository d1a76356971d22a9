/** The page in this project's own window: the bridge and the reducer, and nothing in between. */
import { createBridge } from "../../../web/src/bridge/bridge";
import { createPywebviewTransport } from "../../../web/src/bridge/transports/pywebview";
import { beginRun, reduce } from "../../../web/src/llm/runReducer";
import type { Host } from "./host";

const TOKEN_CHARACTERS = 4;

export async function openDoor(): Promise<Host> {
  const bridge = createBridge(createPywebviewTransport());
  await bridge.ready();
  return {
    next: () => bridge.call("bench.next"),
    report: (text) => bridge.call("bench.report", text),
    clock: () => bridge.call("bench.clock"),
    echo: (value) => bridge.call("bench.echo", value),
    async listen({ run, streams }, recorder) {
      for (let stream = 0; stream < streams; stream += 1) {
        const inferenceId = `run-${run}-${stream}`;
        let state = beginRun(inferenceId);
        const stop = bridge.router.onEvents((events) => {
          const shown = state.response.length;
          state = reduce(state, events);
          const piece = state.response.slice(shown);
          if (piece !== "") recorder.take(stream, piece, piece.length / TOKEN_CHARACTERS);
          if (state.status === "done") stop();
        }, inferenceId);
        await bridge.attach({ inferenceId });
      }
    },
  };
}
