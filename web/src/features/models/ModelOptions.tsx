/** The list of models in groups. The search field beside it keeps the keyboard focus. */
import { memo } from "react";
import type { Defaults, Favourite } from "../../bridge/contract";
import { strings } from "../../i18n";
import { CheckIcon, StarIcon } from "../../ui/icons";
import { Facts } from "./ModelFacts";
import styles from "./ModelPanel.module.css";
import { isSameModel, type ModelGroup, type ModelOption, modelRefOf } from "./modelGroups";

export interface ModelOptionsProps {
  /** Prefix of every option's id. */
  readonly id: string;
  readonly groups: readonly ModelGroup[];
  /** The index of the active option, counted over all groups. */
  readonly active: number;
  readonly by: Defaults;
  readonly onGo: (place: number) => void;
  readonly onChoose: (by: Favourite) => void;
  readonly onToggle: (option: ModelOption) => void;
}

export function ModelOptions({ id, groups, active, by, ...handlers }: ModelOptionsProps) {
  if (groups.length === 0) return null;
  let place = 0;
  return (
    <div
      id={`${id}-list`}
      className={styles.list}
      role="listbox"
      // Scrollable elements are tab stops by default; this one must not be.
      tabIndex={-1}
      aria-label={strings.sections.models}
    >
      {groups.map((group) => {
        const first = place;
        place += group.options.length;
        return (
          // biome-ignore lint/a11y/useSemanticElements: a listbox knows no other groups
          <div key={group.id} role="group" aria-labelledby={`${id}-${group.id}-title`}>
            <div id={`${id}-${group.id}-title`} className={styles.title} role="presentation">
              <bdi>{group.title}</bdi>
              {group.isLocal && <span>{strings.local}</span>}
            </div>
            {group.options.map((option, index) => (
              <Option
                key={`${option.providerId} ${option.model.id}`}
                id={`${id}-${first + index}`}
                place={first + index}
                option={option}
                isMixed={group.isMixed}
                isActive={first + index === active}
                isChosen={isSameModel(modelRefOf(option), by)}
                {...handlers}
              />
            ))}
          </div>
        );
      })}
    </div>
  );
}

interface OptionProps extends Pick<ModelOptionsProps, "onGo" | "onChoose" | "onToggle"> {
  readonly id: string;
  readonly place: number;
  readonly option: ModelOption;
  readonly isMixed: boolean;
  readonly isActive: boolean;
  readonly isChosen: boolean;
}

/** Memoized: of hundreds of options, an arrow key renders two. */
const Option = memo(function Option({ id, place, option, isActive, ...props }: OptionProps) {
  const { isMixed, isChosen, onGo, onChoose, onToggle } = props;
  const { model, providerName, isFavourite } = option;
  return (
    // biome-ignore lint/a11y/useKeyWithClickEvents: the search field has the keyboard
    // biome-ignore lint/a11y/useFocusableInteractive: it is the active descendant of that field
    <div
      id={id}
      className={styles.option}
      role="option"
      aria-selected={isChosen}
      data-model={model.id}
      data-active={isActive || undefined}
      onPointerMove={isActive ? undefined : () => onGo(place)}
      onClick={() => onChoose(modelRefOf(option))}
    >
      {/* For the mouse; the keyboard uses the button below. */}
      <span
        className={styles.star}
        aria-hidden="true"
        data-star={isFavourite}
        onClick={(event) => {
          event.stopPropagation();
          onToggle(option);
        }}
      >
        <StarIcon isFull={isFavourite} />
      </span>
      <span className={styles.name}>
        <bdi>{model.name}</bdi>
        {isMixed && <small className="soft"> · {providerName}</small>}
      </span>
      <Facts model={model} />
      <span className={styles.check}>{isChosen && <CheckIcon />}</span>
    </div>
  );
});
