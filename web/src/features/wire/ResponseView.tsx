/** A response: status, headers, and the stream with the times at which its pieces arrived. */

import { useState } from "react";
import type { WireAttempt, WireChunk } from "../../bridge/contract";
import { strings } from "../../i18n";
import { count } from "../../i18n/format";
import { wireTexts } from "../../i18n/wire";
import { Button } from "../../ui/Button";
import { Problem } from "../../ui/Problem";
import { Verbatim } from "../tools/Verbatim";
import { Headers, LongText } from "./RequestView";
import styles from "./wire.module.css";

/** The number of pieces that are shown at first, and with each press of the button. */
const PAGE = 200;
/** A longer piece is a text of its own. */
const SHORT = 4_000;

export function ResponseView({ attempt }: { readonly attempt: WireAttempt }) {
  const { status, headers, chunks, receivedBytes, totalMs, error } = attempt;
  const [first] = chunks;
  const facts = status !== null && [
    wireTexts.status(status),
    ...(first === undefined ? [] : [wireTexts.firstAfter(count(first.ms))]),
    ...(totalMs !== null ? [wireTexts.wholeAfter(count(totalMs))] : [wireTexts.notComplete]),
    wireTexts.received(count(receivedBytes)),
  ];
  return (
    <section className={styles.wire} aria-label={wireTexts.response}>
      <h3>{wireTexts.response}</h3>
      <p className="soft">{facts ? facts.join(" · ") : wireTexts.noResponse}</p>
      <Problem>{error === null ? null : <Verbatim text={error} />}</Problem>
      {status !== null && <Headers headers={headers} />}
      {chunks.length > 0 && <Stream chunks={chunks} receivedBytes={receivedBytes} />}
    </section>
  );
}

interface StreamProps {
  readonly chunks: readonly WireChunk[];
  readonly receivedBytes: number;
}

function Stream({ chunks, receivedBytes }: StreamProps) {
  const [shown, setShown] = useState(PAGE);
  const label = wireTexts.stream(chunks.length);
  const encoder = new TextEncoder();
  const storedBytes = chunks.reduce((sum, { text }) => sum + encoder.encode(text).length, 0);
  return (
    <>
      <h4>{label}</h4>
      <ol className={styles.stream} aria-label={label} dir="ltr">
        {chunks.slice(0, shown).map(({ ms, text }, place) => (
          // biome-ignore lint/suspicious/noArrayIndexKey: pieces never move
          <li key={place}>
            <span className={styles.time}>{wireTexts.after(count(ms))}</span>
            {text.length > SHORT ? (
              <LongText label={wireTexts.body} text={text} />
            ) : (
              <code>
                <Verbatim text={text} />
              </code>
            )}
          </li>
        ))}
      </ol>
      {chunks.length > shown && (
        <Button onClick={() => setShown(shown + PAGE)}>{strings.showMore}</Button>
      )}
      {storedBytes < receivedBytes && (
        <p className="soft">{wireTexts.partlyStored(count(storedBytes), count(receivedBytes))}</p>
      )}
    </>
  );
}
