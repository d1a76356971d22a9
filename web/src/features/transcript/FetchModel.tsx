/** Downloads the weights of the embedded model if they are missing, and then retries. */
import { useEffect, useRef, useState } from "react";
import type { ModelFetch } from "../../bridge/contract";
import { strings } from "../../i18n";
import { useSettings } from "../../settings/useSettings";
import styles from "./FetchModel.module.css";

export function FetchModel({ onReady }: { readonly onReady: () => void }) {
  const { model } = useSettings();
  const [download, setDownload] = useState<ModelFetch | null>(null);
  const [lost, setLost] = useState(false);
  // Other windows show the download too, but only the one that started it retries.
  const isStartedHere = useRef(false);
  const isFetching = download?.state === "fetching";

  useEffect(() => {
    let isShown = true;
    async function fetchState() {
      const next = await model.state().catch(() => null);
      if (isShown && next !== null) setDownload(next);
    }
    void fetchState();
    const stop = model.onChange((state) => {
      if (state === undefined) void fetchState();
      else setDownload(state);
    });
    return () => {
      isShown = false;
      stop();
    };
  }, [model]);

  useEffect(() => {
    if (download?.state !== "here" || !isStartedHere.current) return;
    isStartedHere.current = false;
    onReady();
  }, [download, onReady]);

  async function fetchIt() {
    isStartedHere.current = true;
    setLost(false);
    try {
      setDownload(await model.fetch());
    } catch {
      setLost(true);
    }
  }

  if (download === null || download.state === "here") return null;
  if (isFetching) return <Progress done={download.doneBytes} total={download.totalBytes} />;
  return (
    <>
      {(download.problem !== null || lost) && (
        <p role="alert" className={styles.problem} dir="auto">
          {strings.host.sentence(download.problem ?? strings.fetchFailed, strings.fetchFailed)}
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
