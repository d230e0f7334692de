import type { ReactNode } from "react";
import { Button } from "../ui/Button";
import { Icon } from "../ui/Icon";
import { Menu, MenuItem } from "../ui/Menu";
import { ClosePanel } from "./ClosePanel";
import { isEmbedded } from "./embed";
import styles from "./header.module.css";
import type { Step } from "./journey";
import type { Language } from "./memory";
import { useText } from "./words";

interface Props {
  readonly bank: string;
  /** A path on this server, or null for our own mark. */
  readonly logo: string | null;
  /** How far the way to a person is. */
  readonly step: Step | null;
  /** A press of the agent's button would say nothing new. */
  readonly isAgentAsked: boolean;
  /** Ends the visit at a branch's tablet; null elsewhere. */
  readonly onFinish: (() => void) | null;
  readonly onLanguage: (language: Language) => void;
  readonly onSettings: () => void;
  readonly onRenew: () => void;
  readonly onAgent: () => void;
  /** Further items of the menu, as `<li>` with a button or link each. */
  readonly children: ReactNode;
}

export function Header({ bank, logo, step, isAgentAsked, onFinish, onLanguage, onSettings, onRenew, onAgent, children }: Props) {
  const text = useText();
  const { switchTo } = text;
  return (
    <header className={styles.header}>
      <div className={styles.inner} data-embedded={isEmbedded() ? "" : undefined}>
        {logo === null ? (
          <span className={styles.mark}>
            <Icon name="mark" size={22} />
          </span>
        ) : (
          <img className={styles.logo} src={logo} alt="" />
        )}
        <h1 className={styles.title}>
          {bank === "" ? null : <span className={styles.bank}>{bank} </span>}
          <span className={styles.service}>{text.service}</span>
        </h1>
        <div className={styles.actions}>
          {onFinish === null ? null : (
            <Button look="quiet" onClick={onFinish}>
              {text.kiosk.finish}
            </Button>
          )}
          <div className={styles.language}>
            <Button
              look="quiet"
              lang={switchTo.language}
              aria-label={switchTo.name}
              onClick={() => {
                onLanguage(switchTo.language);
              }}
            >
              {switchTo.label}
            </Button>
          </div>
          <div className={styles.agent}>
            <Button
              look="primary"
              // Not `disabled`, or whoever pressed it with a key would lose his place.
              aria-disabled={isAgentAsked}
              onClick={() => {
                if (!isAgentAsked) onAgent();
              }}
            >
              <Icon name="agent" />
              {agentLabel(step, text)}
            </Button>
          </div>
          <Menu id="menu" name={text.menu.name}>
            <MenuItem icon="settings" onChoose={onSettings}>
              {text.settings.name}
            </MenuItem>
            <MenuItem
              icon="language"
              lang={switchTo.language}
              className={styles.languageItem}
              onChoose={() => {
                onLanguage(switchTo.language);
              }}
            >
              {text.menu.switchLanguage}
            </MenuItem>
            {onFinish === null ? (
              <MenuItem icon="renew" onChoose={onRenew}>
                {text.renewal.name}
              </MenuItem>
            ) : null}
            {children}
          </Menu>
          <ClosePanel />
        </div>
      </div>
    </header>
  );
}

function agentLabel(step: Step | null, text: ReturnType<typeof useText>): string {
  if (step === "queue") return text.menu.agentWaiting;
  return step === "connected" ? text.menu.agentConnected : text.connectAgent;
}
