// The page of the toy host: the least that speaks the protocol, and a record of what it was told.
const load = crypto.randomUUID();
const pending = new Map();
const toy = { load, pushes: [], events: [], violations: [] };
let calls = 0;

window.toy = toy;
document.addEventListener("securitypolicyviolation", (event) => {
  toy.violations.push(`${event.effectiveDirective} ${event.blockedURI}`);
});

const receive = (pushLoad, number, items) => {
  if (pushLoad !== load) return null;
  if (number <= toy.pushes.length) return [load, number];
  toy.pushes.push(number);
  for (const item of items) {
    if (item.channel === "reply") {
      const call = pending.get(item.id);
      pending.delete(item.id);
      if (item.ok) call.resolve(item.value);
      else call.reject(Object.assign(new Error(item.error.message), item.error));
    } else toy.events.push(item);
  }
  return [load, number];
};
Object.defineProperty(window, "__shell", { value: Object.freeze({ receive }) });

toy.post = (batch) => window.pywebview._jsApiCallback("post", JSON.stringify(batch), load);
toy.call = (method, params) => toy.batch([[method, params]])[0];

// A promise for each of some calls that travel together.
toy.batch = (list) => {
  const batch = list.map(([method, params]) => ({ id: ++calls, method, params: params ?? null }));
  const promises = batch.map(
    ({ id }) => new Promise((resolve, reject) => pending.set(id, { resolve, reject })),
  );
  toy.post({ version: 1, load, calls: batch });
  return promises;
};

// As `toy.call`, but when the host asks to wait, it waits and asks again.
toy.patient = async (method, params) => {
  for (;;) {
    try {
      return await toy.call(method, params);
    } catch (error) {
      if (error.code !== "LIMIT") throw error;
      await new Promise((resolve) => setTimeout(resolve, error.retryAfterMs));
    }
  }
};

// All text of a run from its beginning, once it has ended; seq alone says what is new.
toy.follow = async (inferenceId) => {
  const parts = [];
  let last = -1;
  let ended = 0;
  const take = (event) => {
    if (event.inferenceId !== inferenceId || event.seq <= last) return;
    if (event.seq !== last + 1) throw new Error(`a gap after ${last}: ${event.seq}`);
    last = event.seq + (event.count ?? 1) - 1;
    if (event.channel === "llm:token") parts.push(event.token);
    if (event.channel === "llm:done") ended += 1;
  };
  const seen = toy.events.length;
  const { events } = await toy.call("toy.attach", { inferenceId, afterSeq: -1 });
  events.forEach(take);
  for (let next = seen; ended === 0; next += 1) {
    while (next >= toy.events.length) await new Promise((resolve) => setTimeout(resolve, 5));
    take(toy.events[next]);
  }
  if (ended !== 1) throw new Error(`${ended} endings`);
  return parts.join("");
};

const bridge = new Promise((resolve) => {
  if (window.pywebview) resolve();
  else window.addEventListener("pywebviewready", resolve, { once: true });
});
// Settles when the host has answered this load's first call.
toy.greeted = bridge.then(async () => {
  toy.hello = await toy.call("shell.hello", { version: 1, lastPush: 0 });
  toy.call("toy.say", "hello");
  return toy.hello.windowId;
});
