/** Loads style sheets again after a failure. Vite requests each of them only once. */

const failed = new Set<HTMLLinkElement>();

/** Starts to record which style sheets could not be loaded. */
export function watchStyles(document: Document): void {
  document.addEventListener(
    "error",
    ({ target }) => {
      if (target instanceof HTMLLinkElement && target.rel === "stylesheet") failed.add(target);
    },
    true,
  );
}

/** Loads what is missing; rejects if it cannot be loaded this time either. */
export async function loadMissingStyles(): Promise<void> {
  const links = [...failed];
  failed.clear();
  await Promise.all(
    links.map(
      (link) =>
        new Promise((resolve, reject) => {
          // A link is loaded when it is inserted.
          const copy = link.cloneNode() as HTMLLinkElement;
          copy.addEventListener("load", resolve);
          copy.addEventListener("error", () => reject(new Error(`Cannot load ${link.href}`)));
          link.replaceWith(copy);
        }),
    ),
  );
}
