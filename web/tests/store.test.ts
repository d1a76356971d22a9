/** The store, and the rate at which views read it. */
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { createStore } from "../src/lib/store";
import { createThrottle } from "../src/lib/throttle";

describe("the store", () => {
  it("tells every listener the new value and the one before", () => {
    const store = createStore(1);
    const seen: number[][] = [];
    store.subscribe((now, before) => seen.push([now, before]));
    store.set(2);
    store.set(2);
    store.set(3);
    expect(seen).toEqual([
      [2, 1],
      [3, 2],
    ]);
  });

  it("takes the same listener twice, and lets each go by itself", () => {
    const store = createStore(0);
    const listener = vi.fn();
    const stop = store.subscribe(listener);
    store.subscribe(listener);
    stop();
    stop();
    store.set(1);
    expect(listener).toHaveBeenCalledTimes(1);
  });

  it("survives a listener that leaves while it is told", () => {
    const store = createStore(0);
    const later = vi.fn();
    const stop = store.subscribe(() => stop());
    store.subscribe(later);
    store.set(1);
    store.set(2);
    expect(later).toHaveBeenCalledTimes(2);
  });
});

describe("the pace", () => {
  beforeEach(() => {
    vi.useFakeTimers();
  });
  afterEach(() => vi.useRealTimers());

  it("looks once a frame, however much happened", () => {
    const run = vi.fn();
    const pace = createThrottle("frame", run);
    for (let index = 0; index < 100; index += 1) pace.request(false);
    expect(run).not.toHaveBeenCalled();
    vi.advanceTimersToNextFrame();
    expect(run).toHaveBeenCalledTimes(1);
    vi.advanceTimersByTime(1_000);
    expect(run).toHaveBeenCalledTimes(1);
  });

  it("looks at once when it is urgent, and not again for what it has seen", () => {
    const run = vi.fn();
    const pace = createThrottle("frame", run);
    pace.request(false);
    pace.request(true);
    expect(run).toHaveBeenCalledTimes(1);
    vi.advanceTimersByTime(1_000);
    expect(run).toHaveBeenCalledTimes(1);
  });

  it("does without frames in a page that draws none", () => {
    vi.stubGlobal("requestAnimationFrame", () => 1);
    vi.stubGlobal("cancelAnimationFrame", () => {});
    const run = vi.fn();
    createThrottle("frame", run).request(false);
    vi.advanceTimersByTime(1_000);
    expect(run).toHaveBeenCalledTimes(1);
  });

  it("can look at every event, or every so often", () => {
    const each = vi.fn();
    const eager = createThrottle("event", each);
    eager.request(false);
    eager.request(false);
    expect(each).toHaveBeenCalledTimes(2);
    const slow = vi.fn();
    const lazy = createThrottle(500, slow);
    for (let ms = 0; ms < 1_000; ms += 10) {
      lazy.request(false);
      vi.advanceTimersByTime(10);
    }
    expect(slow).toHaveBeenCalledTimes(2);
  });

  it("does nothing after it was stopped", () => {
    const run = vi.fn();
    const pace = createThrottle("frame", run);
    pace.request(false);
    pace.stop();
    vi.advanceTimersByTime(1_000);
    expect(run).not.toHaveBeenCalled();
  });
});
