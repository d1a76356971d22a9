// The page of the toy host: the least that speaks the protocol, and a record of what it was told.
const load = crypto.randomUUID();
const pending = new Map();
const toy = { load, pushes: [], events: [], refusals: 0, ready: false, violations: [] };
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
toy.call = (method, params) =>
  new Promise((resolve, reject) => {
    calls += 1;
    pending.set(calls, { resolve, reject });
    toy.post({ version: 1, load, calls: [{ id: calls, method, params: params ?? null }] });
  });

const hello = async () => {
  toy.hello = await toy.call("shell.hello", { version: 1, lastPush: 0 });
  toy.ready = true;
};
if (window.pywebview) hello();
else window.addEventListener("pywebviewready", hello, { once: true });
