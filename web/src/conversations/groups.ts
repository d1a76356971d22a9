/** Groups a list of conversations: pinned ones, folders, and the rest by day and month. */
import type { ConversationSummary } from "../bridge/contract";

export type GroupName = "pinned" | "folder" | "today" | "yesterday" | "week" | "month" | "earlier";

export interface ListGroup {
  readonly name: GroupName;
  /** The folder's name; null for every other group. */
  readonly folder: string | null;
  /** Start of the group's month, in milliseconds since the epoch; null for other groups. */
  readonly month: number | null;
  readonly items: readonly ConversationSummary[];
}

const DAY_MS = 86_400_000;

/** Keeps the order of `items` and omits empty groups. Folders are sorted by name in the locale. */
export function groupsOf(
  items: readonly ConversationSummary[],
  now: number,
  locale?: string,
): ListGroup[] {
  const pinned: ConversationSummary[] = [];
  const folders = new Map<string, ConversationSummary[]>();
  const days = new Map<GroupName | number, ConversationSummary[]>();
  const dayOf = dayAt(now);
  for (const item of items) {
    if (item.pinned) pinned.push(item);
    else if (item.folder !== null) put(folders, item.folder, item);
    else put(days, dayOf(item.updatedAt), item);
  }
  const { compare } = new Intl.Collator(locale, { numeric: true });
  const sorted = [...folders].sort(([one], [other]) => compare(one, other));
  const none = { folder: null, month: null };
  return [
    ...(pinned.length === 0 ? [] : [{ ...none, name: "pinned" as const, items: pinned }]),
    ...sorted.map(([folder, found]) => ({
      ...none,
      name: "folder" as const,
      folder,
      items: found,
    })),
    ...[...days].map(([day, found]) =>
      typeof day === "number"
        ? { ...none, name: "earlier" as const, month: day, items: found }
        : { ...none, name: day, items: found },
    ),
  ];
}

/** All folders that contain something, sorted by name. */
export function foldersOf(items: readonly ConversationSummary[], locale?: string): string[] {
  const names = new Set(items.flatMap(({ folder }) => (folder === null ? [] : [folder])));
  return [...names].sort(new Intl.Collator(locale, { numeric: true }).compare);
}

function put<K>(groups: Map<K, ConversationSummary[]>, key: K, item: ConversationSummary): void {
  const group = groups.get(key);
  if (group === undefined) groups.set(key, [item]);
  else group.push(item);
}

/** The group of a time: its name, or the start of its month. */
function dayAt(now: number): (time: number) => GroupName | number {
  const midnight = new Date(now).setHours(0, 0, 0, 0);
  // Noon of the day before, so that a clock change does not matter.
  const yesterday = new Date(midnight - DAY_MS / 2).setHours(0, 0, 0, 0);
  return (time) => {
    if (time >= midnight) return "today";
    if (time >= yesterday) return "yesterday";
    if (time >= midnight - 7 * DAY_MS) return "week";
    if (time >= midnight - 30 * DAY_MS) return "month";
    const date = new Date(time);
    return new Date(date.getFullYear(), date.getMonth()).getTime();
  };
}
