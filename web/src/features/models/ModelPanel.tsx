/** The panel with all models of all providers, and its search field. */
import {
  type KeyboardEvent,
  useCallback,
  useEffect,
  useId,
  useMemo,
  useRef,
  useState,
} from "react";
import type { Defaults, Favourite } from "../../bridge/contract";
import { reasonOf, strings } from "../../i18n";
import { settingsTexts } from "../../i18n/settings";
import { isComposing } from "../../lib/ime";
import { placeOf } from "../../lib/listKeys";
import type { Settings } from "../../settings/settings";
import { useSettings, useSettingsState } from "../../settings/useSettings";
import { IconButton } from "../../ui/IconButton";
import { RedoIcon, StarIcon } from "../../ui/icons";
import { useToasts } from "../../ui/toasts/toastStore";
import { ChatOptions, type ChatOptionsProps } from "./ChatOptions";
import { factsInWords } from "./ModelFacts";
import { ModelOptions } from "./ModelOptions";
import styles from "./ModelPanel.module.css";
import { isSameModel, type ModelOption, modelGroups, modelRefOf } from "./modelGroups";
import { UnavailableProviders } from "./UnavailableProviders";

/** The number of options that a page key moves. */
const PAGE = 10;
const NONE: readonly Favourite[] = [];

export interface ModelPanelProps extends ChatOptionsProps {
  readonly recent: readonly Favourite[];
  readonly onChoose: (by: Defaults) => void;
  /** Called before something else opens. */
  readonly onLeave: () => void;
}

export function ModelPanel(props: ModelPanelProps) {
  const { by, recent, onChoose, onLeave } = props;
  const settings = useSettings();
  const toasts = useToasts();
  const { providers, lists, preferences } = useSettingsState();
  const [query, setQuery] = useState("");
  const [place, setPlace] = useState<number | null>(null);
  const id = useId();
  const field = useRef<HTMLInputElement>(null);

  const favourites = preferences?.favourites ?? NONE;
  const groups = useMemo(
    () => modelGroups({ providers, lists, favourites, recent, query }),
    [providers, lists, favourites, recent, query],
  );
  const options = useMemo(() => groups.flatMap((group) => group.options), [groups]);
  const isLoading = Object.values(lists).some((listed) => listed.isLoading);
  // Until the person moves, the active option is the current model, or the first match.
  const chosen = query === "" ? options.findIndex((item) => isSameModel(modelRefOf(item), by)) : 0;
  const active = Math.min(place ?? Math.max(0, chosen), options.length - 1);
  const shown = options[active];

  useEffect(() => void load(settings, false), [settings]);
  useEffect(() => field.current?.focus(), []);

  // A new search text gives a new list, which starts at its first option or at the current model.
  // biome-ignore lint/correctness/useExhaustiveDependencies: moves of the person must not reset it
  useEffect(() => {
    const list = document.getElementById(`${id}-list`);
    if (list === null || place !== null) return;
    list.scrollTop = 0;
    if (chosen > 0) scrollTo(chosen);
  }, [id, query, chosen]);

  const toggle = useCallback(
    async (option: ModelOption) => {
      try {
        // Another window may have changed the favorites.
        await settings.load();
        const known = settings.get().preferences?.favourites ?? NONE;
        const modelRef = modelRefOf(option);
        const others = known.filter((other) => !isSameModel(other, modelRef));
        await settings.update({ favourites: option.isFavourite ? others : [...others, modelRef] });
      } catch (error) {
        toasts.show(settingsTexts.notSaved(reasonOf(error)));
      }
    },
    [settings, toasts],
  );

  function go(to: number): void {
    setPlace(to);
    // Rows that were never rendered have no height yet, so scroll again when they have.
    scrollTo(to);
    requestAnimationFrame(() => scrollTo(to));
  }

  function scrollTo(option: number): void {
    document.getElementById(`${id}-${option}`)?.scrollIntoView({ block: "nearest" });
  }

  function onSearchKey(event: KeyboardEvent): void {
    if (isComposing(event)) return;
    const next = placeOf(event, active, options.length, { page: PAGE });
    if (next !== null) {
      event.preventDefault();
      go(next);
    } else if (event.key === "Enter") {
      event.preventDefault();
      if (shown !== undefined) onChoose(modelRefOf(shown));
    }
  }

  return (
    <div className={styles.panel}>
      <div className={styles.top}>
        <input
          ref={field}
          type="text"
          role="combobox"
          dir="auto"
          spellCheck={false}
          autoComplete="off"
          aria-label={strings.findModel}
          aria-autocomplete="list"
          aria-expanded={options.length > 0}
          aria-controls={options.length > 0 ? `${id}-list` : undefined}
          aria-activedescendant={shown === undefined ? undefined : `${id}-${active}`}
          placeholder={strings.findModel}
          value={query}
          onChange={(event) => {
            setQuery(event.target.value);
            setPlace(null);
          }}
          onKeyDown={onSearchKey}
        />
        <IconButton label={strings.askProviders} onClick={() => void load(settings, true)}>
          <RedoIcon />
        </IconButton>
      </div>
      <ModelOptions
        id={id}
        groups={groups}
        active={active}
        by={by}
        onGo={setPlace}
        onChoose={onChoose}
        onToggle={toggle}
      />
      <p className={options.length === 0 ? styles.none : "visually-hidden"} role="status">
        {isLoading
          ? settingsTexts.askingModels
          : options.length === 0
            ? strings.noModelFound(query)
            : settingsTexts.modelCount(options.length)}
      </p>
      {shown !== undefined && <ModelAbout option={shown} onToggle={() => void toggle(shown)} />}
      <ChatOptions {...props} />
      <UnavailableProviders onLeave={onLeave} />
    </div>
  );
}

interface ModelAboutProps {
  readonly option: ModelOption;
  readonly onToggle: () => void;
}

/** Details of the model that is highlighted in the list. */
function ModelAbout({ option, onToggle }: ModelAboutProps) {
  const { model, providerName, isFavourite } = option;
  const facts = factsInWords(model);
  const label = isFavourite ? strings.dropFavourite(model.name) : strings.addFavourite(model.name);
  return (
    <div className={styles.about}>
      <div>
        <p>
          <bdi>{strings.withProvider(model.id, providerName)}</bdi>
        </p>
        <p>{facts}</p>
      </div>
      <IconButton label={label} onClick={onToggle}>
        <StarIcon isFull={isFavourite} />
      </IconButton>
    </div>
  );
}

/** Loads all lists concurrently, so that a slow provider does not delay the others. */
async function load({ get, loadProviders, loadModels }: Settings, refresh: boolean): Promise<void> {
  // If the host cannot be reached, the known lists stay.
  await loadProviders().catch(() => {});
  const ready = get().providers.filter(({ problem }) => problem === null);
  await Promise.all(ready.map(({ id }) => loadModels(id, refresh)));
}
