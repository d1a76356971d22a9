// The page of the counter. Its one import is the page's half of the bridge.
import { connect } from "/bridge.js";

const [add, sum, count, stop, numbers] = ["add", "sum", "count", "stop", "numbers"].map((id) =>
  document.getElementById(id),
);
const host = await connect().catch((error) => {
  numbers.append(error.message); // such as that this tab needs a link
  throw error;
});

async function show(id) {
  sessionStorage.setItem("stream", id); // the stream outlives a reload of this page
  numbers.replaceChildren();
  const run = host.follow(id);
  stop.onclick = () => run.cancel();
  for await (const piece of run) numbers.append(piece);
  document.title = run.get().status === "cancelled" ? "Stopped" : "Counted";
}

add.onclick = async () => {
  sum.value = await host.call("counter.add", { left: 2, right: 3 }).catch((error) => error.message);
};
count.onclick = async () => show(await host.call("counter.count", 200));
for (const button of [add, count]) button.disabled = false; // before, a click would do nothing

const before = sessionStorage.getItem("stream");
if (before !== null) await show(before);
