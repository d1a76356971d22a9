/** German translations of what the host finds wrong with templates. */
import { amountsIn } from "../amounts";
import type { ProblemTexts } from "../en/templates";

const { count } = amountsIn("de");
const most = (limit: string | number | undefined) => count(Number(limit));

export const problemsInGerman: Required<ProblemTexts> = {
  FILE_UNREADABLE: () => "Die Datei ist zu groß oder nicht in UTF-8.",
  HEAD_NO_FIELDS: () => "Der Kopf muss aus Feldern bestehen, etwa „name: Prüfung“.",
  HEAD_FIELD_UNKNOWN: ({ name, known }) => `Der Kopf hat kein Feld „${name}“. Er hat ${known}.`,
  HEAD_NO_TEXT: ({ name }) => `„${name}“ muss ein kurzer Text sein.`,
  HEAD_VALUE_WRONG: ({ name, words }) => `„${name}“ stimmt nicht: „${words}“`,
  YAML_TOO_LONG: ({ limit }) => `Das YAML ist länger als ${most(limit)} Zeichen.`,
  YAML_FIELD_NAME: () => "Ein Feld kommt zweimal vor, oder sein Name ist kein Text.",
  YAML_TAG: ({ name }) => `Das YAML hat ein Tag, das nicht erlaubt ist: ${name}`,
  YAML_ALIAS: () => "Das YAML hat einen Alias. Das ist nicht erlaubt.",
  YAML_WRONG: ({ words }) => `Das ist kein YAML: „${words}“`,
  YAML_TOO_DEEP: () => "Das YAML ist zu tief verschachtelt.",
  INPUTS_WRONG: ({ limit }) =>
    `„inputs“ muss höchstens ${most(limit)} Eingaben nennen, etwa „thema: string“.`,
  INPUT_NAME: ({ name }) =>
    `„${name}“ kann keine Eingabe heißen. Erlaubt sind Buchstaben, Ziffern und _.`,
  INPUT_NO_FIELDS: ({ name }) => `„${name}“ muss einen Typ oder Felder haben, etwa „type: text“.`,
  INPUT_FIELD_UNKNOWN: ({ name }) => `Eine Eingabe hat kein Feld „${name}“.`,
  INPUT_WRONG: ({ name, words }) => `Die Eingabe „${name}“ stimmt nicht: „${words}“`,
  INPUT_DEFAULT: ({ words }) => `Der Standardwert passt nicht: „${words}“`,
  INPUT_OPTIONS: ({ name }) => `„options“ von „${name}“ muss eine Liste sein.`,
  INPUT_NO_OPTIONS: ({ name }) => `Die Auswahl „${name}“ braucht „options“.`,
  TEXT_TOO_LONG: ({ limit }) => `Der Text ist länger als ${most(limit)} Zeichen.`,
  TEXT_WRONG: ({ words }) => `Der Text lässt sich so nicht verwenden: „${words}“`,
  TOO_SLOW: ({ limit }) => `Die Vorlage braucht mehr als ${most(limit)} ms Rechenzeit.`,
  TOO_MUCH_MEMORY: () => "Die Vorlage braucht zu viel Speicher.",
  TOO_MANY_PARTS: ({ limit }) => `Die Vorlage hat mehr als ${most(limit)} Teile.`,
  TOO_MANY_LOOPS: ({ limit }) => `Mehr als ${most(limit)} Schleifen sind ineinander verschachtelt.`,
  TOO_DEEP: () => "Die Vorlage ist zu tief verschachtelt.",
  RESULT_TOO_LONG: ({ limit }) => `Der fertige Text wäre länger als ${most(limit)} Zeichen.`,
  SECTION_INSIDE: () =>
    "Ein Abschnitt kann nicht in einer Schleife oder in einem anderen Abschnitt stehen.",
  LOOP_RECURSIVE: () => "Eine Schleife kann nicht rekursiv sein.",
  WORD_REFUSED: ({ name }) => `„${name}“ geht in Vorlagen nicht.`,
  NAME_REFUSED: ({ name }) => `Den Namen „${name}“ kann eine Vorlage nicht verwenden.`,
  ATTRIBUTE_REFUSED: ({ name }) => `Das Attribut „${name}“ kann eine Vorlage nicht verwenden.`,
  CALL_REFUSED: () => "Eine Vorlage kann nur range und wenige Methoden aufrufen.",
  ARGUMENTS_REFUSED: () => "Argumente mit * oder ** gehen in Vorlagen nicht.",
  FILTER_UNKNOWN: ({ name }) => `Den Filter „${name}“ gibt es in Vorlagen nicht.`,
  TEST_UNKNOWN: ({ name }) => `Den Test „${name}“ gibt es in Vorlagen nicht.`,
  VALUE_REFUSED: () => "Ein Wert ist nicht einfach genug für Vorlagen.",
};
