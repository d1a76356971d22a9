/** Short messages about completed actions, with undo where possible. */
import { createContext, useContext } from "react";
import { createStore, type ReadonlyStore } from "../../lib/store";

export interface Toast {
  readonly id: number;
  readonly text: string;
  readonly action: { readonly label: string; readonly run: () => void } | null;
  /** Progress from 0 to 1 of an ongoing action; the toast stays until it has ended. */
  readonly progress: number | null;
  /** Additional lines; the toast stays until it is closed. */
  readonly details: readonly string[];
}

export type ToastOptions = Partial<Omit<Toast, "id" | "text">>;

export interface ToastStore extends ReadonlyStore<readonly Toast[]> {
  show(text: string, more?: ToastOptions): number;
  change(id: number, text: string, more?: ToastOptions): void;
  dismiss(id: number): void;
  /** Reports an action with its undo, once the host has done it. */
  showWhenDone(done: Promise<unknown>, text: string, action: NonNullable<Toast["action"]>): void;
  /** Undoes the newest action, if any; one in progress is undone when it is done. */
  undo(): boolean;
}

/** Most toasts shown at once. */
const MOST = 3;
const NONE: readonly string[] = [];

export function createToastStore(): ToastStore {
  const store = createStore<readonly Toast[]>([]);
  let count = 0;
  /** Actions in progress, the newest last; true if they are to be undone when done. */
  const pending: { isUnwanted: boolean }[] = [];

  function put(id: number, text: string, more: ToastOptions = {}): void {
    const { action = null, progress = null, details = NONE } = more;
    const toast = { id, text, action, progress, details };
    const all = [...store.get().filter((other) => other.id !== id), toast];
    // Ongoing ones stay; of the others, the newest.
    const ended = all.filter((other) => other.progress === null).slice(-MOST);
    store.set(all.filter((other) => other.progress !== null || ended.includes(other)));
  }

  function dismiss(id: number): void {
    store.set(store.get().filter((toast) => toast.id !== id));
  }

  return {
    get: store.get,
    subscribe: store.subscribe,
    dismiss,
    show(text, more) {
      count += 1;
      put(count, text, more);
      return count;
    },
    change: put,
    showWhenDone(done, text, action) {
      const job = { isUnwanted: false };
      pending.push(job);
      const end = () => pending.splice(pending.indexOf(job), 1);
      done.then(() => {
        end();
        if (job.isUnwanted) action.run();
        else this.show(text, { action });
      }, end);
    },
    undo() {
      const job = pending.findLast(({ isUnwanted }) => !isUnwanted);
      if (job !== undefined) {
        job.isUnwanted = true;
        return true;
      }
      const toast = store.get().findLast(({ action, progress }) => action && progress === null);
      if (toast === undefined) return false;
      dismiss(toast.id);
      toast.action?.run();
      return true;
    },
  };
}

export const ToastsContext = createContext<ToastStore | null>(null);

export function useToasts(): ToastStore {
  const toasts = useContext(ToastsContext);
  if (toasts === null) throw new Error("There are no toasts around this component");
  return toasts;
}
