/** A component that is loaded when it is first shown; a failed load can be tried again. */
import { type ComponentType, type LazyExoticComponent, lazy, Suspense, useState } from "react";
import { strings } from "../i18n";
import { ErrorBoundary } from "./ErrorBoundary";
import { Problem } from "./Problem";

export function lazyPart<P extends object>(
  load: () => Promise<ComponentType<P>>,
): ComponentType<P> {
  const begin = (): LazyExoticComponent<ComponentType<P>> =>
    lazy(async () => ({ default: await load() }));
  const first = begin();
  return function LazyPart(props: P) {
    const [Part, setPart] = useState<ComponentType<P>>(() => first as ComponentType<P>);
    return (
      <ErrorBoundary
        fallback={(retry) => (
          <Problem
            action={{
              label: strings.tryAgain,
              run: () => {
                setPart(() => begin() as ComponentType<P>);
                retry();
              },
            }}
          >
            {strings.partFailed.overlay}
          </Problem>
        )}
      >
        <Suspense>
          <Part {...props} />
        </Suspense>
      </ErrorBoundary>
    );
  };
}
