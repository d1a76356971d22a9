/** An answer's ending, model, time, speed and cost. */
import type { MessageView } from "../../conversations/message";
import { finishFor, strings } from "../../i18n";
import { money, timeOf } from "../../i18n/format";
import { speedOf } from "../../llm/inference";
import styles from "./MessageTiming.module.css";

export function MessageTiming({ view }: { readonly view: MessageView }) {
  const { live, text, tools, status, usage, earlier, timing } = view;
  if (live || (text === "" && tools.length === 0 && status === "failed")) return null;
  const runs = usage === null ? earlier : [...earlier, usage];
  const tokens = runs.reduce((sum, { outputTokens }) => sum + outputTokens, 0);
  const cost = runs.reduce((sum, run) => sum + (run.cost ?? 0), 0);
  const speed = speedOf(view);
  const ending = endingOf(view);
  const facts = [
    view.modelId,
    view.createdAt === null ? null : timeOf(view.createdAt),
    speed === null ? null : strings.speed(speed),
    timing === null ? null : strings.duration(timing.totalMs),
    tokens === 0
      ? null
      : strings.tokens(
          tokens,
          runs.some(({ estimated }) => estimated),
        ),
    // Omitted if it is free or has no known price.
    cost === 0 ? null : money(cost),
  ].filter((fact) => fact !== null);
  if (ending === null && facts.length === 0) return null;
  return (
    <p className={styles.footer}>
      {ending !== null && <span className={styles.ending}>{ending}</span>}
      {facts.map((fact) => (
        <span key={fact}>
          <bdi>{fact}</bdi>
        </span>
      ))}
    </p>
  );
}

function endingOf({ status, finishReason, text, tools }: MessageView): string | null {
  if (status === "failed" || status === "interrupted") return strings.interrupted;
  // Without any content, the answer's place shows the ending instead.
  if (text === "" && tools.length === 0) return null;
  return status === "cancelled" ? strings.stopped : finishFor(finishReason);
}
