/** A component that is loaded after the first page; a failed load can be retried. */
import { type ComponentType, lazy, type ReactNode, Suspense, useState } from "react";
import { strings } from "../i18n";
import { addPart } from "../lib/loadParts";
import { ErrorBoundary } from "./ErrorBoundary";
import { Problem } from "./Problem";

/** `frame` wraps the error after a failed load. */
export function lazyPart<P extends object>(
  load: () => Promise<ComponentType<P>>,
  frame = (problem: ReactNode, _props: P): ReactNode => problem,
): ComponentType<P> {
  let loaded: ComponentType<P> | null = null;
  const loadOnce = addPart(async () => {
    loaded ??= await load();
    return loaded;
  });
  // A loaded component renders at once, with no turn of the event loop in which a key could be typed.
  const part = () => loaded ?? lazy(async () => ({ default: await loadOnce() }));
  return function LazyPart(props: P) {
    const [Part, setPart] = useState<ComponentType<P>>(part);
    return (
      <ErrorBoundary
        fallback={(retry) => {
          function run(): void {
            setPart(part);
            retry();
          }
          const action = { label: strings.tryAgain, run };
          return frame(<Problem action={action}>{strings.partFailed.overlay}</Problem>, props);
        }}
      >
        <Suspense>
          <Part {...props} />
        </Suspense>
      </ErrorBoundary>
    );
  };
}
