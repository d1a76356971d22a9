/** A value with listeners, independent of any framework. */

export interface ReadonlyStore<T> {
  get(): T;
  /** `listener` gets the new value and the previous one. */
  subscribe(listener: (value: T, previous: T) => void): () => void;
}

export interface Store<T> extends ReadonlyStore<T> {
  set(value: T): void;
}

export function createStore<T>(initial: T): Store<T> {
  let current = initial;
  const listeners = new Set<(value: T, previous: T) => void>();
  return {
    get: () => current,
    set(value) {
      if (Object.is(value, current)) return;
      const previous = current;
      current = value;
      for (const listener of [...listeners]) {
        try {
          listener(value, previous);
        } catch (error) {
          reportError(error); // the other listeners are still called
        }
      }
    },
    subscribe(listener) {
      const own: typeof listener = (value, previous) => listener(value, previous);
      listeners.add(own);
      return () => listeners.delete(own);
    },
  };
}
