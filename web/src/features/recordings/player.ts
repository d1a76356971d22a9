/** Plays the events of a recording: at its pace, faster, or one by one. It sends no requests. */
import type { AnyEvent } from "../../bridge/contract";
import { createStore, type ReadonlyStore } from "../../lib/store";
import { beginRun, type RunState, reduce } from "../../llm/runReducer";

/** Events that are due within one frame are shown together. */
const FRAME_MS = 16;

export interface PlayerState {
  /** The number of events that are shown. */
  readonly place: number;
  /** Milliseconds since the answer began. */
  readonly ms: number;
  readonly isPlaying: boolean;
  readonly speed: number;
  /** The answer so far. */
  readonly run: RunState;
}

export interface Player extends ReadonlyStore<PlayerState> {
  /** Continues, or plays from the start if it has ended. */
  play(): void;
  pause(): void;
  setSpeed(speed: number): void;
  /** Pauses with so many events shown. */
  go(place: number): void;
}

export function createPlayer(events: readonly AnyEvent[]): Player {
  const [first] = events;
  const initialRun = beginRun(first?.inferenceId ?? "");
  const store = createStore<PlayerState>({
    place: 0,
    ms: 0,
    isPlaying: false,
    speed: 1,
    run: initialRun,
  });
  let timer: ReturnType<typeof setTimeout> | undefined;
  /** When playing began at its present speed, and the time of the answer then. */
  let since = { at: 0, ms: 0 };

  function change(part: Partial<PlayerState>): void {
    store.set({ ...store.get(), ...part });
  }

  /** The answer after so many events. */
  function runAt(place: number): RunState {
    const { place: before, run } = store.get();
    if (place < before) return reduce(initialRun, events.slice(0, place));
    return place === before ? run : reduce(run, events.slice(before, place));
  }

  function follow(): void {
    const { speed, place } = store.get();
    const ms = since.ms + (performance.now() - since.at) * speed;
    let next = place;
    while (next < events.length && (events[next]?.ms ?? 0) <= ms) next += 1;
    const isPlaying = next < events.length;
    change({ place: next, ms: isPlaying ? ms : timeAt(next), isPlaying, run: runAt(next) });
    const due = events[next];
    if (due !== undefined) {
      timer = setTimeout(follow, Math.max(FRAME_MS, (due.ms - ms) / speed));
    }
  }

  const timeAt = (place: number): number => events[place - 1]?.ms ?? 0;

  function pause(): void {
    clearTimeout(timer);
    if (store.get().isPlaying) change({ isPlaying: false });
  }

  function go(place: number): void {
    pause();
    const next = Math.max(0, Math.min(place, events.length));
    change({ place: next, ms: timeAt(next), run: runAt(next) });
  }

  function play(): void {
    if (store.get().place === events.length) go(0);
    clearTimeout(timer);
    change({ isPlaying: true });
    since = { at: performance.now(), ms: store.get().ms };
    follow();
  }

  return {
    get: store.get,
    subscribe: store.subscribe,
    play,
    pause,
    go,
    setSpeed(speed) {
      const { isPlaying } = store.get();
      pause();
      change({ speed });
      if (isPlaying) play();
    },
  };
}
