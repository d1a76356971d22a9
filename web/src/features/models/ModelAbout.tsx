/** Details of the model that is highlighted in the list. */
import { strings } from "../../i18n";
import { IconButton } from "../../ui/IconButton";
import { StarIcon } from "../../ui/icons";
import { factsInWords } from "./ModelFacts";
import styles from "./ModelPanel.module.css";
import type { ModelOption } from "./modelGroups";

export interface ModelAboutProps {
  readonly option: ModelOption;
  readonly onToggle: () => void;
}

export function ModelAbout({ option, onToggle }: ModelAboutProps) {
  const { model, providerName, isFavourite } = option;
  const facts = factsInWords(model);
  const label = isFavourite ? strings.dropFavourite(model.name) : strings.addFavourite(model.name);
  return (
    <div className={styles.about}>
      <p>
        <span>
          <bdi>{strings.withProvider(model.id, providerName)}</bdi>
        </span>
        {facts !== "" && <span>{facts}</span>}
      </p>
      <IconButton label={label} onClick={onToggle}>
        <StarIcon isFull={isFavourite} />
      </IconButton>
    </div>
  );
}
