/** Downloads the weights of the embedded model if they are missing, and then retries. */
import { useEffect, useRef, useState } from "react";
import type { ModelFetch } from "../../bridge/contract";
import { strings } from "../../i18n";
import { useSettings } from "../../settings/useSettings";
import styles from "./FetchModel.module.css";

export function FetchModel({ onHere }: { readonly onHere: () => void }) {
  const { model } = useSettings();
  const [told, setTold] = useState<ModelFetch | null>(null);
  const [lost, setLost] = useState(false);
  // Other windows show the download too, but only the one that started it retries.
  const wanted = useRef(false);
  const isFetching = told?.state === "fetching";

  useEffect(() => {
    let isShown = true;
    async function look() {
      const next = await model.state().catch(() => null);
      if (isShown && next !== null) setTold(next);
    }
    void look();
    const stop = model.onChange((state) => {
      if (state === undefined) void look();
      else setTold(state);
    });
    return () => {
      isShown = false;
      stop();
    };
  }, [model]);

  useEffect(() => {
    if (told?.state !== "here" || !wanted.current) return;
    wanted.current = false;
    onHere();
  }, [told, onHere]);

  async function fetchIt() {
    wanted.current = true;
    setLost(false);
    try {
      setTold(await model.fetch());
    } catch {
      setLost(true);
    }
  }

  if (told === null || told.state === "here") return null;
  if (isFetching) return <Progress done={told.doneBytes} total={told.totalBytes} />;
  return (
    <>
      {(told.problem !== null || lost) && (
        <p role="alert" className={styles.problem} dir="auto">
          {strings.host.sentence(told.problem ?? strings.fetchFailed, strings.fetchFailed)}
        </p>
      )}
      <button type="button" onClick={() => void fetchIt()}>
        {strings.fetchModel}
      </button>
    </>
  );
}

/** Without a value, the bar is indeterminate. */
function Progress({ done, total }: { readonly done: number; readonly total: number }) {
  const value = total > 0 ? done / total : undefined;
  return (
    <label className="wrap muted">
      <span>{strings.fetchingModel(done, total)}</span>
      <progress {...(value === undefined ? {} : { value })} />
    </label>
  );
}
