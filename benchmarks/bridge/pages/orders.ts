/** Orders: carries out what the program asks of its page, one after another, for ever. */
import type { Host, Source } from "./host";
import { createRecorder, now, type Recorder } from "./recorder";

type Order =
  | { do: "wait" }
  | { do: "clock"; times: number }
  | ({ do: "listen"; tokens: number; visible: boolean } & Source)
  | { do: "tell" }
  | { do: "calls"; parallel: number; sets: number };

export async function follow(host: Host): Promise<never> {
  let recorder: Recorder | undefined;
  const tell = (value: unknown): Promise<unknown> => host.report(JSON.stringify(value));
  for (;;) {
    const order: Order = JSON.parse(await host.next());
    switch (order.do) {
      case "wait":
        break;
      case "clock":
        await tell(await compareClocks(host, order.times));
        break;
      case "listen":
        recorder = createRecorder(order, () => void tell("finished"));
        await host.listen(order, recorder);
        await tell("listening");
        break;
      case "tell":
        await tell(recorder?.report() ?? null);
        break;
      case "calls":
        await tell(await call(host, order.parallel, order.sets));
    }
  }
}

/**
 * Bounds of this page's clock minus the host's: a question and its answer enclose a moment. And the
 * step in which this clock goes.
 */
async function compareClocks(
  host: Host,
  times: number,
): Promise<{ least: number; most: number; step: number }> {
  let least = Number.NEGATIVE_INFINITY;
  let most = Number.POSITIVE_INFINITY;
  for (let turn = 0; turn < times; turn += 1) {
    const before = now();
    const theirs = await host.clock();
    least = Math.max(least, before - theirs);
    most = Math.min(most, now() - theirs);
  }
  return { least, most, step: stepOf(performance) };
}

function stepOf(clock: Performance): number {
  const steps = Array.from({ length: 5 }, () => {
    const from = clock.now();
    let to = clock.now();
    while (to === from) to = clock.now();
    return to - from;
  });
  return Math.min(...steps);
}

/** Milliseconds that each set of calls took, and how many answers were wrong. */
async function call(
  host: Host,
  parallel: number,
  sets: number,
): Promise<{ times: number[]; total: number; wrong: number }> {
  const times: number[] = [];
  let wrong = 0;
  const began = performance.now();
  for (let set = 0; set < sets; set += 1) {
    const before = performance.now();
    const answers = await Promise.all(
      Array.from({ length: parallel }, (_, number) => host.echo({ number, text: `${set}` })),
    );
    times.push(performance.now() - before);
    answers.forEach((answer, number) => {
      if (answer.number !== number || answer.text !== `${set}`) wrong += 1;
    });
  }
  return { times, total: performance.now() - began, wrong };
}
