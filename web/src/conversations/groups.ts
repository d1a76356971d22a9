/** Groups: a list of conversations by the days on which they were used last. */
import type { ConversationSummary } from "../bridge/contract";

export type GroupName = "pinned" | "today" | "yesterday" | "week" | "month" | "earlier";

export interface Group {
  readonly name: GroupName;
  readonly items: readonly ConversationSummary[];
}

const DAY_MS = 86_400_000;

/** `items` are in the order in which they are to be shown; groups without any are left out. */
export function groupsOf(items: readonly ConversationSummary[], now: number): Group[] {
  const groups = new Map<GroupName, ConversationSummary[]>();
  for (const item of items) {
    const name = item.pinned ? "pinned" : nameOf(item.updatedAt, now);
    const group = groups.get(name);
    if (group === undefined) groups.set(name, [item]);
    else group.push(item);
  }
  return [...groups].map(([name, found]) => ({ name, items: found }));
}

function nameOf(time: number, now: number): GroupName {
  const midnight = new Date(now).setHours(0, 0, 0, 0);
  if (time >= midnight) return "today";
  // Noon of the day before, whatever the clocks were changed by in between.
  const yesterday = new Date(midnight - DAY_MS / 2).setHours(0, 0, 0, 0);
  if (time >= yesterday) return "yesterday";
  if (time >= midnight - 7 * DAY_MS) return "week";
  return time >= midnight - 30 * DAY_MS ? "month" : "earlier";
}
