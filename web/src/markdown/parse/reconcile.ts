/** Reuses nodes parsed again with the same result: React does not render identical nodes again. */
import type { Tokens } from "marked";
import type { Node } from "./nodes";

/**
 * The earlier block if nothing changed, else the new one with unchanged items or rows of the earlier.
 * `whole`: the earlier one was parsed to its end. `sameLinks`: no definition has arrived that could
 * turn text into a link.
 */
export function reconcile(
  old: Node | undefined,
  fresh: Node,
  whole: boolean,
  sameLinks: boolean,
): Node {
  if (old === undefined || old === fresh) return fresh;
  const usable = (raw: string): boolean => sameLinks || !raw.includes("[");
  if (whole && old.raw === fresh.raw && old.type === fresh.type && usable(fresh.raw)) return old;
  if (old.type === "list" && fresh.type === "list") {
    const last = whole ? old.items.length : old.items.length - 1;
    const items = fresh.items.map((item, at) => {
      const before = at < last ? old.items[at] : undefined;
      return before !== undefined && isSameItem(before, item) && usable(item.raw) ? before : item;
    });
    return { ...fresh, items };
  }
  if (old.type === "table" && fresh.type === "table") {
    const last = whole ? old.rows.length : old.rows.length - 1;
    const rows = fresh.rows.map((row, at) => {
      const before = at < last ? old.rows[at] : undefined;
      const same = before !== undefined && isSameRow(before, row);
      return same && row.every((cell) => usable(cell.text)) ? before : row;
    });
    const sameHead = isSameRow(old.header, fresh.header);
    const header = sameHead && usable(fresh.raw) && old.rows.length > 0 ? old.header : fresh.header;
    return { ...fresh, header, rows };
  }
  return fresh;
}

/** Whether both lists have the same members, although they may be different arrays. */
export function haveSame<T>(one: readonly T[], other: readonly T[]): boolean {
  return one.length === other.length && one.every((member, at) => member === other[at]);
}

function isSameItem(one: Tokens.ListItem, other: Tokens.ListItem): boolean {
  return one === other || (one.raw === other.raw && one.loose === other.loose);
}

function isSameRow(one: readonly Tokens.TableCell[], other: readonly Tokens.TableCell[]): boolean {
  if (one === other) return true;
  return (
    one.length === other.length &&
    one.every((cell, at) => cell.text === other[at]?.text && cell.align === other[at]?.align)
  );
}
