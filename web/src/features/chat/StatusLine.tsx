/** The line that screen readers announce: an answer begins, ends, is stopped or fails. */
import { useState } from "react";
import type { Failure } from "../../bridge/contract";
import { sentenceOf, strings } from "../../i18n";
import { hasEnded, type RunState } from "../../llm/runReducer";

export interface StatusLineProps {
  readonly state: RunState | null;
  readonly refused: Failure | null;
}

export function StatusLine({ state, refused }: StatusLineProps) {
  const text = refused === null ? describe(state) : strings.runStatus.failed(sentenceOf(refused));
  return (
    <p className="visually-hidden" role="status">
      {text}
    </p>
  );
}

/** Announces changes from now on; give it a key, so that each conversation has its own. */
export function StatusNews({ state, refused }: StatusLineProps) {
  const [old] = useState({ state, refused });
  const isOld = state !== null && state === old.state && hasEnded(state);
  return (
    <StatusLine state={isOld ? null : state} refused={refused === old.refused ? null : refused} />
  );
}

function describe(state: RunState | null): string {
  switch (state?.status) {
    case undefined:
      return "";
    case "submitted":
    case "streaming":
      return strings.runStatus.answering;
    case "stopping":
      return strings.runStatus.stopping;
    case "done":
      return strings.runStatus.finished;
    case "cancelled":
      return strings.runStatus.stopped;
    case "error":
      return strings.runStatus.failed(state.failure === null ? "" : sentenceOf(state.failure));
  }
}
