/** A component that is loaded apart from the first page; a failed load can be tried again. */
import { type ComponentType, lazy, type ReactNode, Suspense, useState } from "react";
import { strings } from "../i18n";
import { addPart } from "../lib/loadParts";
import { ErrorBoundary } from "./ErrorBoundary";
import { Problem } from "./Problem";

/** `frame` is what a failure is shown in. */
export function lazyPart<P extends object>(
  load: () => Promise<ComponentType<P>>,
  frame = (problem: ReactNode, _props: P): ReactNode => problem,
): ComponentType<P> {
  let loaded: ComponentType<P> | null = null;
  const loadOnce = async () => {
    loaded ??= await load();
    return loaded;
  };
  addPart(loadOnce);
  // What is loaded is shown at once, with no turn of the event loop in which a key could be typed.
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
