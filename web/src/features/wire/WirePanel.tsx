/** The attempts of an answer, each with its request and its response. */
import { useCallback, useEffect, useState } from "react";
import type { WireAttempt, WireRun } from "../../bridge/contract";
import { failureOf } from "../../bridge/hostError";
import { useConversations } from "../../conversations/useConversations";
import { reasonOf, strings } from "../../i18n";
import { count } from "../../i18n/format";
import { wireTexts } from "../../i18n/wire";
import { useSettingsState } from "../../settings/useSettings";
import { Problem } from "../../ui/Problem";
import { Tabs } from "../../ui/panel/Tabs";
import { RecordRequests } from "../settings/RecordRequests";
import { Verbatim } from "../tools/Verbatim";
import { RequestView } from "./RequestView";
import { ResponseView } from "./ResponseView";
import styles from "./wire.module.css";

export interface WirePanelProps {
  /** The runs of the answer, in order. */
  readonly runs: readonly string[];
}

export function WirePanel({ runs }: WirePanelProps) {
  const { get } = useConversations().client.wire;
  const ids = runs.join(" ");
  const [storedRuns, setStoredRuns] = useState<readonly WireRun[] | null>(null);
  const [failure, setFailure] = useState<unknown>(null);

  const load = useCallback(() => {
    const orNone = (error: unknown) => {
      if (failureOf(error).code === "NOT_FOUND") return [];
      throw error;
    };
    setFailure(null);
    const all = ids.split(" ").map((id) => get(id).then((run) => [run], orNone));
    Promise.all(all).then((some) => setStoredRuns(some.flat()), setFailure);
  }, [get, ids]);
  useEffect(load, [load]);

  if (failure !== null) {
    const action = { label: strings.tryAgain, run: load };
    return <Problem action={action}>{reasonOf(failure)}</Problem>;
  }
  if (storedRuns === null) return <p role="status">{wireTexts.loading}</p>;
  if (storedRuns.length === 0) return <NoStoredRuns />;
  const attempts = storedRuns.flatMap((run) => run.attempts);
  const models = storedRuns.map(({ summary }) => `${summary.providerId} · ${summary.modelId}`);
  return (
    <div className={styles.wire}>
      <p className="soft">
        <Verbatim text={[...new Set(models)].join(", ")} />
      </p>
      {storedRuns.length < runs.length && (
        <p className="soft">{wireTexts.runsStored(storedRuns.length, runs.length)}</p>
      )}
      {attempts.length === 0 ? <p>{wireTexts.notHttp}</p> : <Attempts attempts={attempts} />}
    </div>
  );
}

function Attempts({ attempts }: { readonly attempts: readonly WireAttempt[] }) {
  const [place, setPlace] = useState(attempts.length - 1);
  const shown = attempts[place];
  if (shown === undefined) return null;
  const body = (
    <>
      <p className="soft">{wireTexts.sentAfter(count(shown.ms))}</p>
      <RequestView request={shown.request} />
      {/* Each attempt begins with the first pieces of its stream. */}
      <ResponseView key={place} attempt={shown} />
    </>
  );
  if (attempts.length === 1) return body;
  return (
    <Tabs
      label={wireTexts.attempts}
      tabs={attempts.map(({ status }, number) => [
        number,
        <>
          {wireTexts.attempt(count(number + 1))}
          {status !== null && <small>{status}</small>}
        </>,
      ])}
      axis="inline"
      shown={place}
      onShow={setPlace}
      listClass={styles.tabs}
      panelClass={styles.wire}
    >
      {body}
    </Tabs>
  );
}

function NoStoredRuns() {
  const isOff = useSettingsState().preferences?.recordRequests === false;
  return (
    <div className={styles.wire}>
      <p>{wireTexts.nothing}</p>
      <p className="soft">{isOff ? wireTexts.isOff : wireTexts.onlyLatest}</p>
      <RecordRequests />
    </div>
  );
}
