/** A tool call: one line that can be expanded, or the approval card while it waits. */
import { useDeferredValue } from "react";
import type { CallState } from "../../bridge/contract";
import { strings } from "../../i18n";
import { withEscapes } from "../../lib/hiddenCharacters";
import type { LiveCall } from "../../llm/parts";
import { ToolIcon } from "../../ui/icons";
import { Wave } from "../../ui/Wave";
import { ApprovalCard } from "./ApprovalCard";
import { Arguments } from "./Arguments";
import { ElicitationCard } from "./ElicitationCard";
import { ResultMedia } from "./ResultMedia";
import { TextBlock } from "./TextBlock";
import styles from "./tools.module.css";
import { Verbatim } from "./Verbatim";

const IN_PROGRESS = new Set<CallState>(["proposed", "allowed", "approved", "edited", "running"]);
const BAD = new Set<CallState>(["invalid", "failed", "timed_out", "lost"]);

export default function CallCard({ call }: { readonly call: LiveCall }) {
  const { tool, source, state, result, bytes, shownBytes, ranMs, edited, elicitation } = call;
  const words = strings.tools;
  // A thousand calls appear at once; their collapsed content renders right after them.
  const hasBody = useDeferredValue(true, false);
  if (state === "waiting") return <ApprovalCard key={call.nonce} call={call} />;
  const facts = [
    words.states[state],
    ...(ranMs === undefined ? [] : [strings.duration(ranMs)]),
    ...(state === "done" && bytes !== undefined ? [strings.size(bytes)] : []),
  ];
  const isCut = bytes !== undefined && shownBytes !== undefined && shownBytes < bytes;
  return (
    <>
      <details className={styles.call} data-state={state}>
        <summary className="hover">
          <ToolIcon />
          <span className={styles.name}>
            <Verbatim text={tool} />
          </span>
          {source !== "" && <span>{words.from(withEscapes(source))}</span>}
          <span className={BAD.has(state) ? "bad" : undefined}>{facts.join(" · ")}</span>
          {IN_PROGRESS.has(state) && <Wave />}
        </summary>
        {hasBody && (
          <>
            <Arguments label={words.arguments} values={call.arguments} />
            {edited !== undefined && <Arguments label={words.changed} values={edited} />}
            {result !== undefined && state !== "lost" && (
              <TextBlock label={words.result} text={result} />
            )}
            {isCut && (
              <p className="soft">{words.shownOf(strings.size(shownBytes), strings.size(bytes))}</p>
            )}
          </>
        )}
      </details>
      {elicitation?.elicitation !== undefined && (
        <ElicitationCard
          key={elicitation.elicitation.id}
          event={elicitation}
          elicitation={elicitation.elicitation}
        />
      )}
      {call.parts !== undefined && <ResultMedia parts={call.parts} />}
      {state === "lost" && <p className={styles.lost}>{words.lost}</p>}
    </>
  );
}
