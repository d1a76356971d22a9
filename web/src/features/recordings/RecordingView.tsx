/** A recorded answer in its original order, with controls to play it. It has no active content. */
import { type MouseEvent, useEffect, useId, useMemo } from "react";
import type { Recording } from "../../bridge/contract";
import { inertViewOf } from "../../conversations/message";
import { ConversationsContext } from "../../conversations/useConversations";
import { useStore } from "../../conversations/useStore";
import { reasonOf } from "../../i18n";
import { count, timeOf } from "../../i18n/format";
import { wireTexts } from "../../i18n/wire";
import { Button } from "../../ui/Button";
import { IconButton } from "../../ui/IconButton";
import { NextIcon, PreviousIcon } from "../../ui/icons";
import { Problem } from "../../ui/Problem";
import { Verbatim } from "../tools/Verbatim";
import { AssistantMessage } from "../transcript/AssistantMessage";
import { MessageTiming } from "../transcript/MessageTiming";
import { createPlayer, type Player } from "./player";
import styles from "./RecordingDialog.module.css";

const SPEEDS = [1, 10];

export function RecordingView({ recording }: { readonly recording: Recording }) {
  const { header, events } = recording;
  const player = useMemo(() => createPlayer(events), [events]);
  useEffect(() => {
    player.play();
    return player.pause;
  }, [player]);
  return (
    <>
      <p className="soft">
        {header !== null && (
          <>
            <Verbatim text={wireTexts.recordedAt(header.modelId, timeOf(header.createdAt))} />
            <br />
          </>
        )}
        {wireTexts.inert}
      </p>
      <Controls player={player} events={events.length} />
      <Answer player={player} />
    </>
  );
}

function Controls({ player, events }: { readonly player: Player; readonly events: number }) {
  const { place, ms, isPlaying, speed } = useStore(player);
  const id = useId();
  const start = place === events ? wireTexts.again : wireTexts.play;
  const at = wireTexts.at(count(place), count(events), count(Math.round(ms)));
  return (
    <div className={`stack ${styles.controls}`}>
      <div className={styles.buttons}>
        <Button tone="filled" onClick={isPlaying ? player.pause : player.play}>
          {isPlaying ? wireTexts.pause : start}
        </Button>
        <IconButton label={wireTexts.back} onClick={() => player.go(place - 1)}>
          <PreviousIcon />
        </IconButton>
        <IconButton label={wireTexts.next} onClick={() => player.go(place + 1)}>
          <NextIcon />
        </IconButton>
        <fieldset className={styles.buttons} aria-label={wireTexts.speed}>
          {SPEEDS.map((each) => (
            <label key={each}>
              <input
                type="radio"
                name={id}
                checked={each === speed}
                onChange={() => player.setSpeed(each)}
              />
              {wireTexts.times(each)}
            </label>
          ))}
        </fieldset>
      </div>
      <input
        type="range"
        aria-label={wireTexts.position}
        aria-valuetext={at}
        min={0}
        max={events}
        value={place}
        onChange={({ target }) => player.go(target.valueAsNumber)}
      />
      <p className="soft">{at}</p>
    </div>
  );
}

/** The only component that renders with every event. */
function Answer({ player }: { readonly player: Player }) {
  const run = useStore(player, (state) => state.run);
  const [view, hasFiles] = useMemo(() => inertViewOf(run), [run]);
  return (
    // Without this context no part can reach the host.
    <ConversationsContext value={null}>
      <div className={styles.answer} onClickCapture={blockLinks} onAuxClickCapture={blockLinks}>
        <AssistantMessage view={view}>
          <MessageTiming view={view} />
        </AssistantMessage>
      </div>
      {hasFiles && <p className="soft">{wireTexts.filesLeftOut}</p>}
      <Problem>{view.failure === null ? null : reasonOf(view.failure)}</Problem>
    </ConversationsContext>
  );
}

function blockLinks(event: MouseEvent): void {
  if (!(event.target instanceof Element) || event.target.closest("a") === null) return;
  event.preventDefault();
  event.stopPropagation();
}
