/** The page: one renderer, a text that arrives, and what each update of it cost. */
import { flushSync } from "react-dom";
import { createRoot } from "react-dom/client";
import "./page.css";
import { RENDERERS } from "./renderers";
import { LAST_WORD, tokensOf } from "./text";

/** Tokens of one update in a flood; the next follows as soon as the last is laid out. */
const FLOOD = 64;
/** Updates a second at a pace: one for each frame of a quiet machine. */
const FRAMES = 60;

interface Order {
  readonly renderer: string;
  readonly tokens: number;
  /** Tokens a second; 0 is a flood. */
  readonly rate: number;
}

interface Outcome {
  /** From the first token to when the last is shown. */
  readonly seconds: number;
  readonly updates: number;
  /** The time in React's render and commit, without style and layout. */
  readonly commitMs: number;
  readonly longestCommitMs: number;
  /** Tasks of more than 50 ms, of which the browser tells. */
  readonly longestTaskMs: number;
  readonly longTasks: number;
  readonly characters: number;
  readonly elements: number;
}

declare global {
  interface Window {
    /** Loads a renderer and shows a first word with it. */
    prepare: (renderer: string) => Promise<void>;
    measure: (order: Order) => Promise<Outcome>;
  }
}

const scroller = document.querySelector("#root") as HTMLElement;
scroller.className = "scroller";
const column = scroller.appendChild(document.createElement("div"));
column.className = "column";
const root = createRoot(column);

async function show(renderer: string): Promise<(text: string, live: boolean) => void> {
  const load = RENDERERS[renderer];
  if (load === undefined) throw new Error(`There is no renderer ${renderer}`);
  const Renderer = await load();
  return (text, live) => flushSync(() => root.render(<Renderer text={text} live={live} />));
}

window.prepare = async (renderer) => {
  (await show(renderer))("A **word**.\n\n```python\npass\n```\n", false);
  await settled();
};

window.measure = async ({ renderer, tokens: count, rate }) => {
  const render = await show(renderer);
  const tokens = tokensOf(count);
  const tasks: number[] = [];
  const observer = new PerformanceObserver((list) => {
    for (const entry of list.getEntries()) tasks.push(entry.duration);
  });
  observer.observe({ type: "longtask" });
  let text = "";
  let arrived = 0;
  let updates = 0;
  let commitMs = 0;
  let longestCommitMs = 0;
  const update = (live: boolean): void => {
    const began = performance.now();
    render(text, live);
    const took = performance.now() - began;
    commitMs += took;
    longestCommitMs = Math.max(longestCommitMs, took);
    updates += 1;
    // To the end, as a reader follows; this also lays the page out.
    scroller.scrollTop = scroller.scrollHeight;
  };
  const take = (upTo: number): void => {
    const next = Math.min(upTo, count);
    text += tokens.slice(arrived, next).join("");
    arrived = next;
  };
  const began = performance.now();
  while (arrived < count) {
    if (rate === 0) {
      take(arrived + FLOOD);
      await turn();
    } else {
      await frameAfter(began + (updates * 1_000) / FRAMES);
      // Every renderer shows the same states of the text. Where frames come late the text does too:
      // to show two of its states as one would spare the slow what the quick have to do.
      take(Math.ceil(((updates + 1) * rate) / FRAMES));
    }
    update(arrived < count);
  }
  // Some renderers show in their own time what they were given.
  while (!column.textContent?.includes(LAST_WORD)) await turn();
  const seconds = (performance.now() - began) / 1_000;
  await settled();
  observer.disconnect();
  return {
    seconds,
    updates,
    commitMs,
    longestCommitMs,
    longestTaskMs: Math.max(0, ...tasks),
    longTasks: tasks.length,
    characters: column.textContent?.length ?? 0,
    elements: column.querySelectorAll("*").length,
  };
};

/** The first frame at or after a moment; a frame that is a little early counts as on time. */
function frameAfter(moment: number): Promise<void> {
  return new Promise((resolve) => {
    const look = (now: number): void => {
      if (now >= moment - 1_000 / FRAMES / 2) resolve();
      else requestAnimationFrame(look);
    };
    requestAnimationFrame(look);
  });
}

/** The next task, as soon as there is one. */
function turn(): Promise<void> {
  return new Promise((resolve) => {
    const { port1, port2 } = new MessageChannel();
    port1.onmessage = () => resolve();
    port2.postMessage(null);
  });
}

/** Time for what a renderer puts off. */
function settled(): Promise<void> {
  return new Promise((resolve) => requestIdleCallback(() => setTimeout(resolve, 500)));
}
