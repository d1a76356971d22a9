/** ModelPicker: who answers from now on, out of everybody who can. */
import { type KeyboardEvent, useEffect, useLayoutEffect, useRef, useState } from "react";
import type { Defaults, ModelSummary } from "../bridge/contract";
import { useSettings, useSettingsState } from "../settings/useSettings";
import { strings } from "../strings";
import { CheckIcon, ChevronIcon } from "./icons";
import styles from "./ModelPicker.module.css";

/** The provider whose model runs inside the host. */
export const EMBEDDED = "local";
const GAP_PX = 8;

export interface ModelPickerProps {
  readonly by: Defaults;
  readonly onChoose: (by: Defaults) => void;
}

export function ModelPicker({ by, onChoose }: ModelPickerProps) {
  const [isOpen, setIsOpen] = useState(false);
  const button = useRef<HTMLButtonElement>(null);
  const label =
    by.providerId === EMBEDDED
      ? strings.onThisComputer(by.modelId)
      : strings.withProvider(by.modelId, by.providerId);
  return (
    <>
      <button
        ref={button}
        type="button"
        className={styles.button}
        aria-label={strings.chooseModel(label)}
        aria-haspopup="dialog"
        aria-expanded={isOpen}
        title={strings.chooseModel(label)}
        onClick={() => setIsOpen(!isOpen)}
      >
        <span>{label}</span>
        <ChevronIcon />
      </button>
      {isOpen && (
        <Choice
          by={by}
          button={button.current}
          onChoose={(chosen) => {
            setIsOpen(false);
            onChoose(chosen);
          }}
          onClose={() => {
            setIsOpen(false);
            button.current?.focus();
          }}
        />
      )}
    </>
  );
}

interface ChoiceProps extends ModelPickerProps {
  readonly button: HTMLElement | null;
  readonly onClose: () => void;
}

function Choice({ by, button, onChoose, onClose }: ChoiceProps) {
  const settings = useSettings();
  const { providers } = useSettingsState();
  const [query, setQuery] = useState("");
  const panel = useRef<HTMLDivElement>(null);

  useEffect(() => {
    void settings.loadProviders().catch(() => {});
  }, [settings]);

  // Above its button, and inside of the window.
  useLayoutEffect(() => {
    const element = panel.current;
    const place = button?.getBoundingClientRect();
    if (element === null || place === undefined) return;
    const left = Math.min(place.left, window.innerWidth - element.offsetWidth - GAP_PX);
    element.style.left = `${Math.max(GAP_PX, left)}px`;
    element.style.bottom = `${window.innerHeight - place.top + GAP_PX}px`;
  }, [button]);

  useEffect(() => {
    function onPointerDown(event: PointerEvent): void {
      const target = event.target as Node;
      if (!panel.current?.contains(target) && !button?.contains(target)) onClose();
    }
    document.addEventListener("pointerdown", onPointerDown);
    return () => document.removeEventListener("pointerdown", onPointerDown);
  }, [button, onClose]);

  function onKeyDown(event: KeyboardEvent): void {
    if (event.key === "Escape") {
      event.preventDefault();
      event.stopPropagation();
      event.nativeEvent.stopImmediatePropagation();
      onClose();
      return;
    }
    const all = [...(panel.current?.querySelectorAll<HTMLElement>("[data-model]") ?? [])];
    const here = all.indexOf(document.activeElement as HTMLElement);
    if (event.key === "Enter" && here === -1) {
      event.preventDefault();
      all[0]?.click();
    }
    const by = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (by === undefined) return;
    event.preventDefault();
    if (here + by < 0) panel.current?.querySelector("input")?.focus();
    else all[Math.min(here + by, all.length - 1)]?.focus();
  }

  return (
    <div
      ref={panel}
      className={styles.panel}
      role="dialog"
      aria-label={strings.models}
      onKeyDown={onKeyDown}
    >
      <input
        // biome-ignore lint/a11y/noAutofocus: a dialog that somebody has asked for
        autoFocus
        type="search"
        aria-label={strings.findModel}
        placeholder={strings.findModel}
        value={query}
        onChange={(event) => setQuery(event.target.value)}
      />
      <div className={styles.list}>
        {providers.map((provider) => (
          <section key={provider.id} aria-label={provider.name}>
            <h3>
              {provider.name}
              {provider.local && <span>{strings.local}</span>}
            </h3>
            {provider.problem !== null ? (
              <p>{provider.problem}</p>
            ) : (
              <Models
                providerId={provider.id}
                standard={provider.defaultModel}
                query={query}
                by={by}
                onChoose={onChoose}
              />
            )}
          </section>
        ))}
      </div>
    </div>
  );
}

interface ModelsProps extends ModelPickerProps {
  readonly providerId: string;
  /** What it answers with when nothing else is said. */
  readonly standard: string;
  readonly query: string;
}

function Models({ providerId, standard, query, by, onChoose }: ModelsProps) {
  const settings = useSettings();
  const [models, setModels] = useState<readonly ModelSummary[] | null>(null);
  const [problem, setProblem] = useState<string | null>(null);

  useEffect(() => {
    let isWanted = true;
    settings.models(providerId).then(
      (found) => isWanted && setModels(found),
      (error: Error) => isWanted && setProblem(error.message),
    );
    return () => {
      isWanted = false;
    };
  }, [settings, providerId]);

  if (problem !== null) return <p>{problem}</p>;
  const known = models ?? [{ id: standard, name: standard, contextTokens: null, inputPrice: null }];
  const words = query.toLowerCase();
  const shown = known.filter(({ id, name }) => `${id} ${name}`.toLowerCase().includes(words));
  return (
    <ul>
      {shown.map(({ id, name, contextTokens, inputPrice, ...rest }) => {
        const isChosen = by.providerId === providerId && by.modelId === id;
        const price = "outputPrice" in rest ? rest.outputPrice : null;
        return (
          <li key={id}>
            <button
              type="button"
              data-model={id}
              aria-current={isChosen}
              onClick={() => onChoose({ providerId, modelId: id })}
            >
              <span className={styles.name}>{name}</span>
              <span className={styles.facts}>
                {contextTokens !== null && strings.context(contextTokens)}
                {inputPrice !== null && price !== null && ` · ${strings.price(inputPrice, price)}`}
              </span>
              {isChosen && <CheckIcon />}
            </button>
          </li>
        );
      })}
    </ul>
  );
}
