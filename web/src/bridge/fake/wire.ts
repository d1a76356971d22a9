/** The requests that a real host would have sent; the fake host sends none. */
import type {
  AnyEvent,
  Handlers,
  Recording,
  RecordingHeader,
  WireRequest,
  WireSummary,
} from "../contract";
import { refusal } from "./refusal";
import type { FakeRun } from "./run";
import type { FakeSettings } from "./settings";

export function createFakeWire(
  runs: ReadonlyMap<string, FakeRun>,
  { provider: providerId, model: modelId }: FakeSettings,
): Handlers["wire"] {
  // Nothing is ever sent there.
  const baseUrl = `${location.origin}/v1`;
  const summaryOf = ({ id, live, startedAt }: FakeRun): WireSummary => ({
    inferenceId: id,
    providerId,
    modelId,
    startedAt,
    attempts: 1,
    status: live ? null : 200,
    live,
  });

  function find(id: string): FakeRun {
    const run = runs.get(id);
    if (run === undefined) throw refusal("NOT_FOUND", `Nothing is kept of inference ${id}`);
    return run;
  }

  function requestOf(content: unknown): WireRequest {
    const messages = [{ role: "user", content }];
    const body = JSON.stringify({ model: modelId, messages, stream: true });
    return {
      method: "POST",
      url: `${baseUrl}/chat/completions`,
      headers: [
        { name: "authorization", value: "Bearer [key]", variable: "FAKE_API_KEY" },
        { name: "content-type", value: "application/json" },
      ],
      body,
      bodyBytes: new TextEncoder().encode(body).length,
      api: "chat",
      baseUrl,
    };
  }

  function recordingText({ events, startedAt }: FakeRun): string {
    const header: RecordingHeader = {
      tidewireRecording: 1,
      appVersion: "fake",
      createdAt: startedAt,
      providerId,
      modelId,
    };
    return [header, ...events].map((line) => `${JSON.stringify(line)}\n`).join("");
  }

  return {
    list: () => [...runs.values()].reverse().map(summaryOf),
    get(id) {
      const run = find(id);
      const chunks = run.events.map((event) => ({
        ms: 0,
        text: `data: ${JSON.stringify(event)}\n\n`,
      }));
      const receivedBytes = chunks.reduce((size, { text }) => size + text.length, 0);
      const attempt = {
        request: requestOf(run.prompt),
        ms: 0,
        status: 200,
        headers: [{ name: "content-type", value: "text/event-stream" }],
        chunks,
        receivedBytes,
        totalMs: run.live ? null : 0,
        error: null,
      };
      return { summary: summaryOf(run), attempts: [attempt] };
    },
    preview: ({ content }) => ({
      request: requestOf(content),
      estimate: {
        inputTokens: Math.ceil(JSON.stringify(content).length / 4),
        exact: false,
        inputCost: null,
        mostCost: null,
        contextTokens: null,
        leftOut: 0,
      },
      notices: [],
    }),
    code: ({ request: { url, body }, language }) =>
      language === "curl"
        ? `curl ${url} --data-raw '${body}'\n`
        : `import requests\n\nrequests.post("${url}", data=${JSON.stringify(body)})\n`,
    record(id) {
      find(id);
      return "…/exports/answer.jsonl";
    },
    recording: (id) => ({
      name: "answer.jsonl",
      mediaType: "application/jsonl",
      text: recordingText(find(id)),
    }),
    openRecording(text): Recording {
      try {
        const [header, ...events] = text
          .trim()
          .split("\n")
          .map((line) => JSON.parse(line));
        return { header: header as RecordingHeader, events: events as AnyEvent[] };
      } catch {
        throw refusal("VALIDATION", "This file is not a whole recording of an answer.");
      }
    },
  };
}
