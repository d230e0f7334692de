import { useId } from "react";
import { type Appearance, textSizes, themes } from "../ui/appearance";
import { Button } from "../ui/Button";
import { Dialog, DialogActions } from "../ui/Dialog";
import type { Language } from "./memory";
import styles from "./settings.module.css";
import { useText } from "./words";

interface Props {
  readonly appearance: Appearance;
  readonly onAppearance: (appearance: Appearance) => void;
  readonly onLanguage: (language: Language) => void;
  readonly onClose: () => void;
}

/** How the screen looks and speaks. Every choice shows at once, behind the dialog and in it. */
export function Settings({ appearance, onAppearance, onLanguage, onClose }: Props) {
  const text = useText();
  const { settings } = text;
  return (
    <Dialog title={settings.name} onDismiss={onClose}>
      <Choice
        legend={settings.textSize}
        options={textSizes.map((size) => ({ value: size, label: settings.textSizes[size] }))}
        chosen={appearance.textSize}
        onChoose={(textSize) => {
          onAppearance({ ...appearance, textSize });
        }}
      />
      <Choice
        legend={settings.theme}
        options={themes.map((theme) => ({ value: theme, label: settings.themes[theme] }))}
        chosen={appearance.theme}
        onChoose={(theme) => {
          onAppearance({ ...appearance, theme });
        }}
      />
      <Choice
        legend={settings.language}
        options={[
          { value: "ko", label: "한국어", lang: "ko" },
          { value: "en", label: "English", lang: "en" },
        ]}
        chosen={text.language}
        onChoose={onLanguage}
      />
      <DialogActions>
        <Button look="primary" onClick={onClose}>
          {settings.done}
        </Button>
      </DialogActions>
    </Dialog>
  );
}

interface ChoiceProps<Value extends string> {
  readonly legend: string;
  readonly options: readonly { readonly value: Value; readonly label: string; readonly lang?: string }[];
  readonly chosen: Value;
  readonly onChoose: (value: Value) => void;
}

/** Radio buttons that look like one row of buttons. */
function Choice<Value extends string>({ legend, options, chosen, onChoose }: ChoiceProps<Value>) {
  const name = useId();
  return (
    <fieldset>
      <legend className={styles.legend}>{legend}</legend>
      <div className={styles.options}>
        {options.map(({ value, label, lang }) => (
          <label key={value} className={styles.option} lang={lang}>
            <input
              type="radio"
              className={styles.radio}
              name={name}
              checked={value === chosen}
              onChange={() => {
                onChoose(value);
              }}
            />
            {label}
          </label>
        ))}
      </div>
    </fieldset>
  );
}
